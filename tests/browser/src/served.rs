//! A program whose frames the inspector shows, and the page's address.

use std::path::Path;

use serde_json::Value as Json;

use crate::inputs::sample;
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

    /// `wigwag inspect` with the recording that lies beside the page, and the page,
    /// which has read it.
    ///
    /// # Errors
    ///
    /// It is not shown.
    pub async fn sample(browser: &Chromium) -> Result<(Self, Tab)> {
        let served = Self::inspect(Some(&sample()), &[]).await?;
        let tab = served.open(browser).await?;
        tab.until_read("sample.wgcap").await?;
        Ok((served, tab))
    }

    /// `wigwag demo`, and the page, which shows it live.
    ///
    /// # Errors
    ///
    /// Nothing is live.
    pub async fn demonstration(browser: &Chromium) -> Result<(Self, Tab)> {
        let words = ["demo", "--http", "127.0.0.1:0", "--json"];
        let served = Self::start(&words, "inspector").await?;
        let tab = served.open_live(browser).await?;
        Ok((served, tab))
    }

    /// Opens the page, and waits until it shows live frames.
    ///
    /// # Errors
    ///
    /// Nothing is live.
    pub async fn open_live(&self, browser: &Chromium) -> Result<Tab> {
        let tab = self.open(browser).await?;
        tab.until_state("state.live === 'on' && state.rows > 0")
            .await?;
        Ok(tab)
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

    /// The address and port at which the page is, for another that comes after it.
    ///
    /// # Errors
    ///
    /// The page's address has no port.
    pub fn place(&self) -> Result<String> {
        let place = self
            .url
            .strip_prefix("http://")
            .and_then(|it| it.split('/').next());
        Ok(place.ok_or("no place")?.to_owned())
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
