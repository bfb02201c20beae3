//! What a request for data has to show.

use rand_core::{OsRng, RngCore as _};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use subtle::ConstantTimeEq as _;

/// Bytes of randomness: 128 bits, as RFC 6749 section 10.10 asks for at least.
const RANDOM: usize = 16;

/// Bytes of a file that are looked at: the digits and the end of their line.
const LONGEST: u64 = 64;

/// A secret: new for every start, unless it is kept in a file.
pub(super) struct Token(String);

impl Token {
    /// Makes one from the system's source of randomness.
    pub(super) fn new() -> Self {
        let mut random = [0; RANDOM];
        OsRng.fill_bytes(&mut random);
        let mut text = String::new();
        for byte in random {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The one in a file; a new one is put there if there is no file.
    ///
    /// # Errors
    /// What reading or writing answers; that others may read the file, or that
    /// something else is in it.
    pub(super) fn kept(path: &Path) -> io::Result<Self> {
        let mut new = OpenOptions::new();
        new.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
        match new.open(path) {
            Ok(mut file) => {
                let token = Self::new();
                writeln!(file, "{}", token.0)?;
                Ok(token)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(error),
        }
    }

    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::mode(&file.metadata()?) & 0o077 != 0 {
            let words = "others may read it: `chmod 600`, or remove it for a new token";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, words));
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text)?;
        let token = text.trim_end();
        if token.len() == 2 * RANDOM && token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(token.to_owned()));
        }
        let words = "it holds something else than a token, 32 hexadecimal digits";
        Err(io::Error::new(io::ErrorKind::InvalidData, words))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the query of an address shows it, compared in constant time. The
    /// first `token` counts.
    pub(super) fn is_in(&self, query: Option<&str>) -> bool {
        let mut fields = query.unwrap_or_default().split('&');
        let shown = fields.find_map(|field| field.strip_prefix("token="));
        shown.is_some_and(|shown| shown.as_bytes().ct_eq(self.0.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let first = Token::kept(&path).expect("a new one");
        assert_eq!(first.0, Token::kept(&path).expect("the same").0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |mode| std::fs::Permissions::from_mode(mode);
            let made = std::fs::metadata(&path).expect("it is there").permissions();
            assert_eq!(made.mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, mode(0o640)).expect("its owner may");
            let refused = Token::kept(&path).err().expect("others may read it");
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
            std::fs::set_permissions(&path, mode(0o600)).expect("its owner may");
        }
        for wrong in [
            "",
            "short",
            &"f".repeat(31),
            &"g".repeat(32),
            &"0".repeat(1000),
        ] {
            std::fs::write(&path, wrong).expect("written");
            assert!(Token::kept(&path).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_token_itself_counts() {
        let token = Token::new();
        let shown = token.as_str();
        assert_eq!(shown.len(), 32);
        assert!(shown.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(token.is_in(Some(&format!("token={shown}"))));
        assert!(token.is_in(Some(&format!("a=b&token={shown}&c"))));
        for wrong in [
            String::new(),
            "token=".into(),
            format!("token={}", &shown[1..]),
            format!("token={shown}0"),
            format!("token={}", Token::new().as_str()),
            format!("Token={shown}"),
            format!("token=x&token={shown}"),
            shown.to_owned(),
        ] {
            assert!(!token.is_in(Some(&wrong)), "{wrong}");
        }
        assert!(!token.is_in(None));
    }
}
