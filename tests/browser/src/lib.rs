//! Drives the page in a real browser: Chromium without a window, over its
//! debugging protocol. Tests wait for what they expect to see, never for a time.

mod chromium;
mod conversation;
mod hands;
pub mod inputs;
mod look;
mod program;
pub mod rows;
mod served;
mod tab;

pub use chromium::{Chromium, Setup};
pub use conversation::{Trial, address};
pub use program::{Program, wigwag};
pub use served::Served;
pub use tab::{Keys, Tab};

use std::future::Future;

use wigwag_runner::{Failed, Outcome};

/// How long anything may take that a test waits for. The machines that run tests
/// may be busy; a person would not wait that long.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// What a step of a test returns.
pub type Result<T = ()> = std::result::Result<T, Failed>;

/// Runs the steps of one test in a browser of its own, and fails if the page has
/// complained: a console error, an exception that nobody caught, a violation of
/// the content security policy.
///
/// # Errors
///
/// Those of the steps, and the page's complaints.
pub fn in_browser(setup: Setup, steps: impl AsyncFnOnce(&Chromium) -> Result) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let browser = Chromium::start(setup).await?;
        let done = steps(&browser).await;
        let complaints = browser.complaints();
        browser.end().await;
        let complaints = complaints.join("\n");
        match done {
            Ok(()) if complaints.is_empty() => Ok(()),
            Ok(()) => Err(format!("the page complained:\n{complaints}").into()),
            Err(failed) if complaints.is_empty() => Err(failed),
            Err(failed) => {
                let why = failed.message().unwrap_or("failed");
                Err(format!("{why}\nand the page complained:\n{complaints}").into())
            }
        }
    })
}

/// Waits for `look` to see something.
///
/// # Errors
///
/// Those of `look`, and that nothing was seen in [`PATIENCE`]; it names `what`.
pub async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if tokio::time::Instant::now() > end {
            return Err(format!("waited {} s for: {what}", PATIENCE.as_secs()).into());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
