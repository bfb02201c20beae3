//! HTTP and WebSocket by hand: what a browser would never send can be sent.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use wigwag_harness::inspector::{Inspector, Options};

/// Nothing that a test waits for takes longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) async fn start(options: Options) -> Inspector {
    Inspector::start(options).await.expect("it listens")
}

/// What a server has answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// Asks with a `Host` that is right.
pub(crate) async fn get(inspector: &Inspector, path: &str) -> Reply {
    ask(inspector, "GET", path, &[]).await
}

/// Asks for data with the token.
pub(crate) async fn get_data(inspector: &Inspector, path: &str) -> Reply {
    get(inspector, &format!("{path}?token={}", inspector.token())).await
}

pub(crate) async fn ask(
    inspector: &Inspector,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Reply {
    let host = inspector.addr().to_string();
    let mut all = vec![("host", host.as_str())];
    all.extend(headers);
    raw(inspector.addr(), method, path, &all).await
}

/// Asks with these headers and no others.
pub(crate) async fn raw(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Reply {
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let talk = async {
        let mut stream = TcpStream::connect(addr).await.expect("it listens");
        stream.write_all(text.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        // An answer that ends with a reset is one that the test looks at.
        let _ = stream.read_to_end(&mut answer).await;
        parse(&answer)
    };
    timeout(LIMIT, talk).await.expect("an answer")
}

fn parse(answer: &[u8]) -> Reply {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head: {}", String::from_utf8_lossy(answer)));
    let head = std::str::from_utf8(&answer[..end]).expect("text");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').expect("a header");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let mut reply = Reply {
        status: status.expect("a status").parse().expect("a number"),
        headers,
        body: answer[end + 4..].to_vec(),
    };
    if reply.header("transfer-encoding") == Some("chunked") {
        reply.body = unchunked(&reply.body);
    }
    reply
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n");
        let (size, more) = rest.split_at(end.expect("a chunk"));
        let size = usize::from_str_radix(std::str::from_utf8(size).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend(&more[2..2 + size]);
        rest = &more[2 + size + 2..];
    }
}

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Opens `/live` with the token.
pub(crate) async fn live(inspector: &Inspector) -> Socket {
    let path = format!("/live?token={}", inspector.token());
    match open(inspector, &path, &[]).await {
        Ok(socket) => socket,
        Err(error) => panic!("{error}"),
    }
}

/// Opens a WebSocket; the status of the answer if it is refused.
pub(crate) async fn open(
    inspector: &Inspector,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Socket, Refused> {
    let host = inspector.addr().to_string();
    let mut request = Request::builder()
        .uri(format!("ws://{host}{path}"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key());
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", host);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).expect("a request");
    let stream = TcpStream::connect(inspector.addr())
        .await
        .expect("it listens");
    let opened = tokio_tungstenite::client_async(request, stream);
    match timeout(LIMIT, opened).await.expect("an answer") {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(Refused(answer.status().as_u16())),
        Err(error) => panic!("{error}"),
    }
}

/// The status of an answer that opened no WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u16);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused with status {}", self.0)
    }
}

/// The next message that is no ping.
pub(crate) async fn next(socket: &mut Socket) -> Option<Message> {
    use futures::StreamExt as _;
    loop {
        match timeout(LIMIT, socket.next()).await.expect("a message") {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(message)) => return Some(message),
            // Ended, orderly or not.
            Some(Err(_)) | None => return None,
        }
    }
}

/// The next text, as JSON; data before it is given to `data`.
pub(crate) async fn next_text(socket: &mut Socket, data: &mut Vec<u8>) -> serde_json::Value {
    loop {
        match next(socket).await.expect("a text") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Binary(bytes) => data.extend(&bytes),
            other => panic!("{other:?}"),
        }
    }
}
