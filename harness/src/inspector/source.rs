//! The file that the page opens.

use axum::body::Bytes;
use futures::Stream;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt as _;

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// A file for the page.
#[derive(Debug)]
pub struct Source {
    name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Path(PathBuf),
    /// What can be read once only, as a pipe, and was.
    Copy(NamedTempFile),
}

impl Source {
    /// A file. One that can be read once only, as a named pipe, is copied now, to
    /// its end.
    ///
    /// # Errors
    /// What opening and reading it answers.
    pub fn open(path: &Path) -> io::Result<Self> {
        let name = match path.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => path.to_string_lossy().into_owned(),
        };
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Self::copy(&name, &mut file);
        }
        let place = Place::Path(path.canonicalize()?);
        Ok(Self { name, place })
    }

    /// A copy of everything that can be read, under a name.
    ///
    /// # Errors
    /// What reading it, and writing the copy, answers.
    pub fn copy(name: &str, from: &mut impl Read) -> io::Result<Self> {
        let mut copy = NamedTempFile::new()?;
        io::copy(from, &mut copy)?;
        Ok(Self {
            name: name.into(),
            place: Place::Copy(copy),
        })
    }

    /// What it is called, without its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length as it is now, and its bytes, so many at most.
    pub(super) async fn read(
        &self,
    ) -> io::Result<(u64, impl Stream<Item = io::Result<Bytes>> + Send + use<>)> {
        let path = match &self.place {
            Place::Path(path) => path,
            Place::Copy(file) => file.path(),
        };
        let file = tokio::fs::File::open(path).await?;
        let length = file.metadata().await?.len();
        // A file that grows meanwhile is not longer than it was announced.
        let file = file.take(length);
        let content = futures::stream::try_unfold(file, async |mut file| {
            let mut chunk = Vec::with_capacity(CHUNK);
            let count = file.read_buf(&mut chunk).await?;
            Ok((count > 0).then(|| (Bytes::from(chunk), file)))
        });
        Ok((length, content))
    }

    /// The value of `content-disposition`, RFC 6266, the name as in RFC 8187.
    pub(super) fn disposition(&self) -> String {
        let mut plain = String::new();
        let mut coded = String::new();
        for byte in self.name.bytes() {
            if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
                plain.push(char::from(byte));
                coded.push(char::from(byte));
            } else {
                plain.push('_');
                coded.push_str(&format!("%{byte:02X}"));
            }
        }
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
    }
}
