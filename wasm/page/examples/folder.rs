//! Writes the page to a folder that any web server can serve, or with `--package`
//! the package for JavaScript: `cargo run -p wigwag-page --example folder -- DIR`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    let mut words: Vec<_> = env::args_os().skip(1).collect();
    let package = words.first().is_some_and(|word| word == "--package");
    if package {
        words.remove(0);
    }
    let Some(folder) = words.first().map(PathBuf::from) else {
        eprintln!("which folder? It is made where it does not exist");
        return ExitCode::FAILURE;
    };
    if !wigwag_page::COMPLETE {
        eprintln!(
            "Rust's library for the browser is missing: rustup target add wasm32-unknown-unknown"
        );
        return ExitCode::FAILURE;
    }
    let files: Vec<(&str, &[u8])> = if package {
        wigwag_page::PACKAGE.to_vec()
    } else {
        let page = wigwag_page::FILES.iter();
        page.map(|file| (file.path, file.plain)).collect()
    };
    match write(&folder, &files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    for (path, bytes) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}
