//! The template that a firmware engineer starts from: written out as
//! `cargo generate` does it, and built.

use std::fs;
use std::path::{Path, PathBuf};

use super::build::{BOARDS, cargo_in, quietly};
use super::hardware::{Hardware, Weight};
use crate::project;
use crate::run::Result;
use crate::targets;

/// Its folder, below the project's.
pub const TEMPLATE: &str = "embassy-client/template";

/// What only `cargo generate` reads.
const SETTINGS: &str = "cargo-generate.toml";

/// What `cargo generate` ends the names of files with that have names to fill in.
const LIQUID: &str = ".liquid";

/// The names that stand in the template to be replaced, with what the copy in the
/// project has in their place.
const IN_PLACE: [(&str, &str); 2] = [("project-name", "my-device"), ("wigwag", "../..")];

/// `text` with `{{name}}` replaced by the value of that name.
fn rendered(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}

/// The template's `Cargo.toml` as it must be for the folder to be copied as it
/// stands: the one with names to fill in, filled in.
///
/// # Errors
///
/// The template cannot be read.
pub fn manifest_in_place() -> Result<String> {
    let path = project().join(TEMPLATE).join("Cargo.toml.liquid");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(rendered(&text, &IN_PLACE))
}

/// Writes the template out to `folder` as a project of this name.
///
/// # Errors
///
/// A file cannot be read or written; the message names it.
pub fn generate(folder: &Path, name: &str) -> Result {
    let wigwag = project().display().to_string();
    let values = [("project-name", name), ("wigwag", wigwag.as_str())];
    write_out(&project().join(TEMPLATE), folder, &values)
}

fn write_out(from: &Path, to: &Path, values: &[(&str, &str)]) -> Result {
    let wrong = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(to).map_err(|error| wrong(to, error))?;
    let entries = fs::read_dir(from).map_err(|error| wrong(from, error))?;
    for entry in entries {
        let path = entry.map_err(|error| wrong(from, error))?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let plain = name.strip_suffix(LIQUID);
        let is_replaced = from.join(format!("{name}{LIQUID}")).exists();
        if name == SETTINGS || name == "target" || is_replaced {
            continue;
        }
        let place = to.join(plain.unwrap_or(&name));
        if path.is_dir() {
            write_out(&path, &place, values)?;
        } else if plain.is_some() {
            let text = fs::read_to_string(&path).map_err(|error| wrong(&path, error))?;
            fs::write(&place, rendered(&text, values)).map_err(|error| wrong(&place, error))?;
        } else {
            fs::copy(&path, &place).map_err(|error| wrong(&path, error))?;
        }
    }
    Ok(())
}

/// Writes the template out, has clippy look at it and builds it, and gives back the
/// ELF file. Quiet when it works.
///
/// # Errors
///
/// As [`generate`]; the Rust target is missing and cannot be added; or the build
/// failed: the message holds what cargo and the compiler said.
pub fn build() -> Result<PathBuf> {
    const NAME: &str = "from-template";

    targets::ensure(targets::THUMB_V8M)?;
    let target = project().join(BOARDS).join("target");
    let folder = target.join(NAME);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    generate(&folder, NAME)?;
    quietly(&mut cargo_in(&folder, &["fmt", "--check"]))?;
    let cargo = |subcommand| {
        let mut command = cargo_in(
            &folder,
            &[subcommand, "--quiet", "--release", "--target-dir"],
        );
        command.arg(&target).env("DEFMT_LOG", "info");
        command
    };
    quietly(cargo("clippy").args(["--", "-D", "warnings"]))?;
    quietly(&mut cargo("build"))?;
    let elf = target.join(targets::THUMB_V8M).join("release").join(NAME);
    if elf.is_file() {
        Ok(elf)
    } else {
        Err(format!("cargo built no {}", elf.display()))
    }
}

/// Builds the template and weighs it.
///
/// # Errors
///
/// As [`build`], or the image cannot be read.
pub fn weigh() -> Result<Weight> {
    let board = Hardware::of_name("rp2350-w5500")?;
    board.weight_of(&build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_can_be_copied_as_it_stands() {
        let manifest = fs::read_to_string(project().join(TEMPLATE).join("Cargo.toml")).unwrap();
        assert_eq!(manifest, manifest_in_place().unwrap());
    }

    #[test]
    fn what_is_generated_has_its_names_and_no_placeholders() {
        let folder = tempfile::tempdir().unwrap();
        generate(folder.path(), "kettle").unwrap();
        let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"kettle\""), "{manifest}");
        assert!(manifest.contains("/embassy-client\""), "{manifest}");
        assert!(!manifest.contains("{{"), "{manifest}");
        assert!(folder.path().join("src/main.rs").is_file());
        assert!(folder.path().join(".cargo/config.toml").is_file());
        for left_out in [SETTINGS, "Cargo.toml.liquid"] {
            assert!(!folder.path().join(left_out).exists(), "{left_out}");
        }
    }
}
