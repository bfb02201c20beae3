//! All TCP connections of a recording.

use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};

use super::context::Context;
use super::flow::Flow;
use super::packet::Segment;
use crate::ConnectionId;
use crate::order::sorted;

/// More connections are not followed at a time.
const MAX_FLOWS: usize = 65_536;
/// For so many packets of the recording a connection that has ended is remembered:
/// packets are repeated, and recordings swap them.
const REMEMBERED: u64 = 256;

/// The lower address first.
type Ends = (SocketAddr, SocketAddr);

/// The connections, by their ends.
#[derive(Default)]
pub(super) struct Flows {
    flows: BTreeMap<Ends, Flow>,
    /// Those that have ended, with the count of packets at that time.
    ending: VecDeque<(u64, Ends, ConnectionId)>,
    /// How many connections there have been.
    opened: u32,
    packets: u64,
}

impl Flows {
    /// Takes a segment. Returns whether all connections had to be forgotten to have
    /// room for its own.
    pub(super) fn segment(
        &mut self,
        time: u64,
        segment: &Segment<'_>,
        cx: &mut Context<'_>,
    ) -> bool {
        self.packets += 1;
        self.forget(cx);
        let (from, ends) = if segment.from <= segment.to {
            (0, (segment.from, segment.to))
        } else {
            (1, (segment.to, segment.from))
        };
        let mut crowded = false;
        if segment.syn
            && let Some(flow) = self.flows.get(&ends)
            && !flow.has_syn(from, segment.sequence)
            && let Some(flow) = self.flows.remove(&ends)
        {
            settle(flow, Some("its ports were used for another connection"), cx);
        }
        let flow = match self.flows.get_mut(&ends) {
            Some(flow) => flow,
            // The rest of a connection that was never seen.
            None if !segment.syn && segment.payload.is_empty() => return false,
            None => {
                if self.flows.len() >= MAX_FLOWS {
                    crowded = true;
                    self.settle(cx);
                }
                let connection = ConnectionId(self.opened);
                self.opened = self.opened.wrapping_add(1);
                let flow = Flow::open(connection, from, time, segment, cx);
                cx.hold(0, flow.held());
                self.flows.entry(ends).or_insert(flow)
            }
        };
        let before = flow.is_ending();
        let mut held = flow.held();
        flow.segment(from, time, segment, cx);
        if !cx.hold(held, flow.held()) {
            held = flow.held();
            flow.give_up(cx);
            cx.hold(held, flow.held());
            if !std::mem::replace(&mut cx.shared.told_crowded, true) {
                cx.problem(CROWDED.into());
            }
        }
        if flow.is_ending() && !before {
            self.ending.push_back((self.packets, ends, flow.connection));
        }
        crowded
    }

    /// Forgets connections that ended long ago.
    fn forget(&mut self, cx: &mut Context<'_>) {
        while let Some(&(since, ends, connection)) = self.ending.front()
            && self.packets - since > REMEMBERED
        {
            self.ending.pop_front();
            if self
                .flows
                .get(&ends)
                .is_some_and(|flow| flow.connection == connection)
                && let Some(flow) = self.flows.remove(&ends)
            {
                settle(flow, None, cx);
            }
        }
    }

    /// The end of the recording, or of what can be remembered of it.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>) {
        self.ending.clear();
        let flows: Vec<Flow> = core::mem::take(&mut self.flows).into_values().collect();
        for flow in sorted(flows, &|a, b| a.connection < b.connection) {
            settle(flow, None, cx);
        }
    }
}

/// What is said when connections wait for more than there is room for.
const CROWDED: &str = "connections of this recording wait for packets that are missing before \
                       others, and hold more bytes than there is room for: from here on some \
                       have gaps instead";

/// Nothing more will come of a connection.
fn settle(flow: Flow, why: Option<&str>, cx: &mut Context<'_>) {
    let held = flow.held();
    flow.settle(why, cx);
    cx.hold(held, 0);
}
