use std::format;
use std::string::{String, ToString};

use rand_core::{OsRng, RngCore};

use super::*;

/// Characters of one to four bytes.
const TEXT: &str = "aä€🚩";

fn recorded(text: &str) -> LastWords {
    let mut memory = LastWords::new();
    memory.record(Cause::Fault, format_args!("{text}"));
    memory
}

fn random() -> LastWords {
    let mut memory = LastWords::new();
    memory.cause = OsRng.next_u32();
    memory.length = OsRng.next_u32();
    memory.crc = OsRng.next_u32();
    memory.magic = OsRng.next_u32();
    OsRng.fill_bytes(&mut memory.text);
    memory
}

#[test]
fn what_was_recorded_is_taken_once() {
    for cause in [Cause::Panic, Cause::Fault, Cause::Stuck] {
        let mut memory = random();
        memory.record(cause, format_args!("at {}", 7));
        let words = memory.take().unwrap();
        assert_eq!((words.cause, words.text.as_str()), (cause, "at 7"));
        assert_eq!(memory.take(), None);
        memory.record(cause, format_args!(""));
        assert_eq!(memory.take().unwrap().text, "");
    }
}

#[test]
fn the_last_words_are_the_last() {
    let mut memory = recorded("a long story");
    memory.record(Cause::Stuck, format_args!("short"));
    assert_eq!(memory.take().unwrap().to_string(), "stuck: short");
}

#[test]
fn a_text_is_cut_between_characters_at_every_length() {
    for shift in 0..TEXT.len() {
        for count in 0..60 {
            let text = format!("{}{}", ".".repeat(shift), TEXT.repeat(count));
            let kept = recorded(&text).take().unwrap().text;
            assert!(text.starts_with(kept.as_str()));
            let next = text[kept.len()..].chars().next();
            // Nothing is missing but what does not fit.
            assert!(next.is_none_or(|next| kept.len() + next.len_utf8() > LONGEST));
        }
    }
}

#[test]
fn nothing_follows_what_was_cut() {
    let mut memory = LastWords::new();
    let long = "x".repeat(LONGEST - 1);
    memory.record(Cause::Panic, format_args!("{long}{}{}", "€", "y"));
    assert_eq!(memory.take().unwrap().text, long.as_str());
    memory.record(Cause::Panic, format_args!("{long}{}{}", "y", "z"));
    assert_eq!(memory.take().unwrap().text.len(), LONGEST);
}

#[test]
fn what_was_written_before_the_text_itself_panicked_is_kept() {
    struct Panics;

    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in a panic")
        }
    }

    let mut memory = LastWords::new();
    let recording = std::panic::AssertUnwindSafe(|| {
        memory.record(Cause::Panic, format_args!("before, {Panics}, after"));
    });
    assert!(std::panic::catch_unwind(recording).is_err());
    assert_eq!(memory.take().unwrap().text, "before, ");
}

#[test]
fn random_memory_is_never_believed() {
    for _ in 0..100_000 {
        let mut memory = random();
        // As if chance had found everything but the checksum.
        let kind = OsRng.next_u32();
        if kind & 1 != 0 {
            memory.magic = MAGIC;
        }
        if kind & 2 != 0 {
            memory.length %= 300;
        }
        if kind & 4 != 0 {
            memory.cause = Cause::Panic.number();
        }
        assert_eq!(memory.take(), None);
    }
    for byte in [0x00, 0xFF, 0x55, 0xAA] {
        let word = u32::from_ne_bytes([byte; 4]);
        let mut memory = LastWords::new();
        (memory.magic, memory.cause) = (word, word);
        (memory.length, memory.crc) = (word, word);
        memory.text = [byte; LONGEST];
        assert_eq!(memory.take(), None, "{byte:#04x}");
    }
}

#[test]
fn one_wrong_bit_is_seen() {
    for bit in 0..32 {
        for field in 0..4 {
            let mut memory = recorded(TEXT);
            let LastWords {
                magic,
                cause,
                length,
                crc,
                ..
            } = &mut memory;
            let field = [magic, cause, length, crc].into_iter().nth(field);
            *field.unwrap() ^= 1 << bit;
            assert_eq!(memory.take(), None);
        }
    }
    for bit in 0..8 {
        for at in 0..TEXT.len() {
            let mut memory = recorded(TEXT);
            memory.text[at] ^= 1 << bit;
            assert_eq!(memory.take(), None);
        }
        // What follows the text does not count.
        let mut memory = recorded(TEXT);
        memory.text[TEXT.len()] ^= 1 << bit;
        assert_eq!(memory.take().unwrap().text, TEXT);
    }
}

#[test]
fn a_valid_checksum_over_nonsense_is_not_enough() {
    let mut memory = recorded("text");
    memory.text[0] = 0xFF;
    memory.seal();
    assert_eq!(memory.take(), None);
    let mut memory = recorded("text");
    memory.cause = 0x44;
    memory.seal();
    assert_eq!(memory.take(), None);
    for length in [201, 204, u32::MAX] {
        let mut memory = recorded("text");
        memory.length = length;
        memory.seal();
        assert_eq!(memory.take(), None, "{length}");
        // Nor does it disturb whoever records over it.
        memory.length = length;
        memory.record(Cause::Panic, format_args!("anew"));
        assert_eq!(memory.take().unwrap().text, "anew");
    }
}

#[test]
fn the_layout_is_what_the_linker_script_counts_with() {
    assert_eq!(size_of::<LastWords>(), 16 + LONGEST);
    assert_eq!(align_of::<LastWords>(), 4);
}

#[test]
fn the_checksum_is_that_of_ethernet() {
    // The check value of CRC-32/ISO-HDLC.
    assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
    assert_eq!(crc32(crc32(0, b"1234"), b"56789"), 0xCBF4_3926);
    assert_eq!(crc32(0, b""), 0);
}

#[test]
fn reasons_are_said_in_words() {
    let words = |reason: ResetReason| -> String { reason.to_string() };
    assert_eq!(words(ResetReason::Watchdog), "watchdog");
    assert_eq!(words(ResetReason::BrownOut), "brown-out");
    assert_eq!(
        words(ResetReason::Unknown(0x14)),
        "unknown reset (0x00000014)"
    );
}
