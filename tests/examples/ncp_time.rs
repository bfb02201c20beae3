//! ncplib's `examples/time.py`: connects to a node and asks for one capture of
//! samples. Prints the answer.
//!
//! ```text
//! cargo run -- serve ncp --listen 127.0.0.1:9999
//! cargo run -p wigwag-tests --example ncp_time -- 127.0.0.1 9999    # in another terminal
//! ```

use std::error::Error;

use rand_core::OsRng;
use wigwag_embassy::ncp::{self, Client, ClientMemory, Field, Value};
use wigwag_embassy::taps::Disabled;
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

/// 2400.12 MHz.
const FREQUENCY_HZ: u64 = 2_400_120_000;

/// 10 MHz of bandwidth.
const BANDWIDTH_HZ: u64 = 10_000_000;

/// For one millisecond.
const DURATION_NS: u64 = 1_000_000;

/// A packet has up to 64 KiB.
type Memory<'a> = ClientMemory<'a, Disabled, 1, 65_536>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: ncp_time HOST PORT";
    let (host, port) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let host = Box::leak(host.into_boxed_str());
    capture(host, port.parse()?, |line| println!("{line}")).await
}

/// Whole millions and the rest, as a node wants its frequencies.
fn split(value: u64, unit: u64) -> (i32, i32) {
    let part = |value| i32::try_from(value).expect("it is less than two milliards");
    (part(value / unit), part(value % unit))
}

/// Asks for one capture.
pub(crate) async fn capture(
    host: &'static str,
    port: u16,
    mut print: impl FnMut(String),
) -> Result<(), Box<dyn Error>> {
    let mut memory = Box::new(Memory::new());
    let (ncp, mut runner) = ncp::new(&mut memory, HostNetwork::new(), OsRng, ncp::CONFIG);
    let talk = async {
        let client = Client::plain(host).with_port(port);
        let connection = client.connect(&ncp).await?;
        let (megahertz, rest) = split(FREQUENCY_HZ, 1_000_000);
        let (bandwidth, bandwidth_rest) = split(BANDWIDTH_HZ, 1_000_000);
        let (seconds, nanoseconds) = split(DURATION_NS, 1_000_000_000);
        let response = connection
            .send("DSPC", "TIME", |params| {
                params
                    .param("FCTR", megahertz)
                    .param("FCTM", rest)
                    .param("RBME", bandwidth)
                    .param("RBMI", bandwidth_rest)
                    .param("LSEC", seconds)
                    .param("LNAN", nanoseconds)
            })
            .await?;
        let mut buffer = vec![0; 65_536];
        let field = response.recv(&mut buffer).await?;
        show(&field, &mut print)?;
        connection.close();
        connection.wait_closed().await?;
        Ok(())
    };
    alongside(talk, vec![Box::pin(async { runner.run().await })]).await
}

/// Prints a field.
fn show(field: &Field<'_>, print: &mut impl FnMut(String)) -> Result<(), ncp::NcpError> {
    print(format!("{} {}", field.packet_type, field.name));
    for param in field.params() {
        print(match param.value()? {
            Value::I16s(samples) => format!("  {}: {} samples", param.name, samples.len()),
            value => format!("  {}: {value:?}", param.name),
        });
    }
    Ok(())
}
