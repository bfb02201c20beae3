//! `wigwag device ngtt` in a folder of its own.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value as Json;
use wigwag_harness::pki::{Pki, PkiOptions};

use super::name;
use super::running::Running;

/// A folder with certificates, and other files for a test.
pub(crate) struct Site(pub(crate) tempfile::TempDir);

impl Site {
    pub(crate) fn new() -> Self {
        Self(super::folder().0)
    }

    pub(crate) fn with_devices(ids: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = PkiOptions {
            device_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            ..PkiOptions::default()
        };
        let pki = Pki::new(options).expect("certificates");
        pki.write_dir(&folder.path().join("pki")).expect("written");
        Self(folder)
    }

    pub(crate) fn pki(&self) -> String {
        name(self.0.path(), "pki")
    }

    /// Writes a JSON file; its name.
    pub(crate) fn file(&self, file: &str, content: impl ToString) -> String {
        let path = name(self.0.path(), file);
        fs::write(&path, content.to_string()).expect("written");
        path
    }

    pub(crate) fn serve(&self, more: &[&str]) -> (Running, String) {
        Running::serve("127.0.0.1:0", &self.pki(), more)
    }

    pub(crate) fn device(&self, connect: &str) -> Call {
        Call {
            folder: self.pki(),
            options: BTreeMap::from([
                ("connect", connect.to_owned()),
                ("server-name", "ngtt.test".to_owned()),
                ("ca", name(self.0.path(), "pki/server-ca.pem")),
                ("cert", name(self.0.path(), "pki/device-0001.pem")),
                ("key", name(self.0.path(), "pki/device-0001.key")),
            ]),
        }
    }
}

/// How the device is called.
pub(crate) struct Call {
    folder: String,
    options: BTreeMap<&'static str, String>,
}

impl Call {
    pub(crate) fn with(mut self, option: &'static str, value: impl ToString) -> Self {
        self.options.insert(option, value.to_string());
        self
    }

    /// With another certificate of the folder as the device's.
    pub(crate) fn identity(self, id: &str) -> Self {
        let (cert, key) = (
            format!("{}/{id}.pem", self.folder),
            format!("{}/{id}.key", self.folder),
        );
        self.with("cert", cert).with("key", key)
    }

    pub(crate) fn args(&self) -> Vec<String> {
        let mut args = vec!["device".to_owned(), "ngtt".to_owned()];
        for (option, value) in &self.options {
            args.extend([format!("--{option}"), value.clone()]);
        }
        args
    }

    pub(crate) fn start(&self) -> Running {
        let mut args = self.args();
        args.push("--json".into());
        Running::start(&args)
    }

    pub(crate) fn run(&self) -> (Vec<Json>, Option<i32>) {
        self.start().finish()
    }

    /// For people.
    pub(crate) fn say(&self) -> super::Done {
        let args = self.args();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        super::run(&args, b"")
    }
}

/// The events of this name.
pub(crate) fn named<'e>(events: &'e [Json], name: &str) -> Vec<&'e Json> {
    events
        .iter()
        .filter(|event| event["event"] == name)
        .collect()
}
