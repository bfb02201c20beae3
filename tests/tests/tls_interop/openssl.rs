//! `openssl s_server`.

use tokio::process::Command;

use super::server::{Order, Server, Setup, Starting, files};

pub(crate) fn start<'a>(setup: &'a Setup<'a>) -> Starting<'a> {
    Box::pin(async move {
        let (folder, [leaf, between, key, devices]) = files(setup)?;
        let mut command = Command::new(xtask::openssl::PROGRAM);
        command.args(["s_server", "-accept", "127.0.0.1:0"]);
        command.arg("-cert").arg(leaf).arg("-key").arg(key);
        if setup.identity.chain.len() > 1 {
            command.arg("-cert_chain").arg(between);
        }
        command.arg("-CAfile").arg(devices);
        // "Must have a certificate", and a good one.
        command.args(["-Verify", "1", "-verify_return_error"]);
        command.arg(match (setup.datagrams, setup.old) {
            (true, _) => "-dtls1_2",
            (false, true) => "-tls1_2",
            (false, false) => "-tls1_3",
        });
        if let Some(record) = setup.record {
            command.args(["-max_send_frag", &record.to_string()]);
        }
        if let Some(groups) = setup.groups {
            command.args(["-groups", groups]);
        }
        if let Some(suite) = setup.suite {
            command.args(["-ciphersuites", suite]);
        }
        command.args(setup.options);
        Server::process(command, folder, "ACCEPT 127.0.0.1:", orders).await
    })
}

/// A letter at the beginning of what it reads is a command; other text is what
/// it says.
fn orders(order: Order) -> Vec<u8> {
    match order {
        Order::Say(text) => text,
        Order::Close => unreachable!("it closes in good order as an echo only"),
        Order::Rekey(true) => b"K\n".to_vec(),
        Order::Rekey(false) => b"k\n".to_vec(),
    }
}

/// What it prints when the device has closed the connection in good order.
pub(crate) const CLOSED: &[u8] = b"DONE\n";
