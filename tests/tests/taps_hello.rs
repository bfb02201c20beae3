//! The examples that say hello, run as they are.

use std::cell::RefCell;
use std::net::{Ipv4Addr, TcpListener};

use wigwag_tests::e2e::in_real_time;

#[allow(dead_code)] // Its main() is for people.
#[path = "../examples/hello_client.rs"]
mod hello_client;
#[allow(dead_code)]
#[path = "../examples/hello_device.rs"]
mod hello_device;
#[allow(dead_code)]
#[path = "../examples/hello_server.rs"]
mod hello_server;

#[test]
fn hello_client_and_hello_server_meet_on_the_host() {
    in_real_time(async || {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let served = RefCell::new(Vec::new());
        let said = RefCell::new(Vec::new());
        let clients = async {
            // Somebody may not listen yet: that is refused, and tried again.
            while hello_client::talk(port, |line| said.borrow_mut().push(line))
                .await
                .is_err()
            {
                tokio::task::yield_now().await;
            }
            // Another one, when the first is gone.
            hello_client::talk(port, |line| said.borrow_mut().push(line))
                .await
                .unwrap();
        };
        let server = hello_server::serve(port, |line| served.borrow_mut().push(line));
        tokio::select! {
            () = clients => {}
            ended = server => panic!("{ended:?}"),
        }
        let client = ["Connection is ready", "Got message 12: Hello client"];
        assert_eq!(*said.borrow(), [client, client].concat());
        let got = "Got message 12: Hello server";
        let listening = format!("Listening on port {port}");
        assert_eq!(*served.borrow(), [&*listening, got, got]);
    });
}

#[test]
fn hello_device_meets_its_server() {
    in_real_time(async || {
        let mut lines = Vec::new();
        let device = hello_device::device(|line| lines.push(line));
        device.await.unwrap();
        assert_eq!(lines, ["Got message 12: Hello client"]);
    });
}
