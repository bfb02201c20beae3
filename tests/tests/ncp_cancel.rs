//! Every future of NCP's may be dropped at any await: nothing is lost, nothing
//! comes twice, nothing stays taken.

use std::time::Duration;

use rand_core::OsRng;
use tokio::time::timeout;
use wigwag_embassy::ncp::{self, Error, Field, Server, ServerConnection};
use wigwag_embassy::net::EmbassyNetwork;
use wigwag_embassy::taps::TransportConfig;
use wigwag_harness::vnet::{Background, Cable, alongside};
use wigwag_tests::devices::until;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::nodes::{
    FarMemory, NearMemory, beside, client, echo, number, on_cable, on_cable_with, with_both,
};
use wigwag_tests::tls::stopped_after;

/// Calls `receive` again and again, dropped after so many polls, until it has
/// something.
async fn insist<T>(polls: u32, mut receive: impl AsyncFnMut() -> T) -> T {
    loop {
        if let Some(received) = stopped_after(polls, receive()).await {
            return received;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn value(field: Result<Field<'_>, Error>) -> i64 {
    number(&field.unwrap(), "N")
}

#[test]
fn receiving_that_is_dropped_loses_nothing() {
    for polls in 1..=4 {
        with_both::<8, 300>(async move |_, client, server| {
            let response = client.send("DSPC", "TIME", |params| params.param("N", 0));
            let response = response.await.unwrap();
            let mut buffer = [0; 64];
            let to = server.recv(&mut buffer).await.unwrap().reply_to();
            let sending = async {
                for number in 0..50 {
                    let sent = server.reply(to, |params| params.param("N", number)).await;
                    assert_eq!(sent, Ok(()));
                    let news = server.send("NEWS", "NEWS", |params| params.param("N", number));
                    drop(news.await.unwrap());
                }
            };
            let receiving = async {
                for expected in 0..50 {
                    // In turns, so that the mailbox is used as well.
                    let news = async || value(client.recv(&mut [0; 64]).await);
                    let answer = async || value(response.recv(&mut [0; 64]).await);
                    if expected % 2 == 0 {
                        assert_eq!(insist(polls, news).await, expected);
                        assert_eq!(insist(polls, answer).await, expected);
                    } else {
                        assert_eq!(insist(polls, answer).await, expected);
                        assert_eq!(insist(polls, news).await, expected);
                    }
                }
            };
            futures::join!(sending, receiving);
            let counters = client.counters();
            assert_eq!((counters.lost_answers, counters.lost_unsolicited), (0, 0));
        });
    }
}

#[test]
fn sending_that_is_dropped_sends_all_of_a_packet_or_nothing() {
    with_both::<4, 300>(async |_, client, server| {
        let data = [0_u8; 900];
        let sending = async {
            let mut sent = Vec::new();
            for number in 0..200 {
                let send = async {
                    let sent = client.send("DSPC", "DATA", |params| {
                        params.param("N", number).param("DATA", &data[..])
                    });
                    drop(sent.await.unwrap());
                };
                if stopped_after(1 + number as u32 % 3, send).await.is_some() {
                    sent.push(i64::from(number));
                } else {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            client.close();
            sent
        };
        let receiving = async {
            let mut received = Vec::new();
            let mut buffer = [0; 2048];
            while let Some(field) = server.next(&mut buffer).await.unwrap() {
                assert_eq!(field.params().count(), 2);
                received.push(number(&field, "N"));
            }
            received
        };
        let (sent, received) = futures::join!(sending, receiving);
        assert_eq!(sent, received);
        assert!(sent.len() < 200 && !sent.is_empty(), "{}", sent.len());
    });
}

#[test]
fn who_gives_up_waiting_to_send_lets_the_next_one_send() {
    with_both::<64, 300>(async |_, client, server| {
        let data = [0_u8; 3000];
        // Many wait for room at once; every third gives up.
        let tasks = (0..30).map(async |number| {
            let send = async {
                let sent = client.send("DSPC", "DATA", |params| {
                    params.param("N", number).param("DATA", &data[..])
                });
                drop(sent.await.unwrap());
            };
            if number % 3 == 0 {
                stopped_after(1, send).await.is_some()
            } else {
                send.await;
                true
            }
        });
        let sending = async {
            let sent = futures::future::join_all(tasks).await;
            client.close();
            sent.into_iter().filter(|is_sent| *is_sent).count()
        };
        let receiving = async {
            let mut count = 0;
            let mut buffer = [0; 4096];
            while server.next(&mut buffer).await.unwrap().is_some() {
                count += 1;
            }
            count
        };
        let (sent, received) = futures::join!(sending, receiving);
        assert_eq!(sent, received);
        assert!(sent >= 20, "{sent}");
    });
}

#[test]
fn connecting_that_is_dropped_leaves_no_slot_taken() {
    on_cable(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let slots = near.free_slots();
        let talk = async {
            let mut connected = 0;
            for polls in 1..40 {
                let client = client();
                let connection = stopped_after(polls, client.connect(&near)).await;
                connected += u32::from(connection.is_some_and(|connection| connection.is_ok()));
                until("the slot is free", || near.free_slots() == slots).await;
            }
            assert!(connected > 0);
            let connection = client().connect(&near).await.unwrap();
            let response = connection.send("LINK", "ECHO", |params| params.param("N", 7));
            let response = response.await.unwrap();
            assert_eq!(value(response.recv(&mut [0; 64]).await), 7);
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}

#[test]
fn a_server_that_is_dropped_at_any_await_can_serve_again() {
    on_cable_with::<8, 512>(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let handler = async |client: &ServerConnection<'_>| echo(client).await;
        let talk = async {
            let mut answered = 0;
            for number in 0..60 {
                let Ok(connection) = client().connect(&near).await else {
                    continue;
                };
                let asked = connection.send("LINK", "ECHO", |params| params.param("N", number));
                let Ok(asked) = asked.await else { continue };
                let mut buffer = [0; 64];
                if let Ok(field) = asked.recv(&mut buffer).await {
                    assert_eq!(number_of(&field), i64::from(number));
                    answered += 1;
                }
                drop(asked);
                connection.close();
                let _ = connection.wait_closed().await;
            }
            answered
        };
        let serving = async {
            let mut polls = 1;
            loop {
                let serve = server.serve::<2, Error>(handler);
                if stopped_after(polls, serve).await.is_some() {
                    panic!("nobody stopped the server");
                }
                polls += 1;
            }
        };
        let (talk, serving) = (std::pin::pin!(talk), std::pin::pin!(serving));
        match futures::future::select(talk, serving).await {
            futures::future::Either::Left((answered, _)) => assert!(answered > 30, "{answered}"),
            futures::future::Either::Right((never, _)) => never,
        }
    });
}

fn number_of(field: &Field<'_>) -> i64 {
    number(field, "N")
}

#[test]
fn a_runner_that_is_dropped_tells_everybody_and_can_run_again() {
    in_paused_time(async || {
        let cable = Cable::new(9);
        let run = cable.run(async |near, far| {
            let mut near_memory = Box::new(<NearMemory<'_>>::new());
            let mut far_memory = Box::new(FarMemory::new());
            let config = TransportConfig::DEFAULT;
            let near = EmbassyNetwork::new(near);
            let far = EmbassyNetwork::new(far);
            let (near, mut near_runner) = ncp::new(&mut near_memory, near, OsRng, config);
            let (far, mut far_runner) = ncp::new(&mut far_memory, far, OsRng, config);
            let server = Server::plain().listen(&far).unwrap();
            let serve = async { server.serve::<2, Error>(echo).await };
            let client = client();
            let talk = async {
                for _ in 0..3 {
                    // With the runner the connection is cut off.
                    let connection = tokio::select! {
                        connection = client.connect(&near) => connection.unwrap(),
                        never = near_runner.run() => match never {},
                    };
                    let end = connection.recv(&mut [0; 64]).await.unwrap_err();
                    assert!(matches!(end, Error::NetworkError(_)), "{end:?}");
                    assert!(
                        connection
                            .send("LINK", "ECHO", |params| params)
                            .await
                            .is_err()
                    );
                    assert!(connection.wait_closed().await.is_err());
                }
                // While somebody waits.
                let waits = async {
                    let connection = client.connect(&near).await.unwrap();
                    let response = connection.send("LINK", "ECHO", |params| params);
                    let response = response.await.unwrap();
                    let mut buffer = [0; 64];
                    assert!(response.recv(&mut buffer).await.is_ok());
                    let mut other = [0; 64];
                    let waits =
                        futures::join!(response.recv(&mut buffer), connection.recv(&mut other),);
                    (waits.0.map(drop), waits.1.map(drop))
                };
                // With a waker of its own: nobody else is woken by its end.
                let stops: Background<'_> = Box::pin(async {
                    let run = async { match near_runner.run().await {} };
                    let _: Result<(), _> = timeout(Duration::from_secs(300), run).await;
                    std::future::pending().await
                });
                let ends = alongside(waits, vec![stops]).await;
                for end in [ends.0, ends.1] {
                    assert!(matches!(end, Err(Error::NetworkError(_))), "{end:?}");
                }
            };
            let background: Vec<Background<'_>> = vec![Box::pin(async { far_runner.run().await })];
            alongside(beside(serve, talk), background).await;
        });
        run.await;
    });
}

#[test]
fn who_gives_up_what_is_too_large_to_be_kept_makes_way_at_once() {
    with_both::<8, 60>(async |_, client, server| {
        let large = client.send("DSPC", "SWEP", |params| params).await.unwrap();
        let mut buffer = [0; 64];
        let to = server.recv(&mut buffer).await.unwrap().reply_to();
        let gives_up: Background<'_> = Box::pin(async {
            let mut buffer = [0; 4096];
            {
                let mut waiting = std::pin::pin!(large.recv(&mut buffer));
                assert!(futures::poll!(waiting.as_mut()).is_pending());
                let data = [7_u32; 500];
                let sent = server.reply(to, |params| params.param("PDAT", &data[..]));
                assert_eq!(sent.await, Ok(()));
                let news = server.send("NEWS", "NEWS", |params| params.param("N", 1));
                drop(news.await.unwrap());
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending().await
        });
        let waits = async {
            let since = tokio::time::Instant::now();
            let mut buffer = [0; 64];
            assert_eq!(value(client.recv(&mut buffer).await), 1);
            assert_eq!(since.elapsed().as_secs(), 1);
        };
        alongside(waits, vec![gives_up]).await;
        let told = large.recv(&mut buffer).await.unwrap_err();
        assert_eq!(told, Error::Lost { fields: 1 });
    });
}
