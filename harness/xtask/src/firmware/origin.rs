//! Which crate a piece of an image comes from: by the path of its source file,
//! or by its symbol where it has no source.

use std::path::{Component, Path};

use crate::project;

/// The crate's name in a source path as the firmware's build renames it:
/// `/registry/smoltcp-0.13.1/src/lib.rs`, `/wigwag/codec/src/lib.rs` or
/// `/rustc/<commit>/library/core/src/fmt/mod.rs`. As Rust code writes it, with
/// `_` for `-`.
#[must_use]
pub fn of_path(path: &str) -> Option<String> {
    let names: Vec<&str> = Path::new(path)
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    match names.as_slice() {
        // Its package has another name than the crate that symbols show.
        ["registry", folder, ..] if folder.starts_with("rustls-webpki-") => Some("webpki".into()),
        ["wigwag", folders @ ..] => own(folders),
        ["registry", folder, ..] => Some(without_version(folder)),
        ["rustc", _, "library", name, ..] => Some(underscored(name)),
        // What the standard library takes from the registry.
        ["rust", "deps", folder, ..] => Some(without_version(folder)),
        _ => None,
    }
}

/// A crate of this project: the name in the `Cargo.toml` above `src`.
fn own(folders: &[&str]) -> Option<String> {
    let end = folders.iter().position(|folder| *folder == "src")?;
    let folder: std::path::PathBuf = folders[..end].iter().collect();
    let manifest = std::fs::read_to_string(project().join(folder).join("Cargo.toml")).ok()?;
    let manifest: toml::Table = manifest.parse().ok()?;
    Some(underscored(manifest.get("package")?.get("name")?.as_str()?))
}

/// `smoltcp` of `smoltcp-0.13.1`.
fn without_version(folder: &str) -> String {
    let is_version = |at: usize| folder[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let name = folder
        .match_indices('-')
        .find(|(at, _)| is_version(*at))
        .map_or(folder, |(at, _)| &folder[..at]);
    underscored(name)
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

/// The rest of such a path: the file in its package, or in the folder of a
/// library.
#[must_use]
pub fn file_in_package(path: &str) -> String {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let at = names.iter().rposition(|name| *name == "src");
    names.get(at.unwrap_or(0)..).unwrap_or_default().join("/")
}

/// A symbol as a person reads it, without the hash at its end. Takes both of
/// the compiler's manglings.
#[must_use]
pub fn readable(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// The crate of a symbol: the first one of its path, which for a method of a
/// generic type is the crate of that type, and for `<T as Trait>::method` the
/// crate of `T` (a primitive type or a type parameter names none, then it is
/// the crate of `Trait`). `None` for names that are no path: those of C, of the
/// linker and of constants without a name.
#[must_use]
pub fn of_symbol(symbol: &str) -> Option<String> {
    let mangled = symbol.strip_prefix(".Lswitch.table.").unwrap_or(symbol);
    rustc_demangle::try_demangle(mangled).ok()?;
    crate_of_readable(&readable(mangled))
}

/// The same of a symbol that is [`readable`] already: the first word in a path that stands before `::` and does not follow it.
#[must_use]
pub fn crate_of_readable(path: &str) -> Option<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    path.match_indices("::").find_map(|(at, _)| {
        let before = &path[..at];
        let start = before.rfind(|c: char| !is_name(c)).map_or(0, |at| {
            at + before[at..].chars().next().map_or(1, char::len_utf8)
        });
        let name = &before[start..];
        let root = !before[..start].ends_with("::");
        // `T::method` of a type parameter is not a crate's.
        (root && name.starts_with(|c: char| c.is_lowercase() || c == '_')).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_path_names_its_crate() {
        for (path, name) in [
            ("/registry/smoltcp-0.13.1/src/lib.rs", "smoltcp"),
            ("/registry/embassy-net-0.9.1/src/tcp.rs", "embassy_net"),
            ("/registry/p256-0.14.0-rc.1/src/lib.rs", "p256"),
            ("/registry/rustls-webpki-0.103.13/src/lib.rs", "webpki"),
            ("/wigwag/codec/src/ngtt/mod.rs", "wigwag_codec"),
            ("/wigwag/embassy-client/src/lib.rs", "wigwag_embassy"),
            ("/rustc/59807616e1fa/library/core/src/fmt/mod.rs", "core"),
            (
                "/rustc/59807616e1fa/library/compiler-builtins/compiler-builtins/src/mem/mod.rs",
                "compiler_builtins",
            ),
            ("/rust/deps/hashbrown-0.16.1/src/lib.rs", "hashbrown"),
        ] {
            assert_eq!(of_path(path).as_deref(), Some(name), "{path}");
        }
        for path in [
            "",
            "/home/someone/else/src/lib.rs",
            "/wigwag/none/src/lib.rs",
            "src/asm.S",
        ] {
            assert_eq!(of_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_symbol_names_the_crate_of_the_implementing_path() {
        for (symbol, name) in [
            // Both manglings.
            (
                "_ZN4p25610arithmetic5field10field_impl6fe_mul17hd981e8c461cd23feE",
                "p256",
            ),
            (
                "_RNvNtCs7NhdfSRABLd_17compiler_builtins3mem7memmove",
                "compiler_builtins",
            ),
            // A generic's method.
            (
                "_ZN16embassy_executor3raw20TaskStorage$LT$F$GT$4poll17h825e0db9612f3ef4E",
                "embassy_executor",
            ),
            // <T as Trait>::method.
            (
                "_ZN100_$LT$wigwag_embassy..tls..identity..SoftwareKey$u20$as$u20$wigwag_embassy..tls..identity..Signer$GT$4sign17h818091369d93fcd8E",
                "wigwag_embassy",
            ),
            (
                "_ZN4core3fmt3num3imp52_$LT$impl$u20$core..fmt..Display$u20$for$u20$u32$GT$3fmt17h0123456789abcdefE",
                "core",
            ),
            (
                "_ZN44_$LT$$RF$T$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE",
                "core",
            ),
            (
                ".Lswitch.table._ZN6webpki5error5Error4rank17h8b6569e5449c31b8E",
                "webpki",
            ),
        ] {
            assert_eq!(of_symbol(symbol).as_deref(), Some(name), "{symbol}");
        }
        for symbol in [
            "memcpy",
            "__INTERRUPTS",
            ".Lanon.ee226f434ef92c93f8ff9950d40d3a2c.14",
            "",
        ] {
            assert_eq!(of_symbol(symbol), None, "{symbol}");
        }
    }
}
