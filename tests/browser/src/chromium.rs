//! A browser: its process, its folders, and what its pages complain of.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide::cdp::browser_protocol::browser::{
    SetDownloadBehaviorBehavior, SetDownloadBehaviorParams,
};
use chromiumoxide::cdp::browser_protocol::emulation::MediaFeature;
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::js_protocol::runtime::{
    ConsoleApiCalledType, EventConsoleApiCalled, EventExceptionThrown,
};
use chromiumoxide::handler::viewport::Viewport;
use chromiumoxide::{Browser, BrowserConfig, Page};
use futures::StreamExt as _;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{PATIENCE, Result, Tab};

/// What a browser is like.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The page's size in CSS pixels.
    pub size: (u32, u32),
    /// Whether the person prefers dark pages.
    pub dark: bool,
}

impl Default for Setup {
    /// 1440 by 900, light.
    fn default() -> Self {
        Self {
            size: (1440, 900),
            dark: false,
        }
    }
}

type Complaints = Arc<Mutex<Vec<String>>>;

/// A browser without a window, with an empty profile.
pub struct Chromium {
    browser: Browser,
    handler: JoinHandle<()>,
    setup: Setup,
    complaints: Complaints,
    downloads: TempDir,
    /// Removed after the browser has ended.
    profile: TempDir,
}

impl Chromium {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// It is not there, or does not start.
    pub async fn start(setup: Setup) -> Result<Self> {
        let (width, height) = setup.size;
        let profile = tempfile::tempdir()?;
        let downloads = tempfile::tempdir()?;
        let config = BrowserConfig::builder()
            .chrome_executable(xtask::chromium::program().ok_or("Chromium is not installed")?)
            .new_headless_mode()
            .no_sandbox()
            .user_data_dir(profile.path())
            .window_size(width, height)
            .viewport(Viewport {
                width,
                height,
                ..Viewport::default()
            })
            .launch_timeout(PATIENCE)
            .request_timeout(PATIENCE)
            .args([
                "disable-gpu",
                "disable-quic",
                "disable-component-update",
                "disable-domain-reliability",
                "no-default-browser-check",
            ])
            .build()?;
        let (browser, mut handler) = Browser::launch(config).await?;
        let handler = tokio::spawn(async move { while handler.next().await.is_some() {} });
        let allow = SetDownloadBehaviorParams::builder()
            .behavior(SetDownloadBehaviorBehavior::Allow)
            .download_path(downloads.path().display().to_string())
            .build()?;
        browser.execute(allow).await?;
        Ok(Self {
            browser,
            handler,
            setup,
            complaints: Complaints::default(),
            downloads,
            profile,
        })
    }

    /// Opens an address in a new tab.
    ///
    /// # Errors
    ///
    /// The address cannot be loaded.
    pub async fn open(&self, address: &str) -> Result<Tab> {
        let page = self.browser.new_page("about:blank").await?;
        let scheme = if self.setup.dark { "dark" } else { "light" };
        let scheme = MediaFeature::new("prefers-color-scheme", scheme);
        page.emulate_media_features(vec![scheme]).await?;
        page.enable_log().await?;
        page.evaluate_on_new_document(include_str!("watch.js"))
            .await?;
        self.listen(&page).await?;
        page.goto(address).await?;
        Ok(Tab::new(page))
    }

    /// Where downloads land.
    #[must_use]
    pub fn downloads(&self) -> &Path {
        self.downloads.path()
    }

    /// What pages have complained of so far: errors on the console, exceptions that
    /// nobody caught, violations of the content security policy, failed requests.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let complaints = self.complaints.lock();
        complaints.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the complaints, where a test has caused them.
    pub fn forgive(&self) {
        let complaints = self.complaints.lock();
        complaints.unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Ends it and waits until it has ended.
    pub async fn end(mut self) {
        if self.browser.close().await.is_err() {
            self.browser.kill().await;
        }
        // A browser that does not end is not waited for: its folder may stay.
        let _ = tokio::time::timeout(PATIENCE, self.browser.wait()).await;
        self.handler.abort();
        drop(self.profile);
    }

    async fn listen(&self, page: &Page) -> Result {
        let mut console = page.event_listener::<EventConsoleApiCalled>().await?;
        let mut thrown = page.event_listener::<EventExceptionThrown>().await?;
        let mut logged = page.event_listener::<EventEntryAdded>().await?;
        let complain = |complaints: &Complaints| {
            let complaints = complaints.clone();
            move |text: String| {
                let complaints = complaints.lock();
                complaints
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(text);
            }
        };
        let say = complain(&self.complaints);
        tokio::spawn(async move {
            while let Some(event) = console.next().await {
                let bad = [ConsoleApiCalledType::Error, ConsoleApiCalledType::Assert];
                if bad.contains(&event.r#type) {
                    say(format!("console: {}", shown(&event.args)));
                }
            }
        });
        let say = complain(&self.complaints);
        tokio::spawn(async move {
            while let Some(event) = thrown.next().await {
                say(format!("exception: {}", shown(&event.exception_details)));
            }
        });
        let say = complain(&self.complaints);
        tokio::spawn(async move {
            while let Some(event) = logged.next().await {
                let entry = &event.entry;
                if entry.level == LogEntryLevel::Error {
                    let url = entry.url.as_deref().unwrap_or_default();
                    say(format!("log: {} {url}", entry.text));
                }
            }
        });
        Ok(())
    }
}

fn shown(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
