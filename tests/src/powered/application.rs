//! What the application does with orders.

use std::cell::RefCell;

use embassy_time::Timer;
use wigwag_codec::ngtt::client::Answer;
use wigwag_harness::flash::Part;

use super::truth::number_of;
use super::{Awake, Habit, Truth};

/// The payload of an order: a minijson list of its number.
#[must_use]
pub const fn order(number: u8) -> [u8; 3] {
    [0x41, 0x06, number]
}

/// Takes an order, works on it for `pace` milliseconds, and answers it. `repeat` is
/// what is done for a number with [`Habit::Repeat`].
pub async fn execute<P: Part>(
    awake: &Awake<'_, P>,
    truth: &RefCell<Truth>,
    habit: impl Fn(u64) -> Habit,
    pace: u64,
    repeat: impl AsyncFn(u64),
) {
    let taken = awake.client.next_order().await;
    let number = number_of(taken.payload());
    let habit = habit(number);
    let answer = truth.borrow_mut().handed(number, taken.history(), habit);
    if habit == Habit::Repeat {
        repeat(number).await;
    }
    Timer::after_millis(pace).await;
    match answer {
        Answer::Confirm => taken.acknowledge().await,
        Answer::Reject => taken.reject().await,
    }
}
