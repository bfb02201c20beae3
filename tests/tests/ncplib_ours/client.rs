//! Our client and ncplib's server.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use wigwag_codec::ncp::{Packet, Value, ValueType};
use wigwag_embassy::ncp::{Client, Error, Login, NetworkError, Timing, Warning};
use wigwag_embassy::taps::{Disabled, SecurityParameters};
use wigwag_embassy::tls::{ClockPolicy, TrustAnchors};
use wigwag_harness::device::host_time;
use wigwag_harness::pki::Pki;
use wigwag_harness::tagged::ncp::from_value;
use wigwag_tests::ncplib::{Result, Server};
use wigwag_tests::on_host;
use wigwag_tests::runner::Outcome;
use wigwag_tests::vectors;

use crate::check;

const HOST: &str = "127.0.0.1";

fn client<'a>(server: &Server) -> Client<'a> {
    Client::plain(HOST)
        .with_port(server.port())
        .with_hostname("ours")
}

/// The next event of this kind.
fn event(server: &mut Server, kind: &str) -> Result<serde_json::Value> {
    let event = server.event()?;
    if event["event"] == kind {
        Ok(event)
    } else {
        Err(format!("{kind} was due, not {event}").into())
    }
}

pub(crate) fn every_type() -> Outcome {
    let server = Server::start(&json!({}))?;
    let rows = vectors::rows("ncp.jsonl");
    let wires: Vec<_> = rows.iter().map(|row| vectors::hex(row, "hex")).collect();
    let packets: Vec<_> = wires
        .iter()
        .filter_map(|wire| Packet::decode(wire).ok())
        .collect();
    // The first value of each type that is not empty. ncplib has no name for
    // arrays of 64 bits on some machines; it takes what it reads.
    let values: Vec<Value<'_>> = ValueType::ALL
        .iter()
        .filter_map(|kind| {
            let params = packets.iter().flat_map(Packet::fields);
            params
                .flat_map(|field| field.params())
                .filter(|param| param.kind == *kind as u8)
                .filter_map(|param| param.value().ok())
                .find(|value| {
                    !from_value(value)
                        .1
                        .to_string()
                        .trim_matches(['[', ']', '"'])
                        .is_empty()
                })
        })
        .collect();
    check!(values.len() == 18, values.len());
    let names: Vec<_> = ('A'..='R').map(String::from).collect();
    on_host::client::<Disabled>(async |ncp| {
        let connection = client(&server).connect(&ncp).await?;
        let response = connection
            .send_packet("TEST", |packet| {
                let packet = packet.field("ECHO");
                let packet = names
                    .iter()
                    .zip(&values)
                    .fold(packet, |packet, (name, value)| packet.param(name, *value));
                packet
                    .field("ECHO")
                    .param("B", 2)
                    .field("BOTH")
                    .param("C", 3)
            })
            .await?;
        let mut buffer = vec![0; 65_536];
        let field = response.recv(&mut buffer).await?;
        check!(field.packet_type == "TEST" && field.name == "ECHO", field);
        for (name, value) in names.iter().zip(&values) {
            let back = field.value(name).ok_or("a parameter is missing")?;
            check!(from_value(&back) == from_value(value), name, back, value);
        }
        let field = response.recv(&mut buffer).await?;
        check!(field.value("B") == Some(Value::I32(2)), field);
        let field = response.recv_field("BOTH", &mut buffer).await?;
        check!(field.value("C") == Some(Value::I32(3)), field);
        // What came beside it answers nothing.
        let field = connection.recv_field("TEST", "NOTE", &mut buffer).await?;
        check!(field.params().count() == 0, field);
        connection.close();
        connection.wait_closed().await?;
        Ok(())
    })
}

pub(crate) fn what_goes_wrong() -> Outcome {
    let server = Server::start(&json!({}))?;
    on_host::client::<Disabled>(async |ncp| {
        let connection = client(&server).connect(&ncp).await?;
        let mut buffer = [0; 256];
        let response = connection
            .send("TEST", "OOPS", |params| params.param("ERRC", 7))
            .await?;
        let Err(Error::CommandError(fault)) = response.recv(&mut buffer).await else {
            return Err("no CommandError".into());
        };
        check!(fault.detail == "failed" && fault.code == 7, fault);
        check!(fault.packet_type == "TEST" && fault.name == "OOPS", fault);
        // Warnings come beside the field.
        let response = connection
            .send("TEST", "ODDS", |params| params.param("A", 5))
            .await?;
        let field = response.recv(&mut buffer).await?;
        check!(field.value("A") == Some(Value::I32(5)), field);
        match connection.try_warning() {
            Some(Warning::CommandWarning(fault)) => {
                check!(fault.detail == "odd" && fault.code == 1, fault);
            }
            other => return Err(format!("{other:?}").into()),
        }
        // Names and values that cannot be sent are told, and nothing is.
        for (name, param) in [("echo", "A"), ("ECHO", "longer")] {
            let sent = connection
                .send("TEST", name, |params| params.param(param, 1))
                .await;
            check!(matches!(sent, Err(Error::InvalidValue(_))), name);
        }
        let response = connection
            .send("TEST", "ECHO", |params| params.param("A", 1))
            .await?;
        check!(
            response.recv(&mut buffer).await?.value("A") == Some(Value::I32(1)),
            "the next"
        );
        // As fields, where that is wanted.
        let plain = client(&server).with_auto_erro(false).with_auto_warn(false);
        let connection = plain.connect(&ncp).await?;
        for (name, param) in [("OOPS", "ERRO"), ("ODDS", "WARN")] {
            let response = connection.send("TEST", name, |params| params).await?;
            let field = response.recv(&mut buffer).await?;
            check!(field.value(param).is_some(), field);
        }
        check!(connection.try_warning().is_none(), "switched off");
        Ok(())
    })
}

pub(crate) fn acknowledgements() -> Outcome {
    let server = Server::start(&json!({}))?;
    on_host::client::<Disabled>(async |ncp| {
        let mut buffer = [0; 256];
        for (is_passed_over, expected) in [(true, "A"), (false, "ACKN")] {
            let connection = client(&server)
                .with_auto_ackn(is_passed_over)
                .connect(&ncp)
                .await?;
            let response = connection
                .send("TEST", "ACKN", |params| params.param("A", 1))
                .await?;
            let field = response.recv(&mut buffer).await?;
            check!(field.value(expected) == Some(Value::I32(1)), field);
        }
        Ok(())
    })
}

pub(crate) fn thousand() -> Outcome {
    let mut server = Server::start(&json!({}))?;
    let client = client(&server);
    // It tells of every field, and stands still when nobody listens.
    let listener = std::thread::spawn(move || {
        let told =
            |server: &mut Server| server.event().is_ok_and(|event| event["event"] != "closed");
        while told(&mut server) {}
    });
    on_host::client::<Disabled>(async |ncp| {
        let connection = client.connect(&ncp).await?;
        // All are sent before the first answer comes, and the last is answered
        // first.
        let ask = async |number: i32| -> core::result::Result<Option<i64>, Error> {
            let response = connection
                .send("TEST", "HOLD", |params| {
                    params.param("COUN", 1000).param("N", number)
                })
                .await?;
            let mut buffer = [0; 128];
            let field = response.recv(&mut buffer).await?;
            Ok(field.value("N").and_then(|value| value.as_i64()))
        };
        let answers = join_all((0..1000).map(&ask)).await;
        for (number, answer) in (0..).zip(answers) {
            let answer = answer?;
            check!(answer == Some(number), number, answer);
        }
        let counters = connection.counters();
        check!(
            counters.lost_answers == 0 && counters.lost_unsolicited == 0,
            counters
        );
        connection.close();
        connection.wait_closed().await?;
        Ok(())
    })?;
    listener.join().expect("it only listens");
    Ok(())
}

pub(crate) fn logins() -> Outcome {
    // ncplib cannot have a ':' in a password.
    let mut server = Server::start(&json!({"user": "admin", "password": "a b"}))?;
    on_host::client::<Disabled>(async |ncp| {
        let login = |user, password| -> Result<Client<'_>> {
            let login = Login::new(user, password)?;
            Ok(Client::login_in_the_clear(HOST, login).with_port(server.port()))
        };
        let connection = login("admin", "a b")?.connect(&ncp).await?;
        let mut buffer = [0; 64];
        let response = connection
            .send("TEST", "ECHO", |params| params.param("A", 1))
            .await?;
        check!(
            response.recv(&mut buffer).await?.name == "ECHO",
            "an answer"
        );
        for (user, password) in [("admin", "wrong"), ("nobody", "a b"), ("admin", "")] {
            let error = login(user, password)?.connect(&ncp).await.err();
            check!(error == Some(Error::AuthenticationError), error);
        }
        // Without a tunnel the server does not understand the first word.
        let error = client(&server)
            .with_timeout(Duration::from_secs(5))
            .connect(&ncp)
            .await
            .err();
        check!(error.is_some(), error);
        Ok(())
    })?;
    let login = event(&mut server, "login")?;
    check!(login["right"] == true && login["user"] == "admin", login);
    Ok(())
}

pub(crate) fn over_tls() -> Outcome {
    let pki = Pki::generate();
    let folder = tempfile::tempdir()?;
    pki.write_dir(folder.path())?;
    let file = |name: &str| folder.path().join(name);
    let setup = json!({"user": "admin", "password": "secret",
        "cert": file("server.pem"), "key": file("server.key")});
    let server = Server::start(&setup)?;
    let roots: [&[u8]; 1] = [pki.server_ca()];
    let other = Pki::generate();
    let wrong: [&[u8]; 1] = [other.server_ca()];
    on_host::client::<SecurityParameters<'_>>(async |ncp| {
        let secure = |roots| -> Result<Client<'_, SecurityParameters<'_>>> {
            let trust = TrustAnchors::new(roots)?;
            let clock = ClockPolicy::real_time(host_time);
            let security = SecurityParameters::without_client_certificate(trust, clock);
            Ok(Client::tls(HOST, security).with_port(server.port()))
        };
        let login = Login::new("admin", "secret")?;
        let connection = secure(&roots)?.with_login(login).connect(&ncp).await?;
        let mut buffer = [0; 64];
        let response = connection
            .send("TEST", "ECHO", |params| params.param("A", 1))
            .await?;
        check!(
            response.recv(&mut buffer).await?.value("A") == Some(Value::I32(1)),
            "an answer"
        );
        connection.close();
        connection.wait_closed().await?;
        // Without a login, with another one, and with a root that is not the
        // server's.
        for client in [
            secure(&roots)?,
            secure(&roots)?.with_login(Login::new("admin", "x")?),
        ] {
            let error = client.connect(&ncp).await.err();
            check!(error == Some(Error::AuthenticationError), error);
        }
        let error = secure(&wrong)?.with_login(login).connect(&ncp).await.err();
        check!(
            matches!(
                error,
                Some(Error::NetworkError(NetworkError::Establishment(_)))
            ),
            error
        );
        Ok(())
    })
}

pub(crate) fn times() -> Outcome {
    let mut server = Server::start(&json!({}))?;
    for (asked, agreed, interval) in [
        (5, 5, 3),
        (15, 15, 9),
        (60, 60, 39),
        (9999, 60, 39),
        (1, 5, 3),
    ] {
        on_host::client::<Disabled>(async |ncp| {
            let asked = Duration::from_secs(asked);
            let connection = client(&server).with_timeout(asked).connect(&ncp).await?;
            let expected = Some(Timing::Agreed(Duration::from_secs(agreed)));
            check!(connection.timing() == expected, connection.timing());
            let is_changed = asked.as_secs() != agreed;
            let warning = connection.try_warning();
            check!(warning.is_some() == is_changed, warning);
            Ok(())
        })?;
        let connected = event(&mut server, "connected")?;
        check!(
            connected["timeout"] == agreed && connected["interval"] == interval,
            connected
        );
        check!(connected["remote_hostname"] == "ours", connected);
        event(&mut server, "closed")?;
    }
    // A link is kept alive by both ends, beyond the time that was agreed.
    on_host::client::<Disabled>(async |ncp| {
        let connection = client(&server)
            .with_timeout(Duration::from_secs(5))
            .connect(&ncp)
            .await?;
        let since = Instant::now();
        let mut buffer = [0; 64];
        let silence = Duration::from_secs(7);
        let heard = tokio::time::timeout(silence, connection.recv(&mut buffer)).await;
        check!(heard.is_err() && since.elapsed() >= silence, heard);
        let response = connection
            .send("TEST", "ECHO", |params| params.param("A", 1))
            .await?;
        check!(
            response.recv(&mut buffer).await?.name == "ECHO",
            "still there"
        );
        Ok(())
    })
}

pub(crate) fn ends() -> Outcome {
    let mut server = Server::start(&json!({}))?;
    on_host::client::<Disabled>(async |ncp| {
        let mut buffer = [0; 256];
        // The handler ends, and with it the connection.
        let connection = client(&server).connect(&ncp).await?;
        let response = connection.send("TEST", "DONE", |params| params).await?;
        let end = response.recv(&mut buffer).await.map(|_| ());
        check!(end == Err(Error::ConnectionClosed), end);
        drop(response);
        drop(connection);
        // The handler fails: the server says so before it closes.
        let connection = client(&server).connect(&ncp).await?;
        connection.send("TEST", "FAIL", |params| params).await?;
        match connection.recv(&mut buffer).await {
            Err(Error::CommandError(fault)) => {
                check!(fault.code == 500 && fault.detail == "Server error", fault);
            }
            other => return Err(format!("{other:?}").into()),
        }
        let end = connection.recv(&mut buffer).await.map(|_| ());
        check!(end == Err(Error::ConnectionClosed), end);
        drop(connection);
        // We close, and the server learns it.
        let connection = client(&server).connect(&ncp).await?;
        connection.close();
        connection.wait_closed().await?;
        Ok(())
    })?;
    let mut closed = Vec::new();
    while closed.len() < 3 {
        let event = server.event()?;
        if event["event"] == "closed" {
            closed.push(event["reason"].to_string());
        }
    }
    check!(
        closed[0] == "\"done\"" && closed[1] == "\"RuntimeError\"",
        closed
    );
    check!(closed[2] == "\"closed\"", closed);
    Ok(())
}
