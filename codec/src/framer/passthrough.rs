use super::{FrameError, Framer, Step};

/// The framer that does nothing: bytes pass as they are, at no cost.
///
/// Over datagrams, or on a framer with messages, it keeps theirs; on a stream
/// the whole connection is one message.
///
/// ```
/// use wigwag_codec::framer::{Framer, Over, Passthrough, write};
/// use wigwag_codec::prefix::PrefixFramer;
///
/// let mut wire = [0; 8];
/// assert_eq!(write(&mut Passthrough, &(), b"hi", &mut wire), Ok(2));
/// assert_eq!(&wire[..2], b"hi");
/// assert_eq!((size_of::<Passthrough>(), Passthrough::OUT), (0, 0));
/// assert!(!Passthrough::PRESERVES_BOUNDARIES);
/// assert!(<Over<PrefixFramer, Passthrough>>::PRESERVES_BOUNDARIES);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passthrough;

impl Framer for Passthrough {
    const HEAD: usize = 0;
    const TAIL: usize = 0;
    const PRESERVES_BOUNDARIES: bool = false;
    type Meta = ();
    const CARRIER: Option<()> = Some(());

    fn decode(&mut self, _prefix: &[u8]) -> Result<Step<()>, FrameError> {
        let (meta, skip) = ((), 0);
        Ok(Step::Passthrough { meta, skip })
    }

    fn encode(
        &mut self,
        (): &(),
        _body_len: usize,
        _head: &mut [u8],
        _tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        Ok((0, 0))
    }
}
