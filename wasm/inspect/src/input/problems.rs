//! Problems of an input, not more than a person looks at.

use std::borrow::Cow;

use crate::{Piece, Sink};

/// How many problems of one input are told.
const MAX_PROBLEMS: u32 = 1_000;

/// Tells problems, up to [`MAX_PROBLEMS`], and then that there are more.
#[derive(Debug)]
pub(super) struct Problems {
    told: u32,
}

impl Problems {
    pub(super) const fn new() -> Self {
        Self { told: 0 }
    }

    /// Tells what is wrong at this byte of the input.
    pub(super) fn tell(
        &mut self,
        offset: u64,
        message: impl Into<Cow<'static, str>>,
        sink: &mut dyn Sink,
    ) {
        if self.told > MAX_PROBLEMS {
            return;
        }
        self.told += 1;
        let message = if self.told > MAX_PROBLEMS {
            "from here on, what cannot be read is left out without a word".into()
        } else {
            message.into()
        };
        sink.take(Piece::Problem { offset, message });
    }
}
