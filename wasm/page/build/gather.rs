//! The files of the page, compressed, and the Rust code that holds them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bindings::Bindings;

/// What has been gathered so far.
pub(crate) struct Gathered {
    out: PathBuf,
    /// Paths as the page names them.
    paths: Vec<String>,
    complete: bool,
    /// Files of the package, where they lie below `OUT_DIR/package`.
    package: Vec<String>,
}

impl Gathered {
    pub(crate) const fn new(out: PathBuf) -> Self {
        Self {
            out,
            paths: Vec::new(),
            complete: false,
            package: Vec::new(),
        }
    }

    /// Nothing of the page is missing.
    pub(crate) const fn complete(&mut self) {
        self.complete = true;
    }

    /// Adds every file of a folder and the folders in it, except those that begin
    /// with a dot, what people read who change the page (`.md`), and those, by path,
    /// that are a part of others.
    pub(crate) fn folder(
        &mut self,
        folder: &Path,
        is_part: &dyn Fn(&str) -> bool,
    ) -> Result<(), String> {
        self.below(folder, "", is_part)
    }

    fn below(
        &mut self,
        folder: &Path,
        prefix: &str,
        is_part: &dyn Fn(&str) -> bool,
    ) -> Result<(), String> {
        let said = |error| format!("{}: {error}", folder.display());
        let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(said)?.collect();
        let mut entries = entries.map_err(said)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if name.starts_with('.') || name.ends_with(".md") {
                continue;
            }
            let own = format!("{prefix}{name}");
            if path.is_dir() {
                self.below(&path, &format!("{own}/"), is_part)?;
            } else if !is_part(&own) {
                let bytes =
                    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                self.add(&own, bytes)?;
            }
        }
        Ok(())
    }

    /// Adds a file. What was compressed before and is still the same is taken as
    /// it is.
    pub(crate) fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), String> {
        if mime(path).is_none() {
            return Err(format!("what `content-type` has {path}? Add its ending"));
        }
        if self.paths.iter().any(|known| known == path) {
            return Err(format!("{path} is there twice"));
        }
        let plain = self.out.join("plain").join(path);
        let small = self.out.join("brotli").join(path);
        let same = small.exists() && fs::read(&plain).is_ok_and(|known| known == bytes);
        if !same {
            // A script that is stopped between the two leaves no pair that looks
            // like the same.
            let _ = fs::remove_file(&small);
            write(&plain, &bytes)?;
            write(&small, &compress(&bytes)?)?;
        }
        self.paths.push(path.to_owned());
        Ok(())
    }

    /// Adds the package for JavaScript: the bindings, and what lies in a folder for it.
    pub(crate) fn package(
        &mut self,
        folder: &Path,
        name: &str,
        bindings: &Bindings,
    ) -> Result<(), String> {
        println!("cargo::rerun-if-changed={}", folder.display());
        let read =
            |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let description = read(&folder.join("package.json"))?;
        let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
        if !String::from_utf8_lossy(&description).contains(&version) {
            return Err(format!("wasm/package/package.json: not {version}"));
        }
        let root = folder.join("../..");
        for (path, bytes) in [
            ("package.json".into(), description),
            ("README.md".into(), read(&folder.join("README.md"))?),
            ("node.js".into(), read(&folder.join("node.js"))?),
            ("LICENSE-MIT".into(), read(&root.join("LICENSE-MIT"))?),
            ("LICENSE-APACHE".into(), read(&root.join("LICENSE-APACHE"))?),
            (format!("{name}.js"), bindings.glue.clone().into_bytes()),
            (format!("{name}.d.ts"), bindings.types.clone().into_bytes()),
            (format!("{name}_bg.wasm"), bindings.wasm.clone()),
        ] {
            write(&self.out.join("package").join(&path), &bytes)?;
            self.package.push(path);
        }
        Ok(())
    }

    /// Writes a text that people may want to read who change the page: it lies in
    /// `OUT_DIR` and is no file of the page.
    pub(crate) fn note(&self, name: &str, text: &str) -> Result<(), String> {
        write(&self.out.join(name), text.as_bytes())
    }

    /// Writes the Rust code.
    pub(crate) fn finish(&self) -> Result<(), String> {
        let mut code = format!(
            "/// Whether the page is here. If not, [`FILES`] says what to install.\n\
             pub const COMPLETE: bool = {};\n\n\
             /// Every file of the page, `index.html` among them.\n\
             pub static FILES: &[File] = &[\n",
            self.complete
        );
        for path in &self.paths {
            let _ = writeln!(
                code,
                "    File {{ path: {path:?}, mime: {:?}, \
                 plain: include_bytes!(concat!(env!(\"OUT_DIR\"), {:?})), \
                 brotli: include_bytes!(concat!(env!(\"OUT_DIR\"), {:?})) }},",
                mime(path).unwrap_or_default(),
                format!("/plain/{path}"),
                format!("/brotli/{path}"),
            );
        }
        code.push_str(
            "];\n\n/// The package for JavaScript, by path: what `npm pack` packs. Empty if the \
             page is not [`COMPLETE`].\npub static PACKAGE: &[(&str, &[u8])] = &[\n",
        );
        for path in &self.package {
            let _ = writeln!(
                code,
                "    ({path:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), {:?}))),",
                format!("/package/{path}"),
            );
        }
        code.push_str("];\n");
        write(&self.out.join("files.rs"), code.as_bytes())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let said = |error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(said)?;
    }
    fs::write(path, bytes).map_err(said)
}

/// What every browser understands over HTTPS and loopback; at the highest level,
/// once for all readers.
fn compress(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut small, &parameters)
        .map_err(|error| format!("brotli: {error}"))?;
    Ok(small)
}

fn mime(path: &str) -> Option<&'static str> {
    let ending = path.rsplit(['/', '.']).next()?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "wasm" => "application/wasm",
        "wgcap" => "application/octet-stream",
        "txt" | "LICENSE" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
