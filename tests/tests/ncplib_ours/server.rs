//! Our server and ncplib's client.

use std::cell::RefCell;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::{Value as Json, json};
use wigwag_embassy::ncp::{self, Error, Server, ServerConnection};
use wigwag_tests::ncplib::{Client, Result, every_type as values, param};
use wigwag_tests::on_host;
use wigwag_tests::runner::Outcome;

use crate::check;

/// Answers by the name of the field: `ECHO` is sent back, `ACKN` after an
/// acknowledgement, `OOPS` fails, `ODDS` comes back with a warning, `HOLD` is
/// held until the thousandth and answered with the others, the last first,
/// `FAIL` ends the handler with an error and `DONE` without one.
async fn answer(client: &ServerConnection<'_>) -> core::result::Result<(), Error> {
    let mut buffer = vec![0; 100_000];
    let held = RefCell::new(Vec::new());
    while let Some(field) = client.next(&mut buffer).await? {
        let to = field.reply_to();
        match field.name.to_string().as_str() {
            "ECHO" => client.reply(to, |params| ncp::echo(params, &field)).await?,
            "ACKN" => {
                client.reply(to, |params| params.param("ACKN", 1)).await?;
                client.reply(to, |params| ncp::echo(params, &field)).await?;
            }
            "OOPS" => {
                client
                    .reply(to, |params| params.param("ERRO", "no").param("ERRC", 7))
                    .await?;
            }
            "ODDS" => {
                client
                    .reply(to, |params| {
                        ncp::echo(params.param("WARN", "odd").param("WARC", 1), &field)
                    })
                    .await?;
            }
            "HOLD" => {
                let number = field
                    .value("N")
                    .and_then(|value| value.as_i64())
                    .unwrap_or(-1);
                held.borrow_mut().push((to, number));
                if held.borrow().len() == 1000 {
                    for (to, number) in held.take().into_iter().rev() {
                        let number = i32::try_from(number).unwrap_or(-1);
                        client.reply(to, |params| params.param("N", number)).await?;
                    }
                }
            }
            // What was held is of no use: it is only to end with an error.
            "FAIL" => return Err(Error::Stopped),
            "DONE" => return Ok(()),
            _ => {
                let unknown = "Unknown command";
                client
                    .reply(to, |params| {
                        params.param("ERRO", unknown).param("ERRC", 400)
                    })
                    .await?;
            }
        }
    }
    Ok(())
}

fn plain() -> Server<'static> {
    Server::plain()
}

fn ask(client: &mut Client, name: &str, params: Json) -> Result<Json> {
    let step = json!({"do": "send_field", "packet": "TEST", "name": name,
        "params": params, "as": name});
    client.ok(step)?;
    client.step(json!({"do": "recv", "of": name}))
}

pub(crate) fn every_type() -> Outcome {
    on_host::server(plain, answer, |port| {
        let mut client = Client::connect(port, json!({"hostname": "theirs"}))?;
        for name in ["ECHO", "ACKN"] {
            let answer = ask(&mut client, name, values())?;
            check!(answer["ok"]["params"] == values(), answer);
            check!(answer["warnings"] == json!([]), answer);
        }
        // Several fields in a packet, and one as large as it may be.
        let large = "00ff7f80".repeat(20_000);
        let fields = json!([
            {"name": "ECHO", "params": [param("A", "raw", large.clone())]},
            {"name": "ACKN", "params": [param("B", "i32", "2")]},
        ]);
        client.ok(json!({"do": "send", "packet": "TEST", "fields": fields, "as": "two"}))?;
        let echo = client.ok(json!({"do": "recv", "of": "two"}))?;
        check!(echo["params"][0]["v"] == large, echo["name"]);
        let other = client.ok(json!({"do": "recv_field", "of": "two", "name": "ACKN"}))?;
        check!(other["params"] == json!([param("B", "i32", "2")]), other);
        client.ok(json!({"do": "close"}))?;
        Ok(())
    })
}

pub(crate) fn what_goes_wrong() -> Outcome {
    on_host::server(plain, answer, |port| {
        let mut client = Client::connect(port, json!({}))?;
        for (name, detail, code) in [("OOPS", "no", 7), ("NOPE", "Unknown command", 400)] {
            let answer = ask(&mut client, name, json!([]))?;
            check!(answer["error"] == "CommandError", answer);
            check!(answer["detail"] == detail && answer["code"] == code, answer);
        }
        let answer = ask(&mut client, "ODDS", json!([param("A", "i32", "5")]))?;
        check!(answer["warnings"][0]["class"] == "CommandWarning", answer);
        check!(answer["warnings"][0]["detail"] == "odd", answer);
        check!(answer["ok"]["params"][2] == param("A", "i32", "5"), answer);
        Ok(())
    })
}

pub(crate) fn thousand() -> Outcome {
    on_host::server(plain, answer, |port| {
        let mut client = Client::connect(port, json!({}))?;
        let told = client.ok(json!({"do": "many", "count": 1000, "packet": "TEST",
            "name": "HOLD", "params": []}))?;
        let expected = json!({"different": 1000, "in_order": false, "first": 999});
        check!(told == expected, told);
        Ok(())
    })
}

fn guarded() -> Server<'static> {
    Server::login_in_the_clear(&|user: &str, password: &str| (user, password) == ("admin", "a b"))
}

pub(crate) fn logins() -> Outcome {
    on_host::server(guarded, answer, |port| {
        let login = |user: &str, password: &str| {
            Client::connect(port, json!({"username": user, "password": password}))
        };
        let mut client = login("admin", "a b")?;
        check!(
            ask(&mut client, "ECHO", values())?["ok"]["params"] == values(),
            "let in"
        );
        client.ok(json!({"do": "close"}))?;
        for (user, password) in [("admin", "wrong"), ("admin", ""), ("nobody", "a b")] {
            let error = match login(user, password) {
                Ok(_) => return Err("let in".into()),
                Err(error) => error.to_string(),
            };
            check!(error.contains("AuthenticationError"), error);
        }
        // What ncplib's own server lets through: the words after a 401.
        let mut raw = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        raw.write_all(b"CONNECT ncp.service HTTP/1.1\r\n\r\n")?;
        for field in ["CCRE", "CARE"] {
            let mut place = [0; 64];
            let words = wigwag_codec::ncp::packet(&mut place, "LINK").field(field);
            // It may be closed already.
            let _ = raw.write_all(words.finish()?);
        }
        let mut said = Vec::new();
        let _ = raw.read_to_end(&mut said);
        let said = String::from_utf8(said)?;
        check!(
            said.starts_with("HTTP/1.1 401 ") && said.ends_with("\r\n\r\n"),
            said
        );
        check!(said.matches("HTTP").count() == 1, said);
        Ok(())
    })
}

pub(crate) fn times() -> Outcome {
    on_host::server(plain, answer, |port| {
        for (asked, agreed, interval) in [(5, 5, 3), (15, 15, 9), (60, 60, 39), (9999, 60, 39)] {
            let mut client = Client::start()?;
            let connect =
                json!({"do": "connect", "host": "127.0.0.1", "port": port, "timeout": asked});
            let state = client.step(connect)?;
            let is_changed = state["warnings"] != json!([]);
            check!(is_changed == (asked != agreed), state);
            let state = client.ok(json!({"do": "state"}))?;
            check!(
                state["timeout"] == agreed && state["interval"] == interval,
                state
            );
            client.ok(json!({"do": "close"}))?;
        }
        // Both ends say something in time, and nobody is given up.
        let mut client = Client::connect(port, json!({"timeout": 5}))?;
        let answer = client.step(json!({"do": "recv_field", "packet": "NONE", "name": "NONE",
            "limit": 7}))?;
        check!(answer["error"] == "TimeoutError", answer);
        check!(
            ask(&mut client, "ECHO", values())?["ok"]["params"] == values(),
            "still there"
        );
        Ok(())
    })
}

pub(crate) fn ends() -> Outcome {
    on_host::server(plain, answer, |port| {
        let mut client = Client::connect(port, json!({}))?;
        let answer = ask(&mut client, "FAIL", json!([]));
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(error.to_string().into()),
        };
        // ncplib gives its response what answers nothing, too: it tells by field.
        let answer = if answer["error"] == "CommandError" {
            answer
        } else {
            client.step(json!({"do": "recv"}))?
        };
        let is_told = answer["code"] == 500 || answer["error"] == "ConnectionClosed";
        check!(is_told, answer);
        let mut client = Client::connect(port, json!({}))?;
        let answer = ask(&mut client, "DONE", json!([]))?;
        check!(answer["error"] == "ConnectionClosed", answer);
        // The place is free again.
        for _ in 0..6 {
            let mut client = Client::connect(port, json!({}))?;
            check!(
                ask(&mut client, "ECHO", values())?["ok"]["params"] == values(),
                "again"
            );
            client.ok(json!({"do": "close"}))?;
        }
        Ok(())
    })
}
