use super::{FrameError, FrameErrorKind, Framer, Piece, Step};

/// Reads a datagram, which must be exactly one frame; `None` if it carries no
/// message. A message over the framer's limit is here already, so it is given as
/// any other.
///
/// ```
/// use wigwag_codec::framer::decode_datagram;
/// use wigwag_codec::mark::MarkFramer;
///
/// let found = decode_datagram(&mut MarkFramer::SECOND, b"\xf0\x9f\x98\x98hi")?;
/// assert_eq!(found.map(|message| message.data), Some(4..6));
/// # Ok::<(), wigwag_codec::framer::FrameError>(())
/// ```
///
/// # Errors
/// Those of [`Framer::decode`]; [`FrameErrorKind::Misfit`] if the datagram is
/// less or more than one frame. Unlike on a stream, the datagrams that follow
/// are not affected.
pub fn decode_datagram<F: Framer>(
    framer: &mut F,
    datagram: &[u8],
) -> Result<Option<Piece<F::Meta>>, FrameError> {
    let length = datagram.len();
    let (meta, data) = match framer.decode(datagram)? {
        Step::Frame {
            meta,
            body,
            consumed,
        } if consumed == length => (meta, body),
        Step::Head {
            meta,
            skip,
            body_len,
            tail,
        } if skip.saturating_add(body_len).saturating_add(tail) == length => {
            (meta, skip..skip.saturating_add(body_len))
        }
        Step::Passthrough { meta, skip } if skip <= length => (meta, skip..length),
        Step::Skip(n) if n == length => return Ok(None),
        step => {
            let offset = match step {
                Step::Frame { consumed, .. } => consumed.min(length),
                _ => length,
            };
            return Err(FrameError::new(FrameErrorKind::Misfit, offset));
        }
    };
    let end_of_message = true;
    Ok(Some(Piece {
        meta,
        data,
        end_of_message,
    }))
}
