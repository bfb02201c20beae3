//! Which requests are outstanding.

use super::super::Ident;
use super::{OpenError, Request, Who};

/// No slot.
pub(super) const NONE: u16 = u16::MAX;

/// A field of a request whose answers are waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// How often it was freed.
    generation: u32,
    is_open: bool,
    kind: Ident,
    name: Ident,
    id: u32,
    /// The next field of the same request.
    next: u16,
    /// How many wait for it now.
    waiting: u16,
    /// Fields that were dropped since the last one that was kept.
    pub(super) lost: u16,
}

impl Slot {
    pub(super) const FREE: Self = Self {
        generation: 0,
        is_open: false,
        kind: Ident::from_wire([0; 4]),
        name: Ident::from_wire([0; 4]),
        id: 0,
        next: NONE,
        waiting: 0,
        lost: 0,
    };

    fn is(&self, kind: Ident, name: Ident, id: u32) -> bool {
        self.is_open && self.id == id && self.name == name && self.kind == kind
    }

    /// It names nothing any more.
    pub(super) fn free(&mut self) {
        *self = Self {
            generation: self.generation.wrapping_add(1),
            ..Self::FREE
        };
    }

    pub(super) const fn waiting(&self) -> u16 {
        self.waiting
    }
}

/// All of them.
pub(super) struct Table<'t>(pub(super) &'t mut [Slot]);

impl Table<'_> {
    /// Takes a slot for each field, or none at all.
    pub(super) fn open(
        &mut self,
        kind: Ident,
        fields: impl Iterator<Item = (Ident, u32)>,
    ) -> Result<Request, OpenError> {
        let mut request: Option<Request> = None;
        let mut last = NONE;
        for (name, id) in fields {
            match self.open_one(kind, name, id) {
                Ok(index) => {
                    match self.get_mut(last) {
                        Some(last) => last.next = index,
                        None => {
                            let generation = self.get_mut(index).map(|slot| slot.generation);
                            request = generation.map(|generation| Request {
                                first: index,
                                generation,
                            });
                        }
                    }
                    last = index;
                }
                Err(error) => {
                    if let Some(request) = request {
                        self.close(request, |_| {});
                    }
                    return Err(error);
                }
            }
        }
        request.ok_or(OpenError::NoField)
    }

    fn open_one(&mut self, kind: Ident, name: Ident, id: u32) -> Result<u16, OpenError> {
        let mut free = None;
        for (index, slot) in self.0.iter().enumerate() {
            if slot.is(kind, name, id) {
                return Err(OpenError::Outstanding);
            }
            if !slot.is_open && free.is_none() {
                free = u16::try_from(index).ok();
            }
        }
        let index = free.ok_or(OpenError::Full)?;
        let slot = self.get_mut(index).ok_or(OpenError::Full)?;
        *slot = Slot {
            generation: slot.generation,
            is_open: true,
            kind,
            name,
            id,
            ..Slot::FREE
        };
        Ok(index)
    }

    /// Frees the slots of a request, and names each.
    pub(super) fn close(&mut self, request: Request, mut freed: impl FnMut(u16)) {
        let mut index = self.first(request);
        // Not more steps than there are slots.
        for _ in 0..self.0.len() {
            let Some(slot) = self.get_mut(index) else {
                return;
            };
            let next = slot.next;
            slot.free();
            freed(index);
            index = next;
        }
    }

    /// The slot that a received field belongs to.
    pub(super) fn find(&self, kind: Ident, name: Ident, id: u32) -> u16 {
        let index = self.0.iter().position(|slot| slot.is(kind, name, id));
        index
            .and_then(|index| u16::try_from(index).ok())
            .unwrap_or(NONE)
    }

    pub(super) fn get(&self, index: u16) -> Option<&Slot> {
        self.0.get(usize::from(index))
    }

    pub(super) fn get_mut(&mut self, index: u16) -> Option<&mut Slot> {
        self.0.get_mut(usize::from(index))
    }

    /// The first slot of a request that is outstanding.
    fn first(&self, request: Request) -> u16 {
        let is_its = |slot: &&Slot| slot.is_open && slot.generation == request.generation;
        match self.get(request.first).filter(is_its) {
            Some(_) => request.first,
            None => NONE,
        }
    }

    /// The slots whose fields `who` wants.
    pub(super) fn slots(&self, who: &Who) -> impl Iterator<Item = u16> {
        let (first, name) = match who {
            Who::Recv => (NONE, None),
            Who::Request(request) => (self.first(*request), None),
            Who::Field(request, name) => (self.first(*request), Some(*name)),
        };
        let all = core::iter::successors(Some(first), |index| Some(self.get(*index)?.next));
        all.take(self.0.len())
            .take_while(|index| *index != NONE)
            .filter(move |index| {
                let slot = self.get(*index);
                name.is_none_or(|name| slot.is_some_and(|slot| slot.name == name))
            })
    }

    /// Whether a field of `owner` is for `who`.
    pub(super) fn is_for(&self, who: &Who, owner: u16) -> bool {
        match who {
            Who::Recv => owner == NONE,
            _ => owner != NONE && self.slots(who).any(|index| index == owner),
        }
    }

    /// Counts those who wait for what `who` wants.
    pub(super) fn count(&mut self, who: &Who, more: bool) {
        let (request, name) = match who {
            Who::Recv => return,
            Who::Request(request) => (*request, None),
            Who::Field(request, name) => (*request, Some(*name)),
        };
        let mut index = self.first(request);
        // Not more steps than there are slots.
        for _ in 0..self.0.len() {
            let Some(slot) = self.get_mut(index) else {
                return;
            };
            if name.is_none_or(|name| slot.name == name) {
                slot.waiting = if more {
                    slot.waiting.saturating_add(1)
                } else {
                    slot.waiting.saturating_sub(1)
                };
            }
            index = slot.next;
        }
    }

    /// An id so that as many from it on as there are slots are not outstanding.
    pub(super) fn free_ids(&self, from: u32) -> u32 {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let mut first = from;
        // Each turn goes beyond one of them at least.
        for _ in 0..=self.0.len() {
            let taken = self
                .0
                .iter()
                .filter(|slot| slot.is_open && slot.id.wrapping_sub(first) < count)
                .max_by_key(|slot| slot.id.wrapping_sub(first));
            match taken {
                Some(slot) => first = slot.id.wrapping_add(1),
                None => break,
            }
        }
        first
    }

    pub(super) fn open_slots(&self) -> usize {
        self.0.iter().filter(|slot| slot.is_open).count()
    }
}
