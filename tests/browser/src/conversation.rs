//! A server and its devices as commands, so that the page has something live to show.

use std::path::Path;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::inputs::said;
use crate::{Program, Result, Served};

/// Certificates of a trial, orders for the server, and what is begun with them.
pub struct Trial {
    folder: TempDir,
}

impl Trial {
    /// Makes the certificates, and one order for each device that connects.
    ///
    /// # Errors
    ///
    /// They cannot be made.
    pub async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let trial = Self { folder };
        said(&["pki", "new", &trial.file("pki")], &[]).await?;
        let orders =
            json!([{"orders": [{"type": "write", "path": "W693", "value": 1, "advise": 1}]}]);
        std::fs::write(trial.file("orders.json"), orders.to_string())?;
        Ok(trial)
    }

    /// The path of a file in the trial's folder.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// `wigwag serve ngtt` with the page at this address; and where devices connect.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub async fn serve(&self, http: &str, more: &[&str]) -> Result<(Served, String)> {
        let (pki, orders) = (self.file("pki"), self.file("orders.json"));
        let mut words = vec!["serve", "ngtt", "--listen", "127.0.0.1:0", "--pki", &pki];
        words.extend(["--orders", &orders, "--http", http, "--json"]);
        words.extend(more);
        let mut served = Served::start(&words, "inspector").await?;
        let address = address(&served.program.event("listening").await?)?;
        Ok((served, address))
    }

    /// `wigwag tap` with its page, before a server; and where devices connect.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub async fn tap(&self, server: &str) -> Result<(Served, String)> {
        let pki = self.file("pki");
        let mut words = vec!["tap", "--listen", "127.0.0.1:0", "--connect", server];
        words.extend(["--pki", &pki, "--http", "127.0.0.1:0", "--json"]);
        let mut served = Served::start(&words, "inspector").await?;
        let address = address(&served.program.event("listening").await?)?;
        Ok((served, address))
    }

    /// A device that stays until it is ended.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub fn device(&self, server: &str) -> Result<Program> {
        let pki = Path::new(&self.file("pki")).to_owned();
        let file = |name: &str| pki.join(name).display().to_string();
        Program::start(&[
            "device",
            "ngtt",
            "--connect",
            server,
            "--server-name",
            "localhost",
            "--ca",
            &file("server-ca.pem"),
            "--cert",
            &file("device-0001.pem"),
            "--key",
            &file("device-0001.key"),
            "--net",
            "host",
            "--json",
        ])
    }
}

/// The address in an event.
///
/// # Errors
///
/// It has none.
pub fn address(event: &Json) -> Result<String> {
    Ok(event["addr"].as_str().ok_or("no address")?.to_owned())
}
