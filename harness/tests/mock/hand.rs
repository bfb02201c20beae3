//! A device by hand: rustls and frames written out.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wigwag_codec::ngtt::{FrameHead, FrameType};
use wigwag_harness::pki::{Identity, Pki};

pub(crate) const DEVICE: &str = "device-0001";

/// What no test waits longer for.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct Hand<S = TcpStream> {
    pub(crate) stream: TlsStream<S>,
}

impl Hand {
    /// Connects as the first device of the infrastructure.
    pub(crate) async fn connect(pki: &Pki, addr: SocketAddr) -> Self {
        Self::connect_as(pki, pki.device(DEVICE), addr)
            .await
            .unwrap()
    }

    pub(crate) async fn connect_as(
        pki: &Pki,
        identity: Option<&Identity>,
        addr: SocketAddr,
    ) -> io::Result<Self> {
        Self::over(pki, identity, TcpStream::connect(addr).await?).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Hand<S> {
    pub(crate) async fn over(
        pki: &Pki,
        identity: Option<&Identity>,
        stream: S,
    ) -> io::Result<Self> {
        let config = Arc::new(pki.client_config(identity).unwrap());
        let name = "ngtt.test".try_into().unwrap();
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(Self { stream })
    }

    pub(crate) async fn send(&mut self, kind: FrameType, tid: u16, payload: &[u8]) {
        let mut bytes = FrameHead { tid, kind }
            .header(payload.len() as u32)
            .to_vec();
        bytes.extend_from_slice(payload);
        self.stream.write_all(&bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    pub(crate) async fn fetch(&mut self) {
        self.send(FrameType::FetchOrders, 0, &[]).await;
    }

    /// The next frame.
    pub(crate) async fn receive(&mut self) -> (FrameType, u16, Vec<u8>) {
        tokio::time::timeout(LIMIT, self.try_receive())
            .await
            .expect("no frame in time")
            .unwrap()
    }

    pub(crate) async fn try_receive(&mut self) -> io::Result<(FrameType, u16, Vec<u8>)> {
        let mut header = [0; 8];
        self.stream.read_exact(&mut header).await?;
        let (head, length) = FrameHead::parse(header);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await?;
        Ok((head.kind, head.tid, payload))
    }

    /// The next frame, which must be an order: its transaction id and payload.
    pub(crate) async fn order(&mut self) -> (u16, Vec<u8>) {
        let (kind, tid, payload) = self.receive().await;
        assert_eq!(kind, FrameType::Order);
        (tid, payload)
    }

    /// Waits for the end of the connection, whatever comes before it.
    pub(crate) async fn end(&mut self) {
        let end = async { while self.try_receive().await.is_ok() {} };
        tokio::time::timeout(LIMIT, end)
            .await
            .expect("the connection did not end in time");
    }

    /// Whether nothing arrives for a while.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let wait = Duration::from_millis(100);
        tokio::time::timeout(wait, self.stream.read_u8())
            .await
            .is_err()
    }
}
