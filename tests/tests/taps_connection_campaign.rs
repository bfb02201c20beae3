//! Connections under random schedules, between two devices on a cable that loses
//! frames: 10,000 cycles of connecting, sending, cloning, closing, aborting and
//! letting go. No slot stays behind, every message that was taken ends exactly
//! once, and what arrives was sent, once, in its order, on its connection.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use tokio::time::timeout;
use wigwag_codec::prefix::PrefixFramer;
use wigwag_embassy::taps::{
    Connection, ConnectionError, ConnectionState, Disabled, Listener, LocalEndpoint,
    MessageContext, Outcome, Preconnection, RemoteEndpoint, Ticket, TransportConfig,
    TransportProperties, With,
};
use wigwag_harness::faults::Direction;
use wigwag_harness::vnet::{Cable, End};
use wigwag_tests::campaign;
use wigwag_tests::devices::{Plain, SLOTS, on_cable, until};

const PORT: u16 = 5000;

/// Cycles of one case: each begins with a connection, or with a clone.
const CYCLES: u64 = 50;

/// How long the server waits for a message.
const SILENCE: Duration = Duration::from_secs(20);

/// Cases of the whole campaign: 10,000 cycles.
const CASES: u64 = 200;

const CONFIG: TransportConfig<'static> = TransportConfig {
    close_timeout: Duration::from_secs(3),
    ..TransportConfig::DEFAULT
};

type Framed<'a> = Connection<'a, PrefixFramer, Disabled>;

fn framer() -> PrefixFramer {
    PrefixFramer::for_buffer(256)
}

fn client() -> Preconnection<'static, Disabled, With<PrefixFramer>> {
    let far = RemoteEndpoint::new().with_address(End::Far.v4().into());
    Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_remote(far.with_port(PORT))
        .add_framer(framer())
}

fn server() -> Preconnection<'static, Disabled, With<PrefixFramer>> {
    Preconnection::new(TransportProperties::RELIABLE_MESSAGE, Disabled)
        .add_local(LocalEndpoint::new().with_port(PORT))
        .add_framer(framer())
}

/// A connection of the client, with what it sent.
struct Sender<'a> {
    number: u32,
    connection: Framed<'a>,
    tickets: Vec<(u32, Ticket)>,
    next: u32,
}

/// What the test knows of both sides.
#[derive(Default)]
struct Book {
    /// How each message ended that was taken; those whose connection was let go
    /// of have no entry.
    outcomes: HashMap<(u32, u32), Outcome>,
    taken: u64,
    told: u64,
    let_go: u64,
    arrived: HashMap<(u32, u32), u32>,
    /// Connections that came up.
    ready: u64,
}

struct World<'a, 'w> {
    rng: ChaCha8Rng,
    cable: &'w Cable,
    near: Plain<'a, PrefixFramer>,
    client: Preconnection<'static, Disabled, With<PrefixFramer>>,
    senders: Vec<Sender<'a>>,
    numbers: u32,
    book: &'w RefCell<Book>,
}

impl<'a> World<'a, '_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    fn any(&mut self) -> Option<usize> {
        let count = self.senders.len() as u64;
        (count > 0).then(|| self.below(count) as usize)
    }

    async fn pause(&mut self, most: u64) {
        let pause = self.below(most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    fn keep(&mut self, connection: Framed<'a>) {
        self.numbers += 1;
        self.book.borrow_mut().ready += 1;
        assert_eq!(connection.state(), ConnectionState::Established);
        self.senders.push(Sender {
            number: self.numbers,
            connection,
            tickets: Vec::new(),
            next: 0,
        });
    }

    /// A new connection, by one of the ways to one; it may be given up.
    async fn begin(&mut self) {
        if self.senders.len() < SLOTS {
            // What was let go of closes by itself, in three seconds at most.
            let near = self.near;
            until("a free slot", || near.free_slots() > 0).await;
        }
        let limit = Duration::from_millis(50 + self.below(8000));
        let clones = self.below(3) == 0;
        if let Some(index) = self.any().filter(|_| clones) {
            let before = self.senders[index].connection.state();
            let clone = self.senders[index].connection.clone_connection(Some(limit));
            match clone.await {
                Ok(connection) => {
                    let original = &self.senders[index].connection;
                    assert!(connection.is_grouped_with(original));
                    assert!(original.grouped_connections() >= 1);
                    self.keep(connection);
                }
                // The original is as it was, or its peer has ended it meanwhile.
                Err(_) if before == ConnectionState::Established => {
                    let after = self.senders[index].connection.state();
                    assert_ne!(after, ConnectionState::Establishing);
                }
                Err(_) => {}
            }
            return;
        }
        let is_dropped = self.below(6) == 0;
        let patience = Duration::from_millis(self.below(300));
        let near = self.near;
        let client = &self.client;
        let initiated = client.initiate(&near, Some(limit));
        if is_dropped {
            // What was connected by then is let go of with the result.
            let _ = timeout(patience, initiated).await;
        } else {
            match initiated.await {
                Ok(connection) => self.keep(connection),
                // All slots of the server may be in use, for up to SILENCE.
                Err(_) => self.pause(4000).await,
            }
        }
    }

    fn send(&mut self) {
        let Some(index) = self.any() else { return };
        let length = self.below(200) as usize;
        let sender = &mut self.senders[index];
        let mut body = vec![sender.number as u8; 8 + length];
        body[..4].copy_from_slice(&sender.number.to_be_bytes());
        body[4..8].copy_from_slice(&sender.next.to_be_bytes());
        if let Ok(ticket) = sender.connection.try_send(&body, &MessageContext::new()) {
            self.book.borrow_mut().taken += 1;
            sender.tickets.push((sender.next, ticket));
            sender.next += 1;
        }
        self.collect(index);
    }

    /// Takes the outcomes that are known.
    fn collect(&mut self, index: usize) {
        let sender = &mut self.senders[index];
        let mut book = self.book.borrow_mut();
        for (message, ticket) in std::mem::take(&mut sender.tickets) {
            match sender.connection.try_outcome(ticket) {
                Ok(outcome) => {
                    book.told += 1;
                    let before = book.outcomes.insert((sender.number, message), outcome);
                    assert_eq!(before, None, "a second outcome");
                }
                Err(ticket) => sender.tickets.push((message, ticket)),
            }
        }
    }

    /// Waits for the end of a connection that is to end, and looks at all of it.
    async fn finish(&mut self, index: usize) {
        let end = self.senders[index].connection.closed().await;
        assert_eq!(self.senders[index].connection.closed().await, end);
        assert!(!matches!(end, Err(ConnectionError::NotEstablished)));
        assert_eq!(
            self.senders[index].connection.state(),
            ConnectionState::Closed
        );
        self.collect(index);
        let sender = self.senders.swap_remove(index);
        assert!(sender.tickets.is_empty(), "a message without an outcome");
        let refused = sender.connection.try_send(b"late", &MessageContext::new());
        assert!(refused.is_err(), "a message after the end");
    }

    /// Lets go of a connection without looking.
    fn let_go(&mut self, index: usize) {
        self.collect(index);
        let sender = self.senders.swap_remove(index);
        self.book.borrow_mut().let_go += sender.tickets.len() as u64;
    }

    async fn step(&mut self) {
        let Some(index) = self.any() else { return };
        let connection = &self.senders[index].connection;
        match self.rng.next_u64() % 12 {
            0 | 1 => {
                connection.close();
                self.finish(index).await;
            }
            2 => {
                connection.abort();
                self.finish(index).await;
            }
            3 => self.let_go(index),
            4 => {
                if self.below(2) == 0 {
                    self.senders[index].connection.close_group();
                } else {
                    self.senders[index].connection.abort_group();
                }
            }
            5 => {
                let direction = if self.below(2) == 0 {
                    Direction::ToServer
                } else {
                    Direction::ToDevice
                };
                let frames = self.below(4) as u32;
                self.cable.faults().drop_next(direction, frames);
            }
            6 => self.pause(2000).await,
            _ => self.send(),
        }
    }
}

/// Takes every connection, and notes what arrives until it ends.
async fn serve(listener: &Listener<'_, PrefixFramer, Disabled>, book: &RefCell<Book>) {
    let mut open = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let connection = accepted.expect("the listener listens");
                open.push(receive(connection, book));
            }
            Some(()) = open.next() => {}
        }
    }
}

async fn receive(connection: Framed<'_>, book: &RefCell<Book>) {
    let mut buffer = [0; 256];
    let mut last: Option<(u32, u32)> = None;
    loop {
        let received = match timeout(SILENCE, connection.receive(&mut buffer)).await {
            Ok(Ok(received)) => received,
            Ok(Err(_)) => break,
            // Its peer may be gone without a word that has arrived.
            Err(_) => {
                connection.abort();
                break;
            }
        };
        assert!(received.end_of_message);
        let body = &buffer[..received.length];
        let word = |at: usize| u32::from_be_bytes(body[at..at + 4].try_into().unwrap());
        let (number, message) = (word(0), word(4));
        assert!(body[8..].iter().all(|byte| *byte == number as u8));
        if let Some((connection, before)) = last {
            assert_eq!(number, connection, "a message of another connection");
            assert_eq!(message, before + 1, "out of order, or lost in the middle");
        } else {
            assert_eq!(message, 0, "the first one is missing");
        }
        last = Some((number, message));
        *book
            .borrow_mut()
            .arrived
            .entry((number, message))
            .or_default() += 1;
    }
    connection.close();
    let _ = connection.closed().await;
}

fn case(seed: u64) {
    on_cable(CONFIG, async move |cable, near, far| {
        let book = RefCell::default();
        let listener = server().listen(&far).unwrap();
        let app = async {
            let mut world = World {
                rng: campaign::rng(seed),
                cable,
                near,
                client: client(),
                senders: Vec::new(),
                numbers: 0,
                book: &book,
            };
            for _ in 0..CYCLES {
                world.begin().await;
                for _ in 0..world.below(8) {
                    world.step().await;
                }
            }
            for index in (0..world.senders.len()).rev() {
                world.senders[index].connection.close();
                world.finish(index).await;
            }
            drop(world);
            until("no slot of the client is left behind", || {
                near.free_slots() == SLOTS
            })
            .await;
        };
        tokio::select! {
            () = app => {}
            () = serve(&listener, &book) => unreachable!("it serves for ever"),
        }
        drop(listener);
        until("no slot of the server is left behind", || {
            far.free_slots() == SLOTS
        })
        .await;
        let book = book.into_inner();
        assert_eq!(book.taken, book.told + book.let_go);
        for ((connection, message), times) in &book.arrived {
            assert_eq!(*times, 1, "message {message} of {connection} arrived again");
            let outcome = book.outcomes.get(&(*connection, *message));
            assert!(
                !matches!(outcome, Some(Err(_))),
                "message {message} of {connection} arrived though it ended in {outcome:?}"
            );
        }
        assert!(book.ready > CYCLES / 4, "only {} came up", book.ready);
        assert!(!book.arrived.is_empty());
    });
}

#[test]
fn connection_campaign_of_ten_thousand_cycles_leaves_nothing_behind() {
    for seed in campaign::all_seeds("taps connections", CASES) {
        println!("seed {seed}");
        case(seed);
    }
}
