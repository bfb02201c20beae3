//! One script from modules that import each other: what a page loads at once
//! compresses better as one, and a page that is one file has no others.
//!
//! The modules stand one behind the other in one scope, those that are imported
//! before those that import them. That works for modules which
//! - import by `import { a, b } from "./x.js";` alone, at the begin of a line,
//! - export by putting `export` before a declaration, at the begin of a line,
//! - have no two names in common at their top level,
//! - do not import each other in a circle.
//!
//! Comments, where a type may be an `import()`, are taken out.
//!
//! What does not keep to the first, second and last is an error here; the third is
//! one that every JavaScript engine finds.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::squeeze::squeeze;

/// Makes one script of the module `entry` in `folder` and of all that it imports,
/// but for the modules in `given`: for those the script's caller provides the names,
/// in variables, or the files if they are imported when they are needed.
///
/// What becomes of a module that is imported when it is needed, by
/// `import("./x.js")`, `late` says.
///
/// # Errors
///
/// A file cannot be read, or a module is not of the form above.
pub(crate) fn bundle(
    folder: &Path,
    entry: &str,
    given: &[&str],
    late: Late,
) -> Result<String, String> {
    let mut bundle = Bundle {
        folder,
        given,
        begun: Vec::new(),
        done: Vec::new(),
        late,
        inside: Vec::new(),
        out: String::new(),
    };
    bundle.module(Path::new(entry))?;
    Ok(bundle.out)
}

/// Where modules are that are imported when they are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// Files of their own, that lie as seen from the folder.
    Beside,
    /// In the script: each becomes a function that runs once. Its only export is its
    /// default, in the form `export default name;` or `export { name as default };`.
    Within,
}

struct Bundle<'a> {
    folder: &'a Path,
    given: &'a [&'a str],
    begun: Vec<PathBuf>,
    done: Vec<PathBuf>,
    late: Late,
    /// Modules that are in it and run when they are needed.
    inside: Vec<PathBuf>,
    out: String,
}

impl Bundle<'_> {
    fn module(&mut self, path: &Path) -> Result<(), String> {
        let name = path.display().to_string();
        if self.done.iter().any(|known| known == path) || self.given.contains(&name.as_str()) {
            return Ok(());
        }
        if self.begun.iter().any(|known| known == path) {
            return Err(format!("{name} imports itself, by way of others"));
        }
        self.begun.push(path.to_owned());
        let code = squeeze(&self.read(path)?);
        let mut own = String::new();
        let mut rest = &code[..];
        while !rest.is_empty() {
            let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            if rest.starts_with("import ") {
                let (statement, behind) = split_statement(rest, &name)?;
                self.module(&imported(path, statement, &name)?)?;
                rest = behind;
            } else if let Some(exported) = rest.strip_prefix("export ") {
                if exported.starts_with(['{', '*']) || exported.starts_with("default") {
                    return Err(format!("{name}: `export` stands before declarations only"));
                }
                rest = exported;
            } else {
                self.line(path, &rest[..line_end], &mut own)?;
                rest = &rest[line_end..];
            }
        }
        self.out.push_str(&own);
        self.out.push('\n');
        self.done.push(path.to_owned());
        Ok(())
    }

    /// Takes a line over; an `import()` in it may become a call.
    fn line(&mut self, path: &Path, line: &str, own: &mut String) -> Result<(), String> {
        let mut rest = line;
        while let Some((before, behind)) = rest.split_once("import(\".") {
            let (target, behind) = behind
                .split_once("\")")
                .ok_or_else(|| format!("{}: import(\"..\") has no end", path.display()))?;
            let target = resolve(path, &format!(".{target}"));
            own.push_str(before);
            let is_given = self.given.iter().any(|given| target == Path::new(given));
            if self.late == Late::Within && !is_given {
                let function = late_name(&target);
                self.late_module(&target, &function)?;
                own.push_str(&format!("{function}()"));
            } else {
                own.push_str(&format!("import(\"./{}\")", target.display()));
            }
            rest = behind;
        }
        own.push_str(rest);
        Ok(())
    }

    fn late_module(&mut self, path: &Path, function: &str) -> Result<(), String> {
        if self.inside.iter().any(|known| known == path) {
            return Ok(());
        }
        self.inside.push(path.to_owned());
        let code = self.read(path)?;
        let name = path.display();
        let at = code
            .rfind("export")
            .ok_or_else(|| format!("{name} has no default export"))?;
        let (body, export) = code.split_at(at);
        let word = export
            .trim_start_matches("export")
            .trim_start_matches([' ', '{'])
            .trim_start_matches("default ")
            .split([' ', '}', ';', '\n'])
            .next()
            .unwrap_or_default();
        if word.is_empty() || !export.contains("default") {
            return Err(format!("{name} has no default export that ends it"));
        }
        self.out.push_str(&format!(
            "let {function}_once;\nfunction {function}() {{\nreturn {function}_once ??= \
             (async () => {{\n{body}\nreturn {{ default: {word} }};\n}})();\n}}\n"
        ));
        Ok(())
    }

    fn read(&self, path: &Path) -> Result<String, String> {
        fs::read_to_string(self.folder.join(path))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// The statement at the begin of a text, up to its `;`, and what follows its line.
fn split_statement<'t>(text: &'t str, name: &str) -> Result<(&'t str, &'t str), String> {
    let end = text
        .find(";\n")
        .ok_or_else(|| format!("{name}: an import has no `;` at the end of its line"))?;
    Ok((&text[..end], &text[end + 2..]))
}

/// The module that a statement imports from.
fn imported(path: &Path, statement: &str, name: &str) -> Result<PathBuf, String> {
    let wrong =
        || format!("{name}: not of the form import {{ a, b }} from \"./x.js\": {statement}");
    let names = statement
        .strip_prefix("import {")
        .and_then(|rest| rest.split_once('}'))
        .ok_or_else(wrong)?;
    if names.0.contains(" as ") {
        return Err(wrong());
    }
    let target = names
        .1
        .trim()
        .strip_prefix("from \"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|target| target.starts_with('.'))
        .ok_or_else(wrong)?;
    Ok(resolve(path, target))
}

/// Where a module is that another one names.
fn resolve(from: &Path, target: &str) -> PathBuf {
    let mut resolved = from.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Normal(name) => resolved.push(name),
            _ => {}
        }
    }
    resolved
}

fn late_name(path: &Path) -> String {
    let text = path.display().to_string();
    let word: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("late_{word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled(files: &[(&str, &str)], given: &[&str]) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, code) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, code).expect("written");
        }
        bundle(folder.path(), "app.js", given, Late::Within)
    }

    #[test]
    fn what_is_imported_stands_before_and_once() {
        let script = bundled(
            &[
                (
                    "app.js",
                    "import { a } from \"./a.js\";\nimport {\n  b,\n} from \"./in/b.js\";\n\
                     import { glue } from \"./glue.js\";\na(b, glue);\n",
                ),
                (
                    "a.js",
                    "import { b } from \"./in/b.js\";\nexport function a() {\n  b;\n}\n",
                ),
                (
                    "in/b.js",
                    "import { c } from \"../c.js\";\nexport const b = c;\n",
                ),
                ("c.js", "export const c = 1;\n"),
            ],
            &["glue.js"],
        );
        assert_eq!(
            script.as_deref(),
            Ok("const c = 1;\n\nconst b = c;\n\nfunction a() {\nb;\n}\n\na(b, glue);\n\n")
        );
    }

    #[test]
    fn a_module_for_later_is_a_function_that_runs_once() {
        for export in [
            "export default X;",
            "export { X as default };\n",
            "export{X as default};",
        ] {
            let script = bundled(
                &[
                    ("app.js", "let x = await import(\"./vendor/x-y.js\");\n"),
                    ("vendor/x-y.js", &format!("var X = 5;{export}")),
                ],
                &[],
            )
            .expect(export);
            assert!(
                script.contains("var X = 5;\nreturn { default: X };"),
                "{script}"
            );
            assert!(
                script.ends_with("let x = await late_vendor_x_y_js();\n\n"),
                "{script}"
            );
        }
    }

    #[test]
    fn a_module_for_later_may_stay_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, code: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, code).expect("written");
        };
        write("app.js", "import { x } from \"./in/x.js\";\nx();\n");
        write(
            "in/x.js",
            "export const x = () => import(\"../vendor/y.js\");\n",
        );
        let script = bundle(folder.path(), "app.js", &[], Late::Beside);
        assert_eq!(
            script.as_deref(),
            Ok("const x = () => import(\"./vendor/y.js\");\n\nx();\n\n")
        );
    }

    #[test]
    fn what_cannot_be_put_together_is_said() {
        for (code, said) in [
            ("import * as x from \"./b.js\";\n", "not of the form"),
            ("import { a as b } from \"./b.js\";\n", "not of the form"),
            ("import { a } from \"b\";\n", "not of the form"),
            ("import { a } from \"./b.js\"", "has no `;`"),
            ("import { a } from \"./missing.js\";\n", "missing.js: "),
            ("import { a } from \"./app.js\";\n", "app.js imports itself"),
            ("export { a };\n", "before declarations only"),
            ("export default a;\n", "before declarations only"),
        ] {
            let error = bundled(&[("app.js", code), ("b.js", "")], &[]).expect_err(code);
            assert!(error.contains(said), "{code}: {error}");
        }
    }
}
