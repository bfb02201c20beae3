//! What goes over the wire for 100 orders in a minute: NGTT against polling an
//! HTTP interface with JSON once a second.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use wigwag_codec::minijson::{Value, json};
use wigwag_harness::demo::corpus;
use wigwag_harness::mock::MockNgtt;
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::vnet::HostStream;

use crate::{Failure, device, settings};

const ORDERS: usize = 100;
const POLLS: usize = 60;
/// TLS 1.3 adds to each record: header, content type, tag (RFC 8446 section
/// 5.2).
const RECORD: usize = 5 + 1 + 16;

/// Bytes of TCP payload to the device and to the server.
type Counts = Rc<RefCell<(u64, u64)>>;

pub(crate) async fn measure() -> Result<(), Failure> {
    let orders = orders()?;
    let (handshake, _) = ngtt(&[]).await?;
    let (whole, frames) = ngtt(&orders).await?;
    println!(
        "wire, NGTT, {ORDERS} orders: {whole} bytes of TCP payload, TLS handshake ({handshake}) and a minute's pings included; {frames} of them are frames",
    );
    let (kept, reconnecting) = http(&orders, handshake)?;
    println!(
        "wire, HTTP/1.1 polled {POLLS} times, same orders as JSON, computed: {kept} bytes on one kept connection, {reconnecting} with a connection a poll",
    );
    println!(
        "wire, ratio: {:.1} and {:.1}",
        kept as f64 / whole as f64,
        reconnecting as f64 / whole as f64
    );
    Ok(())
}

/// The sections of the corpus, one an order.
fn orders() -> Result<Vec<Vec<u8>>, Failure> {
    let sections = Value::parse(corpus::ORDERS)?;
    let orders = sections.items().map(|section| {
        let mut order = vec![0x41];
        order.extend_from_slice(section.raw());
        order
    });
    let all: Vec<Vec<u8>> = orders.collect();
    Ok(all.into_iter().cycle().take(ORDERS).collect())
}

/// Runs the orders over a counted connection: all bytes, and those of frames.
async fn ngtt(orders: &[Vec<u8>]) -> Result<(u64, u64), Failure> {
    let pki = Pki::generate();
    let server = MockNgtt::start(&pki).await?;
    let port = server.addr().port();
    let settings = settings(&pki, port)?;
    let counts = Counts::default();
    let counted = counts.clone();
    let dial = move |_| {
        let counts = counted.clone();
        async move {
            let inner = TcpStream::connect(("127.0.0.1", port)).await?;
            inner.set_nodelay(true)?;
            Ok(Counted { inner, counts })
        }
    };
    let story = async {
        server
            .wait_until(Duration::from_secs(10), |book| {
                book.device(DEFAULT_DEVICE_ID).fetches > 0
            })
            .await;
        for order in orders {
            server.enqueue(DEFAULT_DEVICE_ID, order.as_slice());
            // One at a time, as they come over a minute.
            server
                .wait_until(Duration::from_secs(10), |book| book.unanswered() == 0)
                .await;
        }
    };
    device(&settings, Vec::new(), dial, &|_| {}, story).await?;
    let (down, up) = *counts.borrow();
    // A frame each way for an order, FETCH_ORDERS, and a PING and its PONG twice
    // a minute.
    let frames: usize = orders.iter().map(|order| 8 + order.len() + 8).sum();
    let pings = 4 * (8 + RECORD);
    Ok((down + up + pings as u64, (frames + 8 + 4 * 8) as u64))
}

/// The same orders fetched by HTTP: bytes on one connection, and with a new
/// connection for every poll. Without cookies, authorisation headers or the
/// requests that acknowledge orders: the least that polling can cost.
fn http(orders: &[Vec<u8>], handshake: u64) -> Result<(u64, u64), Failure> {
    const REQUEST: &str = "GET /v1/device/orders HTTP/1.1\r\nHost: api.smok.co\r\nUser-Agent: python-requests/2.31.0\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n";
    const RESPONSE: &str = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 0000\r\nConnection: keep-alive\r\n\r\n";
    let mut total = 0;
    for poll in 0..POLLS {
        let (from, to) = (poll * ORDERS / POLLS, (poll + 1) * ORDERS / POLLS);
        let mut body = String::from("[");
        for order in &orders[from..to] {
            json::write(Value::parse(order)?, &mut body)?;
            body.push(',');
        }
        body.pop();
        body.push(']');
        total += REQUEST.len() + RECORD + RESPONSE.len() + body.len().max(2) + RECORD;
    }
    let total = total as u64;
    Ok((total + handshake, total + handshake * POLLS as u64))
}

/// A stream that counts.
struct Counted {
    inner: TcpStream,
    counts: Counts,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.counts.borrow_mut().0 += (buf.filled().len() - before) as u64;
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, data);
        if let Poll::Ready(Ok(written)) = polled {
            self.counts.borrow_mut().1 += written as u64;
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl HostStream for Counted {
    fn reset(&mut self) {
        HostStream::reset(&mut self.inner);
    }
}
