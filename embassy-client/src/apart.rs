//! Keeps large futures apart in the machine code.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Polls `future` in a function of its own.
///
/// The compiler would put all futures of a task into one function, whose state
/// is then further from its base than short instructions reach, and whose stack
/// frame has room for the variables of all of them at once.
#[inline(never)]
pub(crate) fn poll_apart<F: Future>(future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(cx)
}
