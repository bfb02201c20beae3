//! What is live, over a WebSocket (RFC 6455).

use super::{Site, command};
use crate::record::{Recorder, Subscription};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// The longest message of a page: a frame of 4 MiB in hexadecimal digits.
const MAX_MESSAGE: usize = (8 << 20) + 1024;

/// Messages come this far apart, so that many small records become few messages.
const PACE: Duration = Duration::from_millis(15);

/// How often a page is asked whether it is still there, for each patience.
const PINGS: u32 = 3;

/// Answers the request for a WebSocket.
pub(super) async fn upgrade(
    State(site): State<Arc<Site>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let Some(recorder) = site.options.recorder.clone() else {
        return (StatusCode::NOT_FOUND, "Nothing is live here.\n").into_response();
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(place) = Place::take(&site) else {
        let words = "Too many pages are open already.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, words).into_response();
    };
    upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(|socket| async move {
            let talk = Talk {
                site: &place.0,
                socket,
                recorder,
            };
            talk.run().await;
        })
}

/// One of the places for pages, until it is dropped.
struct Place(Arc<Site>);

impl Place {
    fn take(site: &Arc<Site>) -> Option<Self> {
        let taken = site.live.send_if_modified(|count| {
            let free = *count < site.options.max_live;
            *count += usize::from(free);
            free
        });
        taken.then(|| Self(site.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.live.send_modify(|count| *count -= 1);
    }
}

/// Why the talk with a page ends.
enum End {
    /// It is gone, broken, or too slow.
    Gone,
    /// It is told this.
    Told(u16, &'static str),
}

struct Talk<'a> {
    site: &'a Site,
    socket: WebSocket,
    recorder: Recorder,
}

impl Talk<'_> {
    async fn run(mut self) {
        let subscription = self.recorder.subscribe();
        if let End::Told(code, reason) = self.converse(subscription).await {
            let reason = reason.into();
            let close = Message::Close(Some(CloseFrame { code, reason }));
            // It may be gone by now.
            let _ = timeout(Duration::from_secs(1), self.socket.send(close)).await;
        }
    }

    async fn converse(&mut self, mut subscription: Subscription) -> End {
        let options = &self.site.options;
        let hello = json!({"hello": {"server": options.server, "send": options.send}});
        if let Err(end) = self.say(Message::text(hello.to_string())).await {
            return end;
        }
        let patience = self.site.options.patience;
        let mut heard = Instant::now();
        let mut next_ping = heard + patience / PINGS;
        let mut next_data = heard;
        loop {
            let data = async {
                sleep_until(next_data).await;
                subscription.next().await
            };
            let said = tokio::select! {
                () = self.site.until_stopping() => {
                    return End::Told(close_code::AWAY, "the program ends");
                }
                message = self.socket.recv() => {
                    let Some(Ok(message)) = message else {
                        return End::Gone;
                    };
                    heard = Instant::now();
                    match message {
                        Message::Text(text) => {
                            let answer = command::obey(&self.recorder, text.as_str());
                            self.say(Message::text(answer.to_string())).await
                        }
                        Message::Binary(_) => {
                            return End::Told(close_code::UNSUPPORTED, "pages send text");
                        }
                        Message::Close(_) => return End::Gone,
                        Message::Ping(_) | Message::Pong(_) => Ok(()),
                    }
                }
                data = data => {
                    let Some(data) = data else {
                        return End::Told(close_code::AWAY, "nothing more comes");
                    };
                    let said = self.say(Message::Binary(Bytes::from(data))).await;
                    next_data = Instant::now() + PACE;
                    said
                }
                () = sleep_until(next_ping) => {
                    if heard.elapsed() > patience {
                        return End::Gone;
                    }
                    next_ping = Instant::now() + patience / PINGS;
                    self.say(Message::Ping(Bytes::new())).await
                }
            };
            if let Err(end) = said {
                return end;
            }
        }
    }

    /// Sends a message. A page that does not take it is not waited for for ever,
    /// nor when the program ends.
    async fn say(&mut self, message: Message) -> Result<(), End> {
        let patience = self.site.options.patience;
        tokio::select! {
            sent = timeout(patience, self.socket.send(message)) => {
                matches!(sent, Ok(Ok(()))).then_some(()).ok_or(End::Gone)
            }
            () = self.site.until_stopping() => Err(End::Gone),
        }
    }
}
