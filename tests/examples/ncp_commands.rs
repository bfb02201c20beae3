//! Several commands at once: a long one that the node acknowledges first, one
//! that goes wrong, one that it warns of, and two in one packet. Each gets its
//! own answers.
//!
//! ```text
//! cargo run -- serve ncp --listen 127.0.0.1:9999
//! cargo run -p wigwag-tests --example ncp_commands -- 127.0.0.1 9999    # in another terminal
//! ```

use std::error::Error;

use rand_core::OsRng;
use wigwag_embassy::ncp::{self, Client, ClientConnection, ClientMemory};
use wigwag_embassy::taps::Disabled;
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

/// A packet has up to 8 KiB.
type Memory<'a> = ClientMemory<'a, Disabled, 1, 8192>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: ncp_commands HOST PORT";
    let (host, port) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let host = Box::leak(host.into_boxed_str());
    talk(host, port.parse()?, |line| println!("{line}")).await
}

/// Asks for everything at once.
pub(crate) async fn talk(
    host: &'static str,
    port: u16,
    print: impl Fn(String),
) -> Result<(), Box<dyn Error>> {
    let mut memory = Box::new(Memory::new());
    let (ncp, mut runner) = ncp::new(&mut memory, HostNetwork::new(), OsRng, ncp::CONFIG);
    let talk = async {
        let client = Client::plain(host).with_port(port);
        let connection = client.connect(&ncp).await?;
        print(format!("Connected to {}", connection.remote_hostname()));
        let all = futures::join!(
            long(&connection, &print),
            unknown(&connection, &print),
            two(&connection, &print),
        );
        all.0.and(all.1).and(all.2)?;
        while let Some(warning) = connection.try_warning() {
            print(format!("Warning: {warning}"));
        }
        connection.close();
        connection.wait_closed().await?;
        Ok(())
    };
    alongside(talk, vec![Box::pin(async { runner.run().await })]).await
}

/// A command that takes its time: its acknowledgement is passed over.
async fn long(
    connection: &ClientConnection<'_>,
    print: &impl Fn(String),
) -> Result<(), ncp::Error> {
    let command = connection.send("DSPC", "LONG", |params| params.param("DURA", 300));
    let response = command.await?;
    let mut buffer = [0; 256];
    let field = response.recv(&mut buffer).await?;
    let duration = field.value("DURA").and_then(|value| value.as_i64());
    print(format!("{} is done after {duration:?} ms", field.name));
    Ok(())
}

/// One that no node knows.
async fn unknown(
    connection: &ClientConnection<'_>,
    print: &impl Fn(String),
) -> Result<(), ncp::Error> {
    let command = connection.send("DSPC", "HUH", |params| params);
    let response = command.await?;
    match response.recv(&mut [0; 256]).await {
        Err(ncp::Error::CommandError(fault)) => print(format!("Error: {fault}")),
        Err(error) => return Err(error),
        Ok(field) => print(format!("{} is known after all", field.name)),
    }
    Ok(())
}

/// Two in one packet, each waited for by its name. The gain is out of range.
async fn two(connection: &ClientConnection<'_>, print: &impl Fn(String)) -> Result<(), ncp::Error> {
    let packet = connection.send_packet("DSPC", |fields| {
        fields.field("STAT").field("GAIN").param("GAIN", 99)
    });
    let response = packet.await?;
    let mut buffer = [0; 256];
    let field = response.recv_field("GAIN", &mut buffer).await?;
    let gain = field.value("GAIN").and_then(|value| value.as_i64());
    print(format!("GAIN is {gain:?} dB"));
    let field = response.recv_field("STAT", &mut buffer).await?;
    print(format!("STAT has {} parameters", field.params().count()));
    Ok(())
}
