//! The socket as embedded-tls sees it: with the guard in its read path, and a
//! limit to how long the peer may take nothing.

use core::cell::{Cell, RefCell};
use core::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};

use super::end::End;
use super::guard::Guard;
use crate::time::duration;

/// The last record of a connection: close_notify takes 24 bytes.
pub(crate) type Farewell = heapless::Vec<u8, 32>;

/// What lies below TLS and is shared by all who have to do with it.
pub(crate) struct Below {
    pub(crate) guard: RefCell<Guard>,
    failure: Cell<Option<End>>,
    write_timeout: Duration,
    /// Takes the records that TLS writes, once it is there.
    farewell: RefCell<Option<Farewell>>,
}

impl Below {
    pub(crate) const fn new(guard: Guard, write_timeout: Duration) -> Self {
        Self {
            guard: RefCell::new(guard),
            failure: Cell::new(None),
            write_timeout,
            farewell: RefCell::new(None),
        }
    }

    /// From now on what TLS writes is kept instead of sent.
    pub(crate) fn keep_farewell(&self) {
        self.farewell.replace(Some(Farewell::new()));
    }

    /// What was kept.
    pub(crate) fn take_farewell(&self) -> Option<Farewell> {
        self.farewell.take()
    }

    /// Why the connection is over, as far as it is known here: what the guard
    /// refused, or what became of the stream.
    pub(crate) fn end(&self) -> Option<End> {
        self.guard.borrow().end().or(self.failure.get())
    }

    /// Remembers the first failure.
    fn fail(&self, end: End) {
        if self.failure.get().is_none() {
            self.failure.set(Some(end));
        }
    }
}

/// A socket with the guard in its path. Cheap to copy, as embedded-tls's
/// `split` wants it.
pub(crate) struct Guarded<'g, S> {
    socket: S,
    below: &'g Below,
}

impl<'g, S> Guarded<'g, S> {
    pub(crate) const fn new(socket: S, below: &'g Below) -> Self {
        Self { socket, below }
    }
}

impl<S: Copy> Clone for Guarded<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Copy> Copy for Guarded<'_, S> {}

impl<S> ErrorType for Guarded<'_, S> {
    type Error = ErrorKind;
}

impl<S: Read> Read for Guarded<'_, S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let count = match self.socket.read(buffer).await {
            Ok(0) => {
                self.below.fail(End::Truncated);
                return Ok(0);
            }
            Ok(count) => count,
            Err(_) => {
                self.below.fail(End::Reset);
                return Err(ErrorKind::ConnectionReset);
            }
        };
        let received = buffer.get_mut(..count).ok_or(ErrorKind::Other)?;
        match self.below.guard.borrow_mut().inspect(received) {
            Ok(()) => Ok(count),
            Err(_) => Err(ErrorKind::InvalidData),
        }
    }
}

impl<S: Write> Write for Guarded<'_, S> {
    /// Writes some of `data`, waiting as long as the write timeout for the
    /// first byte of it: slow progress is progress.
    async fn write(&mut self, data: &[u8]) -> Result<usize, ErrorKind> {
        if let Some(farewell) = &mut *self.below.farewell.borrow_mut() {
            let kept = farewell.extend_from_slice(data);
            return kept
                .map(|()| data.len())
                .map_err(|_| ErrorKind::OutOfMemory);
        }
        let patience = Timer::after(duration(self.below.write_timeout));
        match select(self.socket.write(data), patience).await {
            Either::First(Ok(count)) if count > 0 => {
                let written = data.get(..count).ok_or(ErrorKind::Other)?;
                self.below.guard.borrow_mut().count_sent(written);
                Ok(count)
            }
            Either::First(_) => {
                self.below.fail(End::Reset);
                if self.below.guard.borrow().is_device_flight() {
                    // A server may refuse the device as soon as it has seen its
                    // certificate, and be gone. Its alert can be read when the
                    // handshake is complete on this side, so the rest of that
                    // is written to nowhere.
                    return Ok(data.len());
                }
                Err(ErrorKind::ConnectionReset)
            }
            Either::Second(()) => {
                self.below.fail(End::WriteTimeout);
                Err(ErrorKind::TimedOut)
            }
        }
    }

    /// Does nothing: embassy-net's flush waits until the peer has acknowledged
    /// every byte, and embedded-tls flushes after each record of the
    /// handshake, which would cost a round trip each.
    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
