//! The questions that may still be answered: a small table with a bound.

use super::columns::NO_ROW;

/// What an answer is found by: connection, sort of question, and what identifies
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) connection: u32,
    pub(super) sort: u32,
    pub(super) name: u32,
    pub(super) id: u32,
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    key: Key,
    pub(super) row: u32,
    /// Its answer is one that says that the answer follows.
    pub(super) is_acknowledged: bool,
}

const NONE: Question = Question {
    key: Key {
        connection: 0,
        sort: 0,
        name: 0,
        id: 0,
    },
    row: NO_ROW,
    is_acknowledged: false,
};

/// How many questions share a bucket: that many of the same hash are kept.
const WAYS: usize = 4;

/// The most questions: 6 MB of them.
const MAX: usize = 1 << 18;

/// Questions by their keys.
///
/// A hash table without chains: a key has a bucket of four. When a bucket is full the
/// table is doubled, up to a bound; then the oldest question of the bucket is
/// forgotten. So a look costs the same whatever comes, and a flood of questions
/// costs nothing but old questions.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Nothing, or buckets: a power of two of them.
    slots: Vec<Question>,
}

impl Questions {
    #[inline]
    fn bucket(&self, key: &Key) -> usize {
        // Ids of one connection follow each other, and so do their buckets.
        let hash = key
            .id
            .wrapping_add(key.connection.wrapping_mul(0x9e37_79b1))
            .wrapping_add(key.sort.wrapping_mul(0x85eb_ca6b))
            .wrapping_add(key.name.wrapping_mul(0xc2b2_ae35));
        (hash as usize & (self.slots.len() / WAYS).wrapping_sub(1)) * WAYS
    }

    /// The question with this key.
    #[inline]
    pub(super) fn get(&mut self, key: &Key) -> Option<&mut Question> {
        let at = self.bucket(key);
        let bucket = self.slots.get_mut(at..at + WAYS)?;
        bucket
            .iter_mut()
            .find(|slot| slot.row != NO_ROW && slot.key == *key)
    }

    /// Forgets the question with this key, and says its row.
    #[inline]
    pub(super) fn remove(&mut self, key: &Key) -> Option<u32> {
        let question = self.get(key)?;
        Some(std::mem::replace(&mut question.row, NO_ROW))
    }

    /// Remembers a question; there is none with its key.
    #[inline]
    pub(super) fn insert(&mut self, key: Key, row: u32) {
        let question = Question {
            key,
            row,
            is_acknowledged: false,
        };
        loop {
            let at = self.bucket(&key);
            let may_grow = self.slots.len() < MAX;
            let bucket = self.slots.get_mut(at..at + WAYS);
            if let Some(bucket) = bucket {
                // No row is larger than NO_ROW: an empty slot is taken first, then
                // that of the oldest.
                let empty = bucket.iter_mut().find(|slot| slot.row == NO_ROW);
                if let Some(slot) = empty {
                    *slot = question;
                    return;
                }
                if !may_grow {
                    if let Some(oldest) = bucket.iter_mut().min_by_key(|slot| slot.row) {
                        *oldest = question;
                    }
                    return;
                }
            }
            self.grow();
        }
    }

    /// Doubles the table. The questions of a bucket go to two buckets: there is
    /// room for them.
    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16 * WAYS);
        let before = std::mem::replace(&mut self.slots, vec![NONE; size]);
        for question in before {
            if question.row != NO_ROW {
                let at = self.bucket(&question.key);
                let bucket = &mut self.slots[at..at + WAYS];
                if let Some(slot) = bucket.iter_mut().find(|slot| slot.row == NO_ROW) {
                    *slot = question;
                }
            }
        }
    }

    /// Remembers a question, instead of one with the same key.
    #[inline]
    pub(super) fn replace(&mut self, key: Key, row: u32) {
        match self.get(&key) {
            Some(known) => {
                known.row = row;
                known.is_acknowledged = false;
            }
            None => self.insert(key, row),
        }
    }

    /// Changes or removes the row of each question: `None` removes it.
    pub(super) fn renumber(&mut self, mut row: impl FnMut(&Key, u32) -> Option<u32>) {
        for slot in &mut self.slots {
            if slot.row != NO_ROW {
                slot.row = row(&slot.key, slot.row).unwrap_or(NO_ROW);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(connection: u32, id: u32) -> Key {
        Key {
            connection,
            id,
            sort: 1,
            name: 0,
        }
    }

    #[test]
    fn what_was_asked_is_found_until_it_is_answered() {
        let mut questions = Questions::default();
        assert!(questions.get(&key(0, 0)).is_none());
        for id in 0..60_000 {
            questions.insert(key(id % 7, id), id);
        }
        for id in 0..60_000 {
            assert_eq!(questions.remove(&key(id % 7, id)), Some(id));
            assert_eq!(questions.remove(&key(id % 7, id)), None);
        }
        questions.insert(key(1, 1), 5);
        questions.replace(key(1, 1), 6);
        assert_eq!(questions.remove(&key(1, 1)), Some(6));
        assert_eq!(questions.remove(&key(1, 1)), None);
    }

    #[test]
    fn a_flood_takes_no_more_than_the_bound_and_the_newest_stay() {
        let mut questions = Questions::default();
        for row in 0..1_000_000 {
            questions.insert(key(0, row), row);
        }
        assert!(questions.slots.len() <= MAX);
        for row in 1_000_000 - 200_000..1_000_000 {
            assert_eq!(questions.remove(&key(0, row)), Some(row));
        }
        // All of one bucket: the last four.
        let mut questions = Questions::default();
        for row in 0..100 {
            questions.insert(key(0, row << 20), row);
        }
        assert_eq!(questions.slots.len(), MAX);
        assert_eq!(questions.remove(&key(0, 99 << 20)), Some(99));
        assert_eq!(questions.remove(&key(0, 96 << 20)), Some(96));
        assert_eq!(questions.remove(&key(0, 95 << 20)), None);
    }
}
