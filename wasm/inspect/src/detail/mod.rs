//! What is in a frame: every field with its bytes, its path and its meaning.

mod layout;
mod meaning;
mod path;
mod scalar;
mod tree;

use wigwag_codec::minijson::{Limits, MAX_DEPTH};

pub(crate) use layout::{NcpLayout, NgttLayout, split_prefix};
pub(crate) use meaning::{log_level, purpose, type_name};
pub use path::{MAX_STEPS, Path, PathError, Prefix};
pub use scalar::{Numbers, Scalar};
pub(crate) use tree::show;
pub use tree::{Kind, NO_PARENT, Node, Tree, tree};

/// What an inspector believes of a payload: as many levels as the codec can follow.
/// A person wants to see what a program would refuse.
pub(crate) const LIMITS: Limits = Limits::new().with_depth(MAX_DEPTH);
