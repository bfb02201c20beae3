//! A client that is kept connected.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use rand_core::OsRng;
use tokio::time::Instant;
use wigwag_embassy::ncp::{Client, ClientConnection, Error, Keeper, KeeperStatus, Login, Server};
use wigwag_embassy::supervisor::FailureClass;
use wigwag_tests::nodes::{HOST, SOON, beside, client, echo, number, on_cable};

/// Asks once a second, as long as it is answered.
async fn ask(connection: &ClientConnection<'_>, answered: &Cell<u32>) -> Result<(), Error> {
    let mut buffer = [0; 64];
    loop {
        let response = connection.send("LINK", "ECHO", |params| params.param("N", 7));
        assert_eq!(number(&response.await?.recv(&mut buffer).await?, "N"), 7);
        answered.set(answered.get() + 1);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[test]
fn a_lost_connection_is_made_again_and_the_session_called_anew() {
    on_cable(async |cable, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let (sessions, answered) = (Cell::new(0), Cell::new(0));
        let client = client().with_timeout(SOON);
        let mut rng = OsRng;
        let keeper = Keeper::new(&client, near);
        assert_eq!(keeper.status(), KeeperStatus::Idle);
        let run = keeper.run(&mut rng, async |connection| {
            sessions.set(sessions.get() + 1);
            match sessions.get() {
                // Says that it has had enough.
                4 => Ok(()),
                _ => ask(connection, &answered).await,
            }
        });
        let accidents = async {
            for outage in 1..4 {
                tokio::time::sleep(Duration::from_secs(100)).await;
                assert_eq!(sessions.get(), outage);
                assert!(matches!(keeper.status(), KeeperStatus::Connected { .. }));
                cable.set_silent(true);
                tokio::time::sleep(Duration::from_secs(60)).await;
                assert!(!matches!(keeper.status(), KeeperStatus::Connected { .. }));
                cable.set_silent(false);
            }
        };
        let both = async { futures::join!(run, accidents) };
        beside(server.serve::<2, Error>(echo), both).await;
        assert_eq!((sessions.get(), keeper.status()), (4, KeeperStatus::Idle));
        assert!(answered.get() > 150, "{}", answered.get());
    });
}

#[test]
fn a_server_that_is_not_there_is_tried_more_and_more_seldom() {
    on_cable(async |_, near, far| {
        let client = client();
        let told = RefCell::new(Vec::new());
        let observer = |status: KeeperStatus, error: Option<&Error>| {
            if let KeeperStatus::Waiting { class, attempt, .. } = status {
                told.borrow_mut().push((class, attempt, error.cloned()));
            }
        };
        let since = Instant::now();
        let mut rng = OsRng;
        let keeper = Keeper::new(&client, near).with_observer(&observer);
        let run = keeper.run(&mut rng, async |_| Ok(()));
        let serve = async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            let attempts = told.borrow().len();
            assert!((10..60).contains(&attempts), "{attempts}");
            let server = Server::plain().listen(&far).unwrap();
            server.serve::<2, Error>(echo).await
        };
        beside(serve, run).await;
        // Not more than the longest wait after it is there.
        assert!(since.elapsed() <= Duration::from_secs(661));
        for ((class, attempt, error), expected) in told.borrow().iter().zip(1..) {
            assert_eq!((*class, *attempt), (FailureClass::Transient, expected));
            assert!(matches!(error, Some(Error::NetworkError(_))));
        }
    });
}

#[test]
fn a_wrong_login_is_believed_after_eight_times_and_tried_seldom_then() {
    static NOBODY: fn(&str, &str) -> bool = |_, _| false;
    on_cable(async |_, near, far| {
        let server = Server::login_in_the_clear(&NOBODY).listen(&far).unwrap();
        let client = Client::login_in_the_clear(HOST, Login::new("a", "b").unwrap());
        let classes = RefCell::new(Vec::new());
        let observer = |status: KeeperStatus, error: Option<&Error>| {
            if let KeeperStatus::Waiting {
                class, retry_at, ..
            } = status
            {
                assert_eq!(error, Some(&Error::AuthenticationError));
                let wait = retry_at.saturating_duration_since(wigwag_embassy::time::now());
                classes.borrow_mut().push((class, wait));
            }
        };
        let mut rng = OsRng;
        let keeper = Keeper::new(&client, near).with_observer(&observer);
        let run = keeper.run(&mut rng, async |_| panic!("let in"));
        let talk = tokio::time::timeout(Duration::from_secs(3600), run);
        assert!(beside(server.serve::<2, Error>(echo), talk).await.is_err());
        // Anybody on the way could say so: that is no reason to stay away.
        let classes = classes.borrow();
        let longest = |waits: &[(FailureClass, Duration)]| waits.iter().map(|wait| wait.1).max();
        assert!(longest(&classes[..8]) <= Some(Duration::from_secs(60)));
        assert!(longest(&classes[8..]) >= Some(Duration::from_secs(240)));
        assert!(
            classes
                .iter()
                .all(|(class, _)| *class == FailureClass::Authentication)
        );
    });
}
