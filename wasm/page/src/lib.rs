//! The inspector's page as files in memory: HTML, style, scripts and the compiled
//! `wigwag-wasm` and `wigwag-packets`, each plain and compressed with brotli. A web
//! server serves them; `cargo xtask wasm --out DIR` writes them to a folder.
//!
//! The build script compiles those two for the browser. Where Rust's library for
//! `wasm32-unknown-unknown` is not installed, [`COMPLETE`] is false and [`FILES`] is
//! one page that says what to do.
//!
//! ```
//! let index = wigwag_page::find("index.html").expect("there always is one");
//! assert_eq!(index.mime, "text/html; charset=utf-8");
//! assert!(index.brotli.len() < index.plain.len());
//! ```

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Where it is, seen from the page: `vendor/uPlot.js`. Never begins with `/`.
    pub path: &'static str,
    /// The value of `content-type`.
    pub mime: &'static str,
    /// The content.
    pub plain: &'static [u8],
    /// The same for `content-encoding: br`.
    pub brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The file at a path of the page, without a `/` in front. `None` if there is
/// none: the page has no other addresses.
#[must_use]
pub fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}
