//! The real NCP client in Python (ncplib 6.1.0) against our server: commands,
//! answers of every kind, logins, TLS, and how the two keep their link alive.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use wigwag_harness::mock_ncp::{Book, Credentials, Fault, MockNcp, MockNcpOptions, Scar};
use wigwag_harness::pki::Pki;
use wigwag_tests::ncplib::{Client, every_type, param};
use wigwag_tests::runner::{Outcome, Suite, tools};

/// Longest wait for the server to have seen something.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    let needs = [tools::PYTHON_PEERS];
    Suite::new()
        .test("every_type_comes_back", &needs, every_type_comes_back)
        .test("documented_example_runs", &needs, documented_example_runs)
        .test("fields_of_one_packet", &needs, fields_of_one_packet)
        .test("errors_and_warnings", &needs, errors_and_warnings)
        .test("acknowledged_commands", &needs, acknowledged_commands)
        .test("a_thousand_in_any_order", &needs, a_thousand_in_any_order)
        .test("logins", &needs, logins)
        .test("tls", &needs, tls)
        .test("agreed_times", &needs, agreed_times)
        .test("legacy_link", &needs, legacy_link)
        .test("keep_alive_of_five_seconds", &needs, keep_alive)
        .test("keep_alive_storm", &needs, keep_alive_storm)
        .test("ends_of_the_server", &needs, ends_of_the_server)
        .run();
}

/// A server in a thread of its own, which goes on while a test waits for the
/// client.
struct Server {
    server: MockNcp,
    runtime: Handle,
    /// Dropped to end the thread.
    _alive: oneshot::Sender<()>,
}

impl Server {
    fn start(options: MockNcpOptions) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let server = runtime.block_on(MockNcp::start_with(options))?;
        let handle = runtime.handle().clone();
        let (alive, over) = oneshot::channel();
        std::thread::spawn(move || runtime.block_on(over));
        Ok(Self {
            server,
            runtime: handle,
            _alive: alive,
        })
    }

    fn port(&self) -> u16 {
        self.server.addr().port()
    }

    fn wait_until(&self, wanted: impl FnMut(&Book) -> bool) -> Outcome {
        if self
            .runtime
            .block_on(self.server.wait_until(PATIENCE, wanted))
        {
            Ok(())
        } else {
            Err(format!("not in time: {:?}", self.server.book()).into())
        }
    }
}

fn plain() -> Result<Server, Box<dyn std::error::Error>> {
    Server::start(MockNcpOptions::default())
}

/// Fails with both if they differ.
fn same(seen: &Json, wanted: &Json) -> Outcome {
    if seen == wanted {
        Ok(())
    } else {
        Err(format!("{seen}\ninstead of {wanted}").into())
    }
}

/// Sends a command of one field.
fn send(client: &mut Client, name: &str, params: Json) -> Outcome {
    let step = json!({"do": "send_field", "packet": "DSPC", "name": name, "params": params,
        "as": name});
    client.ok(step)?;
    Ok(())
}

/// Sends a command, and gives the whole of what receiving its answer came to.
fn ask(client: &mut Client, name: &str, params: Json) -> Result<Json, Box<dyn std::error::Error>> {
    let step = json!({"do": "send_field", "packet": "DSPC", "name": name, "params": params,
        "as": name});
    client.ok(step)?;
    client.step(json!({"do": "recv", "of": name}))
}

fn every_type_comes_back() -> Outcome {
    let server = plain()?;
    let mut client = Client::connect(server.port(), json!({"hostname": "tester"}))?;
    let answer = ask(&mut client, "ECHO", every_type())?;
    same(&answer["ok"]["params"], &every_type())?;
    // The server has read the same.
    let book = server.server.book();
    let read = wigwag_harness::tagged::ncp::from_field(&book.commands[0].field())?;
    same(&read["params"], &every_type())
}

/// As the documentation of ncplib has it: SAMP and FCTR in, TSDC out.
fn documented_example_runs() -> Outcome {
    let server = plain()?;
    let mut client = Client::connect(server.port(), json!({}))?;
    let params = json!([param("SAMP", "i32", "1024"), param("FCTR", "i32", "1200")]);
    let answer = ask(&mut client, "TIME", params)?;
    let params = answer["ok"]["params"].as_array().ok_or("no parameters")?;
    let of = |name: &str| params.iter().find(|param| param["name"] == name);
    let tsdc = of("TSDC").ok_or("no TSDC")?;
    same(tsdc, &param("TSDC", "i32", "0"))?;
    let samples = of("PDAT").and_then(|samples| samples["v"].as_array());
    same(&json!(samples.map(Vec::len)), &json!(1024))?;
    let answer = ask(
        &mut client,
        "SWEP",
        json!([param("POIN", "i32", "1000000")]),
    )?;
    let points = answer["ok"]["params"][6]["v"].as_array().map(Vec::len);
    same(&json!(points), &json!(1_000_000))?;
    same(&client.ok(json!({"do": "close"}))?["closing"], &json!(true))
}

fn fields_of_one_packet() -> Outcome {
    let server = plain()?;
    let mut client = Client::connect(server.port(), json!({}))?;
    let field = |name: &str, params: Json| json!({"name": name, "params": params});
    client.ok(
        json!({"do": "send", "packet": "DSPC", "as": "all", "fields": [
            field("STAT", json!([])),
            field("ECHO", json!([param("A", "u32", "1")])),
            field("GAIN", json!([param("GAIN", "i32", "12")])),
        ]}),
    )?;
    // One by name, which drops what comes before it, and the next as it comes.
    let echo = client.ok(json!({"do": "recv_field", "of": "all", "name": "ECHO"}))?;
    same(&echo["params"], &json!([param("A", "u32", "1")]))?;
    let gain = client.ok(json!({"do": "recv", "of": "all"}))?;
    same(&gain["name"], &json!("GAIN"))?;
    server.wait_until(|book| book.commands.len() == 3 && book.unanswered() == 0)
}

fn errors_and_warnings() -> Outcome {
    let server = plain()?;
    let mut client = Client::connect(server.port(), json!({}))?;
    for (name, params, detail, code) in [
        ("NOPE", json!([]), "Unknown command", 400),
        (
            "TIME",
            json!([param("SAMP", "i32", "-5")]),
            "SAMP is 1 to 8388608 samples",
            422,
        ),
    ] {
        let answer = ask(&mut client, name, params)?;
        let seen = json!([answer["error"], answer["detail"], answer["code"]]);
        same(&seen, &json!(["CommandError", detail, code]))?;
    }
    let answer = ask(&mut client, "GAIN", json!([param("GAIN", "i32", "31")]))?;
    let warning = &answer["warnings"][0];
    let seen = json!([
        warning["class"],
        warning["code"],
        answer["ok"]["params"][0]["v"]
    ]);
    same(&seen, &json!(["CommandWarning", 1, "30"]))?;
    // A name that our side would not send is answered under the same name.
    let answer = ask(&mut client, "time", json!([]))?;
    same(&answer["code"], &json!(400))?;
    // A handler that fails, as one of ncplib: 500, and the end.
    server.server.set_handler(|_| Err("as asked".into()));
    let answer = ask(&mut client, "STAT", json!([]))?;
    let seen = json!([answer["error"], answer["detail"], answer["code"]]);
    same(&seen, &json!(["CommandError", "Server error", 500]))?;
    let end = client.step(json!({"do": "recv"}))?;
    same(&end["error"], &json!("ConnectionClosed"))
}

fn acknowledged_commands() -> Outcome {
    let server = plain()?;
    let long = || json!([param("DURA", "i32", "200")]);
    // The acknowledgement is not shown.
    let mut client = Client::connect(server.port(), json!({}))?;
    let answer = ask(&mut client, "LONG", long())?;
    same(&answer["ok"]["params"][1], &param("DONE", "i32", "1"))?;
    // It is to who asks for it.
    let mut client = Client::connect(server.port(), json!({"auto_ackn": false}))?;
    let answer = ask(&mut client, "LONG", long())?;
    same(&answer["ok"]["params"], &json!([param("ACKN", "i32", "1")]))?;
    let answer = client.ok(json!({"do": "recv", "of": "LONG"}))?;
    same(&answer["params"][1], &param("DONE", "i32", "1"))
}

fn a_thousand_in_any_order() -> Outcome {
    let server = plain()?;
    let mut client = Client::connect(server.port(), json!({}))?;
    server.server.set_fault(Fault::Reverse(1000));
    let many = json!({"do": "many", "count": 1000, "packet": "DSPC", "name": "ECHO"});
    let seen = client.ok(many)?;
    same(
        &seen,
        &json!({"different": 1000, "in_order": false, "first": 999}),
    )?;
    same(&json!(server.server.book().unanswered()), &json!(0))
}

fn logins() -> Outcome {
    let server = Server::start(MockNcpOptions {
        login: Some(Credentials::new("operator", "open-sesame")?),
        refusal_delay: Duration::from_millis(100),
        ..MockNcpOptions::default()
    })?;
    let login = |user: &str, password: &str| json!({"username": user, "password": password});
    let mut client = Client::connect(server.port(), login("operator", "open-sesame"))?;
    let answer = ask(&mut client, "ECHO", json!([]))?;
    same(&answer["ok"]["name"], &json!("ECHO"))?;
    for (user, password) in [
        ("operator", "open"),
        ("operator", ""),
        ("root", "open-sesame"),
        ("operator", "open-sesame:"),
    ] {
        let mut client = Client::start()?;
        let answer = client.step(json!({"do": "connect", "host": "127.0.0.1",
            "port": server.port(), "username": user, "password": password}))?;
        same(&answer["error"], &json!("AuthenticationError"))?;
        same(&answer["message"], &json!("HTTP 401 Unauthorized"))?;
    }
    let book = server.server.book();
    same(&json!([book.connections, book.refused]), &json!([1, 4]))?;
    // A password that ncplib's own server never takes.
    let server = Server::start(MockNcpOptions {
        login: Some(Credentials::new("operator", "a:b:c")?),
        ..MockNcpOptions::default()
    })?;
    Client::connect(server.port(), login("operator", "a:b:c"))?;
    Ok(())
}

fn tls() -> Outcome {
    let folder = tempfile::tempdir()?;
    let pki = Pki::generate();
    pki.write_dir(folder.path())?;
    let config = || pki.public_server_config(None).map(Arc::new).map(Some);
    let options = |login| -> Result<_, Box<dyn std::error::Error>> {
        Ok(MockNcpOptions {
            tls: config()?,
            login,
            ..MockNcpOptions::default()
        })
    };
    let ca = folder.path().join("server-ca.pem");
    let ca = |more: Json| {
        let mut step = json!({"host": "localhost", "ca": ca.display().to_string()});
        if let (Json::Object(step), Json::Object(more)) = (&mut step, more) {
            step.extend(more);
        }
        step
    };
    let server = Server::start(options(None)?)?;
    let mut client = Client::connect(server.port(), ca(json!({})))?;
    let answer = ask(&mut client, "ECHO", every_type())?;
    same(&answer["ok"]["params"], &every_type())?;
    let server = Server::start(options(Some(Credentials::new("a", "b")?))?)?;
    Client::connect(server.port(), ca(json!({"username": "a", "password": "b"})))?;
    let mut step = ca(json!({"username": "a", "password": "c", "port": server.port()}));
    step["do"] = json!("connect");
    let answer = Client::start()?.step(step)?;
    same(&answer["error"], &json!("AuthenticationError"))?;
    // Another CA: not ours to let in, and the client does not come.
    Pki::generate().write_dir(&folder.path().join("other"))?;
    let other = folder.path().join("other/server-ca.pem");
    let answer = Client::start()?.step(json!({"do": "connect", "host": "localhost",
        "port": server.port(), "ca": other.display().to_string()}))?;
    same(&answer["error"], &json!("NetworkError"))
}

/// What is asked for, what is agreed, and every how many seconds the client
/// then says that it is alive.
fn agreed_times() -> Outcome {
    let server = plain()?;
    for (asked, agreed, interval) in [
        (5, 5, 3),
        (15, 15, 9),
        (60, 60, 39),
        (1, 5, 3),
        (9999, 60, 39),
    ] {
        let mut client = Client::start()?;
        let answer = client.step(json!({"do": "connect", "host": "127.0.0.1",
            "port": server.port(), "timeout": asked}))?;
        let seen = json!([answer["ok"]["timeout"], answer["ok"]["interval"]]);
        same(&seen, &json!([agreed, interval]))?;
        let warnings = answer["warnings"].as_array().map(Vec::len);
        same(&json!(warnings), &json!(usize::from(asked != agreed)))?;
        let answer = ask(&mut client, "ECHO", json!([]))?;
        same(&answer["ok"]["name"], &json!("ECHO"))?;
    }
    Ok(())
}

/// A server that does not know of agreed times: the client says at once that it
/// is alive.
fn legacy_link() -> Outcome {
    let server = Server::start(MockNcpOptions {
        scar: Scar::Legacy,
        ..MockNcpOptions::default()
    })?;
    let mut client = Client::connect(server.port(), json!({"timeout": 30}))?;
    let state = client.ok(json!({"do": "state"}))?;
    let seen = json!([state["timeout"], state["interval"]]);
    same(&seen, &json!([30, 3]))?;
    server.wait_until(|book| book.keep_alives >= 1)?;
    let answer = ask(&mut client, "STAT", json!([]))?;
    same(&answer["ok"]["name"], &json!("STAT"))
}

/// With five seconds agreed both ends hear of each other every three: nobody
/// gives the other up in eight.
fn keep_alive() -> Outcome {
    let server = plain()?;
    let mut client = Client::connect(server.port(), json!({"timeout": 5}))?;
    send(&mut client, "LONG", json!([param("DURA", "i32", "8000")]))?;
    let answer = client.ok(json!({"do": "recv", "of": "LONG"}))?;
    same(&answer["params"][1], &param("DONE", "i32", "1"))?;
    let alive = server.server.book().keep_alives;
    if (2..=3).contains(&alive) {
        Ok(())
    } else {
        Err(format!("{alive} keep-alives").into())
    }
}

/// A second agreed makes ncplib's client say that it is alive all the time. The
/// server goes on answering it, and others.
fn keep_alive_storm() -> Outcome {
    let server = Server::start(MockNcpOptions {
        scar: Scar::Says(1),
        ..MockNcpOptions::default()
    })?;
    let mut storm = Client::start()?;
    storm.step(json!({"do": "connect", "host": "127.0.0.1", "port": server.port()}))?;
    server.wait_until(|book| book.keep_alives >= 10_000)?;
    let mut other = Client::start()?;
    other.step(json!({"do": "connect", "host": "127.0.0.1", "port": server.port()}))?;
    for client in [&mut storm, &mut other] {
        let answer = ask(client, "ECHO", json!([]))?;
        same(&answer["ok"]["name"], &json!("ECHO"))?;
    }
    Ok(())
}

fn ends_of_the_server() -> Outcome {
    use wigwag_harness::faults::Cut;

    let server = plain()?;
    for (how, error) in [
        (Cut::Close, "ConnectionClosed"),
        (Cut::Reset, "NetworkError"),
    ] {
        let mut client = Client::connect(server.port(), json!({"hostname": "tester"}))?;
        server.wait_until(|_| server.server.connected().len() == 1)?;
        server.server.disconnect("tester", how);
        let end = client.step(json!({"do": "recv"}))?;
        same(&end["error"], &json!(error))?;
    }
    // In the middle of an answer.
    let mut client = Client::connect(server.port(), json!({}))?;
    server.server.set_fault(Fault::CutInside {
        after: 100,
        how: Cut::Close,
    });
    let end = ask(&mut client, "SWEP", json!([]))?;
    same(&end["error"], &json!("DecodeError"))?;
    // Something else than NCP.
    let mut client = Client::connect(server.port(), json!({}))?;
    server.server.set_fault(Fault::Garbage);
    let end = ask(&mut client, "STAT", json!([]))?;
    same(&end["error"], &json!("DecodeError"))
}
