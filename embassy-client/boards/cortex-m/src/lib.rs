#![no_std]
//! What boards with an Arm Cortex-M share, where embassy and cortex-m-rt leave
//! it to the program: an executor that knows how long it was idle, the use of
//! the stack, and what happens at the ends that are nobody's plan.
//!
//! | Module | What it is |
//! |---|---|
//! | [`executor`] | runs the tasks, and counts the time without work |
//! | [`fault`] | panics, faults, and whatever else ends a run |
//! | [`last_words`] | why the device stopped, told at its next start |
//! | [`stack`] | how deep the stack has been |
//!
//! A board's `memory.x` sets the stack apart, below everything else of its
//! memory, and names its ends `_stack_start` (the higher one) and `_stack_end`.
//! The board defines how the chip is reset, as a function `wigwag_reset` without
//! mangling, `fn() -> !`.

pub mod executor;
pub mod fault;
pub mod last_words;
pub mod stack;
