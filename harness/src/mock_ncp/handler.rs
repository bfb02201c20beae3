//! What answers commands: a function from a field to answers.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ncp::{Field, Header, NcpError, NcpErrorKind, Packet, PacketWriter, Time};

/// Bytes of the first place that an answer is written to; each next one is
/// twice as large.
const FIRST_PLACE: usize = 512;

/// Longest answer, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// The answers to a command, in the order in which they are sent. An error
/// makes the server say ERRO 500 and close the connection.
pub type Answers = Result<Vec<Answer>, Box<dyn Error + Send + Sync>>;

/// Answers commands, for all connections. It must not block.
pub(super) type Handler = Arc<dyn for<'a> Fn(&Asked<'a>) -> Answers + Send + Sync>;

/// A command: one field of a packet, and who asks.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub(super) packet: Packet<'a>,
    pub(super) field: Field<'a>,
    pub(super) hostname: &'a str,
    pub(super) now: Time,
    pub(super) info: [u8; 4],
}

impl<'a> Asked<'a> {
    /// A command of nobody, to call a handler by hand.
    ///
    /// ```
    /// use wigwag_codec::ncp::{Packet, Time, Value, packet};
    /// use wigwag_harness::mock_ncp::{Asked, node};
    ///
    /// let mut place = [0; 64];
    /// let wire = packet(&mut place, "TEST").field("ECHO").param("A", 5).finish()?;
    /// let packet = Packet::decode(wire)?;
    /// let field = packet.field("ECHO").unwrap();
    /// let answers = node::answer(&Asked::by_hand(packet, field, Time::ZERO))?;
    /// let answer = answers[0].packet();
    /// let param = answer.field("ECHO").unwrap().param("A").unwrap();
    /// assert_eq!(param.value()?, Value::I32(5));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub const fn by_hand(packet: Packet<'a>, field: Field<'a>, now: Time) -> Self {
        Self {
            packet,
            field,
            hostname: "",
            now,
            info: [0; 4],
        }
    }

    /// The packet that the field stands in.
    #[must_use]
    pub const fn packet(&self) -> &Packet<'a> {
        &self.packet
    }

    /// The field.
    #[must_use]
    pub const fn field(&self) -> &Field<'a> {
        &self.field
    }

    /// What the client calls itself.
    #[must_use]
    pub const fn hostname(&self) -> &'a str {
        self.hostname
    }

    /// The server's time of day.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Whether it is this field in a packet of this type.
    #[must_use]
    pub fn is(&self, kind: &str, name: &str) -> bool {
        self.packet.kind() == *kind && self.field.name == *name
    }

    /// An answer: a packet with a field of the same name and id, to which
    /// `write` adds parameters. It may be called several times.
    ///
    /// ```
    /// # use wigwag_codec::ncp::{Packet, Time, packet};
    /// # use wigwag_harness::mock_ncp::{Answers, Asked};
    /// fn answer(asked: &Asked<'_>) -> Answers {
    ///     Ok(vec![asked.answer(|field| field.param("TIMM", 1))?])
    /// }
    /// # let mut place = [0; 64];
    /// # let wire = packet(&mut place, "DSPC").field("TIME").finish().unwrap();
    /// # let packet = Packet::decode(wire).unwrap();
    /// # let field = packet.field("TIME").unwrap();
    /// # let answers = answer(&Asked::by_hand(packet, field, Time::ZERO)).unwrap();
    /// # assert!(answers[0].packet().field("TIME").unwrap().param("TIMM").is_some());
    /// ```
    ///
    /// # Errors
    /// What the writer finds wrong; an answer of more than 64 MiB.
    pub fn answer(
        &self,
        write: impl Fn(PacketWriter<'_>) -> PacketWriter<'_>,
    ) -> Result<Answer, NcpError> {
        let header = Header {
            time: self.now,
            info: self.info,
            ..Header::new(self.packet.kind())
        };
        let mut room = FIRST_PLACE;
        loop {
            let mut place = vec![0; room];
            let writer = PacketWriter::new(&mut place, header);
            match write(writer.field_as(self.field.name, self.field.id)).finish() {
                Ok(wire) => {
                    let length = wire.len();
                    place.truncate(length);
                    return Ok(Answer {
                        wire: place,
                        delay: Duration::ZERO,
                    });
                }
                Err(error) if error.kind == NcpErrorKind::NoSpace && room < MAX_ANSWER => {
                    room *= 2;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// An answer that the command was heard, and that another one follows.
    ///
    /// # Errors
    /// None that a caller can do something about.
    pub fn acknowledge(&self) -> Result<Answer, NcpError> {
        self.answer(|field| field.param("ACKN", 1))
    }

    /// An answer that the command failed.
    ///
    /// # Errors
    /// `detail` has a NUL in it.
    pub fn fail(&self, detail: &str, code: i32) -> Result<Answer, NcpError> {
        self.answer(|field| field.param("ERRO", detail).param("ERRC", code))
    }
}

/// A packet that answers a command, and when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(super) wire: Vec<u8>,
    pub(super) delay: Duration,
}

impl Answer {
    /// The same, sent this long after the command came.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// How long after the command it is sent.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    /// What is sent.
    ///
    /// # Panics
    /// Never: a writer wrote it.
    #[must_use]
    pub fn packet(&self) -> Packet<'_> {
        Packet::decode(&self.wire).expect("a writer wrote it")
    }
}
