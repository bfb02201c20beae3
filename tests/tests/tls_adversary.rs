//! A hostile TLS server, script by script, against the device; and against
//! rustls in its place, which shows that the scripts do what they say.

use core::time::Duration;

use tokio::task::JoinError;
use wigwag_embassy::tls::End;
use wigwag_harness::adversary::catalogue::{self, Case, Expected};
use wigwag_harness::adversary::wire::{self, extension};
use wigwag_harness::adversary::{Adversary, Extension, Message, Seen, Step, What};
use wigwag_harness::pki::Pki;
use wigwag_tests::campaign;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::tls::{Connected, Control, Controlled, SECRET, TlsDevice, fits};

/// The handshake's deadline is 20 s; nothing may take longer to be refused.
const BOUND: Duration = Duration::from_secs(21);

/// Plays `case` to the device.
async fn play(case: &Case, device: &TlsDevice, pki: &Pki) -> (Result<Connected, JoinError>, Seen) {
    let (near, far) = tokio::io::duplex(65_536);
    let adversary = Adversary::new(pki.server(), 1);
    tokio::join!(
        device.connect(near, campaign::rng(1)),
        adversary.play(&case.script, far)
    )
}

/// What is wrong with what the device did, if anything is.
fn wrong(case: &Case, device: &TlsDevice, connected: &Connected, seen: &Seen) -> Option<String> {
    let end = connected.end;
    let fault = match case.expected {
        Expected::Accepted => {
            let all = [SECRET, &case.delivered].concat();
            let good = connected.opened
                && end == End::PeerClosed
                && seen.data() == all
                && seen.certificate() == Some(&[device.certificate().to_vec()])
                && seen.proved()
                && seen.finished()
                && seen.faults().is_empty();
            return (!good)
                .then(|| format!("not taken: {end:?}, {:?}", seen.faults()))
                .or_else(|| delivered(case, connected));
        }
        Expected::Refused(fault) => {
            if connected.opened {
                return Some(format!("opened, then {end:?}"));
            }
            if !seen.given_away().is_empty() {
                return Some(format!("gave away {:?}", seen.given_away()));
            }
            if connected.took > BOUND {
                return Some(format!("{end:?} took {:?}", connected.took));
            }
            // embedded-tls writes alerts as change-cipher-specs here.
            let hello = |what: &What| matches!(what, What::Hello(_) | What::Gone);
            if let Some(event) = seen.events.iter().find(|event| !hello(&event.what)) {
                return Some(format!("said {:?}", event.what));
            }
            fault
        }
        Expected::Ended(fault) => {
            // What comes with the server's Finished may end it before the
            // application has had its turn.
            if !connected.opened && !case.delivered.is_empty() {
                return Some(format!("never opened: {end:?}"));
            }
            // What is said after the end is of no use to anybody.
            if seen.data() != [SECRET, &case.delivered].concat()
                && !(case.delivered.is_empty() && seen.data().is_empty())
            {
                return Some(format!("answered {} bytes", seen.data().len()));
            }
            if !seen.faults().is_empty() {
                return Some(format!("wrote {:?}", seen.faults()));
            }
            fault
        }
    };
    if !fits(fault, end) || misread(case, end) {
        return Some(format!("{end:?} instead of {fault:?}"));
    }
    delivered(case, connected)
}

/// Of the alerts with two meanings, handshake_failure and decrypt_error: they
/// refuse the device's certificate only as long as no data has come.
fn misread(case: &Case, end: End) -> bool {
    let after_data = !case.delivered.is_empty();
    match end {
        End::PeerAlert(40 | 51) => !after_data,
        End::IdentityRefused(40 | 51) => after_data,
        _ => false,
    }
}

fn delivered(case: &Case, connected: &Connected) -> Option<String> {
    (connected.delivered != case.delivered).then(|| {
        let text = String::from_utf8_lossy(&connected.delivered);
        format!("delivered {:.40?}", text)
    })
}

/// Plays all cases to the device and names those that went wrong.
async fn judge(pki: &Pki, cases: Vec<Case>) {
    let device = TlsDevice::of(pki);
    let count = cases.len();
    let mut failures = Vec::new();
    for case in cases {
        let (connected, seen) = play(&case, &device, pki).await;
        let complaint = match connected {
            Ok(connected) => wrong(&case, &device, &connected, &seen),
            Err(panic) => Some(panic.to_string()),
        };
        if let Some(complaint) = complaint {
            failures.push(format!("{}: {complaint}", case.name));
        }
    }
    println!(
        "{count} servers, {} handled otherwise than expected",
        failures.len()
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

macro_rules! tables {
    ($($name:ident: $cases:expr;)*) => {$(
        #[test]
        fn $name() {
            in_paused_time(async || {
                let pki = Pki::generate();
                let cases: fn(&Pki) -> Vec<Case> = $cases;
                judge(&pki, cases(&pki)).await;
            });
        }
    )*};
}

tables! {
    honest_servers_are_taken: |_| catalogue::honest();
    every_malformed_server_hello_is_refused: |_| catalogue::hellos();
    every_wrong_flight_is_refused: |_| catalogue::flights();
    servers_that_do_not_prove_their_name_are_refused: catalogue::certificates;
    records_out_of_place_are_refused: |_| catalogue::records();
    an_alert_at_each_step_ends_the_connection: |_| catalogue::alerts();
    servers_that_never_finish_are_given_up: |_| catalogue::endless();
    misbehaviour_after_the_handshake_ends_the_connection: catalogue::after;
}

#[test]
fn a_stream_broken_before_any_byte_is_taken() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let whole = catalogue::broken(usize::MAX);
        let (_, seen) = play(&whole, &TlsDevice::of(&pki), &pki).await;
        assert!(seen.sent > 500, "{} bytes", seen.sent);
        let breaks = (0..seen.sent).map(catalogue::broken);
        judge(&pki, breaks.collect()).await;
    });
}

#[test]
fn a_server_that_wants_no_certificate_is_shown_none() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let good = catalogue::broken(usize::MAX);
        let asks = |step: &Step| matches!(step, Step::Sealed(_));
        let mut script = good.script.clone();
        let flight = script.0.iter().position(asks).unwrap();
        script.0[flight] = Step::Sealed(vec![
            Message::encrypted_extensions(),
            Message::certificate(),
            Message::certificate_verify(),
            Message::Finished,
        ]);
        let case = Case { script, ..good };
        let (connected, seen) = play(&case, &TlsDevice::of(&pki), &pki).await;
        assert_eq!(connected.unwrap().end, End::PeerClosed);
        assert_eq!(seen.certificate(), None);
        assert_eq!(seen.data(), [SECRET, &case.delivered].concat());
        assert_eq!(seen.faults(), [] as [&_; 0]);
    });
}

/// embedded-tls has a list of the algorithms and groups that it knows, and reads
/// no list with another one in it. RFC 8446 would have them ignored: a limit, in
/// the documentation of the end that it comes to.
#[test]
fn a_list_with_a_number_that_is_too_new_is_not_understood() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let good = catalogue::broken(usize::MAX);
        let list = |kind, numbers: &[u16]| {
            let numbers: Vec<u8> = numbers.iter().flat_map(|at| at.to_be_bytes()).collect();
            Extension::new(kind, wire::vector16(&numbers))
        };
        let flight = |groups: &[u16], algorithms: &[u16]| {
            let groups = list(extension::SUPPORTED_GROUPS, groups);
            let algorithms = list(extension::SIGNATURE_ALGORITHMS, algorithms);
            vec![
                Message::EncryptedExtensions(vec![groups]),
                Message::CertificateRequest(Vec::new(), vec![algorithms]),
                Message::certificate(),
                Message::certificate_verify(),
                Message::Finished,
            ]
        };
        const ECDSA: u16 = wire::ECDSA_SECP256R1_SHA256;
        for (groups, algorithms, taken) in [
            (&[0x17][..], &[ECDSA][..], true),
            (&[0x17; 13], &[ECDSA; 25], true),
            (&[0x17], &[ECDSA, extension::GREASE], false),
            (&[0x17], &[ECDSA; 26], false),
            (&[0x17, extension::GREASE], &[ECDSA], false),
            (&[0x17; 14], &[ECDSA], false),
        ] {
            let mut script = good.script.clone();
            let sealed = |step: &Step| matches!(step, Step::Sealed(_));
            let at = script.0.iter().position(sealed).unwrap();
            script.0[at] = Step::Sealed(flight(groups, algorithms));
            let case = Case {
                script,
                ..good.clone()
            };
            let (connected, seen) = play(&case, &TlsDevice::of(&pki), &pki).await;
            let end = connected.unwrap().end;
            if taken {
                assert_eq!(end, End::PeerClosed);
            } else {
                assert_eq!(end, End::Handshake, "{groups:?} {algorithms:?}");
                assert_eq!(seen.given_away(), [] as [&_; 0]);
            }
        }
    });
}

/// A server's flight needs exactly the buffer that the reason names.
#[test]
fn a_flight_that_does_not_fit_tells_the_buffer_it_needs() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let good = catalogue::broken(usize::MAX);
        let mut device = TlsDevice::of(&pki);
        device.receive_buffer = 200;
        let (connected, seen) = play(&good, &device, &pki).await;
        let End::ReceiveBufferTooSmall { needed } = connected.unwrap().end else {
            panic!("a buffer of 200 bytes cannot do");
        };
        assert_eq!(seen.given_away(), [] as [&_; 0]);
        device.receive_buffer = needed - 1;
        let (connected, _) = play(&good, &device, &pki).await;
        assert_eq!(
            connected.unwrap().end,
            End::ReceiveBufferTooSmall { needed }
        );
        device.receive_buffer = needed;
        let (connected, _) = play(&good, &device, &pki).await;
        assert_eq!(connected.unwrap().end, End::PeerClosed);
    });
}

#[test]
fn rustls_judges_the_servers_as_the_table_says() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let (control, device) = (Control::of(&pki), TlsDevice::of(&pki));
        let mut failures = Vec::new();
        for case in catalogue::catalogue(&pki) {
            let (near, far) = tokio::io::duplex(65_536);
            let adversary = Adversary::new(pki.server(), 1);
            let (controlled, seen) = tokio::join!(
                control.connect(near, device.stay),
                adversary.play(&case.script, far)
            );
            if let Some(complaint) = misjudged(&case, &controlled, &seen) {
                failures.push(format!("{}: {complaint}", case.name));
            }
        }
        assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    });
}

fn misjudged(case: &Case, controlled: &Controlled, seen: &Seen) -> Option<String> {
    let taken = controlled.opened && controlled.error.is_none();
    if taken != (case.control == catalogue::Control::Takes) {
        return Some(format!("taken: {taken}, {:?}", controlled.error));
    }
    let refused = matches!(case.expected, Expected::Refused(_));
    if refused && case.control == catalogue::Control::Refuses && !seen.given_away().is_empty() {
        return Some(format!("gave away {:?}", seen.given_away()));
    }
    None
}
