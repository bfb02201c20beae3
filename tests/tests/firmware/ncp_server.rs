//! The server on the board, asked from the host: by ncplib, and by hand.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::spawn_blocking;
use wigwag_codec::framer::{Framer, Handshake, Out};
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Names};
use wigwag_codec::ncp::{HEADER_LEN, Packet, packet};
use wigwag_harness::firmware::NcpTrial;
use wigwag_tests::ncplib::{Client, every_type, param};
use wigwag_tests::runner;

use crate::ncp_site::{NcpSite, serving};
use crate::site::{LIMIT, ensure, log, on_site, says};

/// Does what blocks the thread beside everything else.
async fn aside(
    steps: impl FnOnce() -> wigwag_tests::ncplib::Result<()> + Send + 'static,
) -> runner::Outcome {
    let done = spawn_blocking(|| steps().map_err(|error| error.to_string()));
    Ok(done.await??)
}

fn send(packet: &str, name: &str, params: Json) -> Json {
    json!({"do": "send_field", "packet": packet, "name": name, "params": params, "as": "it"})
}

fn receive() -> Json {
    json!({"do": "recv", "of": "it"})
}

/// All 18 types come back as they went, errors are told with their number, and
/// the node answers its own commands.
pub(crate) fn answers_ncplib() -> runner::Outcome {
    on_site(async {
        let (_site, board) = serving(5).await?;
        let port = board.address.port();
        aside(move || {
            let mut client = Client::connect(port, json!({"timeout": 15}))?;
            let agreed = client.ok(json!({"do": "state"}))?;
            if agreed["timeout"] != 15 {
                return Err(agreed.to_string().into());
            }
            client.ok(send("TEST", "ECHO", every_type()))?;
            let field = client.ok(receive())?;
            if field["params"] != every_type() {
                return Err(field.to_string().into());
            }
            client.ok(send("DSPC", "SWEP", json!([param("POIN", "i32", "1000")])))?;
            let field = client.ok(receive())?;
            let points = field["params"][0]["v"].as_array().map(Vec::len);
            if points != Some(1000) {
                return Err(field.to_string().into());
            }
            client.ok(send("DSPC", "TIME", json!([])))?;
            let field = client.ok(receive())?;
            let seconds = field["params"][0]["v"].as_str().unwrap_or_default();
            if seconds.parse::<u64>()? < 1_600_000_000 {
                return Err(field.to_string().into());
            }
            for (name, params, code) in [
                ("NOPE", json!([]), 400),
                ("SWEP", json!([param("POIN", "i32", "1025")]), 422),
            ] {
                client.ok(send("DSPC", name, params))?;
                let answer = client.step(receive())?;
                if answer["error"] != "CommandError" || answer["code"] != code {
                    return Err(answer.to_string().into());
                }
            }
            client.ok(json!({"do": "close"})).map(drop)
        })
        .await?;
        let outcome = board.reaches_its_goal().await?;
        let report = outcome.ncp_report.ok_or("no report")?;
        ensure(report.answers == 5, || format!("{report:?}"))
    })
}

/// The device asks its own server while ncplib asks the device.
pub(crate) fn serves_while_it_asks() -> runner::Outcome {
    on_site(async {
        let site = NcpSite::new().await?;
        let trial = NcpTrial {
            answers: Some(50),
            ..site.trial(100, 3)
        };
        let mut board = site.boot(trial).await?;
        board.listens().await?;
        let port = board.address.port();
        aside(move || {
            let mut client = Client::connect(port, json!({}))?;
            let many = json!({"do": "many", "count": 50, "packet": "TEST", "name": "ECHO"});
            let told = client.ok(many)?;
            if told != json!({"different": 50, "in_order": true, "first": 0}) {
                return Err(told.to_string().into());
            }
            Ok(())
        })
        .await?;
        let outcome = board.reaches_its_goal().await?;
        let report = outcome.ncp_report.ok_or("no report")?;
        let good = (report.commands.count, report.sweeps.count, report.answers) == (100, 3, 50);
        ensure(good, || format!("{report:?}"))
    })
}

/// Who has the password comes in, and nobody else.
pub(crate) fn wants_a_login() -> runner::Outcome {
    on_site(async {
        let site = NcpSite::new().await?;
        let trial = NcpTrial {
            server: None,
            guard: Some(("admin".into(), "a:b".into())),
            answers: Some(1),
            ..site.trial(0, 0)
        };
        let mut board = site.boot(trial).await?;
        board.listens().await?;
        let port = board.address.port();
        aside(move || {
            for password in ["", "a", "b"] {
                let mut client = Client::start()?;
                let answer = client.step(json!({"do": "connect", "host": "127.0.0.1",
                    "port": port, "username": "admin", "password": password}))?;
                if answer["error"] != "AuthenticationError" {
                    return Err(format!("{password:?}: {answer}").into());
                }
            }
            Ok(())
        })
        .await
        .map_err(|failed| {
            let said = failed.message().unwrap_or_default();
            said.to_owned() + &log(&board.run.lines())
        })?;
        // ncplib's server takes no password with a ':', its client sends it.
        aside(move || {
            let login = json!({"username": "admin", "password": "a:b"});
            let mut client = Client::connect(port, login)?;
            client.ok(send("TEST", "ECHO", every_type()))?;
            client.ok(receive()).map(drop)
        })
        .await
        .map_err(|failed| {
            let said = failed.message().unwrap_or_default();
            said.to_owned() + &log(&board.run.lines())
        })?;
        board.reaches_its_goal().await.map(drop)
    })
}

/// Connects and shakes hands by hand.
async fn shaken(address: SocketAddr) -> Result<tokio::net::TcpStream, runner::Failed> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let mut link = ClientLink::new(LinkConfig::new(4096), Names::of_host("by-hand"))?;
    let (mut place, mut heard) = ([0; 256], Vec::new());
    link.start(&mut Out::new(&mut place))?;
    loop {
        let mut out = Out::new(&mut place);
        let step = link.on_handshake(&heard, &mut out)?;
        stream.write_all(out.bytes()).await?;
        match step {
            Handshake::Need(_) => {
                ensure(stream.read_buf(&mut heard).await? > 0, || "closed".into())?;
            }
            Handshake::Used(count) => drop(heard.drain(..count)),
            Handshake::Ready(_) => return Ok(stream),
        }
    }
}

/// Packets that are none, before and after the handshake: each is told to be a
/// bad request, its connection is closed, and the next client is served.
pub(crate) fn refuses_wrong_packets() -> runner::Outcome {
    on_site(async {
        let (_site, board) = serving(1).await?;
        let mut place = [0; 128];
        let good = packet(&mut place, "TEST")
            .field("ECHO")
            .param("A", 1)
            .finish()?
            .to_vec();
        let changed = |at: usize, to: &[u8]| {
            let mut bytes = good.clone();
            bytes[at..at + to.len()].copy_from_slice(to);
            bytes
        };
        let cases = [
            (
                "no header",
                b"GET / HTTP/1.1\r\nHost: wigwag.test\r\n\r\n".to_vec(),
            ),
            ("16 GiB", changed(8, &[0xff; 4])),
            ("less than a header", changed(8, &[7, 0, 0, 0])),
            ("no footer", changed(good.len() - 4, &[0; 4])),
            (
                "a field beyond the packet",
                changed(HEADER_LEN + 4, &[0xff]),
            ),
            ("a parameter of no words", changed(HEADER_LEN + 16, &[0])),
        ];
        for (name, bytes) in cases {
            for handshake in [false, true] {
                // Fields are not looked at before the handshake.
                if !handshake && (name.contains("field") || name.contains("param")) {
                    continue;
                }
                let mut stream = if handshake {
                    shaken(board.address).await?
                } else {
                    tokio::net::TcpStream::connect(board.address).await?
                };
                stream.write_all(&bytes).await?;
                let mut said = Vec::new();
                let end = stream.read_to_end(&mut said);
                tokio::time::timeout(LIMIT, end).await??;
                let code = last_error(&said);
                ensure(code == Some(400), || {
                    format!("{name}, handshake {handshake}: {code:?} in {said:02x?}")
                })?;
            }
        }
        let mut stream = shaken(board.address).await?;
        stream.write_all(&good).await?;
        board.reaches_its_goal().await.map(drop)
    })
}

/// The error in the last of these packets.
fn last_error(mut bytes: &[u8]) -> Option<i64> {
    let mut code = None;
    while let Some(words) = bytes.get(8..12) {
        let words = u32::from_le_bytes(words.try_into().ok()?);
        let (first, rest) = bytes.split_at_checked(words as usize * 4)?;
        let packet = Packet::decode(first).ok()?;
        code = packet.fields().find_map(|field| Some(field.error()?.code));
        bytes = rest;
    }
    code
}

/// Connections that never say a word, more than the device has room for, again
/// and again: a client that tries for a while comes in.
pub(crate) fn survives_a_flood() -> runner::Outcome {
    const HALF_OPEN: usize = 64;

    on_site(async {
        let (_site, mut board) = serving(1).await?;
        let address = board.address;
        let flood = tokio::spawn(async move {
            let mut held = std::collections::VecDeque::new();
            loop {
                if let Ok(stream) = tokio::net::TcpStream::connect(address).await {
                    held.push_back(stream);
                }
                if held.len() > HALF_OPEN {
                    held.pop_front();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        tokio::time::sleep(Duration::from_secs(2)).await;
        let start = Instant::now();
        let mut tries = 0;
        let mut stream = loop {
            tries += 1;
            ensure(start.elapsed() < LIMIT, || {
                format!("not in after {tries} tries")
            })?;
            match tokio::time::timeout(Duration::from_secs(5), shaken(address)).await {
                Ok(Ok(stream)) => break stream,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        println!("in after {:?} and {tries} tries", start.elapsed());
        let mut place = [0; 128];
        let echo = packet(&mut place, "TEST")
            .field("ECHO")
            .param("A", 1)
            .finish()?;
        stream.write_all(echo).await?;
        board.run.wait_for_line(LIMIT, says("goal reached")).await?;
        flood.abort();
        board.reaches_its_goal().await.map(drop)
    })
}
