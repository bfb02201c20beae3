//! A server under test: whichever it is, it says what it is told, keeps what
//! it hears, and ends when it is dropped.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::certificates::ServerIdentity;

/// Longest wait for a word of a server.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every server shows a certificate, and requires one of the device.
pub(crate) struct Setup<'a> {
    pub(crate) identity: &'a ServerIdentity,
    /// The authority of the devices it accepts, DER.
    pub(crate) devices: &'a [u8],
    /// Most bytes of data in a record, if there is a limit.
    pub(crate) record: Option<usize>,
    /// TLS 1.2 and nothing newer.
    pub(crate) old: bool,
    /// DTLS 1.2 over UDP.
    pub(crate) datagrams: bool,
    /// Groups it knows, if not the usual: names as OpenSSL has them.
    pub(crate) groups: Option<&'a str>,
    /// The one cipher suite it knows, if not the usual ones.
    pub(crate) suite: Option<&'a str>,
    /// Options of its own.
    pub(crate) options: &'a [&'a str],
}

impl<'a> Setup<'a> {
    pub(crate) fn new(identity: &'a ServerIdentity, devices: &'a [u8]) -> Self {
        Self {
            identity,
            devices,
            record: None,
            old: false,
            datagrams: false,
            groups: None,
            suite: None,
            options: &[],
        }
    }
}

/// What a server is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Say this.
    Say(Vec<u8>),
    /// Close the connection with close_notify.
    Close,
    /// Change the keys, and ask the device to do the same or not.
    Rekey(bool),
}

/// What is written down as it comes, and can be waited for.
#[derive(Clone)]
pub(crate) struct Notes {
    bytes: Arc<Mutex<Vec<u8>>>,
    length: watch::Sender<usize>,
}

impl Notes {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Arc::default(),
            length: watch::Sender::new(0),
        }
    }

    pub(crate) fn add(&self, more: &[u8]) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend_from_slice(more);
        self.length.send_replace(bytes.len());
    }

    fn all(&self) -> Vec<u8> {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.clone()
    }

    /// Waits until `wanted` is in it.
    pub(crate) async fn wait(&self, wanted: &[u8]) -> io::Result<()> {
        let mut length = self.length.subscribe();
        let found = async {
            while !contains(&self.all(), wanted) {
                // The sender is here.
                let _ = length.changed().await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.map_err(|_| {
            let all = self.all();
            let end = String::from_utf8_lossy(&all[all.len().saturating_sub(2000)..]).into_owned();
            let wanted = String::from_utf8_lossy(&wanted[..wanted.len().min(80)]).into_owned();
            io::Error::other(format!("{wanted:?} did not come, but {end:?}"))
        })
    }
}

fn contains(all: &[u8], wanted: &[u8]) -> bool {
    // What is long begins like nothing else.
    let head = &wanted[..wanted.len().min(32)];
    let mut starts = all.windows(head.len()).enumerate();
    starts.any(|(at, window)| window == head && all[at..].starts_with(wanted))
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// What it heard of the device, decrypted, with what else it prints.
    pub(crate) heard: Notes,
    /// Its log.
    pub(crate) log: Notes,
    way: Way,
}

enum Way {
    Process {
        input: ChildStdin,
        orders: fn(Order) -> Vec<u8>,
        /// Killed when it is dropped, like the folder of its files.
        _child: Box<Child>,
        _folder: TempDir,
    },
    Task(mpsc::UnboundedSender<Order>, AbortHandle),
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Way::Task(_, task) = &self.way {
            task.abort();
        }
    }
}

/// The answer of the functions that start a server.
pub(crate) type Starting<'a> = Pin<Box<dyn Future<Output = io::Result<Server>> + 'a>>;

impl Server {
    /// A server that runs as a task of this process.
    pub(crate) fn task(
        port: u16,
        (heard, log): (Notes, Notes),
        orders: mpsc::UnboundedSender<Order>,
        task: AbortHandle,
    ) -> Self {
        let way = Way::Task(orders, task);
        Self {
            port,
            heard,
            log,
            way,
        }
    }

    /// A server that is another program: it hears on its standard output,
    /// takes orders on its standard input, and logs to its standard error.
    /// `port` is the text before its port number, wherever it prints it.
    pub(crate) async fn process(
        mut command: Command,
        folder: TempDir,
        port: &str,
        orders: fn(Order) -> Vec<u8>,
    ) -> io::Result<Self> {
        let mut child = command
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (heard, log) = (Notes::new(), Notes::new());
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let input = child.stdin.take().ok_or_else(gone)?;
        keep(child.stdout.take().ok_or_else(gone)?, &heard);
        keep(child.stderr.take().ok_or_else(gone)?, &log);
        // Whichever prints it, its line is complete.
        let found = async {
            loop {
                for notes in [&heard, &log] {
                    if let Some(port) = port_after(&notes.all(), port) {
                        return port;
                    }
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let port = tokio::time::timeout(PATIENCE, found).await.map_err(|_| {
            let log = String::from_utf8_lossy(&log.all()).into_owned();
            io::Error::other(format!("the server does not listen: {log}"))
        })?;
        let way = Way::Process {
            input,
            orders,
            _child: Box::new(child),
            _folder: folder,
        };
        Ok(Self {
            port,
            heard,
            log,
            way,
        })
    }

    /// Tells it to do something.
    pub(crate) async fn order(&mut self, order: Order) -> io::Result<()> {
        match &mut self.way {
            Way::Process { input, orders, .. } => {
                input.write_all(&orders(order)).await?;
                input.flush().await
            }
            Way::Task(send, _) => send.send(order).map_err(|_| io::Error::other("it is gone")),
        }
    }

    pub(crate) async fn say(&mut self, text: &[u8]) -> io::Result<()> {
        self.order(Order::Say(text.to_vec())).await
    }
}

/// Keeps what comes out of a pipe.
fn keep(mut pipe: impl AsyncRead + Unpin + Send + 'static, notes: &Notes) {
    let notes = notes.clone();
    tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(count) = pipe.read(&mut buffer).await {
            if count == 0 {
                break;
            }
            notes.add(&buffer[..count]);
        }
    });
}

/// The number behind `before`, if it stands there with the end of its line.
fn port_after(text: &[u8], before: &str) -> Option<u16> {
    let text = String::from_utf8_lossy(text);
    let (_, rest) = text.split_once(before)?;
    let (number, _) = rest.split_once('\n')?;
    number.trim().parse().ok()
}

/// Writes the files of a server: its certificate, what else is in its chain, its
/// key, its devices' authority.
pub(crate) fn files(setup: &Setup<'_>) -> io::Result<(TempDir, [PathBuf; 4])> {
    let folder = tempfile::tempdir()?;
    let devices = pem::encode(&pem::Pem::new("CERTIFICATE", setup.devices));
    let file = |name, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map(|()| path)
    };
    let files = [
        file("leaf.pem", &setup.identity.leaf_pem)?,
        file("between.pem", &setup.identity.between_pem)?,
        file("key.pem", &setup.identity.key_pem)?,
        file("devices.pem", &devices)?,
    ];
    Ok((folder, files))
}
