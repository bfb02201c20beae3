//! The server's end.

use core::time::Duration;

use super::life::{Life, Next};
use super::tunnel::{self, Authenticate, Request, Status};
use super::words::{self, LinkError};
use super::{LinkConfig, Peer, Timing};
use crate::Instant;
use crate::framer::{FrameError, FrameErrorKind, Framer, Handshake, Out, Start, Step};
use crate::ncp::{FOOTER_LEN, HEADER_LEN, Header, Ident, Packet};

/// The server's end of a link, as a framer. See [the module](super).
///
/// What is no NCP is answered with ERRO 400, what is no proper request for the
/// tunnel with a status of HTTP, a wrong login with 401 after
/// [`LinkConfig::refusal_delay`]. After each of them the link has failed: no
/// byte of NCP follows a 401.
///
/// | error | what it means |
/// |---|---|
/// | [`Refused`](FrameErrorKind::Refused) | the tunnel was refused with this status: 400, 401, 403, 405, 431 or 505 |
/// | [`Silent`](FrameErrorKind::Silent) | the handshake took too long, or the client says nothing any more |
/// | [`TooLarge`](FrameErrorKind::TooLarge), [`Unrecognized`](FrameErrorKind::Unrecognized) | the client was told 400 |
#[derive(Clone, Debug)]
pub struct ServerLink<'a> {
    tunnel: Option<Door<'a>>,
    stage: Stage,
    peer: Option<Peer>,
    life: Life,
    /// The link has failed, and its end is due at the next look at the clock.
    end: Option<End>,
    /// The client was told so. Asked again, the link fails again, and only that.
    is_told: bool,
}

/// Who is let through the tunnel.
#[derive(Clone, Copy)]
struct Door<'a> {
    authenticate: Option<&'a (dyn Authenticate + Sync)>,
}

impl core::fmt::Debug for Door<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let wants_login = self.authenticate.is_some();
        f.debug_struct("Door")
            .field("wants_login", &wants_login)
            .finish()
    }
}

/// What is due from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Tunnel,
    Ccre,
    Care,
    Up,
}

#[derive(Clone, Copy, Debug)]
enum End {
    /// The tunnel is refused, at this time if it is known yet.
    Refused(Status, Option<Instant>),
    /// The client is told 400.
    Failed(FrameError),
}

impl<'a> ServerLink<'a> {
    /// A link that begins with HELO.
    #[must_use]
    pub const fn new(config: LinkConfig) -> Self {
        Self {
            tunnel: None,
            stage: Stage::Ccre,
            peer: None,
            life: Life::new(config),
            end: None,
            is_told: false,
        }
    }

    /// The same through a tunnel, with any login or none: what clients of a
    /// server on TLS do.
    #[must_use]
    pub const fn with_tunnel(mut self) -> Self {
        self.tunnel = Some(Door { authenticate: None });
        self
    }

    /// The same through a tunnel, for whom `authenticate` lets in. It is `Sync` so
    /// that the link can be moved to another thread.
    ///
    /// The password can be read by everybody on the way, unless the connection
    /// is secured below.
    #[must_use]
    pub const fn with_authentication(
        mut self,
        authenticate: &'a (dyn Authenticate + Sync),
    ) -> Self {
        self.tunnel = Some(Door {
            authenticate: Some(authenticate),
        });
        self
    }

    /// What the client says of itself, once it has.
    #[must_use]
    pub const fn peer(&self) -> Option<&Peer> {
        self.peer.as_ref()
    }

    /// What was agreed, once the client has said CCRE.
    #[must_use]
    pub const fn timing(&self) -> Option<Timing> {
        self.life.timing
    }

    /// Limits and times.
    #[must_use]
    pub const fn config(&self) -> &LinkConfig {
        &self.life.config
    }

    /// Looks at what should be a request for the tunnel.
    fn knock(
        &mut self,
        door: Door<'_>,
        input: &[u8],
        out: &mut Out<'_>,
    ) -> Result<Handshake, FrameError> {
        match tunnel::read_request(input, door.authenticate) {
            Request::Need => Ok(Handshake::Need(input.len().saturating_add(1))),
            Request::Granted { consumed } => {
                out.put(tunnel::GRANTED)?;
                words::helo(out, &self.life.config)?;
                self.stage = Stage::Ccre;
                Ok(Handshake::Used(consumed))
            }
            Request::Refused(status) => {
                self.end = Some(End::Refused(status, None));
                Ok(Handshake::Used(input.len()))
            }
        }
    }

    /// Takes a packet of the handshake. Whether it was the last.
    fn take(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) -> Result<bool, FrameError> {
        if packet.kind() == Ident::LINK {
            for field in packet.fields() {
                match self.stage {
                    Stage::Ccre if field.name == "CCRE" => {
                        let timing = Timing::of(&field);
                        self.life.timing = Some(timing);
                        self.peer = Some(Peer::of(&field));
                        words::scar(out, &self.life.config, timing)?;
                        self.stage = Stage::Care;
                        return Ok(false);
                    }
                    Stage::Care if field.name == "CARE" => {
                        words::scon(out, &self.life.config)?;
                        self.life.up();
                        self.stage = Stage::Up;
                        return Ok(true);
                    }
                    _ => {}
                }
            }
        }
        self.life.stray()?;
        Ok(false)
    }

    fn shake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        match self.life.packet(input)? {
            Next::Need(needed) => Ok(Handshake::Need(needed)),
            Next::Packet(packet, consumed) => {
                let is_last = self.take(&packet, out)?;
                Ok(if is_last {
                    Handshake::Ready(consumed)
                } else {
                    Handshake::Used(consumed)
                })
            }
        }
    }
}

impl Framer for ServerLink<'_> {
    const HEAD: usize = HEADER_LEN;
    const TAIL: usize = FOOTER_LEN;
    const PRESERVES_BOUNDARIES: bool = true;
    type Meta = Header;
    const OUT: usize = words::OUT;

    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        self.life.restart();
        self.peer = None;
        self.end = None;
        self.is_told = false;
        self.stage = if self.tunnel.is_some() {
            Stage::Tunnel
        } else {
            words::helo(out, &self.life.config)?;
            Stage::Ccre
        };
        Ok(Start::Handshake)
    }

    fn on_handshake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        if self.end.is_some() {
            // What follows a refused request is not looked at.
            return Ok(Handshake::Used(input.len()));
        }
        if let (Stage::Tunnel, Some(door)) = (self.stage, self.tunnel) {
            return self.knock(door, input, out);
        }
        match self.shake(input, out) {
            Ok(step) => Ok(step),
            Err(error) => {
                self.end = Some(End::Failed(error));
                Ok(Handshake::Used(input.len()))
            }
        }
    }

    fn on_time(&mut self, now: Instant, out: &mut Out<'_>) -> Result<Option<Instant>, FrameError> {
        let error = match &mut self.end {
            Some(End::Failed(error)) => {
                if !self.is_told {
                    words::error(out, &self.life.config, LinkError::BadRequest)?;
                }
                *error
            }
            Some(End::Refused(status, at)) => {
                let delay = match status {
                    Status::Unauthorized => self.life.config.refusal_delay,
                    _ => Duration::ZERO,
                };
                let at = *at.get_or_insert(now.saturating_add(delay));
                if now < at {
                    return Ok(Some(at));
                }
                if !self.is_told {
                    out.put(status.answer())?;
                }
                let code = status.code();
                FrameError::new(FrameErrorKind::Refused { code }, 0)
            }
            None => {
                let handshake = self.life.config.handshake_timeout;
                return self.life.on_time(now, handshake, out);
            }
        };
        self.is_told = true;
        Err(error)
    }

    fn heard(&mut self) {
        self.life.heard();
    }

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<Header>, FrameError> {
        if self.end.is_some() {
            return Ok(Step::Skip(prefix.len()));
        }
        match self.life.decode(prefix) {
            Err(error) => {
                self.end = Some(End::Failed(error));
                Ok(Step::Skip(prefix.len()))
            }
            step => step,
        }
    }

    fn encode(
        &mut self,
        header: &Header,
        body_len: usize,
        head: &mut [u8],
        tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        self.life.encode(header, body_len, head, tail)
    }
}
