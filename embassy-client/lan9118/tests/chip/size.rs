//! The figures of the documentation.

use lan9118::{Buffers, Chip, Lan9118, Mmio};

#[test]
fn the_memory_is_what_the_documentation_says() {
    assert_eq!(size_of::<Buffers>(), 3032);
    assert!(size_of::<Chip<Mmio>>() + size_of::<Lan9118<'_, Mmio>>() < 200);
    let front = include_str!("../../src/front.md");
    assert!(front.contains("take 3,032 bytes of RAM"));
}
