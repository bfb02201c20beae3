//! What a peer says goes into logs and to terminals: it is shown, and nothing of
//! it is obeyed.

use embedded_io_async::Write as _;
use wigwag_codec::ncp::{Header, Ident, PacketWriter, Value};
use wigwag_embassy::ncp::{Error, Warning};
use wigwag_tests::nodes::{accept_raw, client, serve_handshake, with_raw_server};

/// Four bytes that clear a terminal.
const CLEAR: Ident = Ident::from_wire(*b"\x1b[2J");

#[test]
fn errors_and_warnings_show_names_that_are_none_and_do_not_obey_them() {
    with_raw_server(async |_, near, far| {
        let serve = async {
            let mut raw = accept_raw(&far).await;
            serve_handshake(&mut raw, 15).await;
            let mut place = [0; 256];
            let odd = Value::Unknown {
                kind: 0x7f,
                bytes: &[1, 2, 3, 4],
            };
            let packet = PacketWriter::new(&mut place, Header::new(CLEAR))
                .field_as(CLEAR, 9)
                .param("ODD", odd)
                .param("WARN", "hot\x1b[2J")
                .field_as(CLEAR, 9)
                .param("ERRO", "no\r\nantenna")
                .finish()
                .unwrap();
            raw.write_all(packet).await.unwrap();
            raw
        };
        let talk = async {
            let connection = client().connect(&near).await.unwrap();
            let mut buffer = [0; 128];
            connection.recv(&mut buffer).await.unwrap();
            let error = connection.recv(&mut buffer).await.map(drop).unwrap_err();
            assert!(matches!(error, Error::CommandError(_)));
            let mut shown = vec![error.to_string()];
            while let Some(warning) = connection.try_warning() {
                if !matches!(warning, Warning::TimeoutChanged(_)) {
                    shown.push(warning.to_string());
                }
            }
            assert_eq!(shown.len(), 3);
            for text in shown {
                assert!(text.contains(r"\x1b[2J"), "{text:?}");
                assert!(!text.chars().any(char::is_control), "{text:?}");
            }
            connection
        };
        futures::join!(serve, talk);
    });
}
