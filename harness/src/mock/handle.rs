//! What a frame of a device sets going: the session, the book, the answers.

use super::book::{BaobSync, Batch, LogBatch};
use super::connection::Connection;
use super::event::EventKind;
use super::{DataAnswer, payload};
use std::time::Duration;
use wigwag_codec::ngtt::server::ServerEvent;
use wigwag_codec::ngtt::{Digest, Frame, FrameHead, FrameType};

impl Connection {
    /// Handles one frame. An error ends the connection.
    pub(super) fn handle(&self, frame: Frame<'_>) -> Result<(), String> {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        let Some((live, queue, book)) = state.parts(&self.device, self.id) else {
            return Ok(());
        };
        let event = live.session.handle_frame(frame, queue, now.instant);
        self.signals.output.notify_one();
        let Some(event) = event else {
            book.pings += 1;
            return Ok(());
        };
        let told = match event {
            ServerEvent::Answered {
                tid, answer, order, ..
            } => {
                let device = state.known(&self.device).expect("its parts were there");
                let number = device.answered(&order, answer, now.at);
                EventKind::Answered {
                    number,
                    tid,
                    answer,
                }
            }
            ServerEvent::AnsweredAgain { tid, answer } => {
                book.answered_again += 1;
                EventKind::AnsweredAgain { tid, answer }
            }
            ServerEvent::FetchOrders => {
                book.fetches += 1;
                EventKind::Fetched
            }
            ServerEvent::Pong => {
                book.pongs += 1;
                return Ok(());
            }
            ServerEvent::Stray(head) => {
                book.strays += 1;
                EventKind::Stray { head }
            }
            ServerEvent::DataStream { tid, payload } => {
                drop(state);
                self.take_data(tid, payload);
                return Ok(());
            }
            ServerEvent::Logs { payload } => {
                drop(state);
                self.take_logs(frame.head(), payload);
                return Ok(());
            }
            ServerEvent::SyncBaobs { tid, payload } => {
                drop(state);
                return self.sync_baobs(tid, payload);
            }
            // The session may learn to tell more.
            _ => return Ok(()),
        };
        drop(state);
        self.shared.tell(Some(&self.device), told);
        Ok(())
    }

    fn take_data(&self, tid: u16, payload: &[u8]) {
        let now = self.shared.now();
        let (points, error) = match payload::count_points(payload) {
            Ok(points) => (points, None),
            Err(error) => (0, Some(error)),
        };
        let mut batch = Batch {
            at: now.at,
            tid,
            digest: Digest::of(payload),
            bytes: payload.len(),
            points,
            answer: DataAnswer::Reject,
            answered: None,
        };
        let mut delay = Duration::ZERO;
        if error.is_none() {
            // Not under the lock: the policy may ask the server things.
            let policy = self.shared.lock().data.clone();
            let reply = policy(&self.device, &batch);
            (batch.answer, delay) = (reply.answer, reply.delay);
        }
        let digest = batch.digest;
        let answer = batch.answer;
        let options = &self.shared.options;
        if let Some((live, _, book)) = self.shared.lock().parts(&self.device, self.id) {
            book.invalid += u64::from(error.is_some());
            // Of its payload only the digest is kept.
            if book.make_room(book.batches.len(), 0, options) {
                book.batches.push(batch);
            }
            let due = now.instant.saturating_add(delay);
            live.answer_data(tid, answer, due, now.instant);
        }
        let told = match error {
            Some(error) => EventKind::Invalid {
                head: FrameHead {
                    tid,
                    kind: FrameType::DataStream,
                },
                error,
            },
            None => EventKind::Data {
                tid,
                points,
                digest,
                answer,
                payload: payload.into(),
            },
        };
        self.shared.tell(Some(&self.device), told);
    }

    fn take_logs(&self, head: FrameHead, payload: &[u8]) {
        let counted = payload::count_logs(payload);
        let entries = counted.as_ref().copied().unwrap_or(0);
        let logs = LogBatch {
            at: self.shared.now().at,
            digest: Digest::of(payload),
            entries,
            raw: payload.to_vec(),
        };
        let options = &self.shared.options;
        if let Some((_, _, book)) = self.shared.lock().parts(&self.device, self.id) {
            book.invalid += u64::from(counted.is_err());
            if book.make_room(book.logs.len(), payload.len(), options) {
                book.logs.push(logs);
            }
        }
        let told = match counted {
            Ok(entries) => EventKind::Logs { entries },
            Err(error) => EventKind::Invalid { head, error },
        };
        self.shared.tell(Some(&self.device), told);
    }

    fn sync_baobs(&self, tid: u16, payload: &[u8]) -> Result<(), String> {
        let has = payload::parse_baobs(payload)?;
        let at = self.shared.now().at;
        let options = &self.shared.options;
        let mut state = self.shared.lock();
        let (download, upload) = payload::compare_baobs(&has, &state.baobs);
        if let Some((live, _, book)) = state.parts(&self.device, self.id) {
            let head = FrameHead {
                tid,
                kind: FrameType::SyncBaobResponse,
            };
            live.send(head, &payload::encode_baobs(&download, &upload));
            let sync = BaobSync {
                at,
                has,
                download: download.clone(),
                upload: upload.clone(),
            };
            if book.make_room(book.baobs.len(), payload.len(), options) {
                book.baobs.push(sync);
            }
        }
        drop(state);
        self.shared
            .tell(Some(&self.device), EventKind::Baobs { download, upload });
        Ok(())
    }
}
