//! Orders: how long one takes, and how many a second.

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::timeout;
use wigwag_harness::device::DeviceEvent;
use wigwag_harness::mock::{EventKind, MockNgtt};
use wigwag_harness::pki::{DEFAULT_DEVICE_ID, Pki};
use wigwag_harness::tagged;
use wigwag_harness::vnet::loopback;
use wigwag_tests::peer::Peer;

use crate::{Failure, device, median_ms, settings};

/// Orders sent one after the other, each when the last was answered.
const SINGLE: usize = 200;
/// Orders sent at once.
const MANY: usize = 5_000;
/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let pki = Pki::generate();
    pki.write_dir(folder.path())?;
    ours(&pki).await?;
    match python(&pki, folder.path()).await {
        Ok(()) => Ok(()),
        Err(error) => {
            println!("orders, Python client: not measured ({error})");
            Ok(())
        }
    }
}

async fn ours(pki: &Pki) -> Result<(), Failure> {
    let server = MockNgtt::start(pki).await?;
    let settings = settings(pki, server.addr().port())?;
    let handled = RefCell::new(Vec::new());
    let emit = |event| {
        if let DeviceEvent::Order { .. } = event {
            handled.borrow_mut().push(Instant::now());
        }
    };
    let report = RefCell::new(Err("it did not get that far".into()));
    let story = async {
        *report.borrow_mut() = drive(&server, "our client").await;
    };
    device(&settings, Vec::new(), loopback(), &emit, story).await?;
    let sent = report.into_inner()?;
    let handled = handled.into_inner();
    let latency = sent
        .iter()
        .zip(&handled)
        .map(|(sent, handled)| *handled - *sent);
    println!(
        "orders, our client: enqueued to handler {:.3} ms (median of {SINGLE}, one at a time)",
        median_ms(latency.collect())
    );
    Ok(())
}

async fn python(pki: &Pki, folder: &Path) -> Result<(), Failure> {
    let server = MockNgtt::start(pki).await?;
    let file = |name: &str| folder.join(name).display().to_string();
    let arguments = [
        server.addr().port().to_string(),
        file("server-ca.pem"),
        file(&format!("{DEFAULT_DEVICE_ID}.pem")),
        file(&format!("{DEFAULT_DEVICE_ID}.key")),
        (SINGLE + MANY).to_string(),
        PATIENCE.as_secs().to_string(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut client = Peer::start("ngtt_client.py", &arguments, 2 * PATIENCE)?;
    // It tells of every order; unread, it would wait for a reader.
    std::thread::spawn(move || while let Ok(Some(_)) = client.line() {});
    drive(&server, "Python client").await.map(drop)
}

/// An order of one section, as that script wants it.
fn order(number: usize) -> Result<Vec<u8>, Failure> {
    let entry = json!({"$map": [["type", "write"], ["path", "W1"], ["value", number]]});
    Ok(tagged::encode(&json!([{"$map": [["orders", [entry]]]}]))?)
}

/// Sends the orders, prints how it went, and returns when the single ones were
/// enqueued.
async fn drive(server: &MockNgtt, who: &str) -> Result<Vec<Instant>, Failure> {
    let connected = server
        .wait_until(PATIENCE, |book| book.device(DEFAULT_DEVICE_ID).fetches > 0)
        .await;
    if !connected {
        return Err("it did not connect".into());
    }
    let mut events = server.events();
    let mut enqueued = Vec::new();
    for number in 0..SINGLE {
        enqueued.push(Instant::now());
        server.enqueue(DEFAULT_DEVICE_ID, order(number)?);
        let answered = async {
            loop {
                if let EventKind::Answered { .. } = events.recv().await?.kind {
                    return Ok::<_, Failure>(());
                }
            }
        };
        timeout(PATIENCE, answered).await??;
    }
    drop(events);
    let began = Instant::now();
    for number in 0..MANY {
        server.enqueue(DEFAULT_DEVICE_ID, order(number)?);
    }
    let all = server
        .wait_until(PATIENCE, |book| book.unanswered() == 0)
        .await;
    let took = began.elapsed();
    if !all {
        return Err("it did not answer every order".into());
    }
    let book = server.book().device(DEFAULT_DEVICE_ID);
    let singles = book.orders.iter().take(SINGLE);
    let waits = singles.filter_map(|order| order.answered?.checked_sub(order.enqueued));
    println!(
        "orders, {who}: enqueued to answered {:.3} ms (median of {SINGLE}, one at a time); {:.0} orders/s ({MANY} at once)",
        median_ms(waits.collect()),
        MANY as f64 / took.as_secs_f64(),
    );
    Ok(enqueued)
}
