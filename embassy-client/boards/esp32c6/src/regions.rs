//! The regions of flash beside the program, as offsets from its start:
//! partitions.csv has the same.

use core::ops::Range;

/// The region of the journal.
pub const JOURNAL: Range<u32> = 0x3d_0000..0x3f_0000;

/// The region of the settings image. As long as the image may be, since it is
/// read into memory at the start.
pub const SETTINGS: Range<u32> = 0x3f_0000..0x3f_2000;
