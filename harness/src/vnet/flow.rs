//! The device's TCP connections, each joined to a stream of the host.

use super::dial::{Dial, Dialled, HostStream};
use crate::clock;
use crate::faults::{DialFault, Faults};
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::wire::{EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, TcpPacket};
use std::io;
use std::net::SocketAddrV4;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Connections of one device at most; further ones are refused.
const MAX_FLOWS: usize = 256;

/// Bytes that wait in each direction of a connection.
const WINDOW: usize = 64 * 1024;

/// A dial that takes longer is given up. The device will have done so before.
const DIAL_LIMIT: Duration = Duration::from_secs(120);

/// How long a device may leave data or an end unacknowledged.
const DEVICE_LIMIT: Duration = Duration::from_secs(120);

/// Both addresses of a TCP segment, as the device sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    device: SocketAddrV4,
    server: SocketAddrV4,
}

/// What the gateway looks at before smoltcp does.
struct Segment {
    ends: Ends,
    /// The sequence number of a connection's first segment.
    opens: Option<i32>,
    resets: bool,
}

fn parse(frame: &[u8]) -> Option<Segment> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    if frame.ethertype() != EthernetProtocol::Ipv4 {
        return None;
    }
    let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
    if packet.next_header() != IpProtocol::Tcp || packet.more_frags() || packet.frag_offset() != 0 {
        return None;
    }
    let segment = TcpPacket::new_checked(packet.payload()).ok()?;
    // What smoltcp will not believe must not open a connection here either.
    let (from, to) = (packet.src_addr(), packet.dst_addr());
    if !packet.verify_checksum() || !segment.verify_checksum(&from.into(), &to.into()) {
        return None;
    }
    let ends = Ends {
        device: SocketAddrV4::new(from, segment.src_port()),
        server: SocketAddrV4::new(to, segment.dst_port()),
    };
    let opens = segment.syn() && !segment.ack() && !segment.rst() && segment.dst_port() != 0;
    Some(Segment {
        ends,
        opens: opens.then(|| segment.seq_number().0),
        resets: segment.rst(),
    })
}

struct Flow {
    ends: Ends,
    opened_by: i32,
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
    dial: Box<dyn Dial>,
    faults: Faults,
}

impl Flows {
    pub(super) fn new(dial: Box<dyn Dial>, faults: Faults) -> Self {
        Self {
            flows: Vec::new(),
            dial,
            faults,
        }
    }

    /// Looks at a frame before the stack does. A SYN is kept here until its
    /// dial is answered; what comes back is for the stack now.
    pub(super) fn admit(
        &mut self,
        frame: Vec<u8>,
        sockets: &mut SocketSet<'static>,
    ) -> Option<Vec<u8>> {
        let Some(segment) = parse(&frame) else {
            return Some(frame);
        };
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
            if flow.opened_by == opened_by {
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
            opened_by,
            stage: Stage::Dialling {
                answer: self.answer(segment.ends.server),
                syn: frame,
            },
        });
        None
    }

    fn answer(&self, server: SocketAddrV4) -> Dialled {
        match self.faults.dial() {
            DialFault::Refuse => Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) }),
            DialFault::Silence => Box::pin(async { Err(io::ErrorKind::TimedOut.into()) }),
            DialFault::None => {
                let answer = self.dial.dial(server);
                Box::pin(async move {
                    tokio::time::timeout(DIAL_LIMIT, answer)
                        .await
                        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
                })
            }
        }
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

fn listen(server: SocketAddrV4) -> Socket<'static> {
    let buffer = || SocketBuffer::new(vec![0; WINDOW]);
    let mut socket = Socket::new(buffer(), buffer());
    // The host's end decides what a segment is, and the device's flush waits
    // for our acknowledgement.
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket
        .listen(server)
        .expect("a new socket and a port that is not zero");
    socket
}

/// Until when a device may be silent that owes an answer.
fn limit() -> u64 {
    clock::now_micros().saturating_add(DEVICE_LIMIT.as_micros() as u64)
}

/// A socket of the gateway and the stream it is joined to.
struct Joint {
    stream: Box<dyn HostStream>,
    socket: SocketHandle,
    /// Our stream has no more to say: we have closed the socket's sending half.
    server_done: bool,
    /// The device has no more to say: we have shut the stream's writing half.
    device_done: bool,
    unflushed: bool,
    /// Until when the device must have acknowledged our end.
    end_limit: u64,
}

enum Pumped {
    Idle,
    Moved,
    /// The stream has nothing to do any more.
    Over,
}

impl Joint {
    fn new(stream: Box<dyn HostStream>, socket: SocketHandle) -> Self {
        Self {
            stream,
            socket,
            server_done: false,
            device_done: false,
            unflushed: false,
            end_limit: u64::MAX,
        }
    }

    fn pump(&mut self, cx: &mut Context<'_>, socket: &mut Socket<'static>) -> Pumped {
        match socket.state() {
            // Waits for the end of the three-way handshake.
            State::SynReceived => return Pumped::Idle,
            // Reset by the device: before the handshake's end, or later.
            State::Listen | State::Closed => {
                self.stream.reset();
                return Pumped::Over;
            }
            _ => {}
        }
        match self.exchange(cx, socket) {
            Ok(_) if self.server_done && self.device_done => Pumped::Over,
            Ok(true) => Pumped::Moved,
            Ok(false) => Pumped::Idle,
            Err(_) => {
                self.stream.reset();
                socket.abort();
                Pumped::Over
            }
        }
    }

    fn exchange(&mut self, cx: &mut Context<'_>, socket: &mut Socket<'static>) -> io::Result<bool> {
        let down = self.pump_down(cx, socket)?;
        // smoltcp would count a connection that is merely idle as timed out.
        let owed = socket.send_queue() > 0;
        socket.set_timeout(owed.then(|| DEVICE_LIMIT.into()));
        if socket.state() == State::FinWait1 && self.end_limit <= clock::now_micros() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let up = self.pump_up(cx, socket)?;
        Ok(down || up)
    }

    fn pump_down(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut Socket<'static>,
    ) -> io::Result<bool> {
        let mut moved = false;
        while !self.server_done && socket.can_send() {
            let stream = Pin::new(&mut self.stream);
            let read = socket.send(|room| {
                let mut room = ReadBuf::new(room);
                let polled = stream.poll_read(cx, &mut room);
                let read = room.filled().len();
                (read, polled.map_ok(|()| read))
            });
            match read {
                Ok(Poll::Ready(Ok(0))) => {
                    self.server_done = true;
                    self.end_limit = limit();
                    socket.close();
                }
                Ok(Poll::Ready(result)) => drop(result?),
                Ok(Poll::Pending) | Err(_) => break,
            }
            moved = true;
        }
        Ok(moved)
    }

    fn pump_up(&mut self, cx: &mut Context<'_>, socket: &mut Socket<'static>) -> io::Result<bool> {
        let mut moved = false;
        while socket.can_recv() {
            let stream = Pin::new(&mut self.stream);
            let written = socket.recv(|bytes| match stream.poll_write(cx, bytes) {
                Poll::Ready(Ok(count)) => (count, Poll::Ready(Ok(count))),
                other => (0, other),
            });
            match written {
                Ok(Poll::Ready(Ok(0))) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(Poll::Ready(result)) => drop(result?),
                Ok(Poll::Pending) | Err(_) => break,
            }
            self.unflushed = true;
            moved = true;
        }
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        let no_more = !socket.may_recv() && !socket.can_recv() && !self.unflushed;
        if no_more
            && !self.device_done
            && let Poll::Ready(shut) = Pin::new(&mut self.stream).poll_shutdown(cx)
        {
            // A stream that the server has closed already cannot be shut.
            drop(shut);
            self.device_done = true;
            moved = true;
        }
        Ok(moved)
    }
}
