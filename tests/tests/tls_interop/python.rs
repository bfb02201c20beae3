//! Python's `ssl`, as `tests/python/tls_server.py` uses it.

use tokio::process::Command;
use xtask::project;

use super::server::{Order, Server, Setup, Starting, files};

pub(crate) fn start<'a>(setup: &'a Setup<'a>) -> Starting<'a> {
    Box::pin(async move {
        let (folder, [leaf, between, key, devices]) = files(setup)?;
        let mut command = Command::new(xtask::python::SYSTEM);
        command.arg(project().join("tests/python/tls_server.py"));
        command
            .arg("--leaf")
            .arg(leaf)
            .arg("--between")
            .arg(between);
        command.arg("--key").arg(key);
        command.arg("--devices").arg(devices);
        if setup.old {
            command.arg("--tls12");
        }
        if let Some(record) = setup.record {
            command.args(["--record", &record.to_string()]);
        }
        Server::process(command, folder, "port ", orders).await
    })
}

/// Each order is a letter, a length and so many bytes.
fn orders(order: Order) -> Vec<u8> {
    match order {
        Order::Say(text) => {
            let mut order = format!("S{}\n", text.len()).into_bytes();
            order.extend(text);
            order
        }
        Order::Close => b"C0\n".to_vec(),
        Order::Rekey(_) => unreachable!("Python's ssl cannot do it"),
    }
}
