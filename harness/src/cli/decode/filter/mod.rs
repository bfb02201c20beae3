//! The expression of `--filter`: terms that must all hold. What they can be
//! about depends on the format.

mod ncp;
mod ngtt;

pub(crate) use ncp::NcpFilter;
pub(crate) use ngtt::NgttFilter;

use crate::cli::format::Format;
use crate::cli::outcome::Failure;

/// What to show of a format.
pub(crate) enum Filter {
    Ngtt(NgttFilter),
    Ncp(NcpFilter),
}

impl Filter {
    pub(crate) fn new(format: Format, text: &str) -> Result<Self, Failure> {
        let filter = match format {
            Format::Ngtt => text.parse().map(Self::Ngtt),
            Format::Ncp => text.parse().map(Self::Ncp),
            Format::Minijson | Format::Prefix => Err(
                "it chooses among NGTT frames and NCP packets; it does nothing for other formats"
                    .into(),
            ),
        };
        filter.map_err(|why: String| Failure::Usage(format!("--filter {text}: {why}")))
    }

    pub(crate) const fn ngtt(&self) -> Option<&NgttFilter> {
        match self {
            Self::Ngtt(filter) => Some(filter),
            Self::Ncp(_) => None,
        }
    }

    pub(crate) const fn ncp(&self) -> Option<&NcpFilter> {
        match self {
            Self::Ncp(filter) => Some(filter),
            Self::Ngtt(_) => None,
        }
    }
}

/// `FIELD=VALUE` or `FIELD!=VALUE`, and whether it was the first.
fn split(term: &str) -> Result<(&str, bool, &str), String> {
    term.split_once("!=")
        .map(|(field, value)| (field.trim(), false, value.trim()))
        .or_else(|| {
            term.split_once('=')
                .map(|(field, value)| (field.trim(), true, value.trim()))
        })
        .ok_or_else(|| format!("`{term}` is neither FIELD=VALUE nor FIELD!=VALUE"))
}
