//! Where the bytes of frames are kept: once, each frame in one piece, and nothing
//! is moved when more come.

/// The address space is given out in pages, so that a segment is found by its
/// addresses without a search.
const PAGE: usize = 1 << PAGE_BITS;
const PAGE_BITS: u32 = 16;

/// The largest segment for several frames.
const SEGMENT: usize = 4 << 20;

/// Larger frames have a segment of their own, so that little is left empty at the
/// end of one: 3 % of [`SEGMENT`].
pub(super) const ALONE: usize = 128 << 10;

/// How many pages 32-bit addresses can tell apart; the last one is left out, so
/// that [`super::columns::NO_ADDRESS`] is never one.
const MAX_PAGES: usize = (1 << (32 - PAGE_BITS)) - 1;

#[derive(Debug)]
struct Segment {
    first_page: u32,
    /// Its capacity is what the segment can hold, and it is never exceeded.
    bytes: Vec<u8>,
}

/// Bytes of frames, by 32-bit addresses.
#[derive(Debug, Default)]
pub(super) struct Store {
    segments: Vec<Segment>,
    /// The segment of each page.
    pages: Vec<u32>,
    /// The segment that the next frame goes to, if it has room.
    open: Option<usize>,
    held: usize,
}

impl Store {
    /// How many bytes are kept.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Keeps a frame. `None` when there are no addresses left: after 4 GiB.
    pub(super) fn put(&mut self, frame: &[u8]) -> Option<u32> {
        if frame.len() > ALONE {
            return self.adopt(frame.to_vec());
        }
        let room = |segment: &Segment| segment.bytes.capacity() - segment.bytes.len();
        let index = match self.open {
            Some(index) if room(&self.segments[index]) >= frame.len() => index,
            _ => self.begin(frame.len())?,
        };
        let segment = &mut self.segments[index];
        let address = address(segment.first_page, segment.bytes.len());
        segment.bytes.extend_from_slice(frame);
        self.held += frame.len();
        Some(address)
    }

    /// Keeps a frame that is in a place of its own already. `None` as for `put`.
    pub(super) fn adopt(&mut self, frame: Vec<u8>) -> Option<u32> {
        if frame.len() <= ALONE {
            return self.put(&frame);
        }
        self.held += frame.len();
        let held = frame.len();
        let index = self.add(frame, held);
        if index.is_none() {
            self.held -= held;
        }
        let first_page = self.segments[index?].first_page;
        Some(address(first_page, 0))
    }

    /// `length` bytes at an address that `put` or `adopt` gave.
    pub(super) fn get(&self, address: u32, length: usize) -> Option<&[u8]> {
        let page = address >> PAGE_BITS;
        let segment = self
            .segments
            .get(*self.pages.get(page as usize)? as usize)?;
        let start = ((page - segment.first_page) as usize * PAGE) + (address as usize & (PAGE - 1));
        segment.bytes.get(start..)?.get(..length)
    }

    /// Gives the memory of the segment back that holds an address.
    pub(super) fn release(&mut self, segment: u32) {
        if let Some(segment) = self.segments.get_mut(segment as usize) {
            self.held -= segment.bytes.len();
            segment.bytes = Vec::new();
        }
    }

    /// The number of the segment that holds an address.
    pub(super) fn segment_of(&self, address: u32) -> Option<u32> {
        self.pages.get((address >> PAGE_BITS) as usize).copied()
    }

    /// Begins a segment for frames of up to `least` bytes and more. Segments grow
    /// with what there is, so that a few frames do not take megabytes.
    #[cold]
    fn begin(&mut self, least: usize) -> Option<usize> {
        let size = (self.held / 8).clamp(PAGE, SEGMENT).max(least);
        let size = size.next_multiple_of(PAGE);
        let index = self.add(Vec::with_capacity(size), size)?;
        self.open = Some(index);
        Some(index)
    }

    fn add(&mut self, bytes: Vec<u8>, size: usize) -> Option<usize> {
        let index = self.segments.len();
        let (first, pages) = (self.pages.len(), size.div_ceil(PAGE));
        if pages > MAX_PAGES.saturating_sub(first) {
            return None;
        }
        // Both fit: there are less than 2^16 pages.
        self.pages.resize(first + pages, index as u32);
        self.segments.push(Segment {
            first_page: first as u32,
            bytes,
        });
        Some(index)
    }
}

/// A segment has less than 4 GiB: it fits.
fn address(first_page: u32, offset: usize) -> u32 {
    (first_page << PAGE_BITS) + offset as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_found_again_whatever_its_size() {
        let mut store = Store::default();
        let sizes = [1, 8, 200, PAGE, ALONE, ALONE + 1, 3 * PAGE, 1 << 20, 5];
        let kept: Vec<_> = (0..60_u8)
            .map(|n| {
                let frame = vec![n; sizes[usize::from(n) % sizes.len()]];
                (store.put(&frame).unwrap(), frame)
            })
            .collect();
        for (address, frame) in &kept {
            assert_eq!(store.get(*address, frame.len()), Some(&frame[..]));
        }
        let held: usize = kept.iter().map(|(_, frame)| frame.len()).sum();
        assert_eq!(store.held(), held);
        let taken: usize = store.segments.iter().map(|s| s.bytes.capacity()).sum();
        assert!(taken < held + held / 8, "{taken} for {held}");
        assert_eq!(store.get(u32::MAX, 1), None);
        assert_eq!(store.get(kept[0].0, 1 << 30), None);
    }

    #[test]
    fn many_small_frames_leave_little_room_empty() {
        let mut store = Store::default();
        for _ in 0..200_000 {
            store.put(&[7; 200]).unwrap();
        }
        let taken: usize = store.segments.iter().map(|s| s.bytes.capacity()).sum();
        assert!(taken < 42_000_000, "{taken} for 40,000,000");
    }

    #[test]
    fn a_released_segment_has_nothing() {
        let mut store = Store::default();
        let (one, large) = (
            store.put(&[1]).unwrap(),
            store.put(&[2; ALONE + 1]).unwrap(),
        );
        store.release(store.segment_of(large).unwrap());
        assert_eq!(store.get(large, 1), None);
        assert_eq!(store.get(one, 1), Some(&[1][..]));
        assert_eq!(store.held(), 1);
    }

    #[test]
    fn addresses_end_without_harm() {
        let mut store = Store {
            pages: vec![u32::MAX; MAX_PAGES - 1],
            ..Store::default()
        };
        assert_eq!(store.put(&[0; ALONE]), None);
        assert_eq!(store.put(&[0; ALONE + 1]), None);
        let last = store.put(&[3; 9]).unwrap();
        assert_eq!(store.get(last, 9), Some(&[3; 9][..]));
        assert_eq!(store.held(), 9);
    }
}
