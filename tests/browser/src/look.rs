//! What a test sees of the page beyond its text: the worker's state and rows.

use serde_json::{Value as Json, json};

use crate::rows::number;
use crate::{Result, Tab};

impl Tab {
    /// Asks the page's worker, as the page does (`wasm/www/worker/operations.js`).
    /// Typed arrays become lists.
    ///
    /// # Errors
    ///
    /// The worker's.
    pub async fn ask(&self, op: &str, arguments: &Json) -> Result<Json> {
        let text: String = self
            .value(&format!("ask('{op}', {arguments}).then(plain)"))
            .await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Waits until the worker's state fulfils a JavaScript expression of `state`.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn until_state(&self, expression: &str) -> Result {
        let function = format!("!!(watched.state && (state => {expression})(watched.state))");
        let end = tokio::time::Instant::now() + crate::PATIENCE;
        while !self.value::<bool>(&function).await? {
            if tokio::time::Instant::now() > end {
                let state: Json = self.value("watched").await?;
                return Err(format!("waited for: {expression}; it is {state}").into());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Waits until all of an input is read, examined and filtered, and the page shows so.
    ///
    /// # Errors
    ///
    /// It does not come to that.
    pub async fn until_read(&self, name: &str) -> Result {
        let name = serde_json::to_string(name)?;
        self.until_state(&format!(
            "state.name === {name} && state.done && state.examined >= state.rows && !state.filtering \
             && (state.filter || state.viewRows === state.rows)"
        ))
        .await?;
        self.until_drawn().await
    }

    /// Does what opens an input, and waits until that one is read and shown: one of the
    /// same name may be there before.
    ///
    /// # Errors
    ///
    /// It does not come to that.
    pub async fn opens(&self, name: &str, open: impl AsyncFnOnce() -> Result) -> Result {
        let before: i64 = self.value("watched.state?.generation ?? -1").await?;
        open().await?;
        self.until_state(&format!("state.generation > {before}"))
            .await?;
        self.until_read(name).await
    }

    /// Waits until the list has drawn what the worker has told.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn until_drawn(&self) -> Result {
        self.until(
            "document.getElementById('grid').getAttribute('aria-rowcount') == watched.state.viewRows + 1
                && (drawnRows().length > 0 || watched.state.viewRows === 0)",
        )
        .await
    }

    /// All rows of the view, each with the worker's columns by name.
    ///
    /// # Errors
    ///
    /// The worker's.
    pub async fn rows(&self) -> Result<Vec<Json>> {
        let text: String = self.value("rowsOfView().then(plain)").await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The rows that a person sees, each with the texts of its cells by column.
    ///
    /// # Errors
    ///
    /// The browser has gone.
    pub async fn drawn(&self) -> Result<Vec<Json>> {
        self.value("drawnRows()").await
    }

    /// Clicks on the row of this number of the table, which is drawn, and waits for
    /// its details.
    ///
    /// # Errors
    ///
    /// The row is not there.
    pub async fn select(&self, row: u32) -> Result {
        self.click(&format!("#grid .row[data-row='{row}'] .c-summary"))
            .await?;
        self.until_selected(row).await
    }

    /// Waits until this row is selected and its details are shown.
    ///
    /// # Errors
    ///
    /// It does not come to that.
    pub async fn until_selected(&self, row: u32) -> Result {
        // The headline counts frames from 1, with commas.
        self.until(&format!(
            "document.querySelector('#grid .row.selected')?.dataset.row === '{row}' && \
             document.querySelector('#panel-detail .frame-title')?.textContent.replaceAll(',', '')\
             .includes('frame {} ·')",
            row + 1
        ))
        .await
    }

    /// Of the rows in the list, which are confirmations, the one of an order that waits:
    /// it, the order's row, and the order's details.
    ///
    /// # Errors
    ///
    /// The page does not answer.
    pub async fn waiting_order(&self) -> Result<Option<(Json, u32, Json)>> {
        for confirm in self.rows().await? {
            let order = number(&confirm, "pair")?;
            let detail = self.ask("detail", &json!({"row": order})).await?;
            let text = detail["json"].as_str();
            if text.is_some_and(|it| it.contains("\"wait\"")) {
                return Ok(Some((confirm, order, detail)));
            }
        }
        Ok(None)
    }

    /// Replaces what stands in the filter, presses Enter and waits until it is in force.
    ///
    /// # Errors
    ///
    /// It does not come into force.
    pub async fn filter(&self, text: &str) -> Result {
        self.click("#filter-text").await?;
        self.run("document.activeElement.select()").await?;
        if text.is_empty() {
            self.press("Delete", crate::Keys::default()).await?;
        } else {
            self.write(text).await?;
        }
        self.press("Enter", crate::Keys::default()).await?;
        let text = serde_json::to_string(text)?;
        self.until_state(&format!(
            "state.filter === {text} && !state.filtering && \
             document.activeElement === document.getElementById('grid')"
        ))
        .await?;
        self.until_drawn().await
    }
}
