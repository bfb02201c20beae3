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
            flow.settle(Some("its ports were used for another connection"), cx);
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
                self.flows.entry(ends).or_insert(flow)
            }
        };
        let before = flow.is_ending();
        flow.segment(from, time, segment, cx);
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
                flow.settle(None, cx);
            }
        }
    }

    /// The end of the recording, or of what can be remembered of it.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>) {
        self.ending.clear();
        let flows: Vec<Flow> = core::mem::take(&mut self.flows).into_values().collect();
        for flow in sorted(flows, &|a, b| a.connection < b.connection) {
            flow.settle(None, cx);
        }
    }
}
