//! Frames by their parts: what holds for every tree, path, difference and edit of
//! every frame, for the vectors and for damaged and made-up ones.

mod agreement;
mod check;
mod edits;
mod paths;
mod samples;
mod trees;
mod vectors;
