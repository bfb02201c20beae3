//! A key that device and server share, in place of certificates: who has it is
//! let in, and nobody else is, whatever he does.

use core::time::Duration;

use wigwag_embassy::supervisor::FailureClass;
use wigwag_embassy::tls::{ContentError, End, ServerHelloError};
use wigwag_harness::adversary::wire::extension::PRE_SHARED_KEY;
use wigwag_harness::adversary::{Adversary, Message, Script, Seen, Step, flight};
use wigwag_harness::pki::Pki;
use wigwag_tests::campaign;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::tls::{Connected, SECRET, TlsDevice};

const NAME: &[u8] = b"device-0001";
const KEY: &[u8; 32] = b"thirty-two bytes nobody can know";

/// What a good server sends behind a ServerHello that takes the key.
fn short_flight() -> Vec<Message> {
    vec![Message::encrypted_extensions(), Message::Finished]
}

/// A ServerHello that takes the key that stands at `place` of those offered.
fn taking(place: [u8; 2]) -> Step {
    let hello = Message::hello(move |hello| hello.set(PRE_SHARED_KEY, place));
    Step::Plain(vec![hello])
}

/// A server that takes the key, then sends these messages in one record.
fn takes(messages: Vec<Message>) -> Script {
    Script(vec![Step::Hello, taking([0, 0]), Step::Sealed(messages)]).then([Step::Finished])
}

/// Plays `script`, by a server that has `key`, to a device that has [`KEY`].
async fn play(script: &Script, key: Option<&[u8]>) -> (Connected, Seen) {
    let pki = Pki::generate();
    let mut device = TlsDevice::of(&pki);
    device.psk = Some((NAME.to_vec(), KEY.to_vec()));
    let mut server = Adversary::new(pki.server(), 1);
    if let Some(key) = key {
        server = server.with_psk(key);
    }
    let (near, far) = tokio::io::duplex(65_536);
    let (connected, seen) = tokio::join!(
        device.connect(near, campaign::rng(1)),
        server.play(script, far)
    );
    (connected.expect("no panic"), seen)
}

/// The device must end with `end` and give nothing away.
async fn refused(script: Script, key: Option<&[u8]>, end: End) {
    let (connected, seen) = play(&script, key).await;
    assert_eq!(connected.end, end);
    assert!(!connected.opened, "{end}");
    assert_eq!(seen.given_away(), Vec::<&_>::new(), "{end}");
    assert!(connected.took < Duration::from_secs(21), "{end}");
}

#[test]
fn who_has_the_key_is_let_in() {
    in_paused_time(async || {
        for cut in [false, true] {
            let talk = [
                Step::Data(SECRET.len()),
                Step::data(b"answer"),
                Step::Data(SECRET.len() + 6),
                Step::alert(1, 0),
            ];
            let mut steps = vec![Step::Hello, taking([0, 0])];
            if cut {
                steps.extend(
                    short_flight()
                        .into_iter()
                        .map(|one| Step::Sealed(vec![one])),
                );
            } else {
                steps.push(Step::Sealed(short_flight()));
            }
            let script = Script(steps).then([Step::Finished]).then(talk);
            let (connected, seen) = play(&script, Some(KEY)).await;
            assert_eq!((connected.end, connected.opened), (End::PeerClosed, true));
            assert_eq!(connected.delivered, b"answer");
            assert_eq!(seen.data(), [SECRET, b"answer"].concat());
            assert!(seen.finished() && seen.certificate().is_none() && !seen.proved());
            assert_eq!(seen.faults(), Vec::<&_>::new());
            // Its name is offered, and nothing else of it.
            let hello = seen.hello().expect("a hello");
            let offered = hello.extension(PRE_SHARED_KEY).expect("an offer");
            assert_eq!(offered[4..4 + NAME.len()], *NAME);
            assert!(!offered.windows(KEY.len()).any(|bytes| bytes == KEY));
            assert_eq!(
                hello.extensions.last().map(|last| last.kind),
                Some(PRE_SHARED_KEY)
            );
        }
    });
}

#[test]
fn who_does_not_have_it_is_not() {
    in_paused_time(async || {
        let mut almost = *KEY;
        almost[31] ^= 1;
        for key in [None, Some(&almost[..]), Some(&KEY[..31])] {
            // Nothing that it says can be opened.
            refused(takes(short_flight()), key, End::BadRecord).await;
            refused(takes(flight()), key, End::BadRecord).await;
        }
    });
}

#[test]
fn a_server_that_does_not_take_the_key_is_refused() {
    in_paused_time(async || {
        let not_taken = End::ServerHello(ServerHelloError::SharedKey);
        assert_eq!(not_taken.class(), FailureClass::Authentication);
        // It has a good certificate, and does not say a word about the key.
        refused(Script::flight(flight()), None, not_taken).await;
        // It uses the key and does not say so.
        refused(Script::flight(short_flight()), Some(KEY), not_taken).await;
        // It takes another one than was offered.
        for place in [[0, 1], [1, 0], [0xff, 0xff]] {
            let script = Script(vec![
                Step::Hello,
                taking(place),
                Step::Sealed(short_flight()),
            ]);
            refused(script, Some(KEY), not_taken).await;
        }
    });
}

#[test]
fn no_certificate_takes_the_place_of_the_key_or_stands_beside_it() {
    in_paused_time(async || {
        let unexpected = |kind| End::Content(ContentError::UnexpectedMessage(kind));
        let with = |at: usize, message: Message| {
            let mut messages = short_flight();
            messages.insert(at, message);
            takes(messages)
        };
        let key = Some(&KEY[..]);
        refused(with(1, Message::certificate_request()), key, unexpected(13)).await;
        refused(with(0, Message::certificate()), key, unexpected(11)).await;
        refused(takes(vec![Message::Finished]), key, unexpected(20)).await;
        for message in [Message::certificate(), Message::certificate_verify()] {
            let (connected, seen) = play(&with(1, message), key).await;
            assert!(
                matches!(connected.end, End::Certificate(_)),
                "{}",
                connected.end
            );
            assert!(!connected.opened && seen.given_away().is_empty());
        }
        let wrong = Message::Finished.edited(|bytes| bytes[10] ^= 1);
        let script = takes(vec![Message::encrypted_extensions(), wrong]);
        refused(script, key, End::Content(ContentError::BadFinished)).await;
    });
}

#[test]
fn a_server_that_goes_no_further_is_given_up() {
    in_paused_time(async || {
        let key = Some(&KEY[..]);
        let silent = Script(vec![
            Step::Hello,
            taking([0, 0]),
            Step::Sealed(vec![Message::encrypted_extensions()]),
            Step::Pause(Duration::from_secs(60)),
        ]);
        refused(silent, key, End::HandshakeTimeout).await;
        // Data before Finished.
        let early = Script(vec![
            Step::Hello,
            taking([0, 0]),
            Step::Sealed(vec![Message::encrypted_extensions()]),
            Step::data(b"too early"),
        ]);
        let end = End::Content(ContentError::UnexpectedType(23));
        refused(early, key, end).await;
    });
}
