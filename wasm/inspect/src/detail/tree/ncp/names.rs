//! How fields and parameters are reached: by name where that is enough.

use std::collections::BTreeMap;

use wigwag_codec::ncp::Ident;

use crate::detail::path::{Part, Step};

/// How often each name comes.
pub(super) struct Names {
    counts: BTreeMap<[u8; 4], u32>,
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
        let mut counts = BTreeMap::new();
        for name in names {
            *counts.entry(key(name)).or_default() += 1;
        }
        Self { counts }
    }

    /// The step to a field: its name, or its place where the name comes again.
    pub(super) fn step(&self, name: Ident, index: u32) -> Step {
        let is_alone = self.counts.get(&key(name)) == Some(&1);
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
