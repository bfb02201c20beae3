//! Whether every public function of the codec is in the image that is searched for
//! panics: their names, compared with those in the sources of that image.

use std::collections::BTreeSet;

use super::CODEC;
use crate::bare;
use crate::project;
use crate::run::Result;

/// The names that need not be there.
fn is_exempt(name: &str) -> bool {
    // Text for people is made by core's formatting, which has assertions of its own.
    name.ends_with("::fmt")
        // What a trait declares; whoever implements it is there.
        || ["Framer::", "Authenticate::", "Sizes::", "Encode::"].iter().any(|it| name.starts_with(it))
        // `&mut F` of a framer is there with a framer of ours, and lists of any values
        // with values of ours.
        || ["F::", "&T::", "[T]::", "[T; N]::"].iter().any(|it| name.starts_with(it))
}

/// The public functions that are not in the image.
///
/// # Errors
///
/// The committed API or the sources cannot be read.
pub fn missing() -> Result<Vec<String>> {
    let folder = project().join(bare::FOLDER).join("src/all");
    let files = std::fs::read_dir(&folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut there = BTreeSet::new();
    for file in files.flatten() {
        let text = std::fs::read_to_string(file.path())
            .map_err(|error| format!("cannot read {}: {error}", file.path().display()))?;
        there.extend(in_source(&text));
    }
    let public = in_api(&CODEC.committed()?);
    let lacking = public.into_iter().filter(|name| !there.contains(name));
    Ok(lacking.filter(|name| !is_exempt(name)).collect())
}

/// The functions of an API: `Type::function`; `module::function` where there are several
/// of a name, else the name alone.
fn in_api(api: &str) -> BTreeSet<String> {
    let paths = api.lines().filter_map(|line| {
        let (_, item) = line.split_once("fn ").filter(|(before, _)| {
            let mut words = before.split_whitespace();
            words.all(|word| ["pub", "const"].contains(&word))
        })?;
        let plain = without_generics(item);
        let path = plain.split('(').next()?;
        let parts: Vec<&str> = path.split("::").collect();
        let [.., above, name] = parts.as_slice() else {
            return None;
        };
        let above = above.trim_start_matches("&mut ");
        Some((above.to_owned(), (*name).to_owned()))
    });
    let paths: BTreeSet<(String, String)> = paths.collect();
    let is_type = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
    let mut names = BTreeSet::new();
    for (above, name) in &paths {
        let alike = paths
            .iter()
            .filter(|(other, it)| it == name && !is_type(other));
        // What a module gives out of another one is the same function.
        let others = alike.filter(|(other, _)| !["minijson", "typed"].contains(&other.as_str()));
        if is_type(above) || others.count() > 1 {
            names.insert(format!("{above}::{name}"));
        } else {
            names.insert(name.clone());
        }
    }
    names
}

/// Every name in a source: single words, and pairs `A::b` whatever generic arguments
/// stand between. `<A as Trait>::b` counts as `A::b`; what is said of `$framer` goes for
/// each type in `framers![...]`.
fn in_source(source: &str) -> BTreeSet<String> {
    let framers: Vec<String> = source
        .split_once("\nframers![")
        .and_then(|(_, rest)| rest.split_once("];"))
        .map(|(list, _)| in_words(&without_generics(list)).into_iter().collect())
        .unwrap_or_default();
    let mut names = in_words(&without_generics(source));
    for name in names.clone() {
        if let Some(function) = name.strip_prefix("$framer::") {
            names.extend(framers.iter().map(|framer| format!("{framer}::{function}")));
        }
    }
    names
}

/// The words of a text, and those that `::` joins, in pairs.
fn in_words(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in text.split(|c: char| !(c.is_alphanumeric() || "_:$".contains(c))) {
        let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
        for pair in parts.windows(2) {
            names.insert(pair.join("::"));
        }
        if let [only] = parts.as_slice() {
            names.insert((*only).to_owned());
        }
    }
    names
}

/// A text without what stands in `<` and `>`; of `<A as B>` the `A` stays.
pub(super) fn without_generics(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once('<') {
        plain.push_str(before);
        let Some(end) = closing(inside) else {
            // A comparison, not a bracket.
            rest = inside;
            continue;
        };
        let (inside, after) = inside.split_at(end);
        if let Some((name, _)) = split_as(inside) {
            plain.push_str(&without_generics(name));
        } else if plain.ends_with("::") {
            plain.truncate(plain.len() - 2);
        }
        rest = after.get(1..).unwrap_or_default();
    }
    plain + rest
}

/// Where the bracket that is open at the start of a text is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_u32;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            // Not the arrow of a function's result.
            '>' if before != '-' && before != '=' => depth -= 1,
            '{' => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        before = c;
    }
    None
}

/// `A as B` where the `as` is not in brackets.
fn split_as(text: &str) -> Option<(&str, &str)> {
    let (name, of) = text.split_once(" as ")?;
    (name.matches('<').count() == name.matches('>').count()).then_some((name, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_as_the_api_has_them() {
        let api = "pub mod w\n\
            pub const fn w::a::Type<'_>::new(&[u8; 4]) -> Self\n\
            pub fn w::a::read<T: core::ops::Fn(u8) -> u8>(T) -> u8\n\
            pub fn w::b::read(u8)\n\
            pub fn w::b::alone(u8)\n\
            pub fn &mut F::stop(&mut self)\n\
            impl<F: core::ops::Fn(u8)> w::Trait for F\n";
        let names: Vec<String> = in_api(api).into_iter().collect();
        let expected = ["F::stop", "Type::new", "a::read", "alone", "b::read"];
        assert_eq!(names, expected);
    }

    #[test]
    fn functions_are_found_in_the_source_whatever_their_arguments() {
        let source = "macro!{ <$framer as Framer>::go, X::<$framer, [u8; 2]>::y }\n\
            functions![A::b, <C<'_> as D<E>>::e, f::g::<H>, alone]; // I::j\n\
            framers![K<4>, &'static mut L];";
        let names = in_source(source);
        for name in [
            "A::b", "C::e", "f::g", "alone", "I::j", "X::y", "K::go", "L::go",
        ] {
            assert!(names.contains(name), "{name} in {names:?}");
        }
        assert!(!names.contains("A::e"));
    }
}
