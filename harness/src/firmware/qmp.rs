//! QEMU's control connection: the QEMU Machine Protocol, one JSON object a
//! line. <https://www.qemu.org/docs/master/interop/qmp-spec.html>

use super::FirmwareError;
use serde_json::{Value as Json, json};
use std::time::Duration;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};

/// How long QEMU may take for an answer. It is busy with the device.
const LIMIT: Duration = Duration::from_secs(30);

/// Bytes of one line of QEMU.
const MAX_LINE: u64 = 64 * 1024;

/// The control connection of one QEMU.
pub(super) struct Qmp<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Qmp<S> {
    /// A QEMU at the other end of `stream`.
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Hears QEMU's greeting and answers it, before anything else.
    pub(super) async fn greet(&mut self) -> Result<(), FirmwareError> {
        in_time(async {
            let greeting = read(&mut self.stream).await?;
            if greeting.get("QMP").is_none() {
                return Err(format!("a greeting was due, and {greeting} came"));
            }
            Ok(())
        })
        .await?;
        self.execute("qmp_capabilities", json!({})).await.map(drop)
    }

    /// Has QEMU do something. Its events meanwhile are not looked at.
    pub(super) async fn execute(
        &mut self,
        command: &str,
        arguments: Json,
    ) -> Result<Json, FirmwareError> {
        in_time(async {
            let line = json!({"execute": command, "arguments": arguments});
            let line = format!("{line}\n");
            let failed = |error| format!("cannot be written to: {error}");
            self.stream
                .write_all(line.as_bytes())
                .await
                .map_err(failed)?;
            self.stream.flush().await.map_err(failed)?;
            loop {
                let mut answer = read(&mut self.stream).await?;
                if let Some(result) = answer.get_mut("return") {
                    return Ok(result.take());
                }
                if let Some(error) = answer.get("error") {
                    return Err(format!("{command} was refused: {}", error["desc"]));
                }
            }
        })
        .await
    }
}

async fn in_time<T>(exchange: impl Future<Output = Result<T, String>>) -> Result<T, FirmwareError> {
    match tokio::time::timeout(LIMIT, exchange).await {
        Ok(done) => done.map_err(FirmwareError::Control),
        Err(_) => Err(FirmwareError::Control(format!("no answer in {LIMIT:?}"))),
    }
}

/// Reads one object.
async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Json, String> {
    let mut line = Vec::new();
    let read = stream.take(MAX_LINE).read_until(b'\n', &mut line).await;
    read.map_err(|error| format!("cannot be read from: {error}"))?;
    if line.last() != Some(&b'\n') {
        return Err(match line.len() as u64 {
            MAX_LINE => format!("a line of more than {MAX_LINE} bytes"),
            _ => "it was closed".into(),
        });
    }
    serde_json::from_slice(&line).map_err(|error| format!("something else than JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An exchange with a QEMU that says `answers`, whatever it is told, and
    /// then closes; what it was told comes back too.
    async fn exchange(answers: &str) -> (Result<Json, FirmwareError>, String) {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        far.write_all(answers.as_bytes()).await.unwrap();
        let (read, mut write) = tokio::io::split(far);
        write.shutdown().await.unwrap();
        let done = async {
            let mut qmp = Qmp::new(near);
            qmp.greet().await?;
            qmp.execute("set_link", json!({"name": "n0", "up": false}))
                .await
        }
        .await;
        let mut told = String::new();
        BufReader::new(read)
            .read_to_string(&mut told)
            .await
            .unwrap();
        (done, told)
    }

    const GREETING: &str = "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n";

    #[tokio::test]
    async fn a_command_is_answered_behind_events() {
        let event = "{\"timestamp\": {}, \"event\": \"RESUME\"}\r\n";
        let answer = "{\"return\": {\"x\": 1}}\r\n";
        let (done, told) = exchange(&[GREETING, answer, event, answer].concat()).await;
        assert_eq!(done.unwrap(), json!({"x": 1}));
        let told: Vec<Json> = told
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(told[0]["execute"], "qmp_capabilities");
        assert_eq!(told[1]["execute"], "set_link");
        assert_eq!(told[1]["arguments"], json!({"name": "n0", "up": false}));
    }

    #[tokio::test]
    async fn what_is_not_qemu_is_told() {
        let refusal = "{\"return\": {}}\n{\"error\": {\"class\": \"x\", \"desc\": \"no n0\"}}\n";
        let long = "x".repeat(100_000);
        for (answers, problem) in [
            ("", "closed"),
            ("{\"QMP\": {}", "closed"),
            ("HTTP/1.1 200 OK\r\n", "JSON"),
            ("{\"return\": {}}\n", "greeting"),
            (&long, "more than"),
            (GREETING, "closed"),
            (&[GREETING, refusal].concat(), "no n0"),
        ] {
            let (done, _) = exchange(answers).await;
            let said = done.unwrap_err().to_string();
            assert!(said.contains(problem), "{answers:.40}: {said}");
        }
    }
}
