use super::*;
use std::vec::Vec;

/// A path of a fixed round trip on which each write is a segment, and a sender
/// that always has more to say.
struct Path {
    window: CongestionWindow,
    now: u64,
    /// When each part of what is under way is acknowledged, and its length.
    under_way: Vec<(u64, usize)>,
    trip: u64,
}

impl Path {
    fn new(trip: u64) -> Self {
        Self {
            window: CongestionWindow::new(),
            now: 1_000_000,
            under_way: Vec::new(),
            trip,
        }
    }

    fn flight(&self) -> usize {
        self.under_way.iter().map(|(_, length)| length).sum()
    }

    fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// Writes all that there is room for; how much is under way then.
    fn fill(&mut self) -> usize {
        loop {
            let (flight, now) = (self.flight(), self.at());
            let room = self.window.room(flight, 1 << 20, now).min(1220);
            if room == 0 {
                self.window.watch();
                return self.flight();
            }
            self.window.wrote(room, now);
            self.under_way.push((self.now + self.trip, room));
        }
    }

    /// To the next acknowledgement, and on.
    fn step(&mut self) -> usize {
        let (at, _) = self.under_way[0];
        self.now = at;
        self.under_way.retain(|(due, _)| *due > at);
        self.fill()
    }

    /// The first segment is lost, and repaired after `delay`: what follows is
    /// acknowledged with it.
    fn lose(&mut self, delay: u64) {
        let repaired = self.under_way[0].0 + delay;
        for (due, _) in &mut self.under_way {
            *due = (*due).max(repaired);
        }
    }
}

#[test]
fn the_window_starts_small_and_doubles_each_round_trip() {
    let mut path = Path::new(100);
    let flights: Vec<usize> = (0..5)
        .map(|round| if round == 0 { path.fill() } else { path.step() })
        .collect();
    assert_eq!(flights, [1, 2, 4, 8, 16].map(|times| times * 3660));
}

#[test]
fn a_repaired_loss_halves_the_window_once_and_then_it_grows_by_a_segment() {
    let mut path = Path::new(100);
    path.fill();
    for _ in 0..4 {
        path.step();
    }
    let before = path.flight();
    path.lose(100);
    let after = path.step();
    assert_eq!(after, before / 2);
    // Congestion avoidance: one segment a round trip.
    for grown in 1..5 {
        assert_eq!(path.step(), before / 2 + grown * 1220);
    }
}

#[test]
fn a_timeout_leaves_one_segment_and_slow_start_ends_at_half() {
    let mut path = Path::new(100);
    path.fill();
    for _ in 0..3 {
        path.step();
    }
    let before = path.flight();
    path.lose(1500);
    assert_eq!(path.step(), 1220);
    let mut flights = Vec::from([1220]);
    while *flights.last().unwrap() < before / 2 {
        flights.push(path.step());
    }
    // Doubled up to the threshold.
    assert!(flights.len() <= 6, "{flights:?}");
    let slow = path.step();
    assert!(path.step() <= slow + 1220, "still doubling at {slow}");
}

#[test]
fn further_losses_of_one_flight_do_not_shrink_it_further() {
    let mut path = Path::new(100);
    path.fill();
    path.step();
    path.step();
    let before = path.flight();
    // Still unacknowledged after one and a half round trips, and after two.
    path.lose(250);
    for wait in [170, 40, 40] {
        path.now += wait;
        let (flight, now) = (path.flight(), path.at());
        path.window.watch();
        assert_eq!(path.window.room(flight, 1220, now), 0);
        assert_eq!(path.window.window as usize, before / 2);
    }
}

#[test]
fn frequent_losses_keep_the_window_small_and_a_longer_path_is_learnt() {
    let mut path = Path::new(50);
    path.fill();
    let mut most = 0;
    for round in 0..60 {
        path.step();
        if round % 3 == 0 {
            path.lose(50);
        }
        if round > 20 {
            most = most.max(path.flight());
        }
    }
    assert!(most <= 2 * LEAST as usize, "{most}");
    // From now on the round trip is ten times as long, without a loss.
    path.trip = 500;
    for _ in 0..200 {
        path.step();
    }
    assert!(path.flight() > 4 * LEAST as usize, "{}", path.flight());
}

#[test]
fn who_writes_little_keeps_the_window_and_is_not_judged_by_its_own_pauses() {
    let mut window = CongestionWindow::new();
    for minute in 1..100 {
        let now = Instant::from_secs(60 * minute);
        assert_eq!(window.room(0, 100, now), INITIAL as usize);
        window.wrote(100, now);
    }
    assert_eq!(window.threshold, MOST);
}

#[test]
fn what_is_not_acknowledged_for_long_is_seen_without_anybody_waiting() {
    let mut window = CongestionWindow::new();
    window.wrote(2000, Instant::from_secs(1));
    assert_eq!(window.room(2000, 100, Instant::from_millis(1_900)), 1660);
    assert_eq!(window.room(2000, 100, Instant::from_millis(2_100)), 0);
    assert_eq!(window.window, SEGMENT);
}

#[test]
fn an_idle_connection_starts_again_from_the_initial_window() {
    let mut path = Path::new(100);
    path.fill();
    for _ in 0..5 {
        path.step();
    }
    assert!(path.flight() > 10 * INITIAL as usize);
    path.now += 100;
    path.under_way.clear();
    path.window.look(0, path.at());
    path.now += 10_000;
    assert_eq!(path.fill(), INITIAL as usize);
}

#[test]
fn positions_and_moments_may_wrap() {
    let mut path = Path::new(100);
    path.now = u64::from(u32::MAX) - 250;
    path.window.sent = u32::MAX - 5000;
    path.window.acknowledged = u32::MAX - 5000;
    path.window.last_write = path.now as u32;
    let flights: Vec<usize> = (0..5)
        .map(|round| if round == 0 { path.fill() } else { path.step() })
        .collect();
    assert_eq!(flights, [1, 2, 4, 8, 16].map(|times| times * 3660));
}

#[test]
fn more_moments_than_are_remembered_wait() {
    let mut window = CongestionWindow::new();
    let mut written = 0;
    for step in 0.. {
        let now = Instant::from_millis(1_000_000 + 20 * step);
        if window.room(written, 10, now) == 0 {
            break;
        }
        window.wrote(10, now);
        written += 10;
    }
    assert_eq!(written, 10 * MARKS);
    let now = Instant::from_millis(1_000_000 + 20 * MARKS as u64);
    window.watch();
    assert!(window.room(0, 10, now) > 0);
}

#[test]
fn nonsense_from_below_is_harmless() {
    let mut window = CongestionWindow::new();
    let now = Instant::from_secs(1);
    // More under way than was ever written: before a connection was reset.
    assert_eq!(window.room(usize::MAX, 10, now), INITIAL as usize);
    window.wrote(0, now);
    window.wrote(100, now);
    assert!(window.room(usize::MAX, 10, now) > 0);
    // The clock goes back.
    window.look(0, Instant::ZERO);
    assert!(window.room(0, 10, Instant::ZERO) > 0);
}
