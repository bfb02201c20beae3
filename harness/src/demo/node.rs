//! The part of the demonstration in which a device asks a node: NCP over TLS,
//! with a login.

use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use wigwag_codec::ngtt::Digest;

use super::commands::{self, Heard};
use super::{Comparison, DemoError, Moment};
use crate::device::ncp::{self, Book, Command, Fate, Settings, Tls, Work};
use crate::device::{DeviceEvent, SettingsError};
use crate::faults::Cut;
use crate::mock_ncp::{Credentials, Event, EventKind, MockNcp, MockNcpOptions, node};
use crate::pki::Pki;
use crate::record::Recorder;
use crate::vnet::{self, VirtualNet, loopback};

/// The name that the node proves.
pub(super) const NAME: &str = "node.test";
/// A documentation address (RFC 5737); the gateway leads it to the host.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

const USER: &str = "device-0001";
const PASSWORD: &str = "a password for a demonstration";

/// How long the long command takes, in milliseconds.
const LONG: u32 = 3000;
/// Recordings, each at another frequency.
const RECORDINGS: u32 = 20;

/// A node, and a device that asks it.
pub(super) struct Node {
    server: MockNcp,
    /// What was answered to each command of the server's book: the digest of the
    /// last answer's parameters.
    given: Arc<Mutex<Vec<Option<Digest>>>>,
    net: VirtualNet,
    settings: Settings,
    work: Work,
    book: RefCell<Book>,
    is_over: Cell<bool>,
}

impl Node {
    /// Starts the node.
    pub(super) async fn start(
        pki: &Pki,
        seed: u64,
        recorder: Option<Recorder>,
    ) -> Result<Self, DemoError> {
        let login = Credentials::new(USER, PASSWORD).map_err(DemoError::Login)?;
        let server = MockNcp::start_with(MockNcpOptions {
            tls: Some(Arc::new(pki.public_server_config(None)?)),
            login: Some(login),
            recorder,
            ..MockNcpOptions::default()
        })
        .await?;
        let given = Arc::new(Mutex::new(Vec::new()));
        let list = given.clone();
        server.set_handler(move |asked| {
            let answers = node::answer(asked)?;
            let last = answers.last();
            let field = last.and_then(|answer| answer.packet().fields().next());
            let digest = field.map(|field| ncp::digest(field.params()));
            list.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(digest);
            Ok(answers)
        });
        let options = vnet::Options {
            seed,
            ..vnet::Options::default()
        };
        let net = VirtualNet::with(options, loopback());
        net.names().set(NAME, [ADDRESS]);
        let settings = Settings {
            host: NAME.into(),
            port: server.addr().port(),
            peer: Some(NAME.into()),
            hostname: USER.into(),
            tls: Some(Tls {
                roots: vec![pki.server_ca().to_vec()],
                identity: None,
            }),
            login: Some((USER.into(), PASSWORD.into())),
        };
        Ok(Self {
            server,
            given,
            net,
            settings,
            work: Work {
                commands: commands().map_err(DemoError::Command)?,
                stays: false,
                reconnects: true,
            },
            book: RefCell::default(),
            is_over: Cell::new(false),
        })
    }

    /// What the device asks.
    pub(super) fn commands(&self) -> u64 {
        self.work.commands.len() as u64
    }

    /// Whether the device has asked it all, and come to an end.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Runs the device to its end, which comes after `limit` at the latest, and
    /// causes an accident unless `is_cut_short`.
    pub(super) async fn run(
        &self,
        show: &dyn Fn(Moment),
        limit: Duration,
        is_cut_short: &Cell<bool>,
    ) -> Result<(), SettingsError> {
        let mut events = self.server.events();
        show(Moment::Node(Event {
            at: Duration::ZERO,
            connection: None,
            kind: EventKind::Listening {
                addr: self.server.addr(),
            },
        }));
        let tells = async {
            loop {
                match events.recv().await {
                    Ok(event) => show(Moment::Node(event)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let accident = async {
            while !self.only_the_long_one_is_open() {
                sleep(Duration::from_millis(5)).await;
            }
            if !is_cut_short.get() {
                show(Moment::Accident(
                    "the network resets the connection to the node, which is at work",
                ));
                self.net.faults().cut_all(Cut::Reset);
            }
            std::future::pending().await
        };
        let told = |event| show(Moment::Asking(event));
        let device = ncp::run(
            &self.net,
            &self.settings,
            &self.work,
            &self.book,
            &told,
            sleep(limit),
        );
        let done = tokio::select! {
            done = device => done,
            never = tells => never,
            never = accident => never,
        };
        self.is_over.set(true);
        done
    }

    /// Whether the long command has been acknowledged, and everything else
    /// answered.
    fn only_the_long_one_is_open(&self) -> bool {
        let book = self.book.borrow();
        let open = book.entries.iter().filter(|entry| entry.fate == Fate::Open);
        let open: Vec<bool> = open.map(|entry| entry.acknowledged).collect();
        book.entries.len() == self.work.commands.len() && open == [true]
    }

    /// Compares the two books.
    pub(super) fn compare(&self) -> Comparison {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let book = self.server.book();
        let answers = given.iter().copied().chain(std::iter::repeat(None));
        let heard = book.commands.iter().zip(answers);
        let heard = heard.map(|(command, answer)| {
            let field = command.field();
            let fate = match (&command.error, command.answered, answer) {
                (Some((detail, code)), ..) => Fate::Failed {
                    detail: detail.clone(),
                    code: *code,
                },
                (None, Some(_), Some(answer)) => Fate::Answered(answer),
                _ => Fate::Open,
            };
            Heard {
                packet: command.packet().kind().to_string(),
                name: field.name.to_string(),
                id: field.id,
                params: ncp::digest(field.params()),
                acknowledged: command.acknowledged.is_some(),
                fate,
            }
        });
        let heard: Vec<Heard> = heard.collect();
        commands::compare(&heard, &self.book.borrow(), self.work.commands.len())
    }

    pub(super) async fn stop(mut self) {
        self.server.stop(Cut::Close).await;
    }
}

/// What the device asks; all of it may be done twice without harm.
fn commands() -> Result<Vec<Command>, wigwag_codec::ncp::NcpError> {
    let mut commands = vec![
        Command::new("DSPC", "STAT", |field| field)?,
        Command::new("DSPC", "SWEP", |field| {
            field.param("FSTA", 70).param("FSTO", 6000)
        })?,
    ];
    for number in 0..RECORDINGS {
        commands.push(Command::new("DSPC", "TIME", |field| {
            field.param("SAMP", 1024).param("FCTR", 100 * (number + 1))
        })?);
    }
    commands.push(Command::new("DSPC", "LONG", |field| {
        field.param("DURA", LONG)
    })?);
    Ok(commands.into_iter().map(Command::again).collect())
}

/// Whether what a device tells is an answer to a command of NCP, and not an
/// acknowledgement.
pub fn is_answer(event: &DeviceEvent) -> bool {
    match event {
        DeviceEvent::Field { params, .. } => {
            let mut params = params.as_array().into_iter().flatten();
            !params.any(|param| param["name"] == "ACKN")
        }
        DeviceEvent::CommandError(_) => true,
        _ => false,
    }
}
