//! A file that nobody else may read: there is a key in it.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::outcome::{Failure, Outcome};

/// The file to write.
#[derive(clap::Args)]
pub(crate) struct Output {
    /// The file to write. Its owner alone may read it.
    #[arg(value_name = "OUT")]
    pub(crate) path: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    force: bool,
}

impl Output {
    /// Writes the file whole or not at all.
    pub(crate) fn write(&self, bytes: &[u8]) -> Outcome {
        let path = &self.path;
        let failed =
            |why: &dyn std::fmt::Display| format!("cannot write {}: {why}", path.display());
        match fs::symlink_metadata(path) {
            Ok(there) if !there.is_file() => {
                let why = "it is no regular file; choose another name";
                return Err(Failure::Work(failed(&why)));
            }
            _ => {}
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        // Readable by its owner only, from the first moment on.
        let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| Failure::Work(failed(&error)))?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| Failure::Work(failed(&error)))?;
        let kept = if self.force {
            file.persist(path)
        } else {
            file.persist_noclobber(path)
        };
        match kept {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                let why = "it is there already; choose another name, or --force to replace it";
                Err(Failure::Work(failed(&why)))
            }
            Err(error) => Err(Failure::Work(failed(&error.error))),
        }
    }
}
