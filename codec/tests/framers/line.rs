//! A framer with everything a framer can have: a handshake of several steps,
//! keep-alives, a refusal, a farewell. Its shape is that of NCP's: the server
//! greets, the client names itself and a timeout, the server agrees to one.
//!
//! A frame is a length (u16, of the body), a kind (one letter), the body, and a
//! full stop behind it.

use core::time::Duration;

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameError, FrameErrorKind, Framer, Handshake, Out, Start, Step};

const HEAD: usize = 3;
const END: u8 = b'.';

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// Who is expected to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The client waits for the greeting.
    Greeting,
    /// The server waits for name and timeout.
    Name,
    /// The client waits for the timeout agreed on.
    Agreement,
    /// The server waits for the client's consent.
    Consent,
    Ready,
}

#[derive(Clone, Debug)]
pub(crate) struct LineFramer {
    role: Role,
    stage: Stage,
    max: usize,
    /// Seconds of silence after which the peer is gone: what this side wants, and
    /// after the handshake what both agreed on.
    wanted: u8,
    pub(crate) timeout: Duration,
    /// Something came, or went, since the clock was looked at.
    heard: bool,
    spoke: bool,
    heard_at: Option<Instant>,
    spoke_at: Option<Instant>,
    /// How many keep-alives came.
    pub(crate) kept_alive: usize,
    closed: bool,
    /// What the server answers to every name.
    pub(crate) refusal: Option<u16>,
}

impl LineFramer {
    pub(crate) fn new(role: Role, max: usize, wanted: u8) -> Self {
        Self {
            role,
            stage: Stage::Greeting,
            max,
            wanted,
            timeout: Duration::from_secs(wanted.into()),
            heard: false,
            spoke: false,
            heard_at: None,
            spoke_at: None,
            kept_alive: 0,
            closed: false,
            refusal: None,
        }
    }

    fn say(&mut self, out: &mut Out<'_>, kind: u8, body: &[u8]) -> Result<(), FrameError> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        self.spoke = true;
        out.put_parts(&[&length, &[kind], body, &[END]])
    }

    /// The frame at the start of `input`.
    fn frame<'a>(&self, input: &'a [u8]) -> Result<Look<'a>, FrameError> {
        let Some(([a, b, kind], rest)) = input.split_first_chunk::<HEAD>() else {
            return Ok(Look::Needs(HEAD));
        };
        let length = usize::from(u16::from_be_bytes([*a, *b]));
        if !b"HNAcMLRX".contains(kind) {
            return Err(FrameError::new(FrameErrorKind::Unrecognized, 2));
        }
        match (rest.get(..length), rest.get(length)) {
            (Some(body), Some(&END)) => Ok(Look::Frame(*kind, body, HEAD + length + 1)),
            (Some(_), Some(_)) => Err(FrameError::new(FrameErrorKind::Unrecognized, HEAD + length)),
            _ => Ok(Look::Needs(HEAD + length + 1)),
        }
    }
}

/// What stands at the start of the input.
enum Look<'a> {
    /// A frame: its kind, its body, how long it is.
    Frame(u8, &'a [u8], usize),
    /// So many bytes are needed to tell.
    Needs(usize),
}

impl Framer for LineFramer {
    const HEAD: usize = HEAD;
    const TAIL: usize = 1;
    const PRESERVES_BOUNDARIES: bool = true;
    type Meta = ();
    const OUT: usize = 32;
    const CARRIER: Option<()> = Some(());

    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        *self = Self {
            refusal: self.refusal,
            ..Self::new(self.role, self.max, self.wanted)
        };
        if self.role == Role::Server {
            self.stage = Stage::Name;
            self.say(out, b'H', b"hello")?;
        }
        Ok(Start::Handshake)
    }

    fn on_handshake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        let (kind, body, used) = match self.frame(input)? {
            Look::Frame(kind, body, length) => (kind, body, length),
            Look::Needs(needed) => return Ok(Handshake::Need(needed)),
        };
        self.heard = true;
        self.stage = match (self.stage, kind, body) {
            (_, b'L', []) => self.stage,
            (_, b'X', [a, b]) => {
                let code = u16::from_be_bytes([*a, *b]);
                return Err(FrameError::new(FrameErrorKind::Refused { code }, 0));
            }
            (Stage::Greeting, b'H', _) => {
                let wanted = self.wanted;
                self.say(out, b'N', &[b'm', b'e', wanted])?;
                Stage::Agreement
            }
            (Stage::Name, b'N', [.., wanted]) => {
                if let Some(code) = self.refusal {
                    self.say(out, b'X', &code.to_be_bytes())?;
                    return Err(FrameError::new(FrameErrorKind::Refused { code }, 0));
                }
                let agreed = self.wanted.min(*wanted);
                self.timeout = Duration::from_secs(agreed.into());
                self.say(out, b'A', &[agreed])?;
                Stage::Consent
            }
            // Anything but a second or more would be a flood of keep-alives.
            (Stage::Agreement, b'A', [agreed]) if *agreed > 0 => {
                self.timeout = Duration::from_secs((*agreed).into());
                self.say(out, b'c', b"")?;
                Stage::Ready
            }
            (Stage::Consent, b'c', []) => Stage::Ready,
            _ => return Err(FrameError::new(FrameErrorKind::Unrecognized, 2)),
        };
        Ok(if self.stage == Stage::Ready {
            Handshake::Ready(used)
        } else {
            Handshake::Used(used)
        })
    }

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<()>, FrameError> {
        if let Some([a, b, b'M']) = prefix.first_chunk::<HEAD>() {
            let body_len = usize::from(u16::from_be_bytes([*a, *b]));
            if body_len > self.max {
                self.heard = true;
                let (meta, skip, tail) = ((), HEAD, 1);
                return Ok(Step::Head {
                    meta,
                    skip,
                    body_len,
                    tail,
                });
            }
        }
        let (kind, body, consumed) = match self.frame(prefix)? {
            Look::Frame(kind, body, length) => (kind, body, length),
            Look::Needs(needed) => return Ok(Step::Need(needed)),
        };
        self.heard = true;
        match kind {
            b'M' => {
                let (meta, body) = ((), HEAD..HEAD + body.len());
                Ok(Step::Frame {
                    meta,
                    body,
                    consumed,
                })
            }
            b'L' => {
                self.kept_alive += 1;
                Ok(Step::Skip(consumed))
            }
            b'R' => {
                self.closed = true;
                Err(FrameError::new(FrameErrorKind::Closed, 0))
            }
            _ => Err(FrameError::new(FrameErrorKind::Unrecognized, 2)),
        }
    }

    fn encode(
        &mut self,
        (): &(),
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        let (length, limit) = (body_len, usize::from(u16::MAX));
        let too_large = FrameError::new(FrameErrorKind::TooLarge { length, limit }, 0);
        let [a, b] = u16::try_from(body_len)
            .map_err(|_| too_large)?
            .to_be_bytes();
        let no_space = FrameError::new(FrameErrorKind::NoSpace, head.len());
        *head.first_chunk_mut().ok_or(no_space)? = [a, b, b'M'];
        *tail.first_mut().ok_or(no_space)? = END;
        self.spoke = true;
        Ok((HEAD, 1))
    }

    fn on_time(&mut self, now: Instant, out: &mut Out<'_>) -> Result<Option<Instant>, FrameError> {
        if self.closed {
            return Err(FrameError::new(FrameErrorKind::Closed, 0));
        }
        if core::mem::take(&mut self.heard) || self.heard_at.is_none() {
            self.heard_at = Some(now);
        }
        if core::mem::take(&mut self.spoke) || self.spoke_at.is_none() {
            self.spoke_at = Some(now);
        }
        let gone = self.heard_at.unwrap_or(now).saturating_add(self.timeout);
        if now >= gone {
            return Err(FrameError::new(FrameErrorKind::Silent, 0));
        }
        let idle = self.timeout / 3;
        if now >= self.spoke_at.unwrap_or(now).saturating_add(idle) {
            self.say(out, b'L', b"")?;
            self.spoke = false;
            self.spoke_at = Some(now);
        }
        Ok(Some(
            gone.min(self.spoke_at.unwrap_or(now).saturating_add(idle)),
        ))
    }

    fn heard(&mut self) {
        self.heard = true;
    }

    fn stop(&mut self, out: &mut Out<'_>) {
        let _ = self.say(out, b'R', b"");
    }
}
