//! What happens to a byte stream, at exact positions.

use super::{Cut, Direction, Faults};
use crate::vnet::HostStream;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// One accident in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamFault {
    /// The connection ends here, both directions of it.
    Cut(Cut),
    /// The next byte is XORed with this mask.
    Corrupt(u8),
    /// The next so many bytes vanish, and the stream closes over the gap.
    Lose(u64),
    /// Nothing passes in this direction for this long.
    Pause(Duration),
}

/// The accidents of one connection: what happens when so many bytes have
/// passed in a direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamPlan {
    faults: [VecDeque<(u64, StreamFault)>; 2],
}

impl StreamPlan {
    /// No accidents.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds: once exactly `position` bytes of `direction` have passed, `fault`
    /// happens. Position 0 is before the first byte. Bytes that
    /// [`StreamFault::Lose`] took count as passed.
    #[must_use]
    pub fn at(mut self, direction: Direction, position: u64, fault: StreamFault) -> Self {
        let faults = &mut self.faults[direction as usize];
        let place = faults.partition_point(|(earlier, _)| *earlier <= position);
        faults.insert(place, (position, fault));
        self
    }
}

/// A stream under a script of [`Faults`]. Reading is [`Direction::ToDevice`],
/// writing is [`Direction::ToServer`]: the inner stream leads to the server.
pub struct FaultyStream<S> {
    inner: S,
    faults: Faults,
    born: u64,
    ended: Option<Cut>,
    lanes: [Lane; 2],
}

/// One direction of a stream.
struct Lane {
    passed: u64,
    faults: VecDeque<(u64, StreamFault)>,
    pause: Option<Pin<Box<Sleep>>>,
    /// Bytes still to lose.
    losing: u64,
}

/// What a lane allows next.
enum Step {
    /// So many bytes, unharmed.
    Pass(usize),
    /// One byte, harmed.
    Corrupt(u8),
    /// So many bytes, into nothing.
    Lose(usize),
    Cut(Cut),
}

impl Lane {
    fn new(faults: VecDeque<(u64, StreamFault)>) -> Self {
        Self {
            passed: 0,
            faults,
            pause: None,
            losing: 0,
        }
    }

    /// What may happen to at most `wanted` bytes. Nothing has happened yet:
    /// tell with [`Lane::done`] how many bytes really moved.
    fn step(&mut self, cx: &mut Context<'_>, wanted: usize, struck: &Faults) -> Poll<Step> {
        let clamp = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX).min(wanted);
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            if self.losing > 0 {
                return Poll::Ready(Step::Lose(clamp(self.losing)));
            }
            let Some(&(position, fault)) = self.faults.front() else {
                return Poll::Ready(Step::Pass(wanted));
            };
            if position > self.passed {
                return Poll::Ready(Step::Pass(clamp(position - self.passed)));
            }
            match fault {
                StreamFault::Corrupt(mask) => return Poll::Ready(Step::Corrupt(mask)),
                StreamFault::Cut(how) => {
                    self.struck(struck);
                    return Poll::Ready(Step::Cut(how));
                }
                StreamFault::Lose(bytes) => self.losing = bytes,
                StreamFault::Pause(time) => self.pause = Some(Box::pin(tokio::time::sleep(time))),
            }
            self.struck(struck);
        }
    }

    fn struck(&mut self, faults: &Faults) {
        self.faults.pop_front();
        faults.lock().counts.stream_faults += 1;
    }

    fn done(&mut self, step: &Step, moved: usize, faults: &Faults) {
        self.passed += moved as u64;
        match step {
            Step::Lose(_) => self.losing -= moved as u64,
            Step::Corrupt(_) if moved > 0 => self.struck(faults),
            _ => {}
        }
    }
}

impl<S> FaultyStream<S> {
    pub(super) fn new(inner: S, faults: Faults, plan: StreamPlan, born: u64) -> Self {
        Self {
            inner,
            faults,
            born,
            ended: None,
            lanes: plan.faults.map(Lane::new),
        }
    }
}

impl<S: HostStream> FaultyStream<S> {
    /// Whether the stream has been cut, by its plan or by `cut_all`.
    fn ended(&mut self, cx: &mut Context<'_>) -> Option<Cut> {
        // Also for what is pending: a cut must be heard.
        self.faults.watch(cx.waker());
        let (cuts, how) = {
            let inner = self.faults.lock();
            (inner.cuts, inner.cut)
        };
        // Silence is no end that a later cut could not overtake.
        if cuts != self.born && matches!(self.ended, None | Some(Cut::Silence)) {
            self.born = cuts;
            self.end(how, cx);
        }
        self.ended
    }

    fn end(&mut self, how: Cut, cx: &mut Context<'_>) {
        self.ended = Some(how);
        match how {
            Cut::Reset => self.inner.reset(),
            // Sockets and in-process pipes shut down at once; of another
            // stream the drop will have to do.
            Cut::Close => drop(Pin::new(&mut self.inner).poll_shutdown(cx)),
            Cut::Silence => {}
        }
    }

    /// Writing `bytes` into a stream that has been cut.
    fn write_end(how: Cut, bytes: usize) -> Poll<io::Result<usize>> {
        match how {
            Cut::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            // The writer learns of the end by reading; what it still says is lost.
            Cut::Close => Poll::Ready(Ok(bytes)),
            Cut::Silence => Poll::Pending,
        }
    }

    fn read_end(how: Cut) -> Poll<io::Result<()>> {
        match how {
            Cut::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Cut::Close => Poll::Ready(Ok(())),
            Cut::Silence => Poll::Pending,
        }
    }
}

impl<S: HostStream> AsyncWrite for FaultyStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(how) = this.ended(cx) {
            return Self::write_end(how, bytes.len());
        }
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let lane = &mut this.lanes[Direction::ToServer as usize];
        let step = ready!(lane.step(cx, bytes.len(), &this.faults));
        let inner = Pin::new(&mut this.inner);
        let moved = match step {
            Step::Pass(limit) => ready!(inner.poll_write(cx, &bytes[..limit]))?,
            Step::Corrupt(mask) => ready!(inner.poll_write(cx, &[bytes[0] ^ mask]))?,
            Step::Lose(count) => count,
            Step::Cut(how) => {
                this.end(how, cx);
                return Self::write_end(how, bytes.len());
            }
        };
        lane.done(&step, moved, &this.faults);
        Poll::Ready(Ok(moved))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.ended(cx) {
            Some(how) => Self::write_end(how, 0).map_ok(|_| ()),
            None => Pin::new(&mut this.inner).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.ended(cx) {
            Some(how) => Self::write_end(how, 0).map_ok(|_| ()),
            None => Pin::new(&mut this.inner).poll_shutdown(cx),
        }
    }
}

impl<S: HostStream> AsyncRead for FaultyStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(how) = this.ended(cx) {
            return Self::read_end(how);
        }
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            let lane = &mut this.lanes[Direction::ToDevice as usize];
            let step = ready!(lane.step(cx, out.remaining(), &this.faults));
            let limit = match step {
                Step::Pass(limit) | Step::Lose(limit) => limit,
                Step::Corrupt(_) => 1,
                Step::Cut(how) => {
                    this.end(how, cx);
                    return Self::read_end(how);
                }
            };
            let mut part = ReadBuf::new(out.initialize_unfilled_to(limit));
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
            let moved = part.filled().len();
            if let (Step::Corrupt(mask), Some(byte)) = (&step, part.filled_mut().first_mut()) {
                *byte ^= mask;
            }
            lane.done(&step, moved, &this.faults);
            let lost = matches!(step, Step::Lose(_));
            if !lost {
                out.advance(moved);
            }
            if !lost || moved == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: HostStream> HostStream for FaultyStream<S> {
    fn reset(&mut self) {
        self.inner.reset();
    }
}
