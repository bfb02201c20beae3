//! A client for the `ncp_server` example: logs in, is echoed, and asks for
//! something that the server does not know.
//!
//! ```text
//! cargo run -p wigwag-tests --example ncp_client -- 9999
//! ```

use std::error::Error;

use rand_core::OsRng;
use wigwag_embassy::ncp::{self, Client, ClientMemory, Login};
use wigwag_embassy::taps::Disabled;
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

/// One connection.
type Memory<'a> = ClientMemory<'a, Disabled, 1>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("usage: ncp_client PORT")?;
    talk(port.parse()?, |line| println!("{line}")).await
}

/// Talks to the server on this host.
pub(crate) async fn talk(port: u16, mut print: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let mut memory = Box::new(Memory::new());
    let (ncp, mut runner) = ncp::new(&mut memory, HostNetwork::new(), OsRng, ncp::CONFIG);
    let talk = async {
        let login = Login::new("admin", "rfeye")?;
        let client = Client::login_in_the_clear("127.0.0.1", login)
            .with_port(port)
            .with_hostname("station-7");
        let connection = client.connect(&ncp).await?;
        let mut buffer = [0; 256];
        let response = connection
            .send("LINK", "ECHO", |params| params.param("FOO", "BAR"))
            .await?;
        let field = response.recv(&mut buffer).await?;
        print(format!("FOO is {:?}", field.value("FOO")));
        let response = connection.send("DSPC", "TIME", |params| params).await?;
        match response.recv(&mut buffer).await {
            Err(ncp::Error::CommandError(fault)) => print(format!("Error: {fault}")),
            other => print(format!("{other:?}")),
        }
        // The server closes after that.
        while let Some(field) = connection.next(&mut buffer).await? {
            print(format!("{} comes late", field.name));
        }
        print("The server has closed".into());
        Ok(())
    };
    alongside(talk, vec![Box::pin(async { runner.run().await })]).await
}
