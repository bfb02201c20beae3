//! NEATPy's "Hello server", the client on the sockets of this host: sends the
//! message, and prints the answer.
//!
//! ```text
//! cargo run -p wigwag-tests --example hello_client -- 5000
//! ```

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;

use rand_core::OsRng;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    self, Disabled, MessageContext, Preconnection, RemoteEndpoint, TransportConfig,
    TransportMemory, TransportProperties,
};
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("usage: hello_client PORT")?;
    talk(port.parse()?, |line| println!("{line}")).await
}

/// Says hello to the server on this host.
pub(crate) async fn talk(port: u16, mut print: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let mut memory = Box::new(TransportMemory::<PrefixFramer>::new());
    let config = TransportConfig::DEFAULT;
    let (transport, mut runner) = taps::new(&mut memory, HostNetwork::new(), OsRng, config);
    let talk = async {
        let server = RemoteEndpoint::new()
            .with_address(Ipv4Addr::LOCALHOST.into())
            .with_port(port);
        let connection = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_remote(server)
            .add_framer(PrefixFramer::for_buffer(1024))
            .initiate(&transport, Some(Duration::from_secs(10)))
            .await?;
        print("Connection is ready".into());
        let context = MessageContext::new();
        connection.send(b"Hello server", &context).await?;
        let mut buffer = [0; 1024];
        let received = connection.receive(&mut buffer).await?;
        let text = String::from_utf8_lossy(&buffer[..received.length]);
        print(format!("Got message {}: {text}", received.length));
        connection.close();
        connection.closed().await?;
        Ok(())
    };
    alongside(talk, vec![Box::pin(async { runner.run().await })]).await
}
