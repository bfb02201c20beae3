//! The device's UDP: datagrams between one of its ports and one server, each
//! such association joined to a way of the host.

use super::datagram::HostDatagrams;
use super::dial::{Answer, Dial};
use super::emit;
use super::flow::dialled;
use super::link::Link;
use super::segment::Ends;
use crate::clock;
use crate::faults::{Direction, Faults};
use smoltcp::wire::EthernetAddress;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Associations of one device at most; datagrams of further ones are lost.
pub(super) const MAX_ASSOCIATIONS: usize = 64;

/// Datagrams of one association that wait for their server at most; further
/// ones are lost.
const WAITING: usize = 16;

/// An association without a datagram is forgotten after this long: the least
/// that RFC 4787 section 4.3 asks of an address translator.
pub(super) const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// Datagrams of one association moved in a row, before others get their turn.
const TURN: usize = 32;

struct Association {
    ends: Ends,
    hardware: EthernetAddress,
    stage: Stage,
    waiting: VecDeque<Vec<u8>>,
    /// The last frame from the device: an ICMP error quotes it.
    last: Vec<u8>,
    idle_at: u64,
}

enum Stage {
    Dialling(Answer<Box<dyn HostDatagrams>>),
    Open(Box<dyn HostDatagrams>),
}

/// How an association came out of its turn.
enum Turn {
    Idle,
    Moved,
    /// Nobody is there.
    Unreachable,
    Silent,
}

/// All associations of one device.
pub(super) struct Associations {
    all: Vec<Association>,
    /// Frames whose server is not there: the stack answers them with ICMP.
    refused: VecDeque<Vec<u8>>,
    dial: Rc<dyn Dial>,
    faults: Faults,
    buffer: Box<[u8]>,
}

impl Associations {
    pub(super) fn new(dial: Rc<dyn Dial>, faults: Faults) -> Self {
        Self {
            all: Vec::new(),
            refused: VecDeque::new(),
            dial,
            faults,
            buffer: vec![0; 1 << 16].into(),
        }
    }

    /// Takes a datagram of the device.
    pub(super) fn admit(
        &mut self,
        ends: Ends,
        hardware: EthernetAddress,
        payload: Vec<u8>,
        frame: Vec<u8>,
    ) {
        let known = self.all.iter().position(|known| known.ends == ends);
        let at = match known {
            Some(at) => at,
            None if self.all.len() >= MAX_ASSOCIATIONS => return,
            None => {
                let fault = self.faults.dial(ends.server.ip());
                let dial = self.dial.clone();
                let answer = dialled(fault, move || dial.dial_datagrams(ends.server));
                self.all.push(Association {
                    ends,
                    hardware,
                    stage: Stage::Dialling(answer),
                    waiting: VecDeque::new(),
                    last: Vec::new(),
                    idle_at: 0,
                });
                self.all.len() - 1
            }
        };
        let association = &mut self.all[at];
        association.hardware = hardware;
        association.last = frame;
        association.idle_at = idle_at();
        if association.waiting.len() < WAITING {
            association.waiting.push_back(payload);
        }
    }

    /// The next frame whose server is not there.
    pub(super) fn refused(&mut self) -> Option<Vec<u8>> {
        self.refused.pop_front()
    }

    /// Moves datagrams both ways; forgets idle associations.
    pub(super) fn pump(&mut self, cx: &mut Context<'_>, link: &Link) -> bool {
        let mut moved = false;
        let Self {
            all,
            refused,
            buffer,
            ..
        } = self;
        all.retain_mut(|association| {
            match association.turn(cx, link, buffer) {
                Turn::Moved => moved = true,
                Turn::Idle => {}
                Turn::Silent => return false,
                Turn::Unreachable => {
                    refused.push_back(core::mem::take(&mut association.last));
                    moved = true;
                    return false;
                }
            }
            if association.idle_at <= clock::now_micros() {
                return false;
            }
            clock::wake_at(association.idle_at, cx.waker());
            true
        });
        moved
    }
}

impl Association {
    fn turn(&mut self, cx: &mut Context<'_>, link: &Link, buffer: &mut [u8]) -> Turn {
        if let Stage::Dialling(answer) = &mut self.stage {
            match answer.as_mut().poll(cx) {
                Poll::Pending => return Turn::Idle,
                Poll::Ready(Ok(open)) => self.stage = Stage::Open(open),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                    return Turn::Silent;
                }
                Poll::Ready(Err(_)) => return Turn::Unreachable,
            }
        }
        match self.exchange(cx, link, buffer) {
            Ok(true) => Turn::Moved,
            Ok(false) => Turn::Idle,
            Err(_) => Turn::Unreachable,
        }
    }

    fn exchange(
        &mut self,
        cx: &mut Context<'_>,
        link: &Link,
        buffer: &mut [u8],
    ) -> io::Result<bool> {
        let Stage::Open(open) = &mut self.stage else {
            return Ok(false);
        };
        let mut moved = false;
        while let Some(datagram) = self.waiting.front() {
            match open.poll_send(cx, datagram) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => break,
            }
            self.waiting.pop_front();
            moved = true;
        }
        for _ in 0..TURN {
            if link.poll_room(Direction::ToDevice, cx).is_pending() {
                return Ok(moved);
            }
            let Poll::Ready(length) = open.poll_receive(cx, buffer) else {
                return Ok(moved);
            };
            let length = length?;
            self.idle_at = idle_at();
            moved = true;
            if let Some(frame) = emit::datagram(self.ends, self.hardware, &buffer[..length]) {
                link.send(Direction::ToDevice, frame);
            }
        }
        Ok(moved)
    }
}

fn idle_at() -> u64 {
    clock::now_micros().saturating_add(IDLE_LIMIT.as_micros() as u64)
}
