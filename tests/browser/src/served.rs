//! A program whose frames the inspector shows, and the page's address.

use std::path::Path;

use serde_json::Value as Json;

use crate::{Chromium, Program, Result, Tab};

/// A `wigwag` command that serves the page.
pub struct Served {
    /// The command.
    pub program: Program,
    /// The page's address, with its token.
    pub url: String,
}

impl Served {
    /// `wigwag inspect` with a file, or with an empty page.
    ///
    /// # Errors
    ///
    /// The program does not start.
    pub async fn inspect(file: Option<&Path>, more: &[&str]) -> Result<Self> {
        let file = file.map(|file| file.display().to_string());
        let mut words = vec!["inspect", "--http", "127.0.0.1:0", "--json"];
        words.extend(file.as_deref());
        words.extend(more);
        Self::start(&words, "listening").await
    }

    /// A command that tells the page's address in this event.
    ///
    /// # Errors
    ///
    /// The program does not start.
    pub async fn start(words: &[&str], event: &str) -> Result<Self> {
        let mut program = Program::start(words)?;
        let told: Json = program.event(event).await?;
        let url = told["url"].as_str().ok_or("no address")?.to_owned();
        Ok(Self { program, url })
    }

    /// Opens the page, and waits until it is ready for a person.
    ///
    /// # Errors
    ///
    /// The page does not begin.
    pub async fn open(&self, browser: &Chromium) -> Result<Tab> {
        let tab = browser.open(&self.url).await?;
        tab.until("document.getElementById('grid') && watched.worker")
            .await?;
        Ok(tab)
    }
}
