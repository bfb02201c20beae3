//! What really happened, kept apart from both sessions, and what must not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wigwag_codec::ngtt::client::{Answer, History, Outcome, Ticket};

/// The truth about one order.
#[derive(Default)]
struct OrderTruth {
    /// How often the session took it.
    taken: u32,
    handed: u32,
    executed: u32,
    refused: u32,
    /// The record that it was answered is durable, and was not lost since.
    answer_durable: bool,
    /// The record was durable at some time.
    was_durable: bool,
    answered: Option<Answer>,
}

/// What the schedules of a campaign have met, so that a campaign that tests
/// nothing is noticed.
#[derive(Default, Debug, Clone)]
pub(crate) struct Met {
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

impl Met {
    pub(crate) fn one(&mut self, what: &'static str) {
        self.many(what, 1);
    }

    pub(crate) fn many(&mut self, what: &'static str, count: u64) {
        *self.counts.entry(what).or_default() += count;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            self.many(what, *count);
        }
    }
}

#[derive(Default)]
pub(crate) struct Book {
    orders: BTreeMap<u64, OrderTruth>,
    /// Transaction id and payload of earlier orders, to notice equal later ones.
    identities: BTreeMap<(u16, Vec<u8>), BTreeSet<u64>>,
    open: HashMap<Ticket, Request>,
    batches_received: BTreeSet<u32>,
    logs_received: BTreeSet<u32>,
    pub(crate) met: Met,
}

/// What a ticket was given for, with the number inside its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Request {
    Data(u32),
    Logs(u32),
    Baobs(u32),
    Fetch,
}

/// Batches that the server refuses.
pub(crate) fn refuses(batch: u32) -> bool {
    batch.is_multiple_of(5)
}

impl Book {
    /// The session takes an order.
    pub(crate) fn taken(&mut self, number: u64) {
        self.orders.entry(number).or_default().taken += 1;
    }

    /// The application gets an order.
    pub(crate) fn handed(&mut self, number: u64, tid: u16, payload: &[u8], history: History) {
        let identity = self.identities.entry((tid, payload.to_vec())).or_default();
        if identity.insert(number) && identity.len() > 1 {
            self.met.one("an equal later order with the same id");
        }
        let truth = self.orders.entry(number).or_default();
        assert!(
            truth.handed == 0 || history != History::New,
            "order {number} (tid {tid}) was handed over again as if it were new"
        );
        assert!(
            !truth.answer_durable,
            "order {number} (tid {tid}) was handed over after its answer was durable"
        );
        if truth.handed > 0 {
            self.met.one("an order handed over again");
        }
        match history {
            History::New => {}
            History::Interrupted => {
                // The power may also have failed just before it was handed over.
                assert!(
                    truth.taken > 1,
                    "order {number} was never there to be interrupted"
                );
                self.met.one("an interrupted order");
            }
            History::Unknown => self.met.one("an order of unknown history"),
        }
        truth.handed += 1;
    }

    /// The application has executed or refused an order.
    pub(crate) fn answered(&mut self, number: u64, answer: Answer) {
        let truth = self.orders.entry(number).or_default();
        match answer {
            Answer::Confirm => truth.executed += 1,
            Answer::Reject => truth.refused += 1,
        }
    }

    /// The device remembers the answer.
    pub(crate) fn answer_durable(&mut self, number: u64) {
        let truth = self.orders.entry(number).or_default();
        truth.answer_durable = true;
        truth.was_durable = true;
    }

    /// The server takes an order out of its queue. `delivered`: it was delivered
    /// on this connection.
    pub(crate) fn server_answered(&mut self, number: u64, answer: Answer, delivered: bool) {
        let truth = self.orders.entry(number).or_default();
        assert!(
            truth.answered.is_none(),
            "order {number} was answered twice"
        );
        assert!(
            delivered,
            "order {number} was answered where it was not delivered"
        );
        assert!(
            truth.was_durable || truth.executed + truth.refused == 0,
            "order {number} was answered before that was durable"
        );
        match answer {
            Answer::Confirm => assert!(truth.executed > 0, "order {number} is lost: not executed"),
            Answer::Reject => assert!(truth.refused > 0, "order {number} is lost: not refused"),
        }
        truth.answered = Some(answer);
    }

    pub(crate) fn batch_received(&mut self, batch: u32) {
        if !self.batches_received.insert(batch) {
            self.met.one("a batch received twice");
        }
    }

    pub(crate) fn logs_received(&mut self, logs: u32) {
        self.logs_received.insert(logs);
    }

    pub(crate) fn submitted(&mut self, ticket: Ticket, request: Request) {
        assert!(
            self.open.insert(ticket, request).is_none(),
            "a ticket was given twice"
        );
    }

    /// A ticket is answered. Returns what it was given for.
    pub(crate) fn ticket_answered(&mut self, ticket: Ticket, outcome: Outcome) -> Request {
        let request = self.open.remove(&ticket);
        let request = request.unwrap_or_else(|| panic!("{ticket:?} answered twice: {outcome:?}"));
        match (request, outcome) {
            (Request::Data(batch), Outcome::Confirmed) => {
                assert!(!refuses(batch) && self.batches_received.contains(&batch));
                self.met.one("a batch confirmed");
            }
            (Request::Data(batch), Outcome::Rejected) => {
                assert!(refuses(batch) && self.batches_received.contains(&batch));
                self.met.one("a batch refused");
            }
            (Request::Logs(logs), Outcome::Sent) => {
                assert!(
                    self.logs_received.contains(&logs),
                    "logs {logs} were not received"
                );
                self.met.one("logs sent");
            }
            (Request::Baobs(_), Outcome::Response) => self.met.one("a reply about objects"),
            (Request::Baobs(_), Outcome::ResponseTooLarge { .. }) => {
                self.met.one("a reply too large");
            }
            (Request::Fetch, Outcome::Fetched) => self.met.one("orders fetched"),
            (Request::Data(_) | Request::Logs(_), Outcome::Dropped) => {
                self.met.one("a request dropped");
            }
            (request, outcome) => panic!("{request:?} was answered {outcome:?}"),
        }
        request
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn abandoned(&mut self, ticket: Ticket) {
        assert!(self.open.remove(&ticket).is_some());
        self.met.one("a ticket abandoned");
    }

    /// The device lost its memory, its tickets too, and without a journal also
    /// what it has executed.
    pub(crate) fn rebooted(&mut self, journal: bool) {
        self.open.clear();
        if !journal {
            for truth in self.orders.values_mut() {
                truth.answer_durable = false;
            }
        }
    }

    pub(crate) fn open_tickets(&self) -> usize {
        self.open.len()
    }

    /// At the end every order must have been executed or refused, and answered.
    pub(crate) fn close(&self, pushed: u64) {
        for number in 0..pushed {
            let truth = self.orders.get(&number);
            let done = truth.is_some_and(|truth| {
                truth.answered.is_some() && truth.executed + truth.refused > 0
            });
            assert!(done, "order {number} is lost");
        }
    }
}
