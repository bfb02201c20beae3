//! The formats that `decode` and `encode` know.

use clap::ValueEnum;
use wigwag_codec::minijson::Limits;

/// How bytes are to be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One minijson value.
    Minijson,
    /// NGTT frames one after another.
    Ngtt,
    /// NCP packets one after another.
    Ncp,
    /// Messages behind a u32 length each.
    Prefix,
}

/// What the command line believes of a minijson value: 128 levels.
pub(crate) const LIMITS: Limits = Limits::new().with_depth(128);
