//! What a person does with a pointer, with files and with the clipboard.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chromiumoxide::cdp::browser_protocol::dom::SetFileInputFilesParams;
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchMouseEventParams, DispatchMouseEventType, MouseButton,
};
use chromiumoxide::cdp::browser_protocol::page::{
    EventFileChooserOpened, SetInterceptFileChooserDialogParams,
};
use futures::StreamExt as _;

use crate::{PATIENCE, Result, Tab};

impl Tab {
    /// Does what opens the file dialog, and chooses files in it.
    ///
    /// # Errors
    ///
    /// No dialog opens.
    pub async fn pick(&self, open: impl AsyncFnOnce() -> Result, files: &[&Path]) -> Result {
        let page = self.page();
        page.execute(SetInterceptFileChooserDialogParams::new(true))
            .await?;
        let mut opened = page.event_listener::<EventFileChooserOpened>().await?;
        open().await?;
        let chooser = tokio::time::timeout(PATIENCE, opened.next()).await;
        let chooser = chooser.ok().flatten().ok_or("no file dialog opened")?;
        let input = chooser.backend_node_id.ok_or("a dialog without an input")?;
        let files: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
        let choose = SetFileInputFilesParams::builder()
            .files(files)
            .backend_node_id(input)
            .build()?;
        page.execute(choose).await?;
        Ok(())
    }

    /// Drops a file on the page.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn drop_file(&self, name: &str, bytes: &[u8]) -> Result {
        let (name, bytes) = (serde_json::to_string(name)?, BASE64_STANDARD.encode(bytes));
        self.run(&format!(
            "(() => {{
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(fileOf('{bytes}', {name}));
                const about = {{ dataTransfer, bubbles: true, cancelable: true }};
                for (const kind of ['dragenter', 'dragover', 'drop'])
                    document.body.dispatchEvent(new DragEvent(kind, about));
            }})()"
        ))
        .await
    }

    /// Pastes text where the focus is.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn paste(&self, text: &str) -> Result {
        let text = serde_json::to_string(text)?;
        self.run(&format!(
            "(() => {{
                const clipboardData = new DataTransfer();
                clipboardData.setData('text/plain', {text});
                const about = {{ clipboardData, bubbles: true, cancelable: true }};
                document.activeElement.dispatchEvent(new ClipboardEvent('paste', about));
            }})()"
        ))
        .await
    }

    /// Moves the pointer to a place of the page, in CSS pixels.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn point(&self, (x, y): (f64, f64)) -> Result {
        self.mouse(DispatchMouseEventType::MouseMoved, (x, y), 0)
            .await
    }

    /// Presses the button at one place and lets it go at another.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Result {
        self.point(from).await?;
        self.mouse(DispatchMouseEventType::MousePressed, from, 1)
            .await?;
        let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        for place in [middle, to] {
            self.mouse(DispatchMouseEventType::MouseMoved, place, 1)
                .await?;
        }
        self.mouse(DispatchMouseEventType::MouseReleased, to, 0)
            .await
    }

    /// Turns the wheel at a place, by CSS pixels.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn wheel(&self, (x, y): (f64, f64), pixels: f64) -> Result {
        let turn = DispatchMouseEventParams::builder()
            .r#type(DispatchMouseEventType::MouseWheel)
            .x(x)
            .y(y)
            .delta_x(0.0)
            .delta_y(pixels)
            .build()?;
        self.page().execute(turn).await?;
        Ok(())
    }

    /// The middle of an element, in CSS pixels of the page.
    ///
    /// # Errors
    ///
    /// There is none of that selector.
    pub async fn middle(&self, selector: &str) -> Result<(f64, f64)> {
        let selector = serde_json::to_string(selector)?;
        self.value(&format!(
            "(() => {{ const box = document.querySelector({selector}).getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ))
        .await
    }

    async fn mouse(
        &self,
        kind: DispatchMouseEventType,
        (x, y): (f64, f64),
        buttons: i64,
    ) -> Result {
        let moved = matches!(kind, DispatchMouseEventType::MouseMoved);
        let event = DispatchMouseEventParams::builder()
            .r#type(kind)
            .x(x)
            .y(y)
            .buttons(buttons)
            .click_count(i64::from(!moved))
            .button(if moved && buttons == 0 {
                MouseButton::None
            } else {
                MouseButton::Left
            });
        self.page().execute(event.build()?).await?;
        Ok(())
    }
}
