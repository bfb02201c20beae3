#![no_main]
//! Two ends of NCP between which words are lost, cut, delayed, forged and made up:
//! neither panics, grows, or turns in circles; and who has not said the right
//! password is never let in.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::framer::{FrameError, Framer};
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Login, Names, ServerLink};
use wigwag_codec_fuzz::{End, Script, ncp_packet};

/// Bytes of the buffers: the longest head of HTTP fits.
const ROOM: usize = 1200;

/// What one end hears next.
fn heard(script: &mut Script<'_>, from_peer: &mut Vec<u8>) -> Vec<u8> {
    match script.below(8) {
        // A stranger's bytes.
        0 => {
            let length = script.below(256);
            script.take(length).to_vec()
        }
        // A packet of the link with any fields.
        1 => {
            let length = script.below(128);
            ncp_packet(script.take(length))
        }
        // The peer's words, lost,
        2 => {
            from_peer.clear();
            Vec::new()
        }
        // cut
        3 => {
            let length = script.below(256).min(from_peer.len());
            from_peer.drain(..length).collect()
        }
        // or damaged.
        4 => {
            let mut bytes = std::mem::take(from_peer);
            let at = script.below(256);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << script.below(8);
            }
            bytes
        }
        _ => std::mem::take(from_peer),
    }
}

/// One step of an end; whether it is still there.
fn step<F: Framer>(
    end: &mut Option<End<F, ROOM>>,
    script: &mut Script<'_>,
    from_peer: &mut Vec<u8>,
    to_peer: &mut Vec<u8>,
) {
    let Some(alive) = end else { return };
    let result = if script.below(4) == 0 {
        alive.wait(script.below(80))
    } else {
        alive.take(&heard(script, from_peer))
    };
    to_peer.append(&mut alive.said);
    if result.is_err() {
        // It is the same after an error as after an end.
        let _ = alive.stop();
        *end = None;
    }
}

fn run(script: &mut Script<'_>) -> Result<(), FrameError> {
    let config = LinkConfig::new(1024);
    let names = Names::of_host("node-7");
    let mut client = ClientLink::new(config, names).expect("the name is sound");
    let mut server = ServerLink::new(config);
    let (nobody, everybody) = (|_: &str, _: &str| false, |_: &str, _: &str| true);
    let door = script.below(4);
    match door {
        0 => {}
        1 => server = server.with_tunnel(),
        2 => server = server.with_authentication(&nobody),
        _ => server = server.with_authentication(&everybody),
    }
    match script.below(3) {
        0 => {}
        1 => client = client.with_login(Login::NONE),
        _ => client = client.with_login(Login::new("root", "top secret").expect("sound")),
    }
    let mut client = Some(End::start(client)?);
    let mut server = Some(End::start(server)?);
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    while !script.is_empty() && (client.is_some() || server.is_some()) {
        if script.below(2) == 0 {
            step(&mut client, script, &mut to_client, &mut to_server);
        } else {
            step(&mut server, script, &mut to_server, &mut to_client);
        }
        if door == 2 {
            assert!(!server.as_ref().is_some_and(|end| end.ready), "let in");
        }
    }
    Ok(())
}

fuzz_target!(|input: &[u8]| {
    // Both ends begin without a word from outside.
    run(&mut Script::new(input)).expect("both ends begin");
});
