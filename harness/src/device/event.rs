//! What a device tells while it runs, as the command line prints it.

use serde_json::{Value as Json, json};

/// Something that happened on a device.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DeviceEvent {
    /// There is a connection to the verified server.
    Connected {
        /// The server's name.
        server: String,
    },
    /// The server was refused, or refused this device.
    Refused {
        /// Why, in words a person can act on.
        reason: String,
    },
    /// The connection is over.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// The device waits before it tries again.
    Waiting {
        /// Why.
        reason: String,
        /// How long at most, in milliseconds.
        retry_ms: u64,
        /// Failed attempts in a row.
        attempt: u32,
    },
    /// An order was handed to the application.
    Order {
        /// Its transaction id.
        tid: u16,
        /// Its payload, as JSON.
        data: Json,
        /// It may have been executed before: the device lost power meanwhile.
        interrupted: bool,
    },
    /// An order was executed, and its confirmation noted.
    OrderAcked(u16),
    /// An order was refused by the application.
    OrderRejected(u16),
    /// An order came again that had been executed, and was not executed again.
    OrderDuplicate(u16),
    /// Pathpoints were submitted.
    Data {
        /// The transaction id of their batch.
        tid: u16,
        /// Points in it.
        points: usize,
    },
    /// The server took a batch of pathpoints.
    DataConfirmed {
        /// Its transaction id.
        tid: u16,
        /// Points in it.
        points: usize,
    },
    /// The server refused a batch of pathpoints.
    DataRejected {
        /// Its transaction id.
        tid: u16,
        /// Points in it.
        points: usize,
    },
    /// The server has read log entries.
    Logs {
        /// How many.
        count: usize,
    },
    /// The server answered about binary objects.
    Baobs {
        /// Names to download.
        download: Vec<String>,
        /// Names to upload.
        upload: Vec<String>,
    },
    /// A field of NCP was received.
    Field {
        /// The type of its packet.
        packet: String,
        /// Its name.
        name: String,
        /// Its number, which is that of the command that it answers.
        id: u32,
        /// Its parameters, as [`tagged::ncp`](crate::tagged::ncp) has them.
        params: Json,
    },
    /// The server says that a command of NCP failed.
    CommandError(CommandFault),
    /// The server warns about a command of NCP.
    CommandWarning(CommandFault),
    /// Something was odd, and kept nothing from going on.
    Warning {
        /// What.
        reason: String,
    },
    /// Something was dropped or skipped by rule.
    Dropped {
        /// What.
        what: String,
        /// How much of it.
        count: u64,
    },
}

/// What a server says of a command of NCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandFault {
    /// The type of the packet.
    pub packet: String,
    /// The name of the field.
    pub name: String,
    /// Its number, which is that of the command.
    pub id: u32,
    /// What it says in words.
    pub detail: String,
    /// What it says as a number.
    pub code: i64,
}

impl CommandFault {
    fn json(&self, event: &str) -> Json {
        json!({
            "event": event, "packet": self.packet, "name": self.name, "id": self.id,
            "detail": self.detail, "code": self.code,
        })
    }
}

impl DeviceEvent {
    /// The event as an object with `"event"`, without a time.
    #[must_use]
    pub fn json(&self) -> Json {
        match self {
            Self::Connected { server } => json!({"event": "connected", "peer": server}),
            Self::Refused { reason } => json!({"event": "refused", "reason": reason}),
            Self::Disconnected { reason } => json!({"event": "disconnected", "reason": reason}),
            Self::Waiting {
                reason,
                retry_ms,
                attempt,
            } => json!({
                "event": "waiting", "reason": reason, "retry_ms": retry_ms, "attempt": attempt,
            }),
            Self::Order {
                tid,
                data,
                interrupted,
            } => {
                let event = if *interrupted {
                    "order_interrupted"
                } else {
                    "order"
                };
                json!({"event": event, "tid": tid, "data": data})
            }
            Self::OrderAcked(tid) => json!({"event": "order_acked", "tid": tid}),
            Self::OrderRejected(tid) => json!({"event": "order_rejected", "tid": tid}),
            Self::OrderDuplicate(tid) => json!({"event": "order_duplicate", "tid": tid}),
            Self::Data { tid, points } => {
                json!({"event": "data", "tid": tid, "points": points, "batches": 1})
            }
            Self::DataConfirmed { tid, points } => {
                json!({"event": "data_confirmed", "tid": tid, "points": points})
            }
            Self::DataRejected { tid, points } => {
                json!({"event": "data_rejected", "tid": tid, "points": points})
            }
            Self::Logs { count } => json!({"event": "logs", "count": count}),
            Self::Baobs { download, upload } => {
                json!({"event": "baobs", "download": download, "upload": upload})
            }
            Self::Field {
                packet,
                name,
                id,
                params,
            } => json!({
                "event": "field", "packet": packet, "name": name, "id": id, "params": params,
            }),
            Self::CommandError(fault) => fault.json("command_error"),
            Self::CommandWarning(fault) => fault.json("command_warning"),
            Self::Warning { reason } => json!({"event": "warning", "reason": reason}),
            Self::Dropped { what, count } => {
                json!({"event": "dropped", "what": what, "count": count})
            }
        }
    }
}
