#![no_main]
//! Stacks of framers with handshakes and clocks, and a peer who says anything at
//! any time: what they say is bounded, they always have room for what they wait
//! for, and their clocks never keep a driver busy.

#[allow(dead_code, unreachable_pub)]
#[path = "../../tests/framers/line.rs"]
mod line;

use libfuzzer_sys::fuzz_target;
use line::{LineFramer, Role};
use wigwag_codec::framer::{FrameError, Framer, Over};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_codec_fuzz::{End, Script};

/// Bytes of the buffer.
const ROOM: usize = 64;

fn run<F: Framer>(framer: F, script: &mut Script<'_>) -> Result<(), FrameError> {
    let mut end: End<F, ROOM> = End::start(framer)?;
    while !script.is_empty() {
        match script.below(4) {
            0 => end.wait(script.below(256))?,
            _ => {
                let length = script.below(100);
                end.take(script.take(length))?;
            }
        }
    }
    end.stop()
}

fuzz_target!(|input: &[u8]| {
    let mut script = Script::new(input);
    let role = [Role::Client, Role::Server][script.below(2)];
    let line = |max| LineFramer::new(role, max, 200);
    let prefix = PrefixFramer::for_buffer(ROOM);
    // An error ends the connection, which is all that may come of it.
    let _ = match script.below(6) {
        0 => run(line(60), &mut script),
        1 => run(Over::new(line(50), prefix), &mut script),
        2 => run(Over::new(prefix, line(60)), &mut script),
        3 => run(Over::new(line(50), line(60)), &mut script),
        4 => run(
            Over::new(line(30), Over::new(line(40), line(60))),
            &mut script,
        ),
        _ => run(Over::new(line(50), MarkFramer::new(*b"!")), &mut script),
    };
});
