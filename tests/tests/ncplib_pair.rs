//! The two ends of ncplib 6.1.0, as the tests of our own ends use them: what
//! they are said to do, they do with each other.

use serde_json::json;
use wigwag_tests::ncplib::{Client, Server, every_type, param};
use wigwag_tests::runner::{Outcome, Suite, tools};

fn main() {
    let needs = [tools::PYTHON_PEERS];
    Suite::new()
        .test("every_type_comes_back", &needs, every_type_comes_back)
        .test("errors_and_warnings_are_told", &needs, what_goes_wrong)
        .test("commands_are_answered_in_any_order", &needs, many)
        .run();
}

fn every_type_comes_back() -> Outcome {
    let mut server = Server::start(&json!({"user": "admin", "password": "a b"}))?;
    let login = json!({"username": "admin", "password": "a b", "hostname": "tester"});
    let mut client = Client::connect(server.port(), login)?;
    let echo = json!({"do": "send_field", "packet": "TEST", "name": "ECHO",
        "params": every_type(), "as": "echo"});
    client.ok(echo)?;
    let field = client.ok(json!({"do": "recv", "of": "echo"}))?;
    client.ok(json!({"do": "close"}))?;
    let told: Vec<_> = (0..4).map(|_| server.event()).collect::<Result<_, _>>()?;
    let events: Vec<_> = told.iter().map(|event| &event["event"]).collect();
    if events != ["login", "connected", "field", "closed"] || told[1]["remote_hostname"] != "tester"
    {
        return Err(format!("{told:?}").into());
    }
    for params in [&field["params"], &told[2]["params"]] {
        if params != &every_type() {
            return Err(format!("{params}").into());
        }
    }
    Ok(())
}

fn what_goes_wrong() -> Outcome {
    let server = Server::start(&json!({}))?;
    let mut client = Client::connect(server.port(), json!({"timeout": 15}))?;
    let mut ask = |name: &str, params| {
        let step = json!({"do": "send_field", "packet": "TEST", "name": name,
            "params": params, "as": name});
        client.ok(step)?;
        client.step(json!({"do": "recv", "of": name}))
    };
    let detail = json!([param("ERRO", "string", "no"), param("ERRC", "i32", "7")]);
    for (name, params, detail, code) in [
        ("OOPS", detail, "no", 7),
        ("NOPE", json!([]), "Unknown command", 400),
    ] {
        let answer = ask(name, params)?;
        if answer["error"] != "CommandError" || answer["detail"] != detail || answer["code"] != code
        {
            return Err(format!("{answer}").into());
        }
    }
    let answer = ask("ODDS", json!([param("A", "i32", "5")]))?;
    let warning = &answer["warnings"][0];
    let params = &answer["ok"]["params"];
    if warning["class"] != "CommandWarning"
        || warning["code"] != 1
        || params[2] != param("A", "i32", "5")
    {
        return Err(format!("{answer}").into());
    }
    Ok(())
}

fn many() -> Outcome {
    let server = Server::start(&json!({}))?;
    let mut client = Client::connect(server.port(), json!({}))?;
    let step = json!({"do": "many", "count": 200, "packet": "TEST", "name": "HOLD",
        "params": [param("COUN", "i32", "200")]});
    let told = client.ok(step)?;
    if told == json!({"different": 200, "in_order": false, "first": 199}) {
        Ok(())
    } else {
        Err(format!("{told}").into())
    }
}
