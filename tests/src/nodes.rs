//! Two devices on a cable that speak NCP: a client's and a server's.

use std::cell::RefCell;
use std::time::Duration;

use embedded_io_async::{Read as _, Write as _};
use rand_core::OsRng;
use wigwag_codec::framer::Passthrough;
use wigwag_codec::ncp::{PacketWriter, packet};
use wigwag_embassy::ncp::{
    self, Client, ClientConnection, ClientLink, ClientMemory, Error, Field, Ncp, Server,
    ServerConnection, ServerLink, ServerMemory,
};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::{
    self, Connection, Disabled, LocalEndpoint, Preconnection, RemoteEndpoint, TransportProperties,
};
use wigwag_harness::vnet::{Background, Cable, End, alongside};

use crate::devices::{Plain, memory};
use crate::e2e::in_paused_time;

/// The memory of the client's device, with packets of 8 KiB.
pub type NearMemory<'a, const REQUESTS: usize = 64, const KEPT: usize = 4096> =
    ClientMemory<'a, Disabled, 4, 8192, 4096, REQUESTS, KEPT, 1024, 4096, 2>;

/// The memory of the server's device: two clients at a time.
pub type FarMemory<'a> = ServerMemory<'a, 4, 8192, 4096, 8, 2048, 1024, 4096>;

/// What the client's device has.
pub type Near<'a> = Ncp<'a, ClientLink<'a>, Disabled>;

/// What the server's device has.
pub type Far<'a> = Ncp<'a, ServerLink<'a>, Disabled>;

/// The server's address, as a client's host.
pub const HOST: &str = "10.0.0.2";

/// A client of the server's device.
#[must_use]
pub const fn client<'a>() -> Client<'a> {
    Client::plain(HOST).with_hostname("wigwag-test")
}

/// Runs `app` with the two devices, in paused time. The client's has room for 64
/// fields of requests, and keeps 4 KiB.
pub fn on_cable(app: impl AsyncFnOnce(&Cable, Near<'_>, Far<'_>) + Send + 'static) {
    on_cable_with::<64, 4096>(app);
}

/// The same with other sizes of the client's device.
pub fn on_cable_with<const REQUESTS: usize, const KEPT: usize>(
    app: impl AsyncFnOnce(&Cable, Near<'_>, Far<'_>) + Send + 'static,
) {
    in_paused_time(async move || {
        let cable = Cable::new(6);
        assert_eq!(End::Far.v4().to_string(), HOST);
        let run = cable.run(async |near, far| {
            let mut near_memory = Box::new(NearMemory::<REQUESTS, KEPT>::new());
            let mut far_memory = Box::new(FarMemory::new());
            let config = ncp::CONFIG;
            let near = EmbassyNetwork::new(near);
            let far = EmbassyNetwork::new(far);
            let (near, mut near_runner) = ncp::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = ncp::new(&mut far_memory, far, OsRng, config);
            let background: Vec<Background<'_>> = vec![
                Box::pin(async { near_runner.run().await }),
                Box::pin(async { far_runner.run().await }),
            ];
            alongside(app(&cable, near, far), background).await;
        });
        run.await;
    });
}

/// Runs `app` as [`on_cable`] does, with a server that says what the test wants.
pub fn with_raw_server(
    app: impl AsyncFnOnce(&Cable, Near<'_>, Plain<'_, Passthrough>) + Send + 'static,
) {
    in_paused_time(async move || {
        let cable = Cable::new(7);
        let run = cable.run(async |near, far| {
            let mut near_memory = Box::new(<NearMemory<'_>>::new());
            let mut far_memory = memory();
            let config = ncp::CONFIG;
            let near = EmbassyNetwork::new(near);
            let far = EmbassyNetwork::new(far);
            let (near, mut near_runner) = ncp::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = taps::new(&mut far_memory, far, OsRng, config);
            let background: Vec<Background<'_>> = vec![
                Box::pin(async { near_runner.run().await }),
                Box::pin(async { far_runner.run().await }),
            ];
            alongside(app(&cable, near, far), background).await;
        });
        run.await;
    });
}

/// Runs `app` as [`on_cable`] does, with a client that says what the test wants.
pub fn with_raw_client(
    app: impl AsyncFnOnce(&Cable, Plain<'_, Passthrough>, Far<'_>) + Send + 'static,
) {
    in_paused_time(async move || {
        let cable = Cable::new(8);
        let run = cable.run(async |near, far| {
            let mut near_memory = memory();
            let mut far_memory = Box::new(FarMemory::new());
            let config = ncp::CONFIG;
            let near = EmbassyNetwork::new(near);
            let far = EmbassyNetwork::new(far);
            let (near, mut near_runner) = taps::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = ncp::new(&mut far_memory, far, OsRng, config);
            let background: Vec<Background<'_>> = vec![
                Box::pin(async { near_runner.run().await }),
                Box::pin(async { far_runner.run().await }),
            ];
            alongside(app(&cable, near, far), background).await;
        });
        run.await;
    });
}

/// Runs `app` with a connection to a server whose handler is `handler`.
pub fn with_server<E>(
    handler: impl AsyncFn(&ServerConnection<'_>) -> Result<(), E> + Send + 'static,
    app: impl AsyncFnOnce(&Cable, ClientConnection<'_>) + Send + 'static,
) {
    on_cable(async move |cable, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let talk = async {
            let connection = client().connect(&near).await.unwrap();
            app(cable, connection).await;
        };
        beside(server.serve::<2, E>(handler), talk).await;
    });
}

/// Runs `app` with both ends of a connection: the client's, and the server's as
/// the application that has accepted it.
pub fn with_both<const REQUESTS: usize, const KEPT: usize>(
    app: impl AsyncFnOnce(&Cable, ClientConnection<'_>, ServerConnection<'_>) + Send + 'static,
) {
    on_cable_with::<REQUESTS, KEPT>(async move |cable, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let client = client();
        let (near, far) = futures::join!(client.connect(&near), server.accept());
        app(cable, near.unwrap(), far.unwrap()).await;
    });
}

/// Runs `main` to its end beside a server, which has no end of its own. Both
/// have a waker of their own.
pub async fn beside<T>(
    server: impl Future<Output = Result<(), Error>>,
    main: impl Future<Output = T>,
) -> T {
    let ended = RefCell::new(None);
    let server: Background<'_> = Box::pin(async {
        *ended.borrow_mut() = Some(server.await);
        panic!("the server has ended: {ended:?}");
    });
    alongside(main, vec![server]).await
}

/// Sends every field back, after an acknowledgement: the server of ncplib's
/// tests.
///
/// # Errors
/// Those of the connection.
pub async fn echo(client: &ServerConnection<'_>) -> Result<(), Error> {
    let mut buffer = [0; 8192];
    while let Some(field) = client.next(&mut buffer).await? {
        let to = field.reply_to();
        client
            .reply(to, |params| params.param("ACKN", true))
            .await?;
        client.reply(to, |params| ncp::echo(params, &field)).await?;
    }
    Ok(())
}

/// The text of a parameter.
#[must_use]
pub fn text<'b>(field: &Field<'b>, name: &str) -> &'b str {
    let value = field.value(name).expect("the parameter is there");
    value.as_str().expect("it is a text")
}

/// The number of a parameter.
#[must_use]
pub fn number(field: &Field<'_>, name: &str) -> i64 {
    let value = field.value(name).expect("the parameter is there");
    value.as_i64().expect("it is a number")
}

/// A few seconds, after which something has happened in a network of two.
pub const SOON: Duration = Duration::from_secs(5);

/// A connection that is no more than its bytes.
pub type Raw<'a> = Connection<'a, Passthrough, Disabled>;

/// Reads a packet.
///
/// # Panics
/// When there is none.
pub async fn read_packet(raw: &mut Raw<'_>) -> Vec<u8> {
    let mut packet = vec![0; 32];
    raw.read_exact(&mut packet).await.expect("a header");
    let words = u32::from_le_bytes(packet[8..12].try_into().expect("four bytes"));
    packet.resize(words as usize * 4, 0);
    raw.read_exact(&mut packet[32..]).await.expect("a packet");
    packet
}

/// Says a packet of type LINK with a field.
async fn say(raw: &mut Raw<'_>, packet: PacketWriter<'_>) {
    let packet = packet.finish().expect("it fits");
    raw.write_all(packet).await.expect("it is taken");
}

/// What a client says up to SCON, as ncplib's does.
///
/// # Panics
/// When the server does not answer as one.
pub async fn shake_hands(raw: &mut Raw<'_>) {
    let mut place = [0; 256];
    assert_eq!(&read_packet(raw).await[32..36], b"HELO");
    let ccre = packet(&mut place, "LINK").field("CCRE").param("CIW", "raw");
    say(raw, ccre.param("LINK", 15)).await;
    assert_eq!(&read_packet(raw).await[32..36], b"SCAR");
    let care = packet(&mut place, "LINK").field("CARE").param("CAR", "raw");
    say(raw, care).await;
    assert_eq!(&read_packet(raw).await[32..36], b"SCON");
}

/// What a server says up to SCON; the time is what it says in SCAR.
///
/// # Panics
/// When the client does not answer as one.
pub async fn serve_handshake(raw: &mut Raw<'_>, time: i32) {
    let mut place = [0; 256];
    say(raw, packet(&mut place, "LINK").field("HELO")).await;
    assert_eq!(&read_packet(raw).await[32..36], b"CCRE");
    let scar = packet(&mut place, "LINK").field("SCAR").param("LINK", time);
    say(raw, scar).await;
    assert_eq!(&read_packet(raw).await[32..36], b"CARE");
    say(raw, packet(&mut place, "LINK").field("SCON")).await;
}

/// Everything up to the end.
pub async fn read_all(raw: &mut Raw<'_>) -> Vec<u8> {
    let (mut all, mut chunk) = (Vec::new(), [0; 256]);
    loop {
        match raw.read(&mut chunk).await {
            Ok(0) | Err(_) => return all,
            Ok(count) => all.extend(&chunk[..count]),
        }
    }
}

/// Who comes next, to a server that says what the test wants.
///
/// # Panics
/// When nobody does.
pub async fn accept_raw<'a>(far: &Plain<'a, Passthrough>) -> Raw<'a> {
    let listener = Preconnection::new(TransportProperties::DEFAULT, Disabled)
        .add_local(LocalEndpoint::new().with_port(9999))
        .listen(far)
        .expect("it can be listened");
    listener.accept().await.expect("somebody comes")
}

/// A connection to the server's device.
///
/// # Panics
/// When nobody listens there.
pub async fn connect_raw<'a>(near: &Plain<'a, Passthrough>, port: u16) -> Raw<'a> {
    Preconnection::new(TransportProperties::DEFAULT, Disabled)
        .add_remote(RemoteEndpoint::new().with_host(HOST).with_port(port))
        .initiate(near, Some(SOON))
        .await
        .expect("a connection")
}
