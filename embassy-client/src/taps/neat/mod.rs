//! Compatibility with NEATPy, the Python example of an early draft: its names
//! in today's words ([`translate`]), and its choice of stacks, exactly
//! ([`select`]).
//!
//! What is different from RFC 9622 in the choice itself:
//!
//! | NEATPy | here, by the RFC |
//! |---|---|
//! | AVOID does nothing | decides between equals |
//! | a property that can be left off is never prohibited, and counts when preferred | the same |
//! | UNRELIABLE_DATAGRAM prohibits reliability | avoids it |
//! | RELIABLE_INORDER_STREAM prohibits message boundaries | no preference |
//! | message boundaries and multipath are preferred by default | no preference; several paths are off |
//! | full checksums are not asked for | required by default |
//! | INTERFACE, PVD and LOCAL_ADDRESS_PREFERENCE end in a KeyError | interfaces, domains and temporary addresses are chosen |
//! | no stack is an unfulfilled handler without a reason | the property, and what speaks against each stack |

mod names;
mod properties;
mod select;

pub use names::{NeatClass, TRANSLATIONS, Translation, translate};
pub use properties::{NeatPreference, NeatProperties, NeatProperty, NeatStack, ServiceLevel};
pub use select::{NeatCandidates, NeatRejection, NotInTable, examine, select};
