//! Ten thousand random schedules beside a naive model, which keeps everything
//! in vectors.

use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use super::super::mailbox::RECORD;
use super::*;

const REQUESTS: usize = 5;
const ROOM: usize = 3 * (FIELD + RECORD) + 20;
const NAMES: [&str; 3] = ["SWEP", "TIME", "STAT"];

/// `xorshift64*`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let word = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(word).unwrap() % limit
    }
}

/// Whose a field is: a name and an id, or nobody's.
type Owner = Option<(&'static str, u32)>;

#[derive(Clone)]
struct Asked {
    request: Request,
    fields: Vec<(&'static str, u32)>,
}

#[derive(Clone)]
enum Wanted {
    Unsolicited,
    Answers(usize),
    AnswersTo(usize, &'static str),
}

#[derive(Default)]
struct Model {
    asked: Vec<Asked>,
    /// For each one who waits, what it waits for.
    waiting: Vec<Vec<Owner>>,
    /// Owner, fields lost before it, value, bytes.
    kept: Vec<(Owner, u16, i32, usize)>,
    lost: Vec<Owner>,
    queue: VecDeque<VecDeque<(&'static str, u32, i32)>>,
    lost_answers: u32,
    lost_unsolicited: u32,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Value(i32),
    Lost(u16),
    Nothing,
}

impl Model {
    fn owner(&self, name: &'static str, id: u32) -> Owner {
        let key = (name, id);
        let is_asked = self.asked.iter().any(|asked| asked.fields.contains(&key));
        is_asked.then_some(key)
    }

    fn owners(&self, wanted: &Wanted) -> Vec<Owner> {
        match *wanted {
            Wanted::Unsolicited => vec![None],
            Wanted::Answers(index) => self.asked[index].fields.iter().copied().map(Some).collect(),
            Wanted::AnswersTo(index, name) => {
                let fields = self.asked[index].fields.iter().copied();
                fields.filter(|field| field.0 == name).map(Some).collect()
            }
        }
    }

    fn who(&self, wanted: &Wanted) -> Who {
        match *wanted {
            Wanted::Unsolicited => Who::Recv,
            Wanted::Answers(index) => Who::Request(self.asked[index].request),
            Wanted::AnswersTo(index, name) => Who::Field(self.asked[index].request, ident(name)),
        }
    }

    fn used(&self) -> usize {
        self.kept.iter().map(|kept| kept.3).sum()
    }

    fn take_lost(&mut self, owner: Owner) -> u16 {
        let before = self.lost.len();
        self.lost.retain(|lost| *lost != owner);
        u16::try_from(before - self.lost.len()).unwrap()
    }

    fn take_any_lost(&mut self, owners: &[Owner]) -> u16 {
        let lost = owners.iter().map(|owner| self.take_lost(*owner));
        // The others are told the next time.
        let mut all: Vec<u16> = lost.collect();
        let first = all.iter().position(|count| *count > 0);
        let Some(first) = first else { return 0 };
        let count = core::mem::take(&mut all[first]);
        for (owner, count) in owners.iter().zip(all) {
            self.lost.extend((0..count).map(|_| *owner));
        }
        count
    }

    fn room_for(&mut self, owner: Owner, length: usize) -> bool {
        let unsolicited = self.kept.iter().filter(|kept| kept.0.is_none());
        let unsolicited: usize = unsolicited.map(|kept| kept.3).sum();
        if owner.is_some() && self.used() - unsolicited + length <= ROOM {
            while self.used() + length > ROOM {
                let oldest = self.kept.iter().position(|kept| kept.0.is_none());
                let (_, lost, ..) = self.kept.remove(oldest.unwrap());
                self.lost_unsolicited += 1;
                match self.kept.iter_mut().find(|kept| kept.0.is_none()) {
                    Some(next) => next.1 += lost + 1,
                    None => self.lost.extend((0..=lost).map(|_| None)),
                }
            }
        }
        self.used() + length <= ROOM
    }

    fn poll(&mut self, wanted: &Wanted) -> Outcome {
        let owners = self.owners(wanted);
        if let Some(index) = self.kept.iter().position(|kept| owners.contains(&kept.0)) {
            if self.kept[index].1 > 0 {
                return Outcome::Lost(core::mem::take(&mut self.kept[index].1));
            }
            return Outcome::Value(self.kept.remove(index).2);
        }
        let lost = self.take_any_lost(&owners);
        if lost > 0 {
            return Outcome::Lost(lost);
        }
        while let Some(packet) = self.queue.front() {
            let Some((name, id, value)) = packet.front().copied() else {
                self.queue.pop_front();
                continue;
            };
            let owner = self.owner(name, id);
            if owners.contains(&owner) {
                self.queue[0].pop_front();
                return Outcome::Value(value);
            }
            if !self.put_by(owner, value) {
                return Outcome::Nothing;
            }
            self.queue[0].pop_front();
        }
        Outcome::Nothing
    }
}

impl Model {
    fn waits(&self, owner: Owner) -> usize {
        let waiting = self.waiting.iter();
        waiting.filter(|waits| waits.contains(&owner)).count()
    }

    fn put_by(&mut self, owner: Owner, value: i32) -> bool {
        let length = FIELD + RECORD;
        if self.room_for(owner, length) {
            let lost = self.take_lost(owner);
            self.kept.push((owner, lost, value, length));
            return true;
        }
        if self.waits(owner) > 0 {
            return false;
        }
        self.lost.push(owner);
        match owner {
            Some(_) => self.lost_answers += 1,
            None => self.lost_unsolicited += 1,
        }
        true
    }

    fn distribute(&mut self) {
        while let Some(packet) = self.queue.front() {
            if self.waiting.is_empty() {
                return;
            }
            let Some((name, id, value)) = packet.front().copied() else {
                self.queue.pop_front();
                continue;
            };
            let owner = self.owner(name, id);
            if self.waits(owner) == self.waiting.len() || !self.put_by(owner, value) {
                return;
            }
            self.queue[0].pop_front();
        }
    }
}

/// What the task does that looks for all.
fn distribute(desk: &mut Desk<'_>, queue: &mut VecDeque<Arrived>) {
    while let Some(front) = queue.front() {
        match desk.distribute(&front.header, &front.body, |_| {}) {
            Offer::Done => drop(queue.pop_front()),
            Offer::Stays => return,
            other => panic!("{other:?}"),
        }
    }
}

/// What a task does that is polled.
fn poll(desk: &mut Desk<'_>, queue: &mut VecDeque<Arrived>, who: &Who) -> Outcome {
    let mut buffer = [0; FIELD];
    match desk.take(who, &mut buffer) {
        Taken::Field { header, length } => return Outcome::Value(value(header, &buffer[..length])),
        Taken::Lost(count) => return Outcome::Lost(count),
        Taken::Nothing => {}
        Taken::TooSmall { needed } => panic!("{needed}"),
    }
    while let Some(front) = queue.front() {
        let header = front.header;
        match desk.offer(&header, &front.body, who, &mut buffer, |_| {}) {
            Offer::Field { length, is_done } => {
                if is_done {
                    queue.pop_front();
                }
                return Outcome::Value(value(header, &buffer[..length]));
            }
            Offer::Done => drop(queue.pop_front()),
            Offer::Stays => return Outcome::Nothing,
            Offer::TooSmall { needed } => panic!("{needed}"),
        }
    }
    Outcome::Nothing
}

fn schedule(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut exchange: Exchange<REQUESTS, ROOM> = Exchange::new();
    let mut desk = exchange.desk();
    let mut model = Model::default();
    let mut queue = VecDeque::new();
    let mut waiting: Vec<Wanted> = Vec::new();
    let mut number = 0;
    let mut last: Vec<(Owner, i32)> = Vec::new();
    let wanted = |model: &Model, random: &mut Random| match random.below(3) {
        0 => Wanted::Unsolicited,
        way if !model.asked.is_empty() => {
            let index = random.below(model.asked.len());
            let fields = &model.asked[index].fields;
            let name = fields[random.below(fields.len())].0;
            [Wanted::Answers(index), Wanted::AnswersTo(index, name)][way - 1].clone()
        }
        _ => Wanted::Unsolicited,
    };
    for _ in 0..60 {
        match random.below(9) {
            0 => {
                let first = desk.next_id();
                let names = (0..=random.below(2)).map(|_| NAMES[random.below(3)]);
                let fields: Vec<_> = names.zip(first..).collect();
                let opening = fields.iter().map(|(name, id)| (ident(name), *id));
                let is_room = desk.in_use().0 + fields.len() <= REQUESTS;
                let opened = desk.open(ident("DSPC"), opening);
                assert_eq!(opened.is_ok(), is_room, "{opened:?}");
                if let Ok(request) = opened {
                    model.asked.push(Asked { request, fields });
                }
            }
            1 if !model.asked.is_empty() && waiting.is_empty() => {
                let asked = model.asked.remove(random.below(model.asked.len()));
                desk.close(asked.request);
                let is_its = |owner: Owner| owner.is_some_and(|key| asked.fields.contains(&key));
                model.kept.retain(|kept| !is_its(kept.0));
                model.lost.retain(|owner| !is_its(*owner));
            }
            2 => {
                let wanted = wanted(&model, &mut random);
                desk.wait(&model.who(&wanted));
                model.waiting.push(model.owners(&wanted));
                waiting.push(wanted);
            }
            3 if !waiting.is_empty() => {
                let index = random.below(waiting.len());
                desk.leave(&model.who(&waiting.swap_remove(index)));
                model.waiting.swap_remove(index);
            }
            4 => {
                model.distribute();
                distribute(&mut desk, &mut queue);
            }
            5 | 6 => {
                let fields: Vec<_> = (0..random.below(4))
                    .map(|_| {
                        number += 1;
                        let known = model.asked.iter().flat_map(|asked| &asked.fields);
                        let known: Vec<_> = known.copied().collect();
                        let (name, id) = match random.below(4) {
                            0 => (NAMES[random.below(3)], 1_000_000),
                            _ if known.is_empty() => (NAMES[0], 1_000_000),
                            _ => known[random.below(known.len())],
                        };
                        (name, id, number)
                    })
                    .collect();
                queue.push_back(arrived("DSPC", &fields));
                model.queue.push_back(fields.into());
            }
            _ => {
                let wanted = wanted(&model, &mut random);
                let owners = model.owners(&wanted);
                let expected = model.poll(&wanted);
                let found = poll(&mut desk, &mut queue, &model.who(&wanted));
                assert_eq!(found, expected, "seed {seed}");
                // What an owner gets is in the order in which it came.
                if let ([owner], Outcome::Value(value)) = (&owners[..], found) {
                    match last.iter_mut().find(|last| last.0 == *owner) {
                        Some(last) => {
                            assert!(last.1 < value, "seed {seed}");
                            last.1 = value;
                        }
                        None => last.push((*owner, value)),
                    }
                }
            }
        }
        let counters = desk.counters();
        assert_eq!(counters.lost_answers, model.lost_answers, "seed {seed}");
        assert_eq!(
            counters.lost_unsolicited, model.lost_unsolicited,
            "seed {seed}"
        );
        assert_eq!(desk.in_use().1, model.used(), "seed {seed}");
    }
}

#[test]
fn ten_thousand_schedules_go_as_the_model_says() {
    for seed in 0..10_000 {
        schedule(seed);
    }
}
