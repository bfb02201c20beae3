//! The real NGTT client in Python (smok 0.21.0) against our server, over mutual
//! TLS: it gets every order, and the server's book shows exactly its answers.
//!
//! That client takes one frame out of its buffer for each time its socket
//! becomes readable, and reads 512 bytes each time; what TLS has decrypted
//! beyond that it does not see. So a server must put each frame into TLS
//! records of its own, of 512 bytes at most. The second test shows what happens
//! otherwise.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use wigwag_harness::mock::{Answer, MockNgtt, MockOptions, OrderEntry};
use wigwag_harness::pki::Pki;
use wigwag_harness::tagged;
use wigwag_tests::peer::Peer;
use wigwag_tests::runner::{Suite, tools};

const DEVICE: &str = "device-0001";
const ORDERS: usize = 200;

/// Longest wait for the client to connect and to answer everything.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    Suite::new()
        .test(
            "real_client_answers_every_order_in_records_of_its_own",
            &[tools::PYTHON_PEERS],
            || {
                let book = converse(false, PATIENCE)?;
                for (number, order) in book.iter().enumerate() {
                    let wanted = expected(number);
                    if (order.answer, order.deliveries) != (Some(wanted), 1) {
                        return Err(format!("order {number}, to be {wanted:?}: {order:?}").into());
                    }
                }
                Ok(())
            },
        )
        .test(
            "real_client_misses_orders_that_share_a_record",
            &[tools::PYTHON_PEERS],
            || {
                let book = converse(true, Duration::from_secs(5))?;
                if answered(&book) == ORDERS {
                    return Err("it takes shared records now: pacing is not needed".into());
                }
                // What it did see, it answered as it should.
                let mut orders = book.iter().enumerate();
                match orders.find(|(n, order)| order.answer.is_some_and(|a| a != expected(*n))) {
                    None => Ok(()),
                    Some((number, order)) => Err(format!("order {number}: {order:?}").into()),
                }
            },
        )
        .run();
}

/// The script confirms odd orders and rejects even ones.
fn expected(number: usize) -> Answer {
    if number % 2 == 1 {
        Answer::Confirm
    } else {
        Answer::Reject
    }
}

fn answered(book: &[OrderEntry]) -> usize {
    book.iter().filter(|order| order.answer.is_some()).count()
}

/// An order whose first entry carries its number. Every tenth has two kilobytes.
fn order(number: usize) -> Result<Vec<u8>, tagged::TaggedError> {
    let length = if number % 10 == 9 { 2000 } else { 4 };
    let entry = json!({"$map": [
        ["type", "write"], ["path", "W1"], ["value", number], ["note", "x".repeat(length)],
    ]});
    tagged::encode(&json!([{"$map": [["orders", [entry]]]}]))
}

/// Runs the client until all orders are answered, for `limit` at most after it
/// has connected, and returns what the server knows of them.
fn converse(
    coalesce: bool,
    limit: Duration,
) -> Result<Vec<OrderEntry>, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let pki = Pki::generate();
    pki.write_dir(folder.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let options = MockOptions {
        coalesce,
        ..MockOptions::default()
    };
    let server = runtime.block_on(MockNgtt::start_with(&pki, options))?;
    for number in 0..ORDERS {
        server.enqueue(DEVICE, order(number)?);
    }
    let _client = start(server.addr().port(), folder.path())?;
    let connected =
        runtime.block_on(server.wait_until(PATIENCE, |book| book.device(DEVICE).fetches > 0));
    if !connected {
        return Err("the client did not connect and fetch".into());
    }
    let began = Instant::now();
    runtime.block_on(server.wait_until(limit, |book| book.unanswered() == 0));
    let took = began.elapsed();
    let device = server.book().device(DEVICE);
    report(coalesce, &device.orders, took);
    if (device.strays, device.invalid, device.answered_again) != (0, 0, 0) {
        return Err(format!("frames that should not be: {device:?}").into());
    }
    Ok(device.orders)
}

fn start(port: u16, folder: &Path) -> std::io::Result<Peer> {
    let file = |name: &str| folder.join(name).display().to_string();
    let arguments = [
        port.to_string(),
        file("server-ca.pem"),
        file(&format!("{DEVICE}.pem")),
        file(&format!("{DEVICE}.key")),
        ORDERS.to_string(),
        PATIENCE.as_secs().to_string(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Peer::start("ngtt_client.py", &arguments, 2 * PATIENCE)
}

/// Prints how it went.
fn report(coalesce: bool, book: &[OrderEntry], took: Duration) {
    let mut waits: Vec<Duration> = book
        .iter()
        .filter_map(|order| order.answered?.checked_sub(order.delivered?))
        .collect();
    waits.sort();
    println!(
        "{}: {} of {} orders answered in {:.2} s; from writing to answer: median {:.1} ms, longest {:.1} ms",
        if coalesce {
            "shared TLS records"
        } else {
            "a TLS record for each frame"
        },
        waits.len(),
        book.len(),
        took.as_secs_f64(),
        millis(waits.get(waits.len() / 2)),
        millis(waits.last()),
    );
}

fn millis(wait: Option<&Duration>) -> f64 {
    wait.map_or(f64::NAN, |wait| wait.as_secs_f64() * 1000.0)
}
