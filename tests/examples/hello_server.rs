//! NEATPy's "Hello server", on the sockets of this host: prints each message
//! that it is sent, and answers it.
//!
//! ```text
//! cargo run -p wigwag-tests --example hello_server -- 5000
//! ```
//!
//! It runs until Ctrl-C.

use std::error::Error;

use rand_core::OsRng;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    self, Connection, Disabled, LocalEndpoint, MessageContext, Preconnection, ReceiveError,
    TransportConfig, TransportMemory, TransportProperties,
};
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

/// Two sockets wait for clients, and two clients can be there.
type Memory<'a> = TransportMemory<'a, PrefixFramer, Disabled, 4>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("usage: hello_server PORT")?;
    serve(port.parse()?, |line| println!("{line}")).await
}

/// Serves one client after the other.
pub(crate) async fn serve(port: u16, mut print: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let mut memory = Box::new(Memory::new());
    let config = TransportConfig::DEFAULT;
    let (transport, mut runner) = taps::new(&mut memory, HostNetwork::new(), OsRng, config);
    let serve = async {
        let listener = Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
            .add_local(LocalEndpoint::new().with_port(port))
            .add_framer(PrefixFramer::for_buffer(1024))
            .listen(&transport)?;
        print(format!("Listening on port {port}"));
        loop {
            let connection = listener.accept().await?;
            if let Err(error) = answer(&connection, &mut print).await {
                print(format!("The client is gone: {error}"));
            }
        }
    };
    alongside(serve, vec![Box::pin(async { runner.run().await })]).await
}

/// Answers one client until it has said all that it has to say.
async fn answer(
    connection: &Connection<'_, PrefixFramer, Disabled>,
    print: &mut impl FnMut(String),
) -> Result<(), Box<dyn Error>> {
    let mut buffer = [0; 1024];
    loop {
        match connection.receive(&mut buffer).await {
            Ok(received) => {
                let text = String::from_utf8_lossy(&buffer[..received.length]);
                print(format!("Got message {}: {text}", received.length));
                let context = MessageContext::new();
                connection.send(b"Hello client", &context).await?;
            }
            Err(ReceiveError::Finished) => break,
            Err(error) => return Err(error.into()),
        }
    }
    connection.close();
    connection.closed().await?;
    Ok(())
}
