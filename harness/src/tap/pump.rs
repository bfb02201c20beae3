//! Bytes from one side to the other, and how they end.

use crate::record::{Direction, Recording};
use crate::vnet::HostStream;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};

/// Bytes that are on the way at most, each way: a TLS record's worth.
const CHUNK: usize = 16 * 1024;

/// What went through, each way.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) to_server: AtomicU64,
    pub(super) to_device: AtomicU64,
}

/// One of the two who talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Device,
    Server,
}

impl Who {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Device => "the device",
            Self::Server => "the server",
        }
    }
}

/// How a talk ended.
#[derive(Debug)]
pub(super) enum End {
    /// Both directions in good order, this side first.
    Closed(Who),
    /// A side broke.
    Broken(Who, io::Error),
}

/// A direction.
struct Way<'a, R, W> {
    from: ReadHalf<R>,
    to: WriteHalf<W>,
    who: Who,
    direction: Direction,
    count: &'a AtomicU64,
    recording: Option<&'a Recording>,
}

impl<R: HostStream, W: HostStream> Way<'_, R, W> {
    /// Copies up to the end of the direction, which is passed on.
    async fn run(&mut self) -> Result<(), (Who, io::Error)> {
        let other = match self.who {
            Who::Device => Who::Server,
            Who::Server => Who::Device,
        };
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = self.from.read(&mut buffer).await;
            let count = read.map_err(|error| (self.who, error))?;
            if count == 0 {
                let closed = self.to.shutdown().await;
                return closed.map_err(|error| (other, error));
            }
            let bytes = &buffer[..count];
            if let Some(recording) = self.recording {
                recording.bytes(self.direction, bytes);
            }
            let written = async {
                self.to.write_all(bytes).await?;
                self.to.flush().await
            };
            written.await.map_err(|error| (other, error))?;
            self.count.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
}

/// Passes on what each says to the other, until both have ended or one breaks. A
/// side that has ended may still be told something: a half close is passed on as
/// one. The streams come back for their own ends.
pub(super) async fn pump<D: HostStream, S: HostStream>(
    device: D,
    server: S,
    counts: &Counts,
    recording: Option<&Recording>,
    stop: impl Future<Output = ()>,
) -> (Option<End>, D, S) {
    let (device_read, device_write) = tokio::io::split(device);
    let (server_read, server_write) = tokio::io::split(server);
    let mut up = Way {
        from: device_read,
        to: server_write,
        who: Who::Device,
        direction: Direction::ToServer,
        count: &counts.to_server,
        recording,
    };
    let mut down = Way {
        from: server_read,
        to: device_write,
        who: Who::Server,
        direction: Direction::ToDevice,
        count: &counts.to_device,
        recording,
    };
    let end = {
        let both = async {
            let (mut up, mut down) = (std::pin::pin!(up.run()), std::pin::pin!(down.run()));
            let first = tokio::select! {
                done = &mut up => done.map(|()| Who::Device),
                done = &mut down => done.map(|()| Who::Server),
            };
            let rest = match first {
                Ok(Who::Device) => down.await,
                Ok(Who::Server) => up.await,
                Err(_) => Ok(()),
            };
            match first.and_then(|who| rest.map(|()| who)) {
                Ok(who) => End::Closed(who),
                Err((who, error)) => End::Broken(who, error),
            }
        };
        tokio::select! {
            end = both => Some(end),
            () = stop => None,
        }
    };
    let device = down.to;
    let server = up.to;
    (end, up.from.unsplit(device), down.from.unsplit(server))
}
