//! What other sites, other programs and broken ones do to the server.

use crate::client::{LIMIT, Refused, ask, get, get_data, live, next, next_text, open, raw, start};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use wigwag_harness::inspector::{Inspector, Options, Source};
use wigwag_harness::record::{About, Direction, Recorder};

/// A server with everything that could be stolen.
async fn site() -> (Inspector, Recorder) {
    let recorder = Recorder::default();
    let secret = Source::copy("secret", &mut &b"a secret"[..]).unwrap();
    let inspector = start(Options {
        recorder: Some(recorder.clone()),
        file: Some(secret),
        key_log: Some("a secret".into()),
        ..Options::default()
    })
    .await;
    (inspector, recorder)
}

const DATA: [&str; 4] = ["/state", "/file", "/keylog", "/live"];

#[tokio::test]
async fn without_the_token_there_is_no_data() {
    let (inspector, _) = site().await;
    let token = inspector.token().to_owned();
    let wrong = format!("{}0", &token[..31]);
    let wrong = if wrong == token {
        "f".repeat(32)
    } else {
        wrong
    };
    for path in DATA {
        for query in [
            String::new(),
            "?".into(),
            "?token=".into(),
            format!("?token={wrong}"),
            format!("?token={}", &token[..31]),
            format!("?token={token}{token}"),
            format!("?token={}", token.to_uppercase() + "G"),
            format!("?other={token}"),
        ] {
            let reply = get(&inspector, &format!("{path}{query}")).await;
            assert_eq!(reply.status, 403, "{path}{query}");
            assert!(!reply.text().contains("a secret"));
            assert!(!reply.text().contains(&token));
        }
    }
    assert_eq!(
        open(&inspector, &format!("/live?token={wrong}"), &[])
            .await
            .err(),
        Some(Refused(403))
    );
    assert_eq!(get_data(&inspector, "/file").await.text(), "a secret");
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing_even_with_the_token() {
    let (inspector, _) = site().await;
    let own = format!("http://{}", inspector.addr());
    let path = |path: &str| format!("{path}?token={}", inspector.token());
    for origin in [
        "http://evil.example",
        "https://evil.example",
        "null",
        "file://",
        &own.replace("http:", "https:"),
        &format!("{own}.evil.example"),
        &format!("{own}/"),
    ] {
        let refused = open(&inspector, &path("/live"), &[("origin", origin)]).await;
        assert_eq!(refused.err(), Some(Refused(403)), "{origin}");
        let reply = ask(&inspector, "GET", &path("/file"), &[("origin", origin)]).await;
        assert_eq!(reply.status, 403, "{origin}");
    }
    // An image, a script, a form: without an origin, but browsers tell.
    for site in ["cross-site", "same-site", "nonsense"] {
        for data in DATA {
            let header = [("sec-fetch-site", site)];
            let reply = ask(&inspector, "GET", &path(data), &header).await;
            assert_eq!(reply.status, 403, "{site} {data}");
        }
    }
}

#[tokio::test]
async fn a_name_that_is_bound_anew_leads_nowhere() {
    let (inspector, _) = site().await;
    let port = inspector.addr().port();
    let token = inspector.token();
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("192.0.2.1:{port}"),
        format!("0.0.0.0:{port}"),
        "localhost.".into(),
        String::new(),
    ] {
        for path in ["/".to_owned(), format!("/file?token={token}")] {
            let headers = [("host", host.as_str())];
            let reply = raw(inspector.addr(), "GET", &path, &headers).await;
            assert!(matches!(reply.status, 400 | 403), "{host} {path}");
            assert!(!reply.text().contains("a secret"));
            assert!(!reply.text().contains("<"), "not the page either");
        }
        if !host.is_empty() {
            let path = format!("/live?token={token}");
            let refused = open(&inspector, &path, &[("host", &host)]).await;
            assert_eq!(refused.err(), Some(Refused(403)), "{host}");
        }
    }
    let none = raw(inspector.addr(), "GET", "/", &[]).await;
    assert!(matches!(none.status, 400 | 403));
    let twice = [("host", "localhost"), ("host", "evil.example")];
    let twice = raw(inspector.addr(), "GET", "/", &twice).await;
    assert!(matches!(twice.status, 400 | 403));
    // An address in the request line does not stand for the header.
    let line = format!("http://127.0.0.1:{port}/state?token={token}");
    let evil = raw(inspector.addr(), "GET", &line, &[("host", "evil.example")]).await;
    assert_eq!(evil.status, 403);
}

#[tokio::test]
async fn paths_lead_to_the_pages_files_only() {
    let (inspector, _) = site().await;
    for path in [
        "/../Cargo.toml",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/..\\..\\etc\\passwd",
        "//etc/passwd",
        "/./index.html",
        "/vendor/../index.html",
        "/index.html%00",
        "/file/../../etc/passwd",
        "/etc/passwd",
    ] {
        let reply = get(&inspector, path).await;
        assert!(
            matches!(reply.status, 400 | 404),
            "{path}: {}",
            reply.status
        );
        assert!(!reply.text().contains("root:"), "{path}");
    }
}

#[tokio::test]
async fn heads_that_never_end_are_cut_off() {
    let (inspector, _) = site().await;
    let long = "x".repeat(100_000);
    for (path, headers) in [
        (format!("/{long}"), vec![]),
        ("/".to_owned(), vec![("cookie", long.as_str())]),
        ("/".to_owned(), vec![("a", "b"); 1000]),
    ] {
        let reply = ask(&inspector, "GET", &path, &headers).await;
        assert!(matches!(reply.status, 400 | 414 | 431), "{}", reply.status);
    }
    assert_eq!(get(&inspector, "/").await.status, 200);
}

#[tokio::test]
async fn who_does_not_finish_a_request_is_let_go() {
    let inspector = start(Options {
        head_limit: Duration::from_millis(100),
        ..Options::default()
    })
    .await;
    for begin in ["", "GET / HTTP/1.1\r\nHost: loc"] {
        let mut stream = TcpStream::connect(inspector.addr()).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "{begin:?} is held for ever");
    }
    // Also one that has had an answer, and keeps the connection.
    let mut stream = TcpStream::connect(inspector.addr()).await.unwrap();
    let host = inspector.addr();
    let request = format!("GET /nothing HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "an idle connection is held for ever");
    assert!(answer.starts_with(b"HTTP/1.1 404"));
}

#[tokio::test]
async fn a_thousand_connections_are_not_held() {
    let inspector = start(Options {
        max_connections: 50,
        head_limit: Duration::from_millis(500),
        ..Options::default()
    })
    .await;
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(TcpStream::connect(inspector.addr()).await.unwrap());
        // The server's turn: the queue of the listener is shorter.
        tokio::task::yield_now().await;
    }
    let mut closed = 0;
    let mut byte = [0; 1];
    for stream in &mut streams {
        // Those beyond the limit are closed without a word, the others when
        // they have said nothing for too long.
        let read = timeout(LIMIT, stream.read(&mut byte)).await;
        closed += u32::from(matches!(read, Ok(Ok(0) | Err(_))));
    }
    assert_eq!(closed, 1000);
    assert_eq!(get(&inspector, "/").await.status, 200, "it still serves");
}

#[tokio::test]
async fn pages_beyond_the_limit_are_refused() {
    let recorder = Recorder::default();
    let inspector = start(Options {
        recorder: Some(recorder),
        max_live: 2,
        ..Options::default()
    })
    .await;
    let first = live(&inspector).await;
    let _second = live(&inspector).await;
    let path = format!("/live?token={}", inspector.token());
    let third = open(&inspector, &path, &[]).await;
    assert_eq!(third.err(), Some(Refused(503)));
    drop(first);
    let deadline = Instant::now() + LIMIT;
    while open(&inspector, &path, &[]).await.is_err() {
        assert!(Instant::now() < deadline, "the place is not free again");
    }
}

#[tokio::test]
async fn a_page_that_never_reads_is_let_go_and_delays_nobody() {
    let recorder = Recorder::default();
    let inspector = start(Options {
        recorder: Some(recorder.clone()),
        patience: Duration::from_secs(3),
        ..Options::default()
    })
    .await;
    let stuck = live(&inspector).await;
    let connection = recorder.connection(&About::default());
    let chunk = vec![1; 1 << 20];
    // Far more than a socket's buffers.
    for _ in 0..40 {
        connection.bytes(Direction::ToServer, &chunk);
    }
    let mut reader = live(&inspector).await;
    let mut data = Vec::new();
    let hello = next_text(&mut reader, &mut data).await;
    assert!(hello["hello"].is_object());
    let mut sum = 0;
    while sum < 40 << 20 {
        match next(&mut reader).await {
            Some(Message::Binary(bytes)) => sum += bytes.len(),
            other => panic!("{other:?}"),
        }
    }
    let gone = async {
        while inspector.live() > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // The other reads, and stays.
    tokio::select! {
        gone = timeout(LIMIT, gone) => gone.expect("the stuck one is let go"),
        () = async { while next(&mut reader).await.is_some() {} } => panic!("the reader is let go"),
    }
    drop(stuck);
}

#[tokio::test]
async fn messages_that_are_too_long_or_no_text_end_the_talk() {
    use futures::SinkExt as _;
    let (inspector, _) = site().await;
    for message in [
        Message::text("x".repeat(20 << 20)),
        Message::binary(vec![0; 10]),
    ] {
        let mut page = live(&inspector).await;
        // It may be gone before all of it is sent.
        let _ = timeout(LIMIT, page.send(message)).await.expect("no wait");
        let ended = async {
            while let Some(message) = next(&mut page).await {
                if let Message::Close(_) = message {
                    break;
                }
            }
        };
        timeout(LIMIT, ended).await.expect("it ends");
    }
    // A frame that announces more than there is memory.
    let mut stream = TcpStream::connect(inspector.addr()).await.unwrap();
    let request = format!(
        "GET /live?token={} HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        inspector.token(),
        inspector.addr()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
        .write_all(b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "it ends");
}
