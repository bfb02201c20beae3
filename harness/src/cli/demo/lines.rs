//! The moments of the demonstration that are worth a line.

use crate::demo::Moment;
use crate::device::DeviceEvent;
use crate::mock::{self, EventKind};
use crate::mock_ncp;

/// The line, if there is one.
pub(super) fn line(moment: &Moment) -> Option<String> {
    Some(match moment {
        Moment::Begins {
            orders,
            points,
            logs,
            commands,
        } => format!(
            "to come   {orders} orders down; {points} points, {logs} log entries up; \
             {commands} commands to a node"
        ),
        Moment::Accident(what) => format!("ACCIDENT  {what}"),
        Moment::Server(event) => format!("server    {}", server(event)?),
        Moment::Device(event) => format!("device    {}", device(event)?),
        Moment::Node(event) => format!("node      {}", node(event)?),
        Moment::Asking(event) => format!("device    {}", asking(event)?),
        Moment::Compared(_) => return None,
    })
}

fn server(event: &mock::Event) -> Option<String> {
    Some(match &event.kind {
        EventKind::Listening { addr } => format!("listens on {addr}"),
        EventKind::Connected { .. } => format!(
            "accepted the certificate of {}",
            event.device.as_deref().unwrap_or("a device")
        ),
        EventKind::Stopped => "stopped".into(),
        _ => return None,
    })
}

fn device(event: &DeviceEvent) -> Option<String> {
    Some(match event {
        DeviceEvent::Connected { server } => format!("connected over mutual TLS to {server}"),
        DeviceEvent::Disconnected { reason } => format!("lost: {reason}"),
        DeviceEvent::Waiting {
            reason, retry_ms, ..
        } if *retry_ms > 0 => format!("tries again in {retry_ms} ms"),
        DeviceEvent::Waiting { reason, .. } => format!("waits: {reason}"),
        DeviceEvent::Refused { reason } => format!("refused: {reason}"),
        DeviceEvent::Baobs { download, upload } => {
            let (down, up) = (download.len(), upload.len());
            format!("binary objects: {down} to download, {up} to upload")
        }
        _ => return None,
    })
}

fn node(event: &mock_ncp::Event) -> Option<String> {
    use mock_ncp::EventKind;
    Some(match &event.kind {
        EventKind::Listening { addr } => {
            format!("listens on {addr}, for NCP over TLS with a login")
        }
        EventKind::Connected { hostname, .. } => format!("{hostname} has logged in"),
        EventKind::Refused { reason, .. } => format!("refused: {reason}"),
        _ => return None,
    })
}

fn asking(event: &DeviceEvent) -> Option<String> {
    Some(match event {
        DeviceEvent::Connected { server } => format!("asks {server}"),
        DeviceEvent::Disconnected { reason } => format!("lost the node: {reason}"),
        DeviceEvent::Waiting { retry_ms, .. } => format!("asks the node again in {retry_ms} ms"),
        DeviceEvent::Refused { reason } => format!("refused by the node: {reason}"),
        DeviceEvent::Field { name, params, .. } => {
            let param = |name: &str| {
                let params = params.as_array().into_iter().flatten();
                let mut named = params.filter(|param| param["name"] == name);
                named.next().map(|param| &param["v"])
            };
            let text = |name: &str| param(name).and_then(|value| value.as_str()).unwrap_or("?");
            match (name.as_str(), param("ACKN").is_some()) {
                ("LONG", true) => "a long command is acknowledged: the node is at work".into(),
                ("LONG", false) => "the long command is done".into(),
                ("SWEP", _) => format!(
                    "a sweep from {} to {} MHz: {} points",
                    text("FSTA"),
                    text("FSTO"),
                    param("PDAT")
                        .and_then(|value| value.as_array())
                        .map_or(0, Vec::len)
                ),
                _ => return None,
            }
        }
        DeviceEvent::CommandError(fault) => format!(
            "{} {} failed: {} ({})",
            fault.packet, fault.name, fault.detail, fault.code
        ),
        _ => return None,
    })
}
