//! Several requests at once on one connection: each gets its own answers,
//! whatever the order, and what has no room is told.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use tokio::time::timeout;
use wigwag_embassy::ncp::{ClientConnection, Error, ReplyTo, Response, ServerConnection};
use wigwag_embassy::taps::Disabled;
use wigwag_tests::nodes::{SOON, number, text, with_both};

type Asked<'c, 'a> = Response<'c, 'a, wigwag_embassy::ncp::ClientLink<'a>, Disabled>;

async fn ask<'c, 'a>(connection: &'c ClientConnection<'a>, number: i32) -> Asked<'c, 'a> {
    let asked = connection.send("DSPC", "TIME", |params| params.param("N", number));
    asked.await.unwrap()
}

/// Receives so many commands, and says to what to reply, and their numbers.
async fn commands(server: &ServerConnection<'_>, count: usize) -> Vec<(ReplyTo, i32)> {
    let mut buffer = [0; 256];
    let mut commands = Vec::new();
    while commands.len() < count {
        let field = server.recv(&mut buffer).await.unwrap();
        let number = i32::try_from(number(&field, "N")).unwrap();
        commands.push((field.reply_to(), number));
    }
    commands
}

async fn reply(server: &ServerConnection<'_>, (to, number): (ReplyTo, i32)) {
    let sent = server.reply(to, |params| params.param("N", number)).await;
    assert_eq!(sent, Ok(()));
}

fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..items.len()).rev() {
        items.swap(last, rng.next_u32() as usize % (last + 1));
    }
}

#[test]
fn a_thousand_requests_of_a_thousand_tasks_are_answered_in_any_order() {
    with_both::<1000, 65_536>(async |_, client, server| {
        let tasks: FuturesUnordered<_> = (0..1000)
            .map(async |task| {
                let response = ask(&client, task).await;
                let mut buffer = [0; 64];
                let field = response.recv(&mut buffer).await.unwrap();
                assert_eq!(number(&field, "N"), i64::from(task));
            })
            .collect();
        let serve = async {
            let mut commands = commands(&server, 1000).await;
            shuffle(&mut commands, 1);
            for command in commands {
                reply(&server, command).await;
            }
        };
        let (done, ()) = futures::join!(tasks.count(), serve);
        assert_eq!(done, 1000);
        assert_eq!(client.counters().lost_answers, 0);
    });
}

#[test]
fn a_thousand_requests_of_one_task_are_answered_in_any_order() {
    with_both::<1000, 65_536>(async |_, client, server| {
        let talk = async {
            let mut asked = Vec::new();
            for number in 0..1000 {
                asked.push(ask(&client, number).await);
            }
            let mut buffer = [0; 64];
            for (response, expected) in asked.iter().zip(0..) {
                let field = response.recv(&mut buffer).await.unwrap();
                assert_eq!(number(&field, "N"), expected);
            }
        };
        let serve = async {
            let mut commands = commands(&server, 1000).await;
            shuffle(&mut commands, 2);
            for command in commands {
                reply(&server, command).await;
            }
        };
        futures::join!(talk, serve);
        let counters = client.counters();
        assert_eq!((counters.lost_answers, counters.lost_unsolicited), (0, 0));
    });
}

#[test]
fn commands_of_both_ends_with_the_same_names_are_not_mixed_up() {
    with_both::<64, 4096>(async |_, client, server| {
        let asked = ask(&client, 1).await;
        let asked_back = server.send("DSPC", "TIME", |params| params.param("N", 2));
        let asked_back = asked_back.await.unwrap();
        let mut buffer = [0; 64];
        let field = client.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 2);
        let to = field.reply_to();
        let sent = client.reply(to, |params| params.param("N", 20)).await;
        assert_eq!(sent, Ok(()));
        let field = asked_back.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 20);
        let command = commands(&server, 1).await[0];
        assert_eq!(command.1, 1);
        reply(&server, command).await;
        let field = asked.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 1);
    });
}

#[test]
fn an_answer_to_a_response_that_was_dropped_is_nobodys() {
    with_both::<2, 512>(async |_, client, server| {
        // Many more than there is room for at a time.
        for number in 0..20 {
            drop(ask(&client, number).await);
        }
        let kept = ask(&client, 20).await;
        for command in commands(&server, 21).await {
            reply(&server, command).await;
        }
        let mut buffer = [0; 64];
        let field = kept.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 20);
        // Those of before were kept as far as there was room, and are received by
        // whoever wants them.
        let lost = client.counters().lost_unsolicited;
        assert!(lost > 0 && lost < 20, "{lost}");
        for expected in 0..20 - i64::from(lost) {
            let field = client.recv(&mut buffer).await.unwrap();
            assert_eq!(number(&field, "N"), expected);
        }
        let told = client.recv(&mut buffer).await.unwrap_err();
        let fields = u16::try_from(lost).unwrap();
        assert_eq!(told, Error::Lost { fields });
    });
}

#[test]
fn answers_beyond_the_memory_are_lost_and_their_owner_is_told() {
    with_both::<8, 104>(async |_, client, server| {
        // Two fields of 24 bytes are kept, with 28 more each.
        let first = ask(&client, 0).await;
        let second = ask(&client, 1).await;
        let [to_first, to_second] = commands(&server, 2).await[..] else {
            panic!("not two");
        };
        for number in 1..=4 {
            reply(&server, (to_second.0, number)).await;
        }
        reply(&server, to_first).await;
        let mut buffer = [0; 64];
        let field = first.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 0);
        for expected in [1, 2] {
            let field = second.recv(&mut buffer).await.unwrap();
            assert_eq!(number(&field, "N"), expected);
        }
        let told = second.recv(&mut buffer).await.unwrap_err();
        assert_eq!(told, Error::Lost { fields: 2 });
        reply(&server, (to_second.0, 5)).await;
        let field = second.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 5);
        assert_eq!(client.counters().lost_answers, 2);
    });
}

#[test]
fn a_field_too_large_to_be_kept_is_taken_where_it_lies_by_who_waits() {
    with_both::<8, 256>(async |_, client, server| {
        let large = ask(&client, 0).await;
        let small = ask(&client, 1).await;
        let [to_large, to_small] = commands(&server, 2).await[..] else {
            panic!("not two");
        };
        let data = [7_u32; 500];
        let answer = async {
            let sent = server.reply(to_large.0, |params| params.param("PDAT", &data[..]));
            assert_eq!(sent.await, Ok(()));
            reply(&server, to_small).await;
        };
        let (mut buffer, mut other) = ([0; 64], [0; 4096]);
        let (small, large, ()) =
            futures::join!(small.recv(&mut buffer), large.recv(&mut other), answer);
        assert_eq!(number(&small.unwrap(), "N"), 1);
        let Some(wigwag_embassy::ncp::Value::U32s(found)) = large.unwrap().value("PDAT") else {
            panic!("no data");
        };
        assert!(found.iter().eq(data));
    });
}

#[test]
fn who_waits_and_is_not_polled_keeps_nobody_from_receiving() {
    with_both::<8, 256>(async |_, client, server| {
        let idle = ask(&client, 0).await;
        let [command] = commands(&server, 1).await[..] else {
            panic!("not one");
        };
        let mut buffer = [0; 64];
        {
            let mut waiting = std::pin::pin!(idle.recv(&mut buffer));
            assert!(futures::poll!(waiting.as_mut()).is_pending());
            reply(&server, command).await;
            let news = server.send("NEWS", "NEWS", |params| params.param("N", 1));
            drop(news.await.unwrap());
            // Still there, and nobody looks at it.
            let mut other = [0; 64];
            let news = timeout(SOON, client.recv(&mut other)).await;
            assert_eq!(number(&news.unwrap().unwrap(), "N"), 1);
            assert_eq!(number(&waiting.await.unwrap(), "N"), 0);
        }
    });
}

#[test]
fn a_buffer_that_is_too_small_loses_nothing() {
    with_both::<8, 256>(async |_, client, server| {
        let response = client.send("DSPC", "TIME", |params| {
            params.param("N", 1).param("NAME", "a name of some length")
        });
        let response = response.await.unwrap();
        let mut buffer = [0; 64];
        let field = server.recv(&mut buffer[..32]).await.unwrap_err();
        let Error::BufferTooSmall { needed } = field else {
            panic!("{field:?}");
        };
        let field = server.recv(&mut buffer[..needed]).await.unwrap();
        assert_eq!(text(&field, "NAME"), "a name of some length");
        let to = field.reply_to();
        let sent = server.reply(to, |params| wigwag_embassy::ncp::echo(params, &field));
        assert_eq!(sent.await, Ok(()));
        // The same of one that was kept meanwhile.
        let mut other = [0; 64];
        assert!(timeout(SOON, client.recv(&mut other)).await.is_err());
        let error = response.recv(&mut other[..needed - 1]).await.unwrap_err();
        assert_eq!(error, Error::BufferTooSmall { needed });
        let field = response.recv(&mut other[..needed]).await.unwrap();
        assert_eq!(number(&field, "N"), 1);
    });
}

#[test]
fn more_requests_than_there_is_room_for_are_refused() {
    with_both::<3, 256>(async |_, client, server| {
        let first = ask(&client, 0).await;
        let second = ask(&client, 1).await;
        let two = client.send_packet("DSPC", |fields| fields.field("SWEP").field("TIME"));
        assert_eq!(two.await.unwrap_err(), Error::TooManyRequests);
        drop(second);
        let two = client.send_packet("DSPC", |fields| {
            fields
                .field("SWEP")
                .param("N", 2)
                .field("TIME")
                .param("N", 3)
        });
        let two = two.await.unwrap();
        let more = client.send("DSPC", "TIME", |params| params).await;
        assert_eq!(more.unwrap_err(), Error::TooManyRequests);
        // What was refused was not sent.
        let numbers = commands(&server, 4).await;
        assert!(numbers.iter().map(|(_, number)| *number).eq([0, 1, 2, 3]));
        drop((first, two));
    });
}

#[test]
fn a_reply_can_be_listened_to_by_one() {
    with_both::<4, 256>(async |_, client, server| {
        let asked = ask(&client, 1).await;
        let (to, _) = commands(&server, 1).await[0];
        let mut buffer = [0; 64];
        let listening = server
            .reply_and_listen(to, |params| params.param("N", 2))
            .await
            .unwrap();
        let twice = server.reply_and_listen(to, |params| params.param("N", 3));
        assert_eq!(twice.await.unwrap_err(), Error::AlreadyListening);
        let field = asked.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 2);
        let back = field.reply_to();
        for number in [4, 5] {
            let sent = client.reply(back, |params| params.param("N", number)).await;
            assert_eq!(sent, Ok(()));
        }
        let field = listening.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 4);
        drop(listening);
        // From now on it is a command as any other.
        assert_eq!(commands(&server, 1).await, [(to, 5)]);
        // What was refused was not sent.
        assert!(timeout(SOON, asked.recv(&mut buffer)).await.is_err());
    });
}
