//! A watchdog is fed while tasks give their beats, and never again after one did
//! not.

use core::cell::{Cell, RefCell};
use core::time::Duration;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use wigwag_embassy::health::{Check, HANDSHAKE_INSTRUCTIONS, Member, Period, Stuck, Vigil, watch};
use wigwag_embassy::time;
use wigwag_tests::e2e::in_paused_time;
use xtask::firmware::Image;
use xtask::firmware::budget::{Budgets, Table};

const SECOND: Duration = Duration::from_secs(1);
/// Looks every second.
const PERIOD: Period = Period::new::<2_000, 0>();

type Two = Vigil<NoopRawMutex, 2>;

fn two() -> Two {
    Vigil::new([
        Member::new("fast", 2 * SECOND),
        Member::new("slow", 10 * SECOND),
    ])
}

/// Sleeps, and looks.
async fn after(seconds: u32, vigil: &Two) -> Result<(), Stuck> {
    tokio::time::sleep(seconds * SECOND).await;
    vigil.check(time::now())
}

fn stuck(name: &'static str, seconds: u32) -> Result<(), Stuck> {
    Err(Stuck {
        name,
        silent_for: seconds * SECOND,
    })
}

#[test]
fn nothing_is_demanded_before_the_first_look() {
    in_paused_time(async || {
        let vigil = two();
        assert_eq!(after(3600, &vigil).await, Ok(()));
        // From then on a task that was never started is as bad as one that hangs.
        assert_eq!(after(2, &vigil).await, Ok(()));
        assert_eq!(after(1, &vigil).await, stuck("fast", 3));
    });
}

#[test]
fn of_several_the_one_that_is_late_by_the_most_is_named() {
    in_paused_time(async || {
        let vigil = two();
        let (fast, slow) = (vigil.member::<0>(), vigil.member::<1>());
        slow.beat();
        assert_eq!(after(9, &vigil).await, Ok(()));
        fast.beat();
        // Late by 5 s and by 6 s.
        assert_eq!(after(7, &vigil).await, stuck("slow", 16));
        slow.beat();
        assert_eq!(vigil.check(time::now()), stuck("fast", 7));
        fast.beat();
        assert_eq!(vigil.check(time::now()), Ok(()));
    });
}

#[test]
fn an_allowance_holds_once() {
    in_paused_time(async || {
        let vigil = two();
        let fast = vigil.member::<0>();
        vigil.member::<1>().rest();
        fast.beat_for(60 * SECOND);
        assert_eq!(after(60, &vigil).await, Ok(()));
        assert_eq!(after(1, &vigil).await, stuck("fast", 61));
        fast.beat();
        assert_eq!(after(2, &vigil).await, Ok(()));
        assert_eq!(after(1, &vigil).await, stuck("fast", 3));
        fast.beat_for(Duration::MAX);
        assert_eq!(after(500_000, &vigil).await, Ok(()));
    });
}

#[test]
fn who_waits_by_right_is_not_stuck_and_is_watched_again_afterwards() {
    in_paused_time(async || {
        let vigil = two();
        let fast = vigil.member::<0>();
        vigil.member::<1>().rest();
        let waiting = fast.idle(tokio::time::sleep(1000 * SECOND));
        let mut waiting = core::pin::pin!(waiting);
        tokio::select! {
            () = &mut waiting => panic!("not yet"),
            checked = after(900, &vigil) => assert_eq!(checked, Ok(())),
        }
        waiting.await;
        assert_eq!(after(2, &vigil).await, Ok(()));
        assert_eq!(after(1, &vigil).await, stuck("fast", 3));
    });
}

#[test]
fn a_wait_that_is_dropped_does_not_leave_its_task_unwatched() {
    in_paused_time(async || {
        let vigil = two();
        let fast = vigil.member::<0>();
        vigil.member::<1>().rest();
        let waiting = fast.idle(core::future::pending::<()>());
        assert!(tokio::time::timeout(5 * SECOND, waiting).await.is_err());
        assert_eq!(after(3, &vigil).await, stuck("fast", 3));
    });
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_stuck() {
    in_paused_time(async || {
        let vigil = two();
        tokio::time::sleep(100 * SECOND).await;
        vigil.member::<0>().beat();
        assert_eq!(vigil.check(wigwag_codec::Instant::ZERO), Ok(()));
    });
}

#[test]
fn the_watchdog_is_fed_until_something_is_stuck_and_never_again() {
    in_paused_time(async || {
        let vigil = two();
        let fast = vigil.member::<0>();
        vigil.member::<1>().rest();
        let fed = Cell::new(0);
        let told = RefCell::new(Vec::new());
        let watching = watch(
            &vigil,
            PERIOD,
            || fed.set(fed.get() + 1),
            |stuck| told.borrow_mut().push(*stuck),
        );
        let working = async {
            for _ in 0..100 {
                tokio::time::sleep(SECOND).await;
                fast.beat();
            }
            assert!((99..=101).contains(&fed.get()), "{}", fed.get());
            assert!(told.borrow().is_empty());
            tokio::time::sleep(4 * SECOND).await;
            let last = fed.get();
            assert!((101..=104).contains(&last), "{last}");
            let name = told.borrow().first().map(|stuck| stuck.name);
            assert_eq!(name, Some("fast"));
            // Too late to come back: the reset is certain.
            for _ in 0..100 {
                fast.beat();
                tokio::time::sleep(SECOND).await;
            }
            assert_eq!((fed.get(), told.borrow().len()), (last, 1));
        };
        tokio::select! {
            _ = watching => {}
            () = working => {}
        }
    });
}

#[test]
fn of_several_checks_each_can_stop_the_feeding() {
    in_paused_time(async || {
        for hanging in 0..3 {
            let vigils = [two(), two(), two()];
            for (index, vigil) in vigils.iter().enumerate() {
                vigil.member::<0>().rest();
                if index != hanging {
                    vigil.member::<1>().rest();
                }
            }
            let [a, b, c] = &vigils;
            let all = (a, b, c);
            assert_eq!(all.check(time::now()), Ok(()));
            tokio::time::sleep(11 * SECOND).await;
            assert_eq!(all.check(time::now()), stuck("slow", 11));
            assert_eq!((a, b).check(time::now()).is_err(), hanging < 2);
        }
    });
}

/// The periods of watchdogs are computed with it.
#[test]
fn a_handshake_has_not_become_longer_than_is_said() {
    let budgets = Budgets::load(Image::Ngtt)
        .unwrap()
        .rows(Table::Instructions);
    for row in ["handshake", "reconnect"] {
        let measured = budgets[row];
        assert!(
            measured <= HANDSHAKE_INSTRUCTIONS.into(),
            "{row}: {measured}"
        );
    }
}

#[test]
fn what_is_stuck_is_said_in_words() {
    let stuck = Stuck {
        name: "ngtt: journal",
        silent_for: Duration::from_millis(91_700),
    };
    assert_eq!(stuck.to_string(), "ngtt: journal made no progress for 91 s");
}
