//! NEATPy's "Hello server" as a device says it: its own network stack, on a
//! virtual network, to a server of tokio's in the same program. Nothing leaves
//! the process.
//!
//! ```text
//! cargo run -p wigwag-tests --example hello_device
//! ```

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rand_core::OsRng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, Disabled, MessageContext, Preconnection, RemoteEndpoint, TransportConfig,
    TransportMemory, TransportProperties,
};
use wigwag_harness::vnet::{VirtualNet, alongside};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    device(|line| println!("{line}")).await
}

/// A device that says hello to its server.
pub(crate) async fn device(mut print: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let net = VirtualNet::new(|_: SocketAddr| async {
        let (near, far) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            if let Err(error) = serve(far).await {
                println!("server: the device is gone: {error}");
            }
        });
        Ok(near)
    });
    net.names()
        .set("server.test", [Ipv4Addr::new(192, 0, 2, 1)]);
    net.run(async |stack| {
        stack.wait_config_up().await;
        let mut memory = Box::new(TransportMemory::<PrefixFramer>::new());
        let network = EmbassyNetwork::new(stack);
        let config = TransportConfig::DEFAULT;
        let (transport, mut runner) = taps::new(&mut memory, network, OsRng, config);
        let device = async {
            let server = RemoteEndpoint::new()
                .with_host_name("server.test")
                .with_port(5000);
            let connection = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
                .add_remote(server)
                .add_framer(PrefixFramer::for_buffer(1024))
                .initiate(&transport, Some(Duration::from_secs(10)))
                .await?;
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
        alongside(device, vec![Box::pin(async { runner.run().await })]).await
    })
    .await
}

/// A server as anybody writes one: a length of four bytes before each message.
async fn serve(mut stream: tokio::io::DuplexStream) -> std::io::Result<()> {
    let length = stream.read_u32().await?;
    let mut message = Vec::new();
    (&mut stream)
        .take(length.into())
        .read_to_end(&mut message)
        .await?;
    let text = String::from_utf8_lossy(&message);
    println!("server: Got message {length}: {text}");
    let answer = b"Hello client";
    stream.write_u32(answer.len() as u32).await?;
    stream.write_all(answer).await
}
