//! The real NCP client on the virtual network against the mock server, all in
//! this process and in paused time: cuts at any byte, and days of quiet.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::ncp::packet;
use wigwag_harness::device::DeviceEvent;
use wigwag_harness::device::ncp::{self, Book, Command, Fate, Settings, Tls, Work};
use wigwag_harness::faults::{Cut, Direction, StreamFault, StreamPlan};
use wigwag_harness::mock_ncp::{self, Credentials, MockNcp, MockNcpOptions};
use wigwag_harness::pki::Pki;
use wigwag_harness::vnet::{Options, VirtualNet};
use wigwag_tests::campaign;

const COMMANDS: u32 = 12;
const NAME: &str = "ngtt.test";

/// As those of `whole.rs`: the device's memory is large.
fn in_paused_time(test: impl AsyncFnOnce() + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(test());
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run);
    if let Err(panic) = thread.unwrap().join() {
        std::panic::resume_unwind(panic);
    }
}

fn network(server: &MockNcp, seed: u64) -> VirtualNet {
    let options = Options {
        seed,
        ..Options::default()
    };
    let net = VirtualNet::with(options, server.dial());
    net.names().set(NAME, [Ipv4Addr::new(192, 0, 2, 1)]);
    net
}

fn settings(tls: Option<Tls>, login: bool) -> Settings {
    Settings {
        host: NAME.into(),
        port: 9999,
        peer: None,
        hostname: "device".into(),
        tls,
        login: login.then(|| ("admin".into(), "secret".into())),
    }
}

/// Each with parameters of its own, so that its answer is known.
fn commands(may_be_repeated: bool) -> Vec<Command> {
    let echo = |number: u32| {
        let text = "x".repeat(number as usize * 20);
        let command = Command::new("TEST", "ECHO", |field| {
            field.param("A", number).param("B", &text[..])
        });
        let command = command.unwrap();
        if may_be_repeated {
            command.again()
        } else {
            command
        }
    };
    (0..COMMANDS).map(echo).collect()
}

/// Both books, which know nothing of each other, must tell the same.
fn compare(device: &Book, server: &mock_ncp::Book, work: &Work, seed: u64) {
    let came = |params| {
        let commands = server.commands.iter();
        let same = |command: &&mock_ncp::Command| ncp::digest(command.field().params()) == params;
        commands.filter(same).count()
    };
    for (number, command) in work.commands.iter().enumerate() {
        let entries = device.entries.iter();
        let sent: Vec<_> = entries.filter(|entry| entry.command == number).collect();
        let params = ncp::digest(command.field().params());
        let answered = sent
            .iter()
            .filter(|entry| entry.fate == Fate::Answered(params))
            .count();
        let lost = sent.iter().filter(|entry| entry.fate == Fate::Lost).count();
        // Every answer is that of its command, and nothing is left open.
        assert_eq!(answered + lost, sent.len(), "seed {seed}: {sent:?}");
        let arrived = came(params);
        assert!(
            (answered..=sent.len()).contains(&arrived),
            "seed {seed}: command {number} came {arrived} times: {sent:?}"
        );
        if command.may_be_repeated() {
            assert_eq!(answered, 1, "seed {seed}: {sent:?}");
        } else {
            assert_eq!(sent.len(), 1, "seed {seed}: {sent:?}");
        }
    }
    assert_eq!(device.unasked, 0, "seed {seed}");
}

#[test]
fn campaign_each_command_has_its_answer_and_none_is_repeated_unasked() {
    in_paused_time(cut_anywhere);
}

async fn cut_anywhere() {
    let pki = Pki::generate();
    let mut struck = 0;
    let mut repeated = 0;
    for seed in campaign::seeds("whole NCP device", 300) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (over_tls, login) = (seed % 2 == 0, seed % 3 == 0);
        let config = pki.public_server_config(None).unwrap();
        let server = MockNcp::start_with(MockNcpOptions {
            tls: over_tls.then(|| Arc::new(config)),
            login: login.then(|| Credentials::new("admin", "secret").unwrap()),
            ..MockNcpOptions::default()
        });
        let server = server.await.unwrap();
        let net = network(&server, seed);
        for _ in 0..5 {
            let direction = [Direction::ToServer, Direction::ToDevice][rng.next_u32() as usize % 2];
            let how = [Cut::Reset, Cut::Close, Cut::Silence][rng.next_u32() as usize % 3];
            let most = if over_tls { 3000 } else { 2000 };
            let at = rng.next_u64() % most;
            net.faults()
                .plan(StreamPlan::new().at(direction, at, StreamFault::Cut(how)));
        }
        let work = Work {
            commands: commands(rng.next_u32().is_multiple_of(2)),
            stays: false,
            reconnects: true,
        };
        let tls = over_tls.then(|| Tls {
            roots: vec![pki.server_ca().to_vec()],
            identity: None,
        });
        let book = RefCell::new(Book::default());
        let settings = settings(tls, login);
        let done = ncp::run(
            &net,
            &settings,
            &work,
            &book,
            &|_| {},
            std::future::pending(),
        );
        tokio::time::timeout(Duration::from_secs(24 * 3600), done)
            .await
            .unwrap_or_else(|_| panic!("not done after a day, seed {seed}: {:?}", book.borrow()))
            .unwrap();
        struck += net.faults().counts().stream_faults;
        let book = book.borrow();
        repeated += book.entries.len() - work.commands.len();
        assert_eq!(book.refused, None, "seed {seed}");
        compare(&book, &server.book(), &work, seed);
    }
    assert!(struck >= 30, "only {struck} cuts struck");
    assert!(repeated > 0, "no command was ever on the way");
}

#[test]
fn a_quiet_device_stays_connected_for_days_and_hears_what_comes() {
    in_paused_time(quiet_for_days);
}

async fn quiet_for_days() {
    let server = MockNcp::start().await.unwrap();
    let net = network(&server, 1);
    let book = RefCell::new(Book::default());
    let events = RefCell::new(Vec::new());
    let work = Work {
        stays: true,
        ..Work::default()
    };
    let days = Duration::from_secs(3 * 24 * 3600);
    let news = async {
        tokio::time::sleep(days).await;
        let mut place = [0; 64];
        let news = packet(&mut place, "DSPL").field("NEWS").param("A", 5);
        assert_eq!(server.send_to_all(news.finish().unwrap()), 1);
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let settings = settings(None, false);
    let emit = |event| events.borrow_mut().push(event);
    ncp::run(&net, &settings, &work, &book, &emit, news)
        .await
        .unwrap();
    assert_eq!((book.borrow().connections, book.borrow().unasked), (1, 1));
    // One for each 39 s or 40 s.
    let keep_alives = server.book().keep_alives;
    assert!(
        (6400..6700).contains(&keep_alives),
        "{keep_alives} keep-alives"
    );
    let lost = |event: &&DeviceEvent| matches!(event, DeviceEvent::Disconnected { .. });
    assert_eq!(events.borrow().iter().find(lost), None);
}
