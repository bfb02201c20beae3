//! How fields and parameters are reached: by name where that is enough.

use wigwag_codec::ncp::Ident;

use crate::detail::path::{Part, Step};
use crate::order::sorted;

/// All names, in their order, so that those that come twice stand together.
pub(super) struct Names {
    keys: Vec<[u8; 4]>,
}

/// A name with all its ends alike.
fn key(name: Ident) -> [u8; 4] {
    let mut key = [0; 4];
    for (place, byte) in key.iter_mut().zip(name.trimmed()) {
        *place = *byte;
    }
    key
}

impl Names {
    pub(super) fn of(names: impl Iterator<Item = Ident>) -> Self {
        let keys = sorted(names.map(key).collect(), &|a, b| a < b);
        Self { keys }
    }

    /// The step to a field: its name, or its place where the name comes again.
    pub(super) fn step(&self, name: Ident, index: u32) -> Step {
        let name_key = key(name);
        let at = self.keys.partition_point(|key| *key < name_key);
        let is_alone = self.keys.get(at + 1) != Some(&name_key);
        if is_alone && !name.trimmed().is_empty() {
            Step::Key(name.trimmed().into())
        } else {
            Step::Index(index)
        }
    }

    /// The steps to a parameter.
    pub(super) fn steps(&self, name: Ident, index: u32) -> Vec<Step> {
        match self.step(name, index) {
            Step::Index(index) => vec![Step::Part(Part::Params), Step::Index(index)],
            step => vec![step],
        }
    }
}
