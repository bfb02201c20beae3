//! ncplib's `examples/sweep.py`: connects to a node and asks for one sweep.
//! Prints where it heard most.
//!
//! ```text
//! cargo run -- serve ncp --listen 127.0.0.1:9999
//! cargo run -p wigwag-tests --example ncp_sweep -- 127.0.0.1 9999    # in another terminal
//! ```

use std::error::Error;

use rand_core::OsRng;
use wigwag_embassy::ncp::{self, Client, ClientMemory, Value};
use wigwag_embassy::taps::Disabled;
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

/// A packet has up to 64 KiB.
type Memory<'a> = ClientMemory<'a, Disabled, 1, 65_536>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: ncp_sweep HOST PORT";
    let (host, port) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let host = Box::leak(host.into_boxed_str());
    sweep(host, port.parse()?, |line| println!("{line}")).await
}

/// Asks for one sweep, from 88 MHz to 108 MHz.
pub(crate) async fn sweep(
    host: &'static str,
    port: u16,
    mut print: impl FnMut(String),
) -> Result<(), Box<dyn Error>> {
    let mut memory = Box::new(Memory::new());
    let (ncp, mut runner) = ncp::new(&mut memory, HostNetwork::new(), OsRng, ncp::CONFIG);
    let talk = async {
        let client = Client::plain(host).with_port(port);
        let connection = client.connect(&ncp).await?;
        let (start, stop) = (88, 108);
        let response = connection
            .send("DSPC", "SWEP", |params| {
                params
                    .param("FSTA", start)
                    .param("FSTO", stop)
                    .param("POIN", 2000)
            })
            .await?;
        let mut buffer = vec![0; 65_536];
        let field = response.recv(&mut buffer).await?;
        let Some(Value::U8s(points)) = field.value("PDAT") else {
            return Err("the sweep has no points".into());
        };
        let levels = points.iter().enumerate();
        let (index, level) = levels.max_by_key(|(_, level)| *level).unwrap_or_default();
        let megahertz =
            start + (stop - start) * i32::try_from(index)? / i32::try_from(points.len())?;
        print(format!(
            "{} points, most at {megahertz} MHz: {level}",
            points.len()
        ));
        connection.close();
        connection.wait_closed().await?;
        Ok(())
    };
    alongside(talk, vec![Box::pin(async { runner.run().await })]).await
}
