//! Writes the page to a folder that any web server can serve:
//! `cargo run -p wigwag-page --example folder -- DIR`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("which folder? It is made where it does not exist");
        return ExitCode::FAILURE;
    };
    if !wigwag_page::COMPLETE {
        eprintln!(
            "Rust's library for the browser is missing: rustup target add wasm32-unknown-unknown"
        );
        return ExitCode::FAILURE;
    }
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    for file in wigwag_page::FILES {
        let path = folder.join(file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, file.plain)?;
    }
    Ok(())
}
