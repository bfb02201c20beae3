//! The demonstration, to its end: both books agree, everything happened once.

use std::cell::RefCell;
use std::time::Duration;

use wigwag_harness::demo::{Moment, Options, run};
use wigwag_harness::device::DeviceEvent;

#[tokio::test]
async fn survives_its_accidents_and_loses_nothing() {
    let seen = RefCell::new(Vec::new());
    let show = |moment| seen.borrow_mut().push(moment);
    let options = Options {
        orders: 60,
        pace: Duration::from_millis(5),
        ..Options::default()
    };
    let compared = run(options, &show, std::future::pending()).await.unwrap();
    assert!(compared.agrees(), "{compared}");
    let count = |what: &str| {
        let row = compared.rows.iter().find(|row| row.what.trim() == what);
        row.unwrap().server
    };
    assert_eq!(count("orders"), 60);
    assert!(count("points in them") > 50_000);
    assert!(count("log entries") > 100);
    assert!(count("binary objects to exchange") > 0);
    assert_eq!((count("commands to the node"), count("answered")), (24, 23));
    assert_eq!(count("cut off before the answer"), 1);
    // The accidents did happen.
    let connected =
        |moment: &&Moment| matches!(moment, Moment::Device(DeviceEvent::Connected { .. }));
    assert!(seen.borrow().iter().filter(connected).count() >= 3);
    let asking = |moment: &&Moment| matches!(moment, Moment::Asking(DeviceEvent::Connected { .. }));
    assert_eq!(seen.borrow().iter().filter(asking).count(), 2);
}
