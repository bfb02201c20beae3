//! The virtual network, with the real embassy-net stack on it.

use embassy_net::Stack;
use embassy_net::dns::{DnsQueryType, Error as DnsError};
use embassy_net::tcp::{ConnectError, Error as TcpError, TcpSocket};
use embedded_io_async::Write as _;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use wigwag_harness::vnet::{Addressing, Options, VirtualNet, always, loopback};

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// A network whose every connection ends in `server`, in this process.
fn in_process<F, A>(server: F) -> VirtualNet
where
    F: Fn(DuplexStream) -> A + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    VirtualNet::new(move |_to: SocketAddr| {
        let (near, far) = tokio::io::duplex(4096);
        tokio::spawn(server(far));
        async { Ok(near) }
    })
}

async fn echo(stream: DuplexStream) {
    let (mut read, mut write) = tokio::io::split(stream);
    let _ = tokio::io::copy(&mut read, &mut write).await;
    let _ = write.shutdown().await;
}

/// Buffers of a socket, so that a test is one line shorter.
struct Buffers([u8; 4096], [u8; 4096]);

impl Buffers {
    fn new() -> Self {
        Self([0; 4096], [0; 4096])
    }

    async fn connect<'a>(
        &'a mut self,
        stack: Stack<'a>,
        port: u16,
    ) -> Result<TcpSocket<'a>, ConnectError> {
        stack.wait_config_up().await;
        let mut socket = TcpSocket::new(stack, &mut self.0, &mut self.1);
        socket.connect((SERVER, port)).await?;
        Ok(socket)
    }
}

async fn read_to_end(socket: &mut TcpSocket<'_>) -> Result<Vec<u8>, TcpError> {
    let mut all = Vec::new();
    let mut part = [0; 4096];
    loop {
        match socket.read(&mut part).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&part[..count]),
        }
    }
}

#[tokio::test]
async fn a_megabyte_goes_to_a_server_of_the_host_and_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (mut read, mut write) = stream.into_split();
        tokio::io::copy(&mut read, &mut write).await.unwrap();
    });
    let data: Vec<u8> = (0..1_000_000u32).map(|n| (n * 7 / 3) as u8).collect();
    let net = VirtualNet::new(always(address));
    let back = net
        .run(async |stack| {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack, 2405).await.unwrap();
            let (mut read, mut write) = socket.split();
            let send = async {
                write.write_all(&data).await.unwrap();
                write.flush().await.unwrap();
            };
            let receive = async {
                let mut back = Vec::new();
                let mut part = [0; 4096];
                while back.len() < data.len() {
                    let count = read.read(&mut part).await.unwrap();
                    assert_ne!(count, 0, "ended after {} bytes", back.len());
                    back.extend_from_slice(&part[..count]);
                }
                back
            };
            tokio::join!(send, receive).1
        })
        .await;
    assert!(back == data, "the echo differs");
}

#[tokio::test]
async fn a_refused_port_is_a_reset_at_once() {
    // Bound and closed again: nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let net = VirtualNet::new(loopback());
    let started = Instant::now();
    let refused = net
        .run(async |stack| Buffers::new().connect(stack, port).await.err())
        .await;
    assert_eq!(refused, Some(ConnectError::ConnectionReset));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_syn_is_held_until_the_dial_has_answered() {
    let net = VirtualNet::new(|_to: SocketAddr| async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let (near, far) = tokio::io::duplex(64);
        tokio::spawn(echo(far));
        Ok(near)
    });
    net.run(async |stack| {
        stack.wait_config_up().await;
        let started = tokio::time::Instant::now();
        let mut buffers = Buffers::new();
        buffers.connect(stack, 2405).await.unwrap();
        let took = started.elapsed();
        assert!(
            took >= Duration::from_millis(700),
            "connected after {took:?}"
        );
        assert!(
            took < Duration::from_millis(800),
            "connected after {took:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn half_closes_pass_both_ways() {
    // The device closes first: the server still answers.
    let net = in_process(|mut stream| async move {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        stream.write_all(&[all.len() as u8]).await.unwrap();
    });
    let answer = net
        .run(async |stack| {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack, 2405).await.unwrap();
            socket.write_all(&[7; 100]).await.unwrap();
            socket.close();
            read_to_end(&mut socket).await
        })
        .await;
    assert_eq!(answer, Ok(vec![100]));

    // The server closes first: the device still tells.
    let (told, heard) = tokio::sync::oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let told = std::sync::Arc::new(told);
    let net = in_process(move |mut stream| {
        let told = told.clone();
        async move {
            stream.shutdown().await.unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            let told = told.lock().unwrap().take().unwrap();
            told.send(all).unwrap();
        }
    });
    let all = net
        .run(async |stack| {
            let mut buffers = Buffers::new();
            let mut socket = buffers.connect(stack, 2405).await.unwrap();
            assert_eq!(read_to_end(&mut socket).await, Ok(Vec::new()));
            socket.write_all(b"after your end").await.unwrap();
            socket.close();
            heard.await.unwrap()
        })
        .await;
    assert_eq!(all, b"after your end");
}

#[tokio::test]
async fn resets_pass_both_ways() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let net = VirtualNet::new(always(address));
    net.run(async |stack| {
        // The server resets.
        let mut buffers = Buffers::new();
        let (socket, accepted) = tokio::join!(buffers.connect(stack, 2405), listener.accept());
        let (mut socket, stream) = (socket.unwrap(), accepted.unwrap().0);
        stream.set_zero_linger().unwrap();
        drop(stream);
        let seen = read_to_end(&mut socket).await;
        assert_eq!(seen, Err(TcpError::ConnectionReset));

        // The device resets.
        let mut buffers = Buffers::new();
        let (socket, accepted) = tokio::join!(buffers.connect(stack, 2405), listener.accept());
        let (mut socket, mut stream) = (socket.unwrap(), accepted.unwrap().0);
        socket.abort();
        socket.flush().await.unwrap();
        let seen = stream.read(&mut [0; 8]).await.map_err(|error| error.kind());
        assert_eq!(seen, Err(std::io::ErrorKind::ConnectionReset));
    })
    .await;
}

#[tokio::test]
async fn dhcp_gives_the_addresses_of_the_network() {
    let addressing = Addressing {
        device: Ipv4Addr::new(172, 16, 5, 9),
        gateway: Ipv4Addr::new(172, 16, 4, 1),
        dns: Ipv4Addr::new(172, 16, 4, 2),
        prefix: 22,
        ..Addressing::DEFAULT
    };
    let options = Options {
        addressing,
        ..Options::default()
    };
    let net = VirtualNet::with(options, loopback());
    let config = net
        .run(async |stack| {
            stack.wait_config_up().await;
            stack.config_v4().unwrap()
        })
        .await;
    assert_eq!(config.address.address(), addressing.device);
    assert_eq!(config.address.prefix_len(), 22);
    assert_eq!(config.gateway, Some(addressing.gateway));
    assert_eq!(config.dns_servers[..], [addressing.dns]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_dhcp_answers() {
    let addressing = Addressing {
        lease: Duration::from_secs(600),
        ..Addressing::DEFAULT
    };
    let options = Options {
        addressing,
        ..Options::default()
    };
    let net = VirtualNet::with(options, loopback());
    net.run(async |stack| {
        stack.wait_config_up().await;
        let lost = tokio::time::timeout(Duration::from_secs(6000), stack.wait_config_down());
        assert!(lost.await.is_err(), "the lease was lost");
        net.faults().set_dhcp_silent(true);
        let lost = tokio::time::timeout(Duration::from_secs(700), stack.wait_config_down());
        assert!(lost.await.is_ok(), "the lease outlived its time");
        net.faults().set_dhcp_silent(false);
        stack.wait_config_up().await;
    })
    .await;
}

#[tokio::test]
async fn dns_answers_from_the_table() {
    let net = VirtualNet::new(loopback());
    let addresses: Vec<_> = (1..=4).map(|last| Ipv4Addr::new(192, 0, 2, last)).collect();
    net.names().set("server.test", addresses.clone());
    net.run(async |stack| {
        stack.wait_config_up().await;
        let found = stack
            .dns_query("Server.Test", DnsQueryType::A)
            .await
            .unwrap();
        let found: Vec<_> = found.iter().map(|found| format!("{found}")).collect();
        let expected: Vec<_> = addresses.iter().map(|known| format!("{known}")).collect();
        assert_eq!(found, expected);
        let unknown = stack.dns_query("other.test", DnsQueryType::A).await;
        assert_eq!(unknown, Err(DnsError::Failed));
    })
    .await;
}

#[tokio::test]
async fn a_power_failure_tells_the_server_nothing_and_a_reboot_connects_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let net = VirtualNet::new(always(listener.local_addr().unwrap()));
    let connect = async |stack: Stack<'_>| {
        let mut buffers = Buffers::new();
        let (socket, accepted) = tokio::join!(buffers.connect(stack, 2405), listener.accept());
        let mut socket = socket.unwrap();
        socket.write_all(b"boot").await.unwrap();
        socket.flush().await.unwrap();
        let mut server = accepted.unwrap().0;
        let mut boot = [0; 4];
        server.read_exact(&mut boot).await.unwrap();
        assert_eq!(&boot, b"boot");
        server
    };
    // The whole network is dropped while the connection is open.
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut first = tokio::select! {
        never = net.run(async |stack: Stack<'_>| {
            let mut buffers = Buffers::new();
            let (socket, accepted) = tokio::join!(buffers.connect(stack, 2405), listener.accept());
            let _open = socket.unwrap();
            tell.send(accepted.unwrap().0).unwrap();
            std::future::pending::<()>().await
        }) => panic!("ended with {never:?}"),
        stream = told => stream.unwrap(),
    };
    let quiet = tokio::time::timeout(Duration::from_millis(50), first.read_u8()).await;
    assert!(
        quiet.is_err(),
        "the server heard of the power failure: {quiet:?}"
    );
    let mut second = net.run(connect).await;
    let quiet = tokio::time::timeout(Duration::from_millis(50), first.read_u8()).await;
    assert!(quiet.is_err(), "the first connection ended: {quiet:?}");
    let third = net.run(connect).await;
    assert_ne!(second.peer_addr().unwrap(), third.peer_addr().unwrap());
    let quiet = tokio::time::timeout(Duration::from_millis(50), second.read_u8()).await;
    assert!(quiet.is_err(), "the second connection ended: {quiet:?}");
}

/// Tokio moves a paused clock only while every task waits: a task that spins
/// would hold it for ever.
#[tokio::test(start_paused = true)]
async fn a_hundred_idle_devices_let_a_day_pass() {
    let real = Instant::now();
    let devices = tokio::task::LocalSet::new();
    let mut handles = Vec::new();
    for seed in 0..100 {
        handles.push(devices.spawn_local(async move {
            let options = Options {
                seed,
                ..Options::default()
            };
            let net = VirtualNet::with(options, |_to: SocketAddr| async {
                let (near, far) = tokio::io::duplex(64);
                tokio::spawn(echo(far));
                Ok(near)
            });
            net.run(async |stack| {
                let mut buffers = Buffers::new();
                let mut socket = buffers.connect(stack, 2405).await.unwrap();
                // Every other device keeps quiet altogether.
                if seed % 2 == 0 {
                    socket.set_keep_alive(Some(embassy_time::Duration::from_secs(600)));
                }
                let day = Duration::from_secs(24 * 60 * 60);
                let ended = tokio::time::timeout(day, socket.read(&mut [0; 8])).await;
                assert!(ended.is_err(), "the connection ended: {ended:?}");
                socket.write_all(b"awake").await.unwrap();
                let mut back = [0; 5];
                assert_eq!(socket.read(&mut back).await, Ok(5));
            })
            .await;
        }));
    }
    devices.await;
    for handle in handles {
        handle.await.unwrap();
    }
    assert!(
        real.elapsed() < Duration::from_secs(60),
        "took {:?}",
        real.elapsed()
    );
}

/// In real time, over real sockets. The figure is the processor time of this
/// test's thread, which carries all devices.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_connected_devices_cost_no_processor_time() {
    fn thread_time() -> Duration {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        let nanos = text.split(' ').next().unwrap().parse().unwrap();
        Duration::from_nanos(nanos)
    }

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (connected, mut count) = tokio::sync::mpsc::unbounded_channel();
    let devices = tokio::task::LocalSet::new();
    for seed in 0..100 {
        let connected = connected.clone();
        devices.spawn_local(async move {
            let options = Options {
                seed,
                ..Options::default()
            };
            VirtualNet::with(options, always(address))
                .run(async |stack| {
                    let mut buffers = Buffers::new();
                    let mut socket = buffers.connect(stack, 2405).await.unwrap();
                    connected.send(()).unwrap();
                    let _ = socket.read(&mut [0; 8]).await;
                })
                .await;
        });
    }
    devices
        .run_until(async {
            let mut streams = Vec::new();
            for _ in 0..100 {
                streams.push(listener.accept().await.unwrap());
            }
            for _ in 0..100 {
                count.recv().await.unwrap();
            }
            let before = thread_time();
            let second = Duration::from_secs(1);
            tokio::time::sleep(second).await;
            let busy = thread_time() - before;
            assert!(busy < second / 5, "busy for {busy:?} of one idle second");
        })
        .await;
}
