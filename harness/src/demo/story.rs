//! What happens in the demonstration, and when.

use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use wigwag_codec::minijson::{Encoder, Value};
use wigwag_codec::ngtt::Digest;
use wigwag_embassy::journal::RamJournal;

use super::books::Plan;
use super::node::{self, Node};
use super::{Comparison, DemoError, compare, corpus};
use crate::device::batch::{self, BatchError};
use crate::device::{self, BATCH_BYTES, Book, DeviceEvent, Reply, Settings, Work};
use crate::faults::{Cut, Direction, StreamFault, StreamPlan};
use crate::mock::{Event, EventKind, MockNgtt, MockOptions};
use crate::mock_ncp;
use crate::pki::{DEFAULT_DEVICE_ID, Pki, PkiOptions};
use crate::record::Recorder;
use crate::vnet::{self, VirtualNet, loopback};

/// The name that the server proves.
const SERVER: &str = "ngtt.test";
/// A documentation address (RFC 5737); the gateway leads it to the host.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// The order that takes long, in minijson:
/// `[{"orders": [{"type": "wait", "time": 3}]}]`.
const SLOW: &[u8] = b"\x41\x51\x06orders\x41\x52\x04type\x84wait\x04time\x03\x03";

/// How long it takes: for a person to be found.
const SLOW_TAKES: Duration = Duration::from_secs(3);

/// How the demonstration is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed of everything that is left to chance on the network.
    pub seed: u64,
    /// Orders of the story.
    pub orders: usize,
    /// Time between two orders.
    pub pace: Duration,
    /// After the story an order a second follows, until it is interrupted.
    pub go_on: bool,
    /// Longest time for the story.
    pub limit: Duration,
    /// Takes down what the servers and the devices say. None.
    pub recorder: Option<Recorder>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            orders: 100,
            pace: Duration::from_millis(20),
            go_on: false,
            limit: Duration::from_secs(120),
            recorder: None,
        }
    }
}

/// Something to show.
#[derive(Debug, Clone)]
pub enum Moment {
    /// The size of what is to come.
    Begins {
        /// Orders.
        orders: u64,
        /// Pathpoint values.
        points: u64,
        /// Log entries.
        logs: u64,
        /// Commands to the node.
        commands: u64,
    },
    /// The server tells.
    Server(Event),
    /// The device tells.
    Device(DeviceEvent),
    /// The node tells, which speaks NCP.
    Node(mock_ncp::Event),
    /// The device that asks the node tells.
    Asking(DeviceEvent),
    /// The story does something to them.
    Accident(&'static str),
    /// The story is over, and this is how the books compare. With
    /// [`Options::go_on`] they are compared once more at the very end.
    Compared(Comparison),
}

/// Runs the demonstration; the comparison of the books at its end. `show` is
/// told of everything as it happens. Once `interrupted` is ready nothing new
/// begins, and what is on its way is brought to its end.
///
/// Runs on tokio's current-thread runtime with timers and I/O.
///
/// # Errors
/// [`DemoError`] when it could not begin.
pub async fn run(
    options: Options,
    show: &dyn Fn(Moment),
    interrupted: impl Future<Output = ()>,
) -> Result<Comparison, DemoError> {
    let pki = Pki::new(PkiOptions {
        server_names: vec![SERVER.into(), node::NAME.into()],
        ..PkiOptions::default()
    })?;
    let named = |name| options.recorder.as_ref().map(|r| r.with_server(name));
    let node = Node::start(&pki, options.seed, named(node::NAME)).await?;
    let server_options = MockOptions {
        recorder: named(SERVER),
        ..MockOptions::default()
    };
    let mut server = MockNgtt::start_with(&pki, server_options).await?;
    let port = server.addr().port();
    let mut events = server.events();
    // The server has a newer version of some objects, and some of its own.
    for (name, version) in [
        ("fw/obj0", 3),
        ("config/obj3", 12),
        ("config/obj10", 1_000_000),
        ("fw/bootloader", 2),
        ("config/alarms", 7),
    ] {
        server.set_baob(name, version);
    }

    let net = VirtualNet::with(
        vnet::Options {
            seed: options.seed,
            ..vnet::Options::default()
        },
        loopback(),
    );
    net.names().set(SERVER, [ADDRESS]);
    // The first connection ends in the middle of a frame on its way up.
    net.faults().plan(StreamPlan::new().at(
        Direction::ToServer,
        200_000,
        StreamFault::Cut(Cut::Reset),
    ));

    let settings = Settings::of(&pki, DEFAULT_DEVICE_ID, SERVER, port)
        .expect("a new infrastructure has this device");
    let work = work()?;
    let things = |batches: &[batch::Batch]| batches.iter().map(|b| b.things as u64).sum();
    show(Moment::Begins {
        orders: options.orders as u64,
        points: things(&work.pathpoints),
        logs: things(&work.logs),
        commands: node.commands(),
    });

    let cut_short = Cell::new(false);
    let interrupted = async {
        interrupted.await;
        cut_short.set(true);
    };
    // That was before anybody could ask for events.
    show(Moment::Server(Event {
        at: Duration::ZERO,
        device: None,
        kind: EventKind::Listening {
            addr: server.addr(),
        },
    }));
    show(Moment::Accident(
        "the first connection will break in the middle of a frame",
    ));

    let book = RefCell::new(Book::default());
    let server_tells = async {
        loop {
            match events.recv().await {
                Ok(event) => show(Moment::Server(event)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    let device_tells = |event| show(Moment::Device(event));
    // In boxes: they are large, and would be copied from place to place on the stack.
    let device = Box::pin(device::run(
        &net,
        &settings,
        &work,
        RamJournal::<64>::new(),
        &book,
        &device_tells,
        story(
            Stage {
                options: &options,
                show,
                net: &net,
                book: &book,
                batches: (work.pathpoints.len(), work.logs.len()),
                node: &node,
            },
            &mut server,
            interrupted,
        ),
    ));
    let asking = Box::pin(node.run(show, options.limit, &cut_short));
    let devices = async { tokio::try_join!(device, asking).map(|((), ())| ()) };
    let done: Result<(), device::SettingsError> = tokio::select! {
        done = devices => done,
        never = server_tells => never,
    };
    done?;
    let servers_book = server.book().device(DEFAULT_DEVICE_ID);
    let mut comparison = compare(&servers_book, &book.borrow());
    let plan = Plan {
        // Somebody may have had enough before the last order.
        orders: if cut_short.get() { 0 } else { options.orders },
        work: &work,
    };
    comparison
        .differences
        .extend(plan.missing(&servers_book, &book.borrow()));
    comparison.extend(node.compare());
    server.stop(Cut::Close).await;
    node.stop().await;
    Ok(comparison)
}

fn work() -> Result<Work, BatchError> {
    Ok(Work {
        reply: Reply::Acknowledge,
        slow: Some((Digest::of(SLOW), SLOW_TAKES)),
        pathpoints: batch::pathpoints(corpus::PATHPOINTS, BATCH_BYTES)?,
        logs: batch::logs(corpus::LOGS, BATCH_BYTES)?,
        baobs: Some(corpus::BAOBS.to_vec()),
        max_orders: None,
    })
}

/// The orders of the story: the sections of the corpus, one an order, over and
/// over. Those that tell the device to wait are left out: it would have to, and the
/// story is shorter than they are. The one that it does wait for is [`SLOW`].
fn orders() -> Result<Vec<Vec<u8>>, BatchError> {
    let sections = Value::parse(corpus::ORDERS)?;
    sections
        .items()
        .filter(|section| !waits(*section))
        .map(|section| {
            let mut payload = vec![0; section.raw().len() + 1];
            let mut encoder = Encoder::new(&mut payload);
            encoder.list(1)?.raw(section)?;
            let length = encoder.finish()?.len();
            payload.truncate(length);
            Ok(payload)
        })
        .collect()
}

/// Whether a section has a command to wait.
fn waits(section: Value<'_>) -> bool {
    let commands = section.get("orders");
    let mut commands = commands.iter().flat_map(Value::items);
    commands.any(|command| command.get("type").and_then(|kind| kind.as_str()) == Some("wait"))
}

/// What the story plays with.
struct Stage<'a> {
    options: &'a Options,
    show: &'a dyn Fn(Moment),
    net: &'a VirtualNet,
    /// The device's book.
    book: &'a RefCell<Book>,
    /// Batches of pathpoints and of logs that the device has to send.
    batches: (usize, usize),
    /// The node, and the device that asks it.
    node: &'a Node,
}

/// Sends the orders and causes the accidents; ready when the device may go.
async fn story(stage: Stage<'_>, server: &mut MockNgtt, interrupted: impl Future<Output = ()>) {
    let Stage {
        options, show, net, ..
    } = stage;
    let Ok(orders) = orders() else { return };
    let mut orders = orders.iter().cycle();
    let mut send = |server: &MockNgtt| {
        if let Some(order) = orders.next() {
            server.enqueue(DEFAULT_DEVICE_ID, order.as_slice());
        }
    };
    // A server that was stopped must be started again, so the story is asked to
    // end, and not dropped.
    let over = Notify::new();
    let is_over = Cell::new(false);
    let listen = async {
        interrupted.await;
        is_over.set(true);
        over.notify_one();
        std::future::pending::<()>().await;
    };
    let tell = async {
        for number in 0..options.orders {
            if is_over.get() {
                break;
            }
            if number == 0 {
                stage.connected(server).await;
            }
            if number == options.orders / 3 {
                stage.connected(server).await;
                show(Moment::Accident("the network resets every connection"));
                net.faults().cut_all(Cut::Reset);
            }
            if number == options.orders * 2 / 3 {
                stage.connected(server).await;
                show(Moment::Accident("the server goes away, and comes back"));
                server.stop(Cut::Reset).await;
                sleep(Duration::from_millis(300)).await;
                // Its port is still there: nobody else asked for it.
                if server.restart().await.is_err() {
                    return;
                }
            }
            if number == options.orders * 9 / 10 {
                // No accident comes between, and others follow meanwhile.
                stage.calm(server, &is_over).await;
                server.enqueue(DEFAULT_DEVICE_ID, SLOW);
            } else {
                send(server);
            }
            sleep(options.pace).await;
        }
        stage.all_there(server).await;
        if options.go_on && !is_over.get() {
            let mut now = compare(
                &server.book().device(DEFAULT_DEVICE_ID),
                &stage.book.borrow(),
            );
            now.extend(stage.node.compare());
            show(Moment::Compared(now));
            let more = async {
                loop {
                    send(server);
                    sleep(Duration::from_secs(1)).await;
                }
            };
            tokio::select! {
                () = more => {}
                () = over.notified() => {}
            }
            stage.all_there(server).await;
        }
    };
    tokio::select! {
        () = tell => {}
        () = listen => {}
    }
}

impl Stage<'_> {
    /// Waits until the device is connected: an accident needs a victim.
    async fn connected(&self, server: &MockNgtt) {
        let connected = async {
            while server.connected().is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(self.options.limit, connected).await;
    }

    /// Waits until the device has nothing more to send, and has answered all; or
    /// until the story is over.
    async fn calm(&self, server: &MockNgtt, is_over: &Cell<bool>) {
        let calm = async {
            while !is_over.get() && !self.is_calm(server) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(self.options.limit, calm).await;
    }

    /// Waits until everything has been answered. If it does not come to that
    /// the comparison will say what is missing.
    async fn all_there(&self, server: &MockNgtt) {
        let all_there = async {
            // The server's book is a snapshot: look now and then.
            while !self.is_over(server) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let _ = tokio::time::timeout(self.options.limit, all_there).await;
    }

    /// Whether everything that is sent in the story has been answered.
    fn is_over(&self, server: &MockNgtt) -> bool {
        self.is_calm(server) && self.node.is_over()
    }

    /// The same without the node.
    fn is_calm(&self, server: &MockNgtt) -> bool {
        let book = self.book.borrow();
        let answered = |list: &[device::Sent], all| {
            list.len() == all && list.iter().all(|sent| sent.fate != device::Fate::Open)
        };
        answered(&book.pathpoints, self.batches.0)
            && answered(&book.logs, self.batches.1)
            && book.baobs.is_some()
            && server.book().unanswered() == 0
    }
}
