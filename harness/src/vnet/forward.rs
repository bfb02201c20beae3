//! Connections to the device: a device that listens.

use super::VirtualNet;
use super::dial::HostStream;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// After an accept that failed, for want of file descriptors say.
const PAUSE: Duration = Duration::from_millis(50);

impl VirtualNet {
    /// Opens a TCP connection to `device`, one of the
    /// [addresses](super::Addressing) of the device and a port, and joins it to
    /// `stream`. A device that refuses, or does not answer for two minutes,
    /// resets the stream; what is written to it before waits.
    ///
    /// The connection passes the link with its [faults](Self::faults), and the
    /// stream's faults apply to it as to one that the device has opened.
    pub fn connect(&self, device: SocketAddr, stream: impl HostStream + 'static) {
        self.gateway.borrow_mut().connect(device, Box::new(stream));
    }

    /// Takes what connects to `listener`, a socket of the host, to `device`, for
    /// as long as it is polled. Unlike a device's own port, the listener's
    /// answers at once: a refusal of the device comes as a reset.
    ///
    /// ```
    /// use embassy_net::tcp::TcpSocket;
    /// use tokio::io::AsyncReadExt;
    /// use tokio::net::{TcpListener, TcpStream};
    /// use wigwag_harness::vnet::{Addressing, VirtualNet, alongside, loopback};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    /// let port = listener.local_addr().unwrap();
    /// let net = VirtualNet::new(loopback());
    /// let device = net.run(async |stack| {
    ///     let (mut rx, mut tx) = ([0; 64], [0; 64]);
    ///     let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
    ///     socket.accept(9999).await.unwrap();
    ///     socket.write(b"hello").await.unwrap();
    ///     socket.flush().await.unwrap();
    ///     std::future::pending().await
    /// });
    /// let host = async {
    ///     let mut hello = [0; 5];
    ///     let mut stream = TcpStream::connect(port).await.unwrap();
    ///     stream.read_exact(&mut hello).await.unwrap();
    ///     assert_eq!(&hello, b"hello");
    /// };
    /// let forward = net.forward(&listener, (Addressing::DEFAULT.device, 9999).into());
    /// alongside(host, vec![Box::pin(device), Box::pin(forward)]).await;
    /// # });
    /// ```
    pub async fn forward(&self, listener: &TcpListener, device: SocketAddr) -> Infallible {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // The device's stack decides about segments.
                    let _ = stream.set_nodelay(true);
                    self.connect(device, stream);
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}
