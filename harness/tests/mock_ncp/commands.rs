//! Commands, answers, and what is written down of them.

use super::hand::{Hand, LIMIT, next_reason, server};
use std::time::Duration;
use wigwag_codec::ncp::{Value, packet};
use wigwag_harness::mock_ncp::{EventKind, node};

#[tokio::test]
async fn commands_are_answered_and_written_down() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    assert_eq!(server.connected(), ["tester".into()]);
    let answer = client
        .asked("TIME", |field| field.param("SAMP", 64).param("FCTR", 433))
        .await;
    assert_eq!(answer.name(), ("TIME".into(), 1));
    let answer = client
        .asked("SWEP", |field| field.param("POIN", 1 << 20))
        .await;
    let packet = answer.packet();
    match packet.field("SWEP").unwrap().param("PDAT").unwrap().value() {
        Ok(Value::U8s(points)) => assert_eq!(points.len(), 1 << 20),
        other => panic!("{other:?}"),
    }
    let answer = client.asked("NOPE", |field| field).await;
    assert_eq!(answer.error(), Some(("Unknown command".into(), 400)));
    let book = server.book();
    assert_eq!((book.connections, book.refused, book.unrecorded), (1, 0, 0));
    assert_eq!(
        (book.commands.len(), book.unanswered(), book.failed()),
        (3, 0, 1)
    );
    let time = &book.commands[0];
    let samples = time.field().param("SAMP").unwrap().value();
    assert_eq!(samples, Ok(Value::I32(64)));
    assert!(time.answered.is_some_and(|answered| answered >= time.at));
    assert_eq!(
        book.commands[2].error,
        Some(("Unknown command".into(), 400))
    );
}

#[tokio::test]
async fn a_packet_of_several_fields_is_answered_field_by_field() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    let mut place = [0; 256];
    let wire = packet(&mut place, "DSPC")
        .numbered_field("STAT", 5)
        .numbered_field("ECHO", 6)
        .param("A", "b")
        .numbered_field("GAIN", 7)
        .param("GAIN", 99);
    client.send(wire.finish().unwrap()).await;
    for name in [("STAT", 5), ("ECHO", 6), ("GAIN", 7)] {
        let answer = client.receive().await.unwrap();
        assert_eq!(answer.name(), (name.0.into(), name.1));
        let warned = answer.packet().fields().next().unwrap().warning().is_some();
        assert_eq!(warned, name.0 == "GAIN");
    }
    let book = server.book();
    let fields: Vec<_> = book
        .commands
        .iter()
        .map(|command| command.field().id)
        .collect();
    assert_eq!(fields, [5, 6, 7]);
}

#[tokio::test]
async fn a_long_command_lets_others_pass() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    client
        .ask("LONG", 1, |field| field.param("DURA", 300))
        .await;
    client.ask("STAT", 2, |field| field).await;
    let mut order = Vec::new();
    for _ in 0..3 {
        let answer = client.receive().await.unwrap();
        let field = answer.packet().fields().next().unwrap();
        order.push((field.id, field.is_acknowledgement()));
    }
    assert_eq!(order, [(1, true), (2, false), (1, false)]);
    let command = &server.book().commands[0];
    let acknowledged = command.acknowledged.unwrap();
    let took = command.answered.unwrap() - command.at;
    assert!(acknowledged - command.at < Duration::from_millis(300));
    assert!(took >= Duration::from_millis(300), "{took:?}");
    assert_eq!(command.answers, 2);
}

#[tokio::test]
async fn ten_thousand_commands_at_once_are_answered_each_once() {
    const COUNT: u32 = 10_000;
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    let mut wires = Vec::new();
    let mut place = [0; 128];
    for id in 0..COUNT {
        let writer = packet(&mut place, "TEST").numbered_field("ECHO", id);
        wires.extend_from_slice(writer.param("N", id).finish().unwrap());
    }
    // More than both sides' buffers hold: it is read while it is written.
    let (reader, writer) = tokio::io::split(client.stream);
    let (mut reader, mut writer) = (reader, writer);
    let sending = tokio::spawn(async move {
        tokio::io::AsyncWriteExt::write_all(&mut writer, &wires)
            .await
            .unwrap();
        writer
    });
    let mut seen = vec![false; COUNT as usize];
    for _ in 0..COUNT {
        let id = loop {
            use wigwag_codec::framer::Received;
            if let Some(Received::Message { meta, body }) = client.reader.next().unwrap() {
                let packet = wigwag_codec::ncp::Packet::from_parts(meta, body).unwrap();
                break packet.field("ECHO").unwrap().id;
            }
            let space = client.reader.space();
            let read = tokio::io::AsyncReadExt::read(&mut reader, space);
            let count = tokio::time::timeout(LIMIT, read).await.unwrap().unwrap();
            client.reader.filled(count);
        };
        assert!(
            !core::mem::replace(&mut seen[id as usize], true),
            "{id} twice"
        );
    }
    drop(sending.await.unwrap());
    assert!(seen.iter().all(|seen| *seen));
    assert_eq!(server.book().unanswered(), 0);
}

#[tokio::test]
async fn another_handler_answers_and_its_failures_are_told() {
    let server = server().await;
    server.set_handler(|asked| match asked.field().name {
        name if name == "TWIC" => {
            let answer = |n: i32| asked.answer(|field| field.param("N", n));
            Ok(vec![answer(1)?, answer(2)?])
        }
        name if name == "NONE" => Ok(Vec::new()),
        name if name == "FAIL" => Err("no more paper".into()),
        name if name == "PANI" => panic!("as asked"),
        _ => node::answer(asked),
    });
    let mut events = server.events();
    let mut client = Hand::connect(server.addr()).await;
    client.ask("NONE", 1, |field| field).await;
    client.ask("TWIC", 2, |field| field).await;
    assert_eq!(client.receive().await.unwrap().name().1, 2);
    assert_eq!(client.receive().await.unwrap().name().1, 2);
    assert_eq!(server.book().commands[1].answers, 2);
    assert_eq!(server.book().unanswered(), 1);
    for (name, error) in [("FAIL", "no more paper"), ("PANI", "it panicked")] {
        let answer = client.asked(name, |field| field).await;
        assert_eq!(answer.name(), ("ERRO".into(), 0));
        assert_eq!(answer.error(), Some(("Server error".into(), 500)));
        assert!(client.receive().await.is_none());
        let told = loop {
            if let EventKind::HandlerFailed { error } = events.recv().await.unwrap().kind {
                break error;
            }
        };
        assert_eq!(told, error);
        assert_eq!(next_reason(&mut events).await, "the handler failed");
        client = Hand::connect(server.addr()).await;
    }
}

#[tokio::test]
async fn what_is_unsound_is_answered_with_400_and_the_end() {
    let server = server().await;
    let mut events = server.events();
    let sound = {
        let mut place = [0; 128];
        let writer = packet(&mut place, "DSPC").field("TIME");
        writer.param("SAMP", 16).finish().unwrap().to_vec()
    };
    let changed = |at: usize, to: u8| {
        let mut wire = sound.clone();
        wire[at] = to;
        wire
    };
    for (wire, reason) in [
        // The magic, the footer, the nanoseconds: the link itself sees it.
        (changed(0, 0), "an unsound packet: "),
        (changed(63, 0), "an unsound packet: "),
        (changed(27, 0xff), "an unsound packet: "),
        // A parameter of no words, one beyond its field, a text that is none.
        (
            changed(48, 0),
            "an unsound packet: at byte 48: a size of 0 words",
        ),
        (
            changed(48, 9),
            "an unsound packet: at byte 48: a size of 9 words",
        ),
        (
            changed(51, 3),
            "an unsound packet: at byte 52: a value of type 03",
        ),
    ] {
        let mut client = Hand::connect(server.addr()).await;
        client.send(&wire).await;
        let answer = client.receive().await.unwrap();
        assert_eq!(answer.error(), Some(("Bad request".into(), 400)));
        assert!(client.receive().await.is_none());
        let told = next_reason(&mut events).await;
        assert!(told.starts_with(reason), "{told}");
    }
    assert_eq!(server.book().commands.len(), 0);
    // What is odd is not unsound: an unknown type comes back as it was.
    let mut client = Hand::connect(server.addr()).await;
    let mut wire = changed(51, 0x7f);
    wire[32..36].copy_from_slice(b"ECHO");
    client.send(&wire).await;
    let answer = client.receive().await.unwrap();
    let param = answer
        .packet()
        .field("ECHO")
        .unwrap()
        .param("SAMP")
        .unwrap();
    let bytes = &[16, 0, 0, 0][..];
    assert_eq!(param.value(), Ok(Value::Unknown { kind: 0x7f, bytes }));
}

#[tokio::test]
async fn packets_that_nobody_asked_for_reach_everybody() {
    let server = server().await;
    let mut clients = [
        Hand::connect(server.addr()).await,
        Hand::connect(server.addr()).await,
    ];
    let mut place = [0; 128];
    let wire = packet(&mut place, "STAT").field("NEWS").param("A", 1);
    let wire = wire.finish().unwrap().to_vec();
    server.wait_until(LIMIT, |book| book.connections == 2).await;
    assert_eq!(server.send_to_all(wire), 2);
    for client in &mut clients {
        assert_eq!(client.receive().await.unwrap().name(), ("NEWS".into(), 0));
    }
    assert!(server.book().commands.is_empty());
}

#[tokio::test]
async fn what_is_said_of_the_link_is_no_command() {
    let server = server().await;
    let mut client = Hand::connect(server.addr()).await;
    let mut place = [0; 128];
    // An answer to it could be answered for ever by one who does the same.
    let wire = packet(&mut place, "LINK").field("STAT").finish().unwrap();
    client.send(wire).await;
    assert_eq!(client.asked("ECHO", |field| field).await.name().0, "ECHO");
    assert_eq!(server.book().commands.len(), 1);
}
