//! Keeping alive, cutting, stopping, starting again, and the virtual network's
//! way in.

use super::hand::{Hand, LIMIT, link, next_reason, server};
use std::net::SocketAddr;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, packet};
use wigwag_harness::faults::Cut;
use wigwag_harness::vnet::Dial;

#[tokio::test]
async fn keep_alives_are_counted_and_not_answered() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    let mut place = [0; HEADER_LEN + FOOTER_LEN];
    let alive = packet(&mut place, "LINK").id(0).finish().unwrap();
    for _ in 0..3 {
        client.send(alive).await;
    }
    assert_eq!(client.asked("STAT", |field| field).await.name().0, "STAT");
    assert_eq!(server.book().keep_alives, 3);
    assert_eq!(server.book().commands.len(), 1);
}

#[tokio::test]
async fn connections_are_cut_as_told() {
    let server = server().await;
    let mut events = server.events();
    for how in [Cut::Close, Cut::Reset] {
        let mut client = Hand::connect(server.addr()).await;
        assert!(
            server
                .wait_until(LIMIT, |_| !server.connected().is_empty())
                .await
        );
        assert_eq!(server.disconnect("tester", how), 1);
        let end = client.stream.read(&mut [0; 1]).await;
        assert_eq!(end.is_err(), how == Cut::Reset, "{end:?}");
        assert_eq!(next_reason(&mut events).await, "cut by the server");
    }
    assert_eq!(server.disconnect("tester", Cut::Close), 0);
    assert_eq!(server.disconnect("nobody", Cut::Close), 0);
}

#[tokio::test]
async fn a_server_stops_and_starts_again_with_its_book() {
    let mut server = server().await;
    let addr = server.addr();
    let mut client = Hand::connect(addr).await;
    client.asked("STAT", |field| field).await;
    server.stop(Cut::Close).await;
    assert!(client.receive().await.is_none());
    assert!(TcpStream::connect(addr).await.is_err());
    server.restart().await.unwrap();
    assert_eq!(server.addr(), addr);
    let mut client = Hand::connect(addr).await;
    client.asked("STAT", |field| field).await;
    assert_eq!(server.book().commands.len(), 2);
    drop(client);
    server.stop(Cut::Reset).await;
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_stop_in_silence_leaves_the_connection_open() {
    let mut server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    server.stop(Cut::Silence).await;
    client.ask("STAT", 1, |field| field).await;
    let mut byte = [0; 1];
    let read = client.stream.read(&mut byte);
    let read = tokio::time::timeout(core::time::Duration::from_millis(100), read).await;
    assert!(read.is_err(), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_the_virtual_network_is_served_in_paused_time() {
    let server = server().await;
    let stream = server
        .dial()
        .dial(SocketAddr::from(([192, 0, 2, 1], 9999)))
        .await
        .unwrap();
    let mut client = Hand::over(link(), stream).await.unwrap();
    client
        .ask("LONG", 1, |field| field.param("DURA", 30_000))
        .await;
    let began = tokio::time::Instant::now();
    assert!(client.receive().await.is_some());
    let read = tokio::time::timeout(LIMIT * 4, client.stream.read(&mut [0; 1])).await;
    assert_eq!(read.unwrap().unwrap(), 1);
    assert_eq!(began.elapsed().as_secs(), 30);
}
