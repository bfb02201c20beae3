//! The client's end.

use super::life::{Life, Next};
use super::tunnel::{self, Login, Opening};
use super::{LinkConfig, NameError, Names, Timing, words};
use crate::Instant;
use crate::framer::{FrameError, FrameErrorKind, Framer, Handshake, Out, Start, Step};
use crate::ncp::{FOOTER_LEN, Field, HEADER_LEN, Header, Ident, Packet, Value};

/// The client's end of a link, as a framer. See [the module](super).
///
/// | error before the link is up | what it means |
/// |---|---|
/// | [`Refused`](FrameErrorKind::Refused) with 401 | the login is wrong |
/// | with another number | the status of the tunnel's answer, or ERRC of the server |
/// | [`Silent`](FrameErrorKind::Silent) | it took longer than [`LinkConfig::timeout`] |
/// | [`Unrecognized`](FrameErrorKind::Unrecognized) | the peer is no NCP server |
#[derive(Clone, Debug)]
pub struct ClientLink<'a> {
    names: Names<'a>,
    login: Option<Login<'a>>,
    stage: Stage,
    life: Life,
}

/// What is due from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Tunnel,
    Helo,
    Scar,
    Scon,
}

impl<'a> ClientLink<'a> {
    /// A link that begins with HELO.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(config: LinkConfig, names: Names<'a>) -> Result<Self, NameError> {
        names.check()?;
        Ok(Self {
            names,
            login: None,
            stage: Stage::Helo,
            life: Life::new(config),
        })
    }

    /// The same through a tunnel, with a login. Servers on TLS want the tunnel
    /// always: [`Login::NONE`] is what ncplib says where there is none.
    ///
    /// The password can be read by everybody on the way, unless the connection
    /// is secured below.
    #[must_use]
    pub const fn with_login(mut self, login: Login<'a>) -> Self {
        self.login = Some(login);
        self
    }

    /// What was agreed, once the server has said SCAR.
    #[must_use]
    pub const fn timing(&self) -> Option<Timing> {
        self.life.timing
    }

    /// Limits and times.
    #[must_use]
    pub const fn config(&self) -> &LinkConfig {
        &self.life.config
    }

    /// Takes a packet of the handshake. Whether it was the last.
    fn take(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) -> Result<bool, FrameError> {
        for field in packet.fields() {
            if let Some(code) = refusal(&field) {
                return Err(FrameError::new(
                    FrameErrorKind::Refused { code },
                    field.offset,
                ));
            }
            if packet.kind() != Ident::LINK {
                continue;
            }
            match self.stage {
                Stage::Helo if field.name == "HELO" => {
                    words::ccre(out, &self.life.config, &self.names)?;
                    self.stage = Stage::Scar;
                }
                Stage::Scar if field.name == "SCAR" => {
                    self.life.timing = Some(Timing::of(&field));
                    words::care(out, &self.life.config, self.names.hostname)?;
                    self.stage = Stage::Scon;
                }
                Stage::Scon if field.name == "SCON" => {
                    self.life.up();
                    return Ok(true);
                }
                _ => continue,
            }
            return Ok(false);
        }
        self.life.stray()?;
        Ok(false)
    }
}

/// The code of a server that does not want to go on.
fn refusal(field: &Field<'_>) -> Option<u16> {
    let code = field.param("ERRC");
    if code.is_none() && field.param("ERRO").is_none() {
        return None;
    }
    let code = match code.map(|param| param.value()) {
        Some(Ok(Value::I32(code))) => u16::try_from(code).ok(),
        Some(Ok(Value::U32(code))) => u16::try_from(code).ok(),
        _ => None,
    };
    Some(code.unwrap_or(0))
}

impl Framer for ClientLink<'_> {
    const HEAD: usize = HEADER_LEN;
    const TAIL: usize = FOOTER_LEN;
    const PRESERVES_BOUNDARIES: bool = true;
    type Meta = Header;
    const OUT: usize = words::OUT;

    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        self.life.restart();
        self.stage = match self.login {
            Some(login) => {
                login.request(out)?;
                Stage::Tunnel
            }
            None => Stage::Helo,
        };
        Ok(Start::Handshake)
    }

    fn on_handshake(&mut self, input: &[u8], out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        // Old servers say in NCP that they did not understand the request.
        if self.stage == Stage::Tunnel && !crate::ncp::MAGIC.starts_with(first(input)) {
            return match tunnel::read_response(input)? {
                Opening::Need => Ok(Handshake::Need(input.len().saturating_add(1))),
                Opening::Open { consumed } => {
                    self.stage = Stage::Helo;
                    Ok(Handshake::Used(consumed))
                }
            };
        }
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

    fn on_time(&mut self, now: Instant, out: &mut Out<'_>) -> Result<Option<Instant>, FrameError> {
        let handshake = self.life.config.timeout;
        self.life.on_time(now, handshake, out)
    }

    fn heard(&mut self) {
        self.life.heard();
    }

    fn decode(&mut self, prefix: &[u8]) -> Result<Step<Header>, FrameError> {
        self.life.decode(prefix)
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

/// As much of the input as a packet's mark has.
fn first(input: &[u8]) -> &[u8] {
    input.get(..crate::ncp::MAGIC.len()).unwrap_or(input)
}
