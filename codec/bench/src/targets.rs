//! What the codec is for: at least so fast, at most so many instructions.

use crate::case::OURS;
use crate::formats::{DECODE, ENCODE, LAZY, SKIP, WALK};
use crate::packets::{ARRAY, MEMCPY};
use crate::results::{Figures, Results};
use crate::split::{IN_PLACE, SPLIT};

/// One goal.
pub(crate) struct Target {
    pub(crate) operation: &'static str,
    /// What of: the large document, or a size of frames.
    pub(crate) document: &'static str,
    goal: Goal,
    /// What stands in the way, if it is missed.
    because: &'static str,
}

enum Goal {
    /// So many times as fast as this crate, with the same document.
    Speed(&'static str, f64),
    PerByte(f64),
    Instructions(f64),
}

use Goal::{Instructions, PerByte, Speed};

const BIG: &str = "big";

const fn target(
    operation: &'static str,
    document: &'static str,
    goal: Goal,
    because: &'static str,
) -> Target {
    Target {
        operation,
        document,
        goal,
        because,
    }
}

/// What callgrind's profiles say.
const ITEMS: &str = "each typed method keeps reader, count and budget in memory, so that the decoder may be handed on: of a reading's instructions four in ten open and close its list of two, three in ten read the time, and `from_utf8` takes some 80 for a text of five bytes";
const WALKED: &str = "of a reading's instructions four in ten check its list of two for room, depth and budget and find back to the list around it, and a third read a time that says its own length";
const TEXT: &str = "of what walking takes; UTF-8 is a sixth of it";
const PASS: &str = "a list of two readings is checked for room, depth and budget, and each scalar for the end of the input";
const WRITER: &str = "a reading takes 45 instructions: 27 find how many bytes its time stamp has and put them in order (MessagePack has a few fixed widths), 10 are the loop and its checks of the room, 8 the rest; an order takes 206, in which each text of unknown length and each number is taken apart so, and each entry looks for room by itself";
const MEMORY: &str = "the machine copied something else just then: measure again";
const SPLITTER: &str = "a frame takes 26 instructions: 9 of the program that takes it, 7 that ask for the receiver's state and keep it, 10 of the framer";

const TARGETS: [Target; 17] = [
    target(DECODE, BIG, Speed("zerompk", 1.0), ITEMS),
    target(DECODE, BIG, Speed("rmp-serde", 2.0), ITEMS),
    target(DECODE, BIG, PerByte(8.0), ITEMS),
    target(WALK, BIG, Speed("cbor4ii", 2.0), TEXT),
    target(WALK, BIG, PerByte(7.5), TEXT),
    target(LAZY, BIG, PerByte(5.2), WALKED),
    target(SKIP, BIG, Speed("cbor4ii", 2.4), PASS),
    target(SKIP, BIG, PerByte(5.5), PASS),
    target(ENCODE, BIG, Speed("zerompk", 0.9), WRITER),
    target(ENCODE, BIG, Speed("minicbor, by hand", 1.3), WRITER),
    target(ENCODE, BIG, PerByte(2.3), WRITER),
    target(SPLIT, "64 B", Instructions(21.0), SPLITTER),
    target(SPLIT, "64 B", Speed("tokio-util", 5.0), SPLITTER),
    target(ARRAY, "u8", Speed(MEMCPY, 0.5), MEMORY),
    target(ARRAY, "i16", Speed(MEMCPY, 0.5), MEMORY),
    target(ARRAY, "f32", Speed(MEMCPY, 0.5), MEMORY),
    target(ARRAY, "f64", Speed(MEMCPY, 0.5), MEMORY),
];

/// The rows of the table of targets.
pub(crate) fn rows(results: &Results) -> Vec<String> {
    TARGETS
        .iter()
        .filter_map(|target| target.row(results))
        .collect()
}

/// The end of a row: the verdict on `figure`, of which `met` says what it is.
pub(crate) fn verdict(met: bool, because: &str) -> String {
    if met {
        "**met**".to_owned()
    } else {
        format!("**missed**, because {because}")
    }
}

impl Target {
    fn row(&self, results: &Results) -> Option<String> {
        let ours = results.get(self.operation, self.document, OURS)?;
        let (goal, figure, met) = match self.goal {
            Speed(who, least) => {
                let theirs = self.peer(results, who)?;
                let ratio = theirs.nanoseconds / ours.nanoseconds;
                let goal = format!("at least {least} × {who}");
                (goal, format!("{ratio:.2} ×"), ratio >= least)
            }
            PerByte(most) => {
                let figure = ours.instructions_per_byte();
                let goal = format!("at most {most} instructions per byte");
                (goal, format!("{figure:.2}"), figure <= most)
            }
            Instructions(most) => {
                // Of the splitting, without the copy into a buffer.
                let in_place = results.get(self.operation, self.document, IN_PLACE);
                let figure = in_place?.instructions;
                let goal = format!("at most {most} instructions a frame");
                (goal, format!("{figure:.1}"), figure <= most)
            }
        };
        let verdict = verdict(met, self.because);
        let (operation, document) = (self.operation, self.document);
        Some(format!(
            "| {operation}, {document} | {goal} | {figure} | {verdict} |"
        ))
    }

    /// Memcpy has no type of number.
    fn peer<'a>(&self, results: &'a Results, who: &str) -> Option<&'a Figures> {
        let document = if who == MEMCPY { "u8" } else { self.document };
        results.get(self.operation, document, who)
    }
}
