//! The server of ncplib's documentation, with a login: it acknowledges what it
//! knows and answers it, and tells the others that it does not know.
//!
//! ```text
//! cargo run -p wigwag-tests --example ncp_server -- 9999
//! ```
//!
//! It runs until Ctrl-C.

use std::error::Error;

use rand_core::OsRng;
use wigwag_embassy::ncp::{self, Server, ServerConnection, ServerMemory};
use wigwag_harness::hostnet::HostNetwork;
use wigwag_harness::vnet::alongside;

/// Who may come in. The password goes over the network in the clear.
static USERS: fn(&str, &str) -> bool = |user, password| {
    ncp::Login::new("admin", "rfeye")
        .is_ok_and(|login| ncp::Authenticate::authenticate(&login, user, password))
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("usage: ncp_server PORT")?;
    serve(port.parse()?, |line| println!("{line}")).await
}

/// Serves two clients at a time.
pub(crate) async fn serve(port: u16, print: impl Fn(String)) -> Result<(), Box<dyn Error>> {
    let mut memory: Box<ServerMemory<'_>> = Box::new(ServerMemory::new());
    let (ncp, mut runner) = ncp::new(&mut memory, HostNetwork::new(), OsRng, ncp::CONFIG);
    let serve = async {
        let server = Server::login_in_the_clear(&USERS).with_port(port);
        let server = server.listen(&ncp)?;
        print(format!("Listening on port {port}"));
        let handler = async |client: &ServerConnection<'_>| attend(client, &print).await;
        server.serve::<2, ncp::Error>(handler).await?;
        Ok(())
    };
    alongside(serve, vec![Box::pin(async { runner.run().await })]).await
}

/// Answers one client, until it closes or asks what nobody knows.
async fn attend(client: &ServerConnection<'_>, print: &impl Fn(String)) -> Result<(), ncp::Error> {
    let mut buffer = [0; 1024];
    while let Some(field) = client.next(&mut buffer).await? {
        let (to, name) = (field.reply_to(), client.remote_hostname());
        print(format!(
            "{name} asks for {} {}",
            field.packet_type, field.name
        ));
        if field.packet_type == "LINK" && field.name == "ECHO" {
            client.reply(to, |params| params.param("ACKN", 1)).await?;
            client.reply(to, |params| ncp::echo(params, &field)).await?;
        } else {
            let unknown = client.reply(to, |params| {
                params.param("ERRO", "Unknown command").param("ERRC", 400)
            });
            return unknown.await;
        }
    }
    Ok(())
}
