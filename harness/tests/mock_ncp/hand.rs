//! A client by hand: a link, a stream, and packets written out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wigwag_codec::framer::{FrameError, FrameErrorKind, FrameReader, Framer, Out, Received};
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Login, Names};
use wigwag_codec::ncp::{Header, Packet, PacketWriter, packet};
use wigwag_harness::mock_ncp::{Event, EventKind, MockNcp};
use wigwag_harness::pki::Pki;

/// What no test waits longer for.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Longest packet that is received.
const LONGEST: usize = 32 << 20;

pub(crate) struct Hand<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) reader: FrameReader<ClientLink<'static>, Vec<u8>>,
}

/// A packet that has come.
pub(crate) struct Got {
    header: Header,
    body: Vec<u8>,
}

impl Got {
    pub(crate) fn packet(&self) -> Packet<'_> {
        Packet::from_parts(self.header, &self.body).unwrap()
    }

    /// Name and id of its only field.
    pub(crate) fn name(&self) -> (String, u32) {
        let packet = self.packet();
        let [field] = packet.fields().collect::<Vec<_>>()[..] else {
            panic!("not one field: {packet:?}");
        };
        (field.name.to_string(), field.id)
    }

    /// The error that its first field tells.
    pub(crate) fn error(&self) -> Option<(String, i64)> {
        let field = self.packet().fields().next()?;
        let error = field.error()?;
        Some((error.detail.to_owned(), error.code))
    }
}

/// The link of a client that calls itself `tester`.
pub(crate) fn link() -> ClientLink<'static> {
    let config = LinkConfig::new(LONGEST);
    ClientLink::new(config, Names::of_host("tester")).unwrap()
}

pub(crate) fn login(user: &'static str, password: &'static str) -> ClientLink<'static> {
    link().with_login(Login::new(user, password).unwrap())
}

impl Hand {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::connect_as(link(), addr).await.unwrap()
    }

    pub(crate) async fn connect_as(
        link: ClientLink<'static>,
        addr: SocketAddr,
    ) -> Result<Self, FrameError> {
        Self::over(link, TcpStream::connect(addr).await.unwrap()).await
    }
}

impl Hand<TlsStream<TcpStream>> {
    pub(crate) async fn secure(
        link: ClientLink<'static>,
        pki: &Pki,
        addr: SocketAddr,
    ) -> Result<Self, FrameError> {
        let config = Arc::new(pki.client_config(None).unwrap());
        let stream = TcpStream::connect(addr).await.unwrap();
        let stream = TlsConnector::from(config)
            .connect("ngtt.test".try_into().unwrap(), stream)
            .await
            .unwrap();
        Self::over(link, stream).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Hand<S> {
    /// Makes the handshake.
    pub(crate) async fn over(link: ClientLink<'static>, stream: S) -> Result<Self, FrameError> {
        let reader = FrameReader::new(link, vec![0; LONGEST]);
        let mut hand = Self { stream, reader };
        hand.say(|reader, out| reader.start(out)).await?;
        loop {
            let (is_ready, said) = hand.say(|reader, out| reader.handshake(out)).await?;
            if is_ready {
                return Ok(hand);
            }
            if said == 0 && !hand.read().await {
                return Err(FrameError::new(FrameErrorKind::Truncated, 0));
            }
        }
    }

    async fn say<T>(
        &mut self,
        f: impl FnOnce(
            &mut FrameReader<ClientLink<'static>, Vec<u8>>,
            &mut Out<'_>,
        ) -> Result<T, FrameError>,
    ) -> Result<(T, usize), FrameError> {
        let mut place = [0; ClientLink::OUT];
        let mut out = Out::new(&mut place);
        let answer = f(&mut self.reader, &mut out)?;
        let truncated = FrameError::new(FrameErrorKind::Truncated, 0);
        let sent = self.stream.write_all(out.bytes()).await;
        sent.and(self.stream.flush().await).map_err(|_| truncated)?;
        Ok((answer, out.len()))
    }

    /// Reads something, unless the stream has ended.
    async fn read(&mut self) -> bool {
        let read = tokio::time::timeout(LIMIT, self.stream.read(self.reader.space()));
        let count = read.await.expect("nothing in time").unwrap_or(0);
        self.reader.filled(count);
        count > 0
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends a packet with one field.
    pub(crate) async fn ask(
        &mut self,
        name: &str,
        id: u32,
        write: impl FnOnce(PacketWriter<'_>) -> PacketWriter<'_>,
    ) {
        let mut place = [0; 1024];
        let writer = packet(&mut place, "DSPC").numbered_field(name, id);
        let wire = write(writer).finish().unwrap().to_vec();
        self.send(&wire).await;
    }

    /// The next packet that is more than a keep-alive; `None` at the end.
    pub(crate) async fn receive(&mut self) -> Option<Got> {
        loop {
            match self.reader.next().unwrap() {
                Some(Received::Message { meta, body }) => {
                    return Some(Got {
                        header: meta,
                        body: body.to_vec(),
                    });
                }
                Some(other) => panic!("{other:?}"),
                None => {}
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Sends a packet with one field, and waits for the next packet.
    pub(crate) async fn asked(
        &mut self,
        name: &str,
        write: impl FnOnce(PacketWriter<'_>) -> PacketWriter<'_>,
    ) -> Got {
        self.ask(name, 1, write).await;
        self.receive().await.expect("an answer")
    }
}

/// Everything that comes up to the end of the stream.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut all = Vec::new();
    let reading = stream.read_to_end(&mut all);
    tokio::time::timeout(LIMIT, reading)
        .await
        .expect("an end in time")
        .expect("an orderly end");
    all
}

pub(crate) type Events = tokio::sync::broadcast::Receiver<Event>;

/// The reason of the next refusal or disconnection.
pub(crate) async fn next_reason(events: &mut Events) -> String {
    let next = async {
        loop {
            match events.recv().await.unwrap().kind {
                EventKind::Refused { reason, .. } | EventKind::Disconnected { reason } => {
                    return reason;
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(LIMIT, next)
        .await
        .expect("nobody was turned away in time")
}

/// A server of the default kind.
pub(crate) async fn server() -> MockNcp {
    MockNcp::start().await.unwrap()
}
