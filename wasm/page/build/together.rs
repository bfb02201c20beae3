//! The page's own files put together: one script, one worker, one sheet. What is
//! loaded at once compresses to much less as one, and comes with fewer requests.

use std::fs;
use std::path::Path;

use crate::bindings::Bindings;
use crate::bundle::{Late, bundle};
use crate::squeeze::squeeze;

/// What the worker's modules import from the glue, which is a script here that sets
/// one variable.
const FROM_GLUE: &str = "const { initSync, Inspector, Plot } = wasm_bindgen;\n";

/// The one sheet, as `index.html` names it.
const SHEET: &str = "<link rel=\"stylesheet\" href=\"style.css\" />";

/// The page of a few files.
pub(crate) struct Together {
    /// `index.html`, with one sheet.
    pub(crate) index: String,
    /// `style.css`: the sheets, in their order.
    pub(crate) style: String,
    /// `app.js`: the page's modules.
    pub(crate) app: String,
    /// `worker.js`: the worker's modules behind the glue.
    pub(crate) worker: String,
}

impl Together {
    /// Puts the page in the folder `www` together, with the bindings as a script.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or is not of the form that [`bundle`] needs.
    pub(crate) fn of(www: &Path, bindings: &Bindings, late: Late) -> Result<Self, String> {
        let (index, style) = sheets(www, &read(&www.join("index.html"))?)?;
        let glue = squeeze(&bindings.glue);
        let worker = bundle(www, "worker.js", &["wigwag.js", "packets.js"], late)?;
        Ok(Self {
            index,
            style,
            app: bundle(www, "app.js", &[], late)?,
            worker: format!("{glue}{FROM_GLUE}{worker}"),
        })
    }

    /// Whether a file of the page's folder is a part of one of these.
    pub(crate) fn has(path: &str) -> bool {
        path == "index.html"
            || path.ends_with(".css")
            || path.ends_with(".js") && !path.starts_with("vendor/")
    }
}

/// The value of a tag's attribute.
pub(crate) fn attribute<'t>(tag: &'t str, name: &str) -> Result<&'t str, String> {
    tag.split_once(&format!("{name}=\""))
        .and_then(|(_, value)| value.split('"').next())
        .ok_or_else(|| format!("index.html: {tag} has no {name}"))
}

/// The page with one sheet in the place of its first, and what that holds. Comments
/// and texts of sheets are those of JavaScript.
fn sheets(www: &Path, index: &str) -> Result<(String, String), String> {
    let mut page = String::new();
    let mut style = String::new();
    for line in index.lines() {
        let tag = line.trim();
        if tag.starts_with("<link") && tag.contains("stylesheet") {
            if style.is_empty() {
                page += SHEET;
                page.push('\n');
            }
            style += squeeze(&read(&www.join(attribute(tag, "href")?))?).trim_end();
            style.push('\n');
        } else {
            page += tag;
            page.push('\n');
        }
    }
    if style.is_empty() {
        return Err("index.html: no line is the link of a sheet".into());
    }
    Ok((page, style))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
