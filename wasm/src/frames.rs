//! What is asked of one row.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wigwag_inspect::detail::{self, Node, Tree};
use wigwag_inspect::{Expert, diff, edit, json};

use crate::inspector::Inspector;
use crate::json::Json;
use crate::window::type_name;
use crate::{fault, names};

/// How many parts of a frame are shown one by one.
const NODES: usize = 5000;

#[wasm_bindgen]
impl Inspector {
    /// All bytes of a row's frame, its head included; undefined if they were not kept.
    #[wasm_bindgen(js_name = bytesOf)]
    pub fn bytes_of(&self, row: f64) -> Result<Option<Vec<u8>>, JsValue> {
        let frame = self.table.frame(fault::row(row)?);
        Ok(frame.map(|frame| frame.bytes.to_vec()))
    }

    /// What is known of a row, as JSON text; undefined if there is no such row.
    #[wasm_bindgen(unchecked_return_type = "JsonText<Detail> | undefined")]
    pub fn detail(&self, row: f64) -> Result<Option<String>, JsValue> {
        Ok(self.detail_of(fault::row(row)?))
    }

    /// How two rows differ, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "JsonText<Diff>")]
    pub fn diff(&self, a: f64, b: f64) -> Result<String, JsValue> {
        let frame = |row| self.table.frame(fault::row(row)?).ok_or_else(not_kept);
        let diff = diff::diff(frame(a)?, frame(b)?);
        let mut json = Json::default();
        json.object(|json| {
            json.key("items").array(|json| {
                for change in &diff.changes {
                    json.object(|json| {
                        json.key("path").string(&change.path);
                        json.key("change").string(change.how.name());
                        json.key("before").string(&change.before);
                        json.key("after").string(&change.after);
                    });
                }
            });
            let more = if diff.is_cut { "true" } else { "false" };
            json.key("more").raw(more);
        });
        Ok(json.finish())
    }

    /// A row as a text to be edited, which `encode` makes a frame of.
    pub fn edit(&self, row: f64) -> Result<String, JsValue> {
        let frame = self.table.frame(fault::row(row)?).ok_or_else(not_kept)?;
        Ok(edit::to_json(frame))
    }

    /// The bytes of a frame from a text as `edit` makes it. An error has its `offset`
    /// in the text, in bytes of UTF-8.
    pub fn encode(protocol: &str, text: &str) -> Result<Vec<u8>, JsValue> {
        edit::from_json(names::protocol(protocol)?, text)
            .map_err(|error| fault::at(&error.message, error.position))
    }
}

impl Inspector {
    fn detail_of(&self, row: u32) -> Option<String> {
        let columns = self.table.columns();
        let at = row as usize;
        let protocol = self.table.protocol(row)?;
        let mut json = Json::default();
        json.object(|json| {
            json.key("row").integer(row);
            json.key("time").number(columns.time[at]);
            json.key("connection").integer(columns.connection[at]);
            json.key("direction").integer(columns.direction[at].into());
            json.key("protocol").string(protocol.name());
            json.key("kind").integer(columns.kind[at]);
            json.key("typeName").string(&type_name(&self.table, row));
            json.key("id").integer(columns.id[at]);
            json.key("length").integer(columns.length[at]);
            json.key("offset").number(columns.offset[at]);
            json.key("flags").integer(columns.flags[at].into());
            json.key("pair").integer(columns.pair[at]);
            json.key("latency").number(columns.latency[at].into());
            json.key("notes").array(|json| {
                for expert in Expert::ALL {
                    if columns.has(row, expert.flag()) {
                        json.string(&self.table.expert_text(row, expert));
                    }
                }
            });
            json.key("json");
            match self.table.frame(row) {
                Some(frame) => {
                    let mut text = String::new();
                    json::frame(frame, &mut text);
                    json.string(&text);
                }
                None => json.string(""),
            }
            json.key("nodes").array(|json| {
                let Some(frame) = self.table.frame(row) else {
                    return;
                };
                let tree = detail::tree(frame, NODES);
                for (index, node) in tree.nodes.iter().enumerate() {
                    json.object(|json| one(json, &tree, index, node));
                }
            });
        });
        Some(json.finish())
    }
}

fn not_kept() -> JsValue {
    fault::plain("there is no such row, or its bytes were not kept")
}

fn one(json: &mut Json, tree: &Tree, index: usize, node: &Node) {
    json.key("parent").integer(node.parent);
    json.key("label").string(&node.label);
    json.key("kind").string(node.kind.name());
    json.key("start").integer(node.start);
    json.key("end").integer(node.end);
    json.key("value").string(&node.value);
    let meaning = node.meaning.as_deref().or(node.problem.as_deref());
    json.key("meaning").string(meaning.unwrap_or_default());
    json.key("path").string(&tree.path(index));
}
