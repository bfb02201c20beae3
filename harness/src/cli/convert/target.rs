//! Where a conversion is written: standard output, or a file that appears when it is
//! complete.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::Output;

/// The file or stream of OUT.
pub(super) struct Target {
    path: PathBuf,
    place: Place,
}

enum Place {
    Stdout(Output),
    /// A device or a pipe, which nothing can be renamed to.
    Special(BufWriter<fs::File>),
    File(BufWriter<NamedTempFile>),
}

/// Bytes that are written at once.
const BUFFER: usize = 1 << 18;

impl Target {
    /// `-` is standard output. A file is written beside its place under another name
    /// until it is complete, so that a conversion that fails leaves an older file as
    /// it was.
    pub(super) fn new(path: &Path) -> Outcome<Self> {
        let special = fs::metadata(path).is_ok_and(|there| !there.is_file());
        let place = if path == Path::new("-") {
            Place::Stdout(Output::new())
        } else if special {
            let file = fs::OpenOptions::new().write(true).open(path);
            let file = file.map_err(|error| cannot(path, &error))?;
            Place::Special(BufWriter::with_capacity(BUFFER, file))
        } else {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            let folder = folder.unwrap_or(Path::new("."));
            let file = NamedTempFile::new_in(folder).map_err(|error| cannot(path, &error))?;
            Place::File(BufWriter::with_capacity(BUFFER, file))
        };
        let path = path.to_owned();
        Ok(Self { path, place })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Outcome {
        let written = match &mut self.place {
            Place::Stdout(output) => return output.bytes(bytes),
            Place::Special(file) => file.write_all(bytes),
            Place::File(file) => file.write_all(bytes),
        };
        written.map_err(|error| cannot(&self.path, &error))
    }

    /// Writes what is left and gives the file its name.
    pub(super) fn finish(self) -> Outcome {
        let path = self.path;
        match self.place {
            Place::Stdout(output) => output.finish(),
            Place::Special(mut file) => file.flush().map_err(|error| cannot(&path, &error)),
            Place::File(file) => {
                let file = file
                    .into_inner()
                    .map_err(|error| cannot(&path, error.error()))?;
                allow(&file, &path)?;
                let moved = file.persist(&path);
                moved.map_err(|error| cannot(&path, &error.error))?;
                Ok(())
            }
        }
    }
}

/// Temporary files are their owner's alone; the result is what a new file would be,
/// or what the older one was.
#[cfg(unix)]
fn allow(file: &NamedTempFile, path: &Path) -> Outcome {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = match fs::metadata(path) {
        Ok(older) => older.permissions().mode() & 0o777,
        Err(_) => 0o644,
    };
    let permissions = fs::Permissions::from_mode(mode);
    let set = file.as_file().set_permissions(permissions);
    set.map_err(|error| cannot(path, &error))
}

#[cfg(not(unix))]
fn allow(_: &NamedTempFile, _: &Path) -> Outcome {
    Ok(())
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Work(format!("cannot write {}: {error}", path.display()))
}
