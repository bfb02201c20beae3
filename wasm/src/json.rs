//! JSON text of the small structures that JavaScript gets.

use std::fmt::Write as _;

use wigwag_inspect::text::json::quote;

/// A text that grows. Commas are put where they belong.
#[derive(Debug, Default)]
pub(crate) struct Json {
    text: String,
}

impl Json {
    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// An object: `fill` writes its entries with [`key`](Self::key).
    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.comma();
        self.text.push('{');
        fill(self);
        self.text.push('}');
    }

    /// An array: `fill` writes its elements.
    pub(crate) fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.comma();
        self.text.push('[');
        fill(self);
        self.text.push(']');
    }

    /// The key of the value that follows.
    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.comma();
        quote(name, &mut self.text);
        self.text.push(':');
        self
    }

    pub(crate) fn string(&mut self, value: &str) {
        self.comma();
        quote(value, &mut self.text);
    }

    /// A number, `null` if it is none.
    pub(crate) fn number(&mut self, value: f64) {
        self.comma();
        if value.is_finite() {
            // JavaScript prints and reads it the same way.
            let _ = write!(self.text, "{value}");
        } else {
            self.text.push_str("null");
        }
    }

    pub(crate) fn integer(&mut self, value: u32) {
        self.number(f64::from(value));
    }

    /// What is JSON already.
    pub(crate) fn raw(&mut self, value: &str) {
        self.comma();
        self.text.push_str(value);
    }

    fn comma(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[', ':']) {
            self.text.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut json = Json::default();
        json.object(|json| {
            json.key("a").integer(1);
            json.key("d").raw("[1,2]");
            json.key("b:").string("x{");
            json.key("c").array(|json| {
                json.number(0.5);
                json.number(f64::NAN);
                json.object(|_| {});
                json.array(|_| {});
            });
        });
        assert_eq!(
            json.finish(),
            r#"{"a":1,"d":[1,2],"b:":"x{","c":[0.5,null,{},[]]}"#
        );
    }
}
