use httparse::{EMPTY_HEADER, Response};

use super::{MAX_FIELDS, MAX_HEAD};
use crate::framer::{FrameError, FrameErrorKind};

/// What the answer to a request for a tunnel is.
pub(in crate::ncp::link) enum Opening {
    /// Not all of it is here.
    Need,
    /// The tunnel is there, behind so many bytes.
    Open { consumed: usize },
}

/// Reads the answer to a request for a tunnel.
pub(in crate::ncp::link) fn read_response(input: &[u8]) -> Result<Opening, FrameError> {
    let error = |kind| Err(FrameError::new(kind, 0));
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut response = Response::new(&mut fields);
    let parsed = response.parse(input);
    let is_whole = parsed.as_ref().is_ok_and(httparse::Status::is_complete);
    if input.len() >= MAX_HEAD && !is_whole {
        return error(FrameErrorKind::TooLarge {
            length: input.len(),
            limit: MAX_HEAD,
        });
    }
    match (parsed, response.code) {
        (Ok(httparse::Status::Complete(consumed)), Some(200..=299)) => {
            Ok(Opening::Open { consumed })
        }
        (Ok(httparse::Status::Complete(_)), Some(code)) => error(FrameErrorKind::Refused { code }),
        (Ok(_), _) => Ok(Opening::Need),
        (Err(_), _) => error(FrameErrorKind::Unrecognized),
    }
}
