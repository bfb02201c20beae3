//! TLS secrets in a file, so that a capture can be read.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Appends TLS secrets to a file in NSS's key log format, which Wireshark
/// reads. Whoever has the file can read the connections: for tests and
/// laboratories only.
#[derive(Debug)]
pub struct KeyLogFile(Mutex<fs::File>);

impl KeyLogFile {
    /// Opens the file for appending, and makes it, readable by its owner only,
    /// if it is not there.
    ///
    /// # Errors
    /// What opening the file answers.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = fs::OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(options.open(path)?)))
    }
}

impl rustls::KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        for (bytes, end) in [(client_random, ' '), (secret, '\n')] {
            for byte in bytes {
                // Writing to a String does not fail.
                let _ = write!(line, "{byte:02x}");
            }
            line.push(end);
        }
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not end the connection.
        let _ = file.write_all(line.as_bytes());
    }
}
