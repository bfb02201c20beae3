//! BENCHMARKS.md: each of its sections is written by the command that measures it.
//!
//! A section stands between two comments, `<!-- begin NAME -->` and
//! `<!-- end NAME -->`. What is outside of them people write.

use crate::project;
use crate::run::Result;

/// The file, in the project's folder.
pub const FILE: &str = "BENCHMARKS.md";

/// The sections, in the order in which the file has them.
pub const SECTIONS: [&str; 7] = [
    "host",
    "python",
    "linear",
    "linear-full",
    "cortex-m4",
    "flash",
    "firmware",
];

/// Puts `text`, which is Markdown with its own heading, in place of what a section
/// holds. A section that the file does not have yet gets its place by the order of
/// [`SECTIONS`].
///
/// # Errors
///
/// No section has this name, the file cannot be read or written, or its markers are
/// not what they should be; the message says which.
pub fn replace(section: &str, text: &str) -> Result {
    let path = project().join(FILE);
    let old =
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {FILE}: {error}"))?;
    let new = replaced(&old, section, text).map_err(|error| format!("{FILE}: {error}"))?;
    if new != old {
        std::fs::write(&path, new).map_err(|error| format!("cannot write {FILE}: {error}"))?;
    }
    eprintln!("written to the section {section} of {FILE}");
    Ok(())
}

/// What a section holds.
///
/// # Errors
///
/// The file cannot be read, or has no such section.
pub fn section(name: &str) -> Result<String> {
    let text = std::fs::read_to_string(project().join(FILE))
        .map_err(|error| format!("cannot read {FILE}: {error}"))?;
    let (begin, end) = place(&text, name)
        .map_err(|error| format!("{FILE}: {error}"))?
        .ok_or_else(|| format!("{FILE} has no section {name}"))?;
    Ok(text.get(begin..end).unwrap_or_default().trim().to_owned())
}

/// The marker before a section (`begin`) or after it (`end`).
fn marker(which: &str, section: &str) -> String {
    format!("<!-- {which} {section} -->")
}

fn replaced(old: &str, section: &str, text: &str) -> Result<String> {
    let at = SECTIONS
        .iter()
        .position(|name| *name == section)
        .ok_or_else(|| format!("no section {section}; there are: {}", SECTIONS.join(", ")))?;
    let text = text.trim();
    if let Some(name) = SECTIONS
        .iter()
        .find(|name| text.contains(&marker("begin", name)) || text.contains(&marker("end", name)))
    {
        return Err(format!("a marker of the section {name} inside {section}"));
    }
    if let Some((begin, end)) = place(old, section)? {
        let (before, rest) = old.split_at(begin);
        let after = rest.get(end - begin..).unwrap_or_default();
        return Ok(format!("{before}\n{text}\n{after}"));
    }
    let whole = format!(
        "{}\n{text}\n{}\n",
        marker("begin", section),
        marker("end", section)
    );
    // Before the first section that comes later, or at the end.
    for later in SECTIONS.iter().skip(at + 1) {
        if let Some((begin, _)) = place(old, later)? {
            let begin = begin - marker("begin", later).len();
            let (before, after) = old.split_at(begin);
            return Ok(format!("{before}{whole}\n{after}"));
        }
    }
    Ok(format!("{}\n\n{whole}", old.trim_end()))
}

/// Where the text of a section begins and ends.
fn place(text: &str, section: &str) -> Result<Option<(usize, usize)>> {
    let find = |which: &str| {
        let marker = marker(which, section);
        let mut places = text.match_indices(&marker);
        match (places.next(), places.next()) {
            (_, Some(_)) => Err(format!("`{marker}` is there twice")),
            (first, None) => Ok(first.map(|(at, _)| (at, at + marker.len()))),
        }
    };
    match (find("begin")?, find("end")?) {
        (None, None) => Ok(None),
        (Some((_, begin)), Some((end, _))) if begin <= end => Ok(Some((begin, end))),
        _ => Err(format!(
            "the section {section} wants `{}` and, after it, `{}`",
            marker("begin", section),
            marker("end", section)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_nothing_else_changes() {
        let old = "# Top\n<!-- begin host -->\nold\n<!-- end host -->\n\nlast words\n";
        let new = replaced(old, "host", "\n## new\n| a |\n\n").unwrap();
        let expected =
            "# Top\n<!-- begin host -->\n## new\n| a |\n<!-- end host -->\n\nlast words\n";
        assert_eq!(new, expected);
        assert_eq!(replaced(&new, "host", "## new\n| a |").unwrap(), expected);
    }

    #[test]
    fn a_new_section_gets_its_place_by_the_order() {
        let mut text = "# Top\n".to_owned();
        for name in ["linear", "firmware", "host", "flash"] {
            text = replaced(&text, name, &format!("## {name}")).unwrap();
        }
        let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let expected = ["# Top", "## host", "## linear", "## flash", "## firmware"];
        assert_eq!(headings, expected, "{text}");
        let host = place(&text, "host").unwrap().unwrap();
        assert_eq!(&text[host.0..host.1], "\n## host\n");
    }

    #[test]
    fn damaged_markers_and_unknown_names_are_told() {
        for (text, section, new, said) in [
            ("", "hosts", "x", "no section hosts"),
            ("<!-- begin host -->", "host", "x", "wants `<!-- begin host"),
            ("<!-- end host -->", "host", "x", "wants `<!-- begin host"),
            (
                "<!-- end host --><!-- begin host -->",
                "host",
                "x",
                "wants `<!-- begin host",
            ),
            (
                "<!-- begin host --><!-- begin host --><!-- end host -->",
                "host",
                "x",
                "there twice",
            ),
            (
                "",
                "host",
                "<!-- end flash -->",
                "marker of the section flash",
            ),
        ] {
            let error = replaced(text, section, new).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    /// The committed file can be written by every command.
    #[test]
    fn the_files_markers_are_whole_and_in_order() {
        let text = std::fs::read_to_string(project().join(FILE)).unwrap();
        let places = SECTIONS.map(|name| place(&text, name).unwrap());
        let places: Vec<_> = places.into_iter().flatten().collect();
        assert!(places.is_sorted(), "sections out of order: {places:?}");
        let markers = text.matches("<!-- begin ").count();
        assert_eq!(markers, places.len(), "a section of an unknown name");
    }

    /// The file says that the command which wrote a section is named in it.
    #[test]
    fn every_section_of_the_file_names_its_command_under_its_heading() {
        for name in SECTIONS {
            let text = section(name).unwrap();
            let mut lines = text.lines().filter(|line| !line.is_empty());
            let heading = lines.next().unwrap_or_default();
            assert!(heading.starts_with("## "), "{name}: {heading}");
            let first = lines.next().unwrap_or_default();
            assert!(first.starts_with("`cargo xtask "), "{name}: {first}");
        }
    }
}
