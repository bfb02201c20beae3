//! The device's TCP connections, each joined to a stream of the host: those that
//! the device opens, and those that are opened to it.

use super::dial::{Answer, Dial, Dialled, HostStream};
use super::joint::{Joint, Pumped, limit};
use super::segment::{Ends, Segment};
use crate::clock;
use crate::faults::{DialFault, Faults};
use smoltcp::iface::{self, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Connections of one device at most; further ones are refused.
const MAX_FLOWS: usize = 256;

/// Bytes that wait in each direction of a connection.
const WINDOW: usize = 64 * 1024;

/// The first of the ports that connections to the device come from.
const FIRST_PORT: u16 = 49_152;

/// A dial that takes longer is given up. The device will have done so before.
const DIAL_LIMIT: Duration = Duration::from_secs(120);

struct Flow {
    ends: Ends,
    /// The sequence number of the device's first segment; `None` where the
    /// connection was opened to the device.
    opened_by: Option<i32>,
    stage: Stage,
}

enum Stage {
    /// The SYN waits for the answer of the dial.
    Dialling {
        syn: Vec<u8>,
        answer: Dialled,
    },
    Open(Joint),
    /// Only the socket's last words are left to say, until this time at most.
    Ending(SocketHandle, u64),
}

/// All connections of one device.
pub(super) struct Flows {
    flows: Vec<Flow>,
    dial: Rc<dyn Dial>,
    faults: Faults,
    /// The last port that a connection to the device came from.
    last_port: u16,
}

impl Flows {
    pub(super) fn new(dial: Rc<dyn Dial>, faults: Faults) -> Self {
        Self {
            flows: Vec::new(),
            dial,
            faults,
            last_port: u16::MAX,
        }
    }

    /// Looks at a segment before the stack does. A SYN is kept here until its
    /// dial is answered; what comes back is for the stack now.
    pub(super) fn admit(
        &mut self,
        segment: Segment,
        frame: Vec<u8>,
        sockets: &mut SocketSet<'static>,
    ) -> Option<Vec<u8>> {
        let known = self.flows.iter().position(|flow| flow.ends == segment.ends);
        let Some(opened_by) = segment.opens else {
            // The device gives up while the dial is under way.
            if let (true, Some(known)) = (segment.resets, known)
                && matches!(self.flows[known].stage, Stage::Dialling { .. })
            {
                self.flows.swap_remove(known);
            }
            return Some(frame);
        };
        if let Some(known) = known {
            let flow = &self.flows[known];
            if flow.opened_by == Some(opened_by) {
                // Sent again. The stack answers those of open connections.
                return (!matches!(flow.stage, Stage::Dialling { .. })).then_some(frame);
            }
            // A device that was started anew uses the same port. What it
            // forgot is over.
            match self.flows.swap_remove(known).stage {
                Stage::Dialling { .. } => {}
                Stage::Open(mut joint) => {
                    joint.stream.reset();
                    sockets.remove(joint.socket);
                }
                Stage::Ending(socket, _) => drop(sockets.remove(socket)),
            }
        }
        if self.flows.len() >= MAX_FLOWS {
            return Some(frame);
        }
        self.flows.push(Flow {
            ends: segment.ends,
            opened_by: Some(opened_by),
            stage: Stage::Dialling {
                answer: self.answer(segment.ends.server),
                syn: frame,
            },
        });
        None
    }

    fn answer(&self, server: SocketAddr) -> Dialled {
        let dial = self.dial.clone();
        dialled(self.faults.dial(server.ip()), move || dial.dial(server))
    }

    /// A SYN whose dial has been answered: with a stream there is a socket
    /// waiting for it now, without one the stack will reset it.
    pub(super) fn poll_dialled(
        &mut self,
        cx: &mut Context<'_>,
        sockets: &mut SocketSet<'static>,
    ) -> Option<Vec<u8>> {
        let mut at = 0;
        while let Some(flow) = self.flows.get_mut(at) {
            let Stage::Dialling { syn, answer } = &mut flow.stage else {
                at += 1;
                continue;
            };
            let Poll::Ready(answer) = answer.as_mut().poll(cx) else {
                at += 1;
                continue;
            };
            let syn = core::mem::take(syn);
            match answer {
                Ok(stream) => {
                    let stream = Box::new(self.faults.apply(stream));
                    let socket = sockets.add(listen(flow.ends.server));
                    flow.stage = Stage::Open(Joint::new(stream, socket));
                    return Some(syn);
                }
                Err(error) => {
                    self.flows.swap_remove(at);
                    if error.kind() != io::ErrorKind::TimedOut {
                        return Some(syn);
                    }
                }
            }
        }
        None
    }

    /// Opens a connection to the device for `stream`. Without room for one, or
    /// to an address that cannot be reached, the stream is reset.
    pub(super) fn connect(
        &mut self,
        cx: &mut iface::Context,
        sockets: &mut SocketSet<'static>,
        from: IpAddr,
        device: SocketAddr,
        stream: Box<dyn HostStream>,
    ) {
        let mut stream = self.faults.apply(stream);
        let server = SocketAddr::new(from, self.port());
        let ends = Ends { device, server };
        let mut socket = socket();
        // The device may not be there. An open connection has other limits.
        socket.set_timeout(Some(DIAL_LIMIT.into()));
        let full = self.flows.len() >= MAX_FLOWS;
        if full || socket.connect(cx, device, server).is_err() {
            stream.reset();
            return;
        }
        self.flows.push(Flow {
            ends,
            opened_by: None,
            stage: Stage::Open(Joint::new(Box::new(stream), sockets.add(socket))),
        });
    }

    /// The next free port on the gateway's side, of those that nobody listens
    /// to (RFC 6335 section 6).
    fn port(&mut self) -> u16 {
        loop {
            self.last_port = self.last_port.checked_add(1).unwrap_or(FIRST_PORT);
            let is_free = |flow: &Flow| flow.ends.server.port() != self.last_port;
            if self.flows.iter().all(is_free) {
                return self.last_port;
            }
        }
    }

    /// Moves bytes between sockets and streams; forgets what has ended.
    pub(super) fn pump(&mut self, cx: &mut Context<'_>, sockets: &mut SocketSet<'static>) -> bool {
        let mut moved = false;
        self.flows.retain_mut(|flow| match &mut flow.stage {
            Stage::Dialling { .. } => true,
            Stage::Open(joint) => {
                let socket = joint.socket;
                match joint.pump(cx, sockets.get_mut(socket)) {
                    Pumped::Moved => moved = true,
                    Pumped::Idle => {}
                    Pumped::Over => {
                        flow.stage = Stage::Ending(socket, limit());
                        moved = true;
                    }
                }
                true
            }
            Stage::Ending(handle, until) => {
                let socket = sockets.get::<Socket<'_>>(*handle);
                // A reset leaves after the state has changed.
                let over = matches!(socket.state(), State::Closed | State::Listen)
                    && socket.remote_endpoint().is_none();
                if over || *until <= clock::now_micros() {
                    sockets.remove(*handle);
                    return false;
                }
                clock::wake_at(*until, cx.waker());
                true
            }
        });
        moved
    }
}

/// The answer of `dial` under a fault, to come.
pub(super) fn dialled<T: 'static>(
    fault: DialFault,
    dial: impl FnOnce() -> Answer<T> + 'static,
) -> Answer<T> {
    let delay = match fault {
        DialFault::Refuse => {
            return Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) });
        }
        DialFault::Silence => return Box::pin(async { Err(io::ErrorKind::TimedOut.into()) }),
        DialFault::Delay(delay) => delay,
        DialFault::None => Duration::ZERO,
    };
    Box::pin(async move {
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        tokio::time::timeout(DIAL_LIMIT, dial())
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    })
}

fn listen(server: SocketAddr) -> Socket<'static> {
    let mut socket = socket();
    socket
        .listen(server)
        .expect("a new socket and a port that is not zero");
    socket
}

fn socket() -> Socket<'static> {
    let buffer = || SocketBuffer::new(vec![0; WINDOW]);
    let mut socket = Socket::new(buffer(), buffer());
    // The host's end decides what a segment is, and the device's flush waits
    // for our acknowledgement.
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket
}
