use core::time::Duration;
use std::borrow::ToOwned as _;
use std::format;
use std::string::String;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::framer::FrameErrorKind;

const TOM: (&str, &str) = ("tom", "pass:word:");

fn login() -> Login<'static> {
    Login::new(TOM.0, TOM.1).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn request(method: &str, target: &str, version: &str, fields: &str) -> String {
    format!("{method} {target} {version}\r\n{fields}\r\n")
}

fn good(fields: &str) -> String {
    request("CONNECT", "ncp.service", "HTTP/1.1", fields)
}

/// Where the answer to `request` comes from: what a server for Tom says to it,
/// at once and after a second, and how it ends.
fn refused(request: &[u8]) -> (String, String, u16) {
    let login = login();
    let mut server = ServerLink::new(config()).with_authentication(&login);
    assert_eq!(start(&mut server), []);
    let (step, said) = hear(&mut server, request);
    assert_eq!(
        (step, said),
        (Ok(Handshake::Used(request.len())), Vec::new())
    );
    let (early, at_once) = tick(&mut server, at(0));
    let (end, later) = tick(&mut server, at(1));
    let code = match end.unwrap_err().kind {
        FrameErrorKind::Refused { code } => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(early.is_err(), !at_once.is_empty());
    // Whatever comes now, not one more byte is said.
    for word in ["CCRE", "CARE"] {
        assert_eq!(hear(&mut server, &link(word, |packet| packet)).1, []);
        assert_eq!(tick(&mut server, at(5)).1, []);
    }
    assert_eq!(hear(&mut server, good("").as_bytes()).1, []);
    assert!(tick(&mut server, at(5)).0.is_err());
    assert_eq!(server.peer(), None);
    (text(&at_once), text(&later), code)
}

#[test]
fn a_login_is_let_in() {
    let login = login();
    let mut client = client().with_login(login);
    let mut server = ServerLink::new(config()).with_authentication(&login);
    let asked = start(&mut client);
    assert_eq!(
        text(&asked),
        "CONNECT ncp.service HTTP/1.1\r\nProxy-Authorization: Basic dG9tOnBhc3M6d29yZDo=\r\n\r\n"
    );
    assert_eq!(start(&mut server), []);
    for length in 1..asked.len() {
        let (step, said) = hear(&mut server, &asked[..length]);
        assert_eq!((step, said), (Ok(Handshake::Need(length + 1)), Vec::new()));
    }
    // With a packet behind it that came too early.
    let early = [&asked[..], b"\xdd\xcc"].concat();
    let (step, granted) = hear(&mut server, &early);
    assert_eq!(step, Ok(Handshake::Used(asked.len())));
    let head = b"HTTP/1.1 200 OK\r\nServer: wigwag\r\n\r\n".len();
    assert_eq!(fields(&granted[head..]), ["HELO"]);
    for length in 1..head {
        let (step, said) = hear(&mut client, &granted[..length]);
        assert_eq!((step, said), (Ok(Handshake::Need(length + 1)), Vec::new()));
    }
    assert_eq!(
        hear(&mut client, &granted).0,
        Ok(Handshake::Used(head)),
        "the rest is for the next look"
    );
    let ccre = hear(&mut client, &granted[head..]).1;
    assert_eq!(fields(&ccre), ["CCRE"]);
}

/// ncplib's server answers 401, then 200, and carries the command out.
#[test]
fn no_byte_of_ncp_follows_a_401() {
    let coded = |plain: &str| {
        let mut place = [0; 600];
        let length = STANDARD.encode_slice(plain, &mut place).unwrap();
        text(&place[..length])
    };
    let basic = |plain: &str| format!("Proxy-Authorization: Basic {}\r\n", coded(plain));
    let wrong = [
        String::new(),
        basic("tom:wrong"),
        basic("tom:pass"),
        basic("tom:pass:word:x"),
        basic("Tom:pass:word:"),
        basic("tom"),
        basic(":"),
        basic(""),
        "Proxy-Authorization: Basic ====\r\n".into(),
        "Proxy-Authorization: Basic\r\n".into(),
        format!(
            "Proxy-Authorization: Bearer {}\r\n",
            coded("tom:pass:word:")
        ),
        format!("Authorization: Basic {}\r\n", coded("tom:pass:word:")),
        format!("Proxy-Authorization: Basic {}\r\n", coded(&"x".repeat(400))),
        // Two of them, and one of them right: which one counts?
        basic("tom:pass:word:") + &basic("tom:wrong"),
        basic("tom:wrong") + &basic("tom:pass:word:"),
    ];
    for fields in wrong {
        let (at_once, later, code) = refused(good(&fields).as_bytes());
        assert_eq!(at_once, "", "held back: {fields}");
        assert_eq!(
            (later.as_str(), code),
            (
                "HTTP/1.1 401 Unauthorized\r\nProxy-Authenticate: Basic realm=\"CRFS RFeye Node\", charset=\"utf-8\"\r\nServer: wigwag\r\nConnection: close\r\n\r\n",
                401
            ),
            "{fields}"
        );
    }
    // However it is written.
    for fields in [
        basic("tom:pass:word:"),
        format!(
            "proxy-authorization: bASIC  {} \r\n",
            coded("tom:pass:word:")
        ),
    ] {
        let login = login();
        let mut server = ServerLink::new(config()).with_authentication(&login);
        start(&mut server);
        let (step, said) = hear(&mut server, good(&fields).as_bytes());
        assert!(matches!(step, Ok(Handshake::Used(_))));
        assert!(said.starts_with(b"HTTP/1.1 200 OK\r\n"), "{fields}");
    }
}

#[test]
fn what_is_no_request_for_ncp_is_answered_as_http() {
    let connect = |target, version| request("CONNECT", target, version, "");
    let long = "x".repeat(1100);
    let cases = [
        (request("GET", "ncp.service", "HTTP/1.1", ""), 405),
        (request("GET", "/", "HTTP/1.1", "Host: a\r\n"), 405),
        (connect("other.service", "HTTP/1.1"), 403),
        (connect("ncp.service:80", "HTTP/1.1"), 403),
        (connect("ncp.service", "HTTP/1.0"), 505),
        (connect("ncp.service", "HTTP/2.0"), 505),
        (good(&format!("A: {long}\r\n")), 431),
        (good(&"A: b\r\n".repeat(17)), 431),
        (format!("CONNECT {long}"), 431),
        ("\0\0\0".into(), 400),
        ("CONNECT ncp.service\r\n\r\n".into(), 400),
        (good("A b\r\n"), 400),
    ];
    for (request, code) in cases {
        let (at_once, _, told) = refused(request.as_bytes());
        assert_eq!(told, code, "{request}");
        assert!(
            at_once.starts_with(&format!("HTTP/1.1 {code} ")),
            "{at_once}"
        );
        assert!(at_once.ends_with("\r\n\r\n"), "{at_once}");
    }
    let (answer, ..) = refused(b"\xdd\xcc\xbb\xaaLINK");
    assert!(answer.starts_with("HTTP/1.1 400 "), "NCP without a tunnel");
    // The method is taken however it is written, as ncplib does.
    let mut server = ServerLink::new(config()).with_tunnel();
    start(&mut server);
    let request = request("connect", "ncp.service", "HTTP/1.1", "");
    assert!(!hear(&mut server, request.as_bytes()).1.is_empty());
}

#[test]
fn a_tunnel_without_logins_takes_any() {
    for login in [Login::NONE, login()] {
        let mut server = ServerLink::new(config()).with_tunnel();
        start(&mut server);
        let mut client = client().with_login(login);
        let (_, said) = hear(&mut server, &start(&mut client));
        assert!(said.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    assert!(text(&start(&mut client().with_login(Login::NONE))).contains("Basic Og==\r\n"));
}

#[test]
fn a_client_understands_every_answer() {
    let answer = |bytes: &[u8]| {
        let mut client = client().with_login(login());
        start(&mut client);
        hear(&mut client, bytes).0
    };
    let refused = |code| Err(FrameError::new(FrameErrorKind::Refused { code }, 0));
    let ncplib = b"HTTP/1.1 200 OK\r\nServer: python3-ncplib\r\n\r\n";
    assert_eq!(answer(ncplib), Ok(Handshake::Used(ncplib.len())));
    for code in [401, 403, 405, 407, 500, 503, 302, 100] {
        let head = format!("HTTP/1.1 {code} Some Reason\r\nServer: x\r\n\r\n");
        assert_eq!(answer(head.as_bytes()), refused(code));
    }
    let kind = |bytes: &[u8]| answer(bytes).unwrap_err().kind;
    assert_eq!(kind(b"SSH-2.0-x\r\n"), FrameErrorKind::Unrecognized);
    let long = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(1024));
    assert!(matches!(
        kind(long.as_bytes()),
        FrameErrorKind::TooLarge { limit: 1024, .. }
    ));
    // ncplib's server says in NCP that it understood nothing.
    let told = link("ERRO", |packet| {
        packet.param("ERRO", "Bad request").param("ERRC", 400)
    });
    assert_eq!(kind(&told), FrameErrorKind::Refused { code: 400 });
}

#[test]
fn logins_are_checked_and_not_shown() {
    let long = "x".repeat(65);
    assert!(Login::new(&long[..64], &long[..64]).is_ok());
    assert_eq!(
        Login::new(&long, "").unwrap_err(),
        NameError::TooLong { limit: 64 }
    );
    assert_eq!(
        Login::new("", &long).unwrap_err(),
        NameError::TooLong { limit: 64 }
    );
    assert_eq!(Login::new("a:b", "").unwrap_err(), NameError::Colon);
    assert_eq!(Login::new("a\r\n", "").unwrap_err(), NameError::Control);
    assert_eq!(Login::new("a", "b\0").unwrap_err(), NameError::Control);
    // The longest fits what a link may say at once, and what a server reads.
    let login = Login::new(&long[..64], &long[..64]).unwrap();
    let mut server = ServerLink::new(config()).with_authentication(&login);
    start(&mut server);
    let asked = start(&mut client().with_login(login));
    assert!(hear(&mut server, &asked).1.starts_with(b"HTTP/1.1 200"));
    assert!(
        !format!(
            "{:?}",
            client().with_login(Login::new("u", "secret").unwrap())
        )
        .contains("secret")
    );
}

#[test]
fn a_callback_says_who_is_let_in() {
    let seen = Mutex::new(Vec::new());
    let ask = |user: &str, password: &str| {
        seen.lock()
            .unwrap()
            .push((user.to_owned(), password.to_owned()));
        user == "jürgen"
    };
    for (user, is_let_in) in [("jürgen", true), ("tom", false)] {
        let mut server = ServerLink::new(LinkConfig {
            refusal_delay: Duration::ZERO,
            ..config()
        })
        .with_authentication(&ask);
        start(&mut server);
        let login = Login::new(user, "p").unwrap();
        let (_, said) = hear(&mut server, &start(&mut client().with_login(login)));
        assert_eq!(said.starts_with(b"HTTP/1.1 200"), is_let_in);
        assert_eq!(tick(&mut server, at(0)).0.is_err(), !is_let_in);
    }
    assert_eq!(seen.lock().unwrap().len(), 2);
    assert_eq!(
        seen.lock().unwrap()[0],
        ("jürgen".to_owned(), "p".to_owned())
    );
}
