use std::vec::Vec;

use super::*;

const PHASES: [Stage; 6] = [
    Stage::EncryptedExtensions,
    Stage::Request,
    Stage::Certificate,
    Stage::CertificateVerify,
    Stage::Finished,
    Stage::Open,
];

#[test]
fn padding_is_taken_off_to_the_last_byte_that_is_not_zero() {
    assert_eq!(unpad(&[23]), Some((23, &[][..])));
    assert_eq!(unpad(&[0, 0, 23, 0, 0]), Some((23, &[0, 0][..])));
    assert_eq!(unpad(&[1, 2, 21]), Some((21, &[1, 2][..])));
    for padding in [0, 1, 17, 16_385] {
        let only: Vec<u8> = core::iter::repeat_n(0, padding).collect();
        assert_eq!(unpad(&only), None, "{padding} zeros");
    }
    let mut longest = std::vec![7; MAX_CONTENT];
    longest.push(23);
    assert_eq!(unpad(&longest), Some((23, &longest[..MAX_CONTENT])));
    longest.push(0);
    assert_eq!(unpad(&longest), None);
}

#[test]
fn each_phase_has_its_types() {
    for stage in PHASES {
        for kind in 0..=255 {
            let verdict = inspect(stage, kind, &[0; 8]);
            match kind {
                ALERT => assert_eq!(verdict, Err(Report::Empty)),
                HANDSHAKE => assert!(verdict.is_err()),
                APPLICATION_DATA if stage == Stage::Open => {
                    assert_eq!(verdict, Ok(Opened::Deliver));
                }
                _ => assert_eq!(verdict, Err(Report::UnexpectedType(kind))),
            }
        }
    }
}

#[test]
fn alerts_keep_their_number_in_every_phase() {
    for stage in PHASES {
        for code in 0..=255 {
            for level in [0, 1, 2, 255] {
                let verdict = inspect(stage, ALERT, &[level, code]);
                assert_eq!(verdict, Err(Report::Alert(code)));
            }
        }
        for broken in [&[][..], &[2], &[2, 40, 0]] {
            assert_eq!(inspect(stage, ALERT, broken), Err(Report::Empty));
        }
    }
}

#[test]
fn data_may_be_empty_and_messages_may_not() {
    let data = inspect(Stage::Open, APPLICATION_DATA, &[]);
    assert_eq!(data, Ok(Opened::Deliver));
    for stage in PHASES {
        assert_eq!(inspect(stage, HANDSHAKE, &[]), Err(Report::Empty));
    }
}
