//! What types of frames are called.

use std::borrow::Cow;

use wigwag_codec::ncp::Ident;
use wigwag_codec::ngtt::FrameType;

use crate::Protocol;

/// The name of a type of [`super::Columns::kind`]; empty for protocols whose frames
/// have no types, the number for a type that NGTT does not know.
///
/// ```
/// use wigwag_inspect::Protocol;
/// use wigwag_inspect::table::kind_name;
///
/// assert_eq!(kind_name(Protocol::Ngtt, 1), "ORDER");
/// assert_eq!(kind_name(Protocol::Ngtt, 999), "999");
/// assert_eq!(kind_name(Protocol::Ncp, u32::from_be_bytes(*b"DSPC")), "DSPC");
/// assert_eq!(kind_name(Protocol::Minijson, 0), "");
/// ```
#[must_use]
pub fn kind_name(protocol: Protocol, kind: u32) -> Cow<'static, str> {
    match protocol {
        Protocol::Ngtt => match u16::try_from(kind).map(FrameType::from_u16) {
            Ok(FrameType::Unknown(_)) | Err(_) => kind.to_string().into(),
            Ok(known) => known.name().into(),
        },
        Protocol::Ncp => Ident::from_wire(kind.to_be_bytes()).to_string().into(),
        _ => "".into(),
    }
}
