//! The examples that talk NCP, run as they are.

use std::cell::RefCell;
use std::net::{Ipv4Addr, TcpListener};

use wigwag_harness::mock_ncp::MockNcp;
use wigwag_tests::e2e::in_real_time;

#[allow(dead_code)] // Its main() is for people.
#[path = "../examples/ncp_client.rs"]
mod ncp_client;
#[allow(dead_code)]
#[path = "../examples/ncp_commands.rs"]
mod ncp_commands;
#[allow(dead_code)]
#[path = "../examples/ncp_server.rs"]
mod ncp_server;
#[allow(dead_code)]
#[path = "../examples/ncp_sweep.rs"]
mod ncp_sweep;
#[allow(dead_code)]
#[path = "../examples/ncp_time.rs"]
mod ncp_time;

const HOST: &str = "127.0.0.1";

#[test]
fn a_capture_and_a_sweep_are_asked_of_a_node() {
    in_real_time(async || {
        let node = MockNcp::start().await.unwrap();
        let port = node.addr().port();
        let mut lines = Vec::new();
        let capture = ncp_time::capture(HOST, port, |line| lines.push(line));
        capture.await.unwrap();
        assert_eq!(lines[0], "DSPC TIME");
        assert!(lines.contains(&"  FCTR: U32(2400)".into()), "{lines:?}");
        assert!(lines.contains(&"  PDAT: 1024 samples".into()), "{lines:?}");
        lines.clear();
        let sweep = ncp_sweep::sweep(HOST, port, |line| lines.push(line));
        sweep.await.unwrap();
        assert!(
            lines[0].starts_with("2000 points, most at 98 MHz: "),
            "{lines:?}"
        );
    });
}

#[test]
fn several_commands_are_asked_at_once() {
    in_real_time(async || {
        let node = MockNcp::start().await.unwrap();
        let lines = RefCell::new(Vec::new());
        let print = |line| lines.borrow_mut().push(line);
        ncp_commands::talk(HOST, node.addr().port(), print)
            .await
            .unwrap();
        let lines = lines.into_inner();
        assert_eq!(lines[0], format!("Connected to {}", node.addr()));
        for expected in [
            "Error: DSPC HUH \"Unknown command\" (code 400)",
            "GAIN is Some(30) dB",
            "STAT has 5 parameters",
            "LONG is done after Some(300) ms",
        ] {
            assert!(lines.contains(&expected.into()), "{expected}: {lines:?}");
        }
        let last = lines.last().unwrap();
        assert!(last.starts_with("Warning: DSPC GAIN "), "{last}");
        // The long one is the last that is answered.
        assert_eq!(lines[lines.len() - 2], "LONG is done after Some(300) ms");
    });
}

#[test]
fn a_client_logs_in_to_a_server_of_ours() {
    in_real_time(async || {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let served = RefCell::new(Vec::new());
        let said = RefCell::new(Vec::new());
        let clients = async {
            // Somebody may not listen yet: that is refused, and tried again.
            while ncp_client::talk(port, |line| said.borrow_mut().push(line))
                .await
                .is_err()
            {
                tokio::task::yield_now().await;
            }
            // Another one, when the first is gone.
            ncp_client::talk(port, |line| said.borrow_mut().push(line))
                .await
                .unwrap();
        };
        let server = ncp_server::serve(port, |line| served.borrow_mut().push(line));
        tokio::select! {
            () = clients => {}
            ended = server => panic!("{ended:?}"),
        }
        let client = [
            "FOO is Some(Str(\"BAR\"))",
            "Error: DSPC TIME \"Unknown command\" (code 400)",
            "The server has closed",
        ];
        assert_eq!(*said.borrow(), [client, client].concat());
        let asked = [
            "station-7 asks for LINK ECHO",
            "station-7 asks for DSPC TIME",
        ];
        let listening = format!("Listening on port {port}");
        assert_eq!(served.borrow()[0], listening);
        assert_eq!(served.borrow()[1..], [asked, asked].concat());
    });
}
