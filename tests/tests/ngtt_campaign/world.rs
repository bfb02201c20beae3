//! One schedule: a device, a server, the link between them, and what happens to
//! them.

use core::time::Duration;

use wigwag_codec::Instant;
use wigwag_codec::ngtt::FrameType;
use wigwag_codec::ngtt::client::{Config, QueueRule, SendKind, WhenFull};
use wigwag_codec::ngtt::server::ServerConfig;

use crate::book::{Book, Met};
use crate::device::{Device, Habits, ORDER_BYTES};
use crate::dice::{Dice, MS, SEC};
use crate::pipe::Pipe;
use crate::server::{Queue, Server};

/// How long everything may take when nothing goes wrong any more.
const DRAIN: u64 = 24 * 3600 * SEC;
/// How long the quiet end is watched, and how many frames are written then at
/// most: PINGs every 30 s from the device, every 45 s from the server, and their
/// answers.
const QUIET: u64 = 900 * SEC;
const QUIET_FRAMES: u64 = 2 * (30 + 20) + 10;

#[derive(Clone, Copy)]
enum Happening {
    Enqueue,
    Submit(SendKind),
    Fetch,
    Cut,
    /// The next connection breaks after so many bytes.
    CutAfter {
        to_server: bool,
        bytes: u64,
    },
    ServerDown(u64),
    Reboot,
    Silence {
        to_server: bool,
    },
    RepeatPong,
    Inject,
}

enum Link {
    Down { until: u64 },
    Up(Box<Connection>),
}

struct Connection {
    server: Server,
    to_server: Pipe,
    to_device: Pipe,
}

struct World<const O: usize, const S: usize, const M: usize> {
    now: u64,
    dice: Dice,
    book: Book,
    device: Device<O, S, M>,
    queue: Queue,
    pushed: u64,
    /// How many different payloads there are; `None`: no two are equal.
    payloads: Option<u64>,
    server_config: ServerConfig,
    link: Link,
    cut_next: Option<(bool, u64)>,
    script: Vec<(u64, Happening)>,
}

/// Runs the schedule of `seed` to its end. Panics if a promise is broken.
pub(crate) fn run<const O: usize, const S: usize, const M: usize>(seed: u64) -> Met {
    let mut world = World::<O, S, M>::new(seed);
    world.play();
    world.book.met
}

impl<const O: usize, const S: usize, const M: usize> World<O, S, M> {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let rules = [WhenFull::Block, WhenFull::DropOldest, WhenFull::DropNewest];
        let config = Config {
            data_window: dice.between(1, 3) as usize,
            data: QueueRule::new(dice.pick(&rules)).with_limit(dice.between(1, 8) as usize),
            logs: QueueRule::new(dice.pick(&rules)),
            ..Config::new()
        };
        let habits = Habits {
            work: dice.pick(&[0, 100 * MS, 5 * SEC]),
            stalls: dice.pick(&[0, 0, 20]),
            gives_back: dice.pick(&[0, 0, 10]),
            record: dice.pick(&[50 * MS, 50 * MS, 5 * SEC, 40 * SEC]),
        };
        let journal = dice.percent(60);
        let ping_every = dice.percent(50).then(|| Duration::from_secs(45));
        let last_tid = dice.pick(&[1, 2, 4, 0x7fff]);
        let window = dice.between(1, 8) as usize;
        let payloads = dice.percent(75).then(|| dice.between(1, 3));
        let mut queue = Queue::new().with_window(window).with_last_tid(last_tid);
        if payloads.is_none() {
            // A server that reuses ids too early is understood if the payload
            // tells the orders apart.
            queue = queue.with_hold(Duration::ZERO);
        }
        let mut world = Self {
            now: SEC,
            book: Book::default(),
            device: Device::new(config, habits, journal),
            queue,
            pushed: 0,
            payloads,
            server_config: ServerConfig {
                ping_every,
                ..ServerConfig::new()
            },
            link: Link::Down { until: SEC },
            cut_next: None,
            script: Vec::new(),
            dice,
        };
        world.write_script();
        world
    }

    fn write_script(&mut self) {
        let dice = &mut self.dice;
        let length = dice.pick(&[30, 300, 300, 4000]) * SEC;
        let mut script = Vec::new();
        let mut add = |dice: &mut Dice, most: u64, what: &mut dyn FnMut(&mut Dice) -> Happening| {
            for _ in 0..dice.below(most + 1) {
                script.push((SEC + dice.below(length), what(dice)));
            }
        };
        add(dice, 16, &mut |_| Happening::Enqueue);
        let kinds = [
            SendKind::DataStream,
            SendKind::DataStream,
            SendKind::Logs,
            SendKind::SyncBaobs,
        ];
        add(dice, 16, &mut |dice| Happening::Submit(dice.pick(&kinds)));
        add(dice, 2, &mut |_| Happening::Fetch);
        add(dice, 4, &mut |_| Happening::Cut);
        add(dice, 6, &mut |dice| Happening::CutAfter {
            to_server: dice.percent(50),
            bytes: dice.below(200),
        });
        add(dice, 2, &mut |dice| {
            Happening::ServerDown(dice.below(20 * SEC))
        });
        add(dice, 3, &mut |_| Happening::Reboot);
        add(dice, 1, &mut |dice| Happening::Silence {
            to_server: dice.percent(50),
        });
        add(dice, 2, &mut |_| Happening::RepeatPong);
        add(dice, 3, &mut |_| Happening::Inject);
        // A burst, so that slots, marks and queues are full.
        if dice.percent(50) {
            let at = SEC + dice.below(length);
            script.extend((0..dice.below(12)).map(|_| (at, Happening::Enqueue)));
            let data = Happening::Submit(SendKind::DataStream);
            script.extend((0..dice.below(12)).map(|_| (at, data)));
        }
        script.sort_by_key(|(at, _)| core::cmp::Reverse(*at));
        self.script = script;
    }

    fn play(&mut self) {
        let last = self.script.first().map_or(self.now, |(at, _)| *at);
        loop {
            self.happen();
            self.settle();
            if self.script.is_empty() && self.is_done() {
                break;
            }
            assert!(
                self.now < last + DRAIN,
                "not done: {} orders in the queue, {} tickets, slots, requests and marks {}",
                self.queue.len(),
                self.book.open_tickets(),
                self.device.is_idle(),
            );
            self.now = self.next_time();
        }
        self.book.close(self.pushed);
        self.watch_quiet();
        self.device.met(&mut self.book);
    }

    fn is_done(&self) -> bool {
        self.queue.is_empty()
            && self.book.open_tickets() == 0
            && self.device.is_idle()
            && matches!(&self.link, Link::Up(connection) if connection.is_sound())
    }

    /// Nothing is left to do: only signs of life are written now.
    fn watch_quiet(&mut self) {
        let before = self.frames();
        let end = self.now + QUIET;
        while self.now < end {
            self.now = self.next_time().min(end);
            self.settle();
        }
        assert!(matches!(self.link, Link::Up(_)), "a quiet connection stays");
        let frames = self.frames() - before;
        assert!(
            frames <= QUIET_FRAMES,
            "{frames} frames in the quiet at the end"
        );
        assert!(self.is_done());
    }

    fn frames(&self) -> u64 {
        let Link::Up(connection) = &self.link else {
            return 0;
        };
        self.device.frames_written + connection.server.frames_written
    }

    fn next_time(&self) -> u64 {
        let script = self.script.last().map(|(at, _)| *at);
        let device = self.device.next_time();
        let link = match &self.link {
            Link::Down { until } => Some(*until),
            Link::Up(connection) => connection.next_time(),
        };
        let next = [script, device, link].into_iter().flatten().min();
        // Something that could not be done yet is tried again a little later.
        next.expect("something is always due")
            .max(self.now + 20 * MS)
    }

    fn happen(&mut self) {
        while let Some((_, what)) = self.script.pop_if(|(at, _)| *at <= self.now) {
            match what {
                Happening::Enqueue => self.enqueue(),
                Happening::Submit(kind) => {
                    self.device.submit(kind, &mut self.book, &mut self.dice);
                }
                Happening::Fetch => {
                    self.device.submit_fetch(&mut self.book);
                }
                Happening::Cut => self.cut(None),
                Happening::CutAfter { to_server, bytes } => {
                    self.cut_next = Some((to_server, bytes))
                }
                Happening::ServerDown(time) => {
                    self.book.met.one("a server restart");
                    self.cut(Some(time));
                }
                Happening::Reboot => {
                    self.cut(None);
                    self.device.reboot(&mut self.book, &mut self.dice);
                }
                Happening::Silence { to_server } => {
                    if let Link::Up(connection) = &mut self.link {
                        self.book.met.one("a link gone silent");
                        let pipe = match to_server {
                            true => &mut connection.to_server,
                            false => &mut connection.to_device,
                        };
                        pipe.silent = true;
                    }
                }
                Happening::RepeatPong => {
                    if let Link::Up(connection) = &mut self.link {
                        connection.server.repeat_pong(&mut self.book);
                    }
                }
                Happening::Inject => self.inject(),
            }
        }
    }

    fn enqueue(&mut self) {
        let payload = match self.payloads {
            // Few different ones, so that equal orders are common.
            Some(payloads) => {
                let kind = self.dice.below(payloads) as u8;
                vec![kind; usize::from(kind) * 20 + 1]
            }
            None => self.pushed.to_be_bytes().to_vec(),
        };
        if self.queue.push(payload).is_ok() {
            self.pushed += 1;
        }
    }

    fn inject(&mut self) {
        let Link::Up(connection) = &mut self.link else {
            return;
        };
        let too_large = ORDER_BYTES + self.dice.between(1, 100) as usize;
        let length = self.dice.pick(&[0, 5, 300]);
        let (kind, tid, length) = self.dice.pick(&[
            (FrameType::Unknown(11), 5, length),
            (FrameType::Unknown(0xffff), 5, length),
            (FrameType::Logs, 3, length),
            (FrameType::OrderConfirm, 1, length),
            (FrameType::DataStreamConfirm, 0x9000, length),
            (FrameType::SyncBaobResponse, 0x9000, length),
            (FrameType::Order, 0x9000, too_large),
            (FrameType::Ping, 0x9000, length),
        ]);
        // A PING comes twice: one too many to be sent back.
        for _ in 0..1 + usize::from(kind == FrameType::Ping) {
            connection.server.inject(kind, tid, vec![0; length]);
        }
    }

    /// The connection breaks. The next one comes after `down`, or soon.
    fn cut(&mut self, down: Option<u64>) {
        let soon = down.unwrap_or_else(|| self.dice.below(5 * SEC));
        let down = Link::Down {
            until: self.now + soon,
        };
        let Link::Up(mut connection) = core::mem::replace(&mut self.link, down) else {
            return;
        };
        let now = Instant::from_micros(self.now);
        let bytes = connection.to_server.remains(&mut self.dice);
        connection
            .server
            .receive(&bytes, &mut self.queue, &mut self.book, now);
        let bytes = connection.to_device.remains(&mut self.dice);
        self.device
            .receive(&bytes, &mut connection.server.sent, &mut self.book, now);
        self.device.disconnected();
        self.book.met.one("a cut");
    }

    fn connect(&mut self) {
        let capacity = self.dice.pick(&[16, 100, 1000]);
        let latency = self.dice.pick(&[0, 20 * MS, 2 * SEC]);
        let slowness = self.dice.pick(&[0, 0, 5 * SEC, 40 * SEC]);
        let now = Instant::from_micros(self.now);
        let mut connection = Connection {
            server: Server::new(self.server_config, &mut self.queue, slowness, now),
            to_server: Pipe::new(capacity, latency),
            to_device: Pipe::new(capacity, latency),
        };
        if let Some((to_server, bytes)) = self.cut_next.take() {
            let pipe = match to_server {
                true => &mut connection.to_server,
                false => &mut connection.to_device,
            };
            pipe.cut_after = Some(bytes);
        }
        self.device.connected(now);
        self.link = Link::Up(Box::new(connection));
    }

    /// Does all that can be done now.
    fn settle(&mut self) {
        if matches!(self.link, Link::Down { until } if until <= self.now) {
            self.connect();
        }
        let now = Instant::from_micros(self.now);
        let mut alive = self.device.step(&mut self.book, &mut self.dice, self.now);
        let Link::Up(connection) = &mut self.link else {
            return;
        };
        let Connection {
            server,
            to_server,
            to_device,
        } = &mut **connection;
        alive &= server.session.handle_timeout(now).is_ok();
        server.notice_fetch(&mut self.queue, now);
        for _ in 0..4 {
            if !alive {
                break;
            }
            let most = self.dice.between(1, 64) as usize;
            let bytes = to_device.read(self.now, most);
            self.device
                .receive(&bytes, &mut server.sent, &mut self.book, now);
            let bytes = to_server.read(self.now, most);
            server.receive(&bytes, &mut self.queue, &mut self.book, now);
            alive = self.device.step(&mut self.book, &mut self.dice, self.now)
                && self.device.transmit(to_server, &mut self.dice, now)
                && server.transmit(&mut self.queue, to_device, &mut self.dice, now);
        }
        if !alive {
            self.cut(None);
        }
    }
}

impl Connection {
    /// Whether nothing is going to break it.
    fn is_sound(&self) -> bool {
        [&self.to_server, &self.to_device]
            .iter()
            .all(|pipe| !pipe.silent && pipe.cut_after.is_none())
    }

    fn next_time(&self) -> Option<u64> {
        let times = [
            self.to_server.next_arrival(),
            self.to_device.next_arrival(),
            Some(self.server.next_time()),
        ];
        times.into_iter().flatten().min()
    }
}
