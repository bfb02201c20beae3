//! One page, as a person has it: it is looked at, clicked, and typed into.

use std::path::Path;

use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::dom::SetFileInputFilesParams;
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, InsertTextParams,
};
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::page::ScreenshotParams;
use serde::de::DeserializeOwned;

use crate::{PATIENCE, Result, until};

/// Keys held while another is pressed, as the debugging protocol counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys(i64);

impl Keys {
    /// No other key.
    pub const NONE: Self = Self(0);
    /// Alt.
    pub const ALT: Self = Self(1);
    /// Control.
    pub const CONTROL: Self = Self(2);
    /// Shift.
    pub const SHIFT: Self = Self(8);
}

/// A tab of the browser.
pub struct Tab {
    page: Page,
}

impl Tab {
    pub(crate) const fn new(page: Page) -> Self {
        Self { page }
    }

    /// What a JavaScript expression is; a promise is waited for.
    ///
    /// # Errors
    ///
    /// It throws, or is not a `T`.
    pub async fn value<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let short: String = expression.chars().take(300).collect();
        let told = |error: &dyn std::fmt::Display| format!("{short}: {error}");
        let function = format!("async () => ({expression})");
        let value = self.page.evaluate_function(function).await;
        let value = value.map_err(|error| told(&error))?;
        Ok(value.into_value().map_err(|error| told(&error))?)
    }

    /// Runs a JavaScript expression; a promise is waited for.
    ///
    /// # Errors
    ///
    /// It throws.
    pub async fn run(&self, expression: &str) -> Result {
        let done: bool = self.value(&format!("(await ({expression}), true)")).await?;
        if done { Ok(()) } else { Err("not done".into()) }
    }

    /// Waits until a JavaScript expression is true.
    ///
    /// # Errors
    ///
    /// It throws, or does not become true.
    pub async fn until(&self, expression: &str) -> Result {
        let function = format!("!!({expression})");
        until(expression, || async {
            Ok(self.value::<bool>(&function).await?.then_some(()))
        })
        .await
    }

    /// The text that a person sees of an element.
    ///
    /// # Errors
    ///
    /// There is none of that selector.
    pub async fn text(&self, selector: &str) -> Result<String> {
        let selector = serde_json::to_string(selector)?;
        self.value(&format!("document.querySelector({selector}).innerText"))
            .await
    }

    /// Waits for an element and clicks into its middle.
    ///
    /// # Errors
    ///
    /// It does not come, or cannot be clicked.
    pub async fn click(&self, selector: &str) -> Result {
        let quoted = serde_json::to_string(selector)?;
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.until(&format!(
                "document.querySelector({quoted})?.checkVisibility()"
            ))
            .await?;
            let clicked = match self.page.find_element(selector).await {
                Ok(element) => element.click().await.map(drop),
                Err(error) => Err(error),
            };
            match clicked {
                // The page has put another one in its place, before the click.
                Err(error)
                    if is_replaced(&error.to_string()) && tokio::time::Instant::now() < end => {}
                clicked => return Ok(clicked?),
            }
        }
    }

    /// Presses a key, as `KeyboardEvent.key` names it, with others held.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn press(&self, key: &str, held: Keys) -> Result {
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let mut event = DispatchKeyEventParams::builder()
                .r#type(kind)
                .key(key)
                .modifiers(held.0)
                .windows_virtual_key_code(code(key));
            if key.chars().count() == 1 && held.0 & !Keys::SHIFT.0 == 0 {
                event = event.text(key);
            } else if key == "Enter" {
                event = event.text("\r");
            }
            self.page.execute(event.build()?).await?;
        }
        Ok(())
    }

    /// Types text where the focus is.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn write(&self, text: &str) -> Result {
        self.page.execute(InsertTextParams::new(text)).await?;
        Ok(())
    }

    /// Chooses files in a file input, as its dialog would.
    ///
    /// # Errors
    ///
    /// There is no such input.
    pub async fn choose(&self, selector: &str, files: &[&Path]) -> Result {
        let input = self.page.find_element(selector).await?;
        let files: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
        let choose = SetFileInputFilesParams::builder()
            .files(files)
            .backend_node_id(input.backend_node_id)
            .build()?;
        self.page.execute(choose).await?;
        Ok(())
    }

    /// A picture of what is visible, as PNG.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        let png = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png);
        Ok(self.page.screenshot(png.build()).await?)
    }

    /// Loads it again.
    ///
    /// # Errors
    ///
    /// It cannot be loaded.
    pub async fn reload(&self) -> Result {
        self.page.reload().await?;
        Ok(())
    }

    /// The page itself, for what is not above.
    #[must_use]
    pub const fn page(&self) -> &Page {
        &self.page
    }
}

/// The number of a key where a page may look at it, or where it moves the focus.
fn code(key: &str) -> i64 {
    match key {
        "Backspace" => 8,
        "Tab" => 9,
        "Enter" => 13,
        "Escape" => 27,
        " " => 32,
        "PageUp" => 33,
        "PageDown" => 34,
        "End" => 35,
        "Home" => 36,
        "ArrowLeft" => 37,
        "ArrowUp" => 38,
        "ArrowRight" => 39,
        "ArrowDown" => 40,
        "Delete" => 46,
        _ => key
            .bytes()
            .next()
            .map_or(0, |byte| byte.to_ascii_uppercase().into()),
    }
}

/// Whether an element is not there any more, by what the browser says of it.
fn is_replaced(error: &str) -> bool {
    ["detached from document", "Could not find node"]
        .iter()
        .any(|words| error.contains(words))
}
