//! The parameters of a field of NCP, for people.

use serde_json::Value as Json;

/// Most values of an array that are shown.
const VALUES: usize = 8;
/// Most values of an array in an event of the demonstration.
const MANY: usize = 64;
/// Most characters of a text that are shown.
const CHARACTERS: usize = 64;

/// Parameters as [`tagged::ncp`](crate::tagged::ncp) has them:
/// `  SAMP i32 1024  PDAT i16[] of 1024`.
pub(crate) fn line(params: &Json) -> String {
    let params = params.as_array().into_iter().flatten();
    params.map(|param| format!("  {}", one(param))).collect()
}

/// An event whose parameters have the number of their values in `"values"`
/// instead of them, where there are many.
pub(crate) fn without_long_arrays(mut event: Json) -> Json {
    let params = event["params"].as_array_mut().into_iter().flatten();
    for param in params.filter_map(Json::as_object_mut) {
        let count = param.get("v").and_then(Json::as_array).map(Vec::len);
        if let Some(count) = count.filter(|count| *count > MANY) {
            param.remove("v");
            param.insert("values".into(), count.into());
        }
    }
    event
}

fn one(param: &Json) -> String {
    let name = printable(param["name"].as_str().unwrap_or_default());
    let kind = param["t"].as_str().unwrap_or_default();
    let value = match &param["v"] {
        Json::Array(values) if values.len() > VALUES => format!("of {}", values.len()),
        Json::Array(values) => {
            let each = kind.strip_suffix("[]").unwrap_or(kind);
            let values: Vec<_> = values.iter().map(|value| number(each, value)).collect();
            values.join(",")
        }
        value => number(kind, value),
    };
    format!("{name} {kind} {value}")
}

/// A number, of floats not their bits; or a text, as much as can be shown.
fn number(kind: &str, value: &Json) -> String {
    let text = value.as_str().unwrap_or_default();
    let float = match kind {
        "f32" => u32::from_str_radix(text, 16).map(|bits| f32::from_bits(bits).to_string()),
        "f64" => u64::from_str_radix(text, 16).map(|bits| f64::from_bits(bits).to_string()),
        "string" => return format!("{:?}", cut(text)),
        _ => return cut(text),
    };
    float.unwrap_or_default()
}

fn cut(text: &str) -> String {
    let shown: String = text.chars().take(CHARACTERS).collect();
    if shown.len() < text.len() {
        shown + ".."
    } else {
        shown
    }
}

/// A name, which comes from outside and goes to a terminal.
fn printable(name: &str) -> String {
    name.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn values_are_shown_as_people_read_them() {
        let param = |name: &str, kind: &str, value| json!({"name": name, "t": kind, "v": value});
        let many: Vec<_> = (0..1024).map(|n| n.to_string()).collect();
        let params = json!([
            param("A", "i32", json!("-7")),
            param("B", "f32", json!("42264000")),
            param(
                "C",
                "f64[]",
                json!(["3ff8000000000000", "7ff0000000000000"])
            ),
            param("D", "string", json!("a\u{1b}[2J")),
            param("E\u{1b}", "raw", json!("00ff".repeat(50))),
            param("F", "i16[]", json!(many)),
            param("G", "u8[]", json!([])),
        ]);
        let expected = format!(
            "  A i32 -7  B f32 41.5625  C f64[] 1.5,inf  D string \"a\\u{{1b}}[2J\"  \
             E\\u{{1b}} raw {}..  F i16[] of 1024  G u8[] ",
            "00ff".repeat(16)
        );
        assert_eq!(super::line(&params), expected);
        assert_eq!(super::line(&json!(null)), "");
    }
}
