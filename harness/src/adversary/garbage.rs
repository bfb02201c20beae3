//! Servers out of a generator of random numbers: from noise to flights with
//! one byte changed.

use rand_core::RngCore;

use super::catalogue::{AFTER, BEFORE};
use super::message::Message;
use super::script::{Script, Step, flight, inner};
use super::wire::{self, content, handshake};

/// A generated server.
#[derive(Clone, Debug)]
pub struct Garbage {
    /// What it does.
    pub script: Script,
    /// Whether it proves who it is: then it may be taken.
    pub authentic: bool,
}

/// Draws small numbers and bytes.
struct Dice<'r, R>(&'r mut R);

impl<R: RngCore> Dice<'_, R> {
    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        self.0.next_u32() as usize % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn byte(&mut self) -> u8 {
        self.0.next_u32().to_le_bytes()[0]
    }

    /// Up to `most` bytes.
    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; self.below(most + 1)];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A type of records: often one that exists.
    fn kind(&mut self) -> u8 {
        match self.below(8) {
            0 => self.byte(),
            _ => self.one_of(&[20, 21, 22, 22, 23]),
        }
    }

    /// A handshake message whose body is noise.
    fn message(&mut self) -> Vec<u8> {
        let kind = self.one_of(&handshake::ALL);
        let mut message = wire::message(kind, &self.bytes(80));
        if self.below(4) == 0 {
            let at = 1 + self.below(3);
            message[at] = self.byte();
        }
        message
    }

    /// Something to put on the wire as it is, and that is wrong anywhere.
    fn raw(&mut self) -> Vec<u8> {
        let mut bytes = self.any();
        if bytes.is_empty() || bytes == wire::record(content::CHANGE_CIPHER_SPEC, &[1]) {
            bytes.push(0);
        }
        bytes
    }

    fn any(&mut self) -> Vec<u8> {
        match self.below(3) {
            0 => self.bytes(300),
            1 => {
                let mut record = wire::record(self.kind(), &self.bytes(300));
                let at = self.below(5);
                record[at] = self.byte();
                record
            }
            _ => wire::record(self.kind(), &self.bytes(300)),
        }
    }

    /// Something to seal that holds no data.
    fn sealed(&mut self) -> Vec<u8> {
        match self.below(4) {
            0 => {
                let mut bytes = self.bytes(200);
                bytes.push(self.one_of(&[0, 20, 21, 22, 24, 99]));
                // A 0 is padding, and the type stands before it: not by chance
                // that of data, which would be right on an open connection.
                let kind = bytes.iter().rev().find(|byte| **byte != 0);
                if kind == Some(&content::APPLICATION_DATA) {
                    bytes.push(content::HANDSHAKE);
                }
                bytes
            }
            1 => {
                let contents = [self.message(), self.bytes(20)].concat();
                inner(content::HANDSHAKE, &contents, self.below(50))
            }
            2 => inner(content::ALERT, &self.bytes(3), 0),
            _ => inner(content::HANDSHAKE, &self.message(), 0),
        }
    }

    fn steps(&mut self) -> Vec<Step> {
        let count = 1 + self.below(4);
        let step = |dice: &mut Self| match dice.below(2) {
            0 => Step::Wire(dice.raw()),
            _ => Step::Inner(dice.sealed()),
        };
        (0..count).map(|_| step(self)).collect()
    }

    /// Changes bytes, puts some in, takes some out; the result is another.
    fn damage(&mut self) -> impl Fn(&mut Vec<u8>) + Send + Sync + 'static {
        let count = 1 + self.below(3);
        let deeds: Vec<_> = (0..count)
            .map(|_| {
                (
                    self.below(4),
                    self.0.next_u32() as usize,
                    self.byte().max(1),
                )
            })
            .collect();
        move |bytes| {
            let before = bytes.clone();
            for (deed, place, value) in &deeds {
                let place = place % (bytes.len() + 1);
                match deed {
                    0 => bytes.insert(place, *value),
                    1 if place < bytes.len() => drop(bytes.remove(place)),
                    2 => bytes.truncate(place),
                    _ if place < bytes.len() => bytes[place] ^= value,
                    _ => bytes.push(*value),
                }
            }
            if *bytes == before {
                bytes.push(0);
            }
        }
    }
}

/// Draws a server.
pub fn garbage(rng: &mut impl RngCore) -> Garbage {
    let mut dice = Dice(rng);
    match dice.below(16) {
        0..=2 => noise(&mut dice),
        3..=5 => hello(&mut dice),
        6..=9 => {
            let mut steps = dice.steps();
            let rest = [Step::Sealed(flight()), Step::Finished];
            if dice.below(2) == 0 {
                steps.insert(0, Step::Sealed(flight()[..1 + dice.below(4)].to_vec()));
            }
            forged(Script::after_hello(steps).then(rest))
        }
        10..=11 => changed(&mut dice),
        12..=13 => shuffled(&mut dice),
        _ => afterwards(&mut dice),
    }
}

/// A server that must not be taken, and goes on as if it had been.
fn forged(script: Script) -> Garbage {
    Garbage {
        script: script.then([Step::data(AFTER)]),
        authentic: false,
    }
}

/// Bytes instead of ServerHello.
fn noise<R: RngCore>(dice: &mut Dice<'_, R>) -> Garbage {
    let mut steps = vec![Step::Hello];
    for _ in 0..=dice.below(3) {
        steps.push(Step::Wire(dice.raw()));
    }
    if dice.below(2) == 0 {
        steps.push(Step::End);
    }
    Garbage {
        script: Script(steps),
        authentic: false,
    }
}

/// A ServerHello with a few bytes changed. What stands in its random does not
/// matter, and the server signs it as it was sent.
fn hello<R: RngCore>(dice: &mut Dice<'_, R>) -> Garbage {
    let hello = Message::ServerHello(None).edited(dice.damage());
    let steps = [
        Step::Hello,
        Step::Plain(vec![hello]),
        Step::Sealed(flight()),
    ];
    Garbage {
        script: Script(steps.into()).then([Step::Finished, Step::data(BEFORE)]),
        authentic: true,
    }
}

/// A flight with one message damaged. EncryptedExtensions and the request are
/// signed as they were sent, and some changes to them mean nothing.
fn changed<R: RngCore>(dice: &mut Dice<'_, R>) -> Garbage {
    let mut messages = flight();
    let number = dice.below(messages.len());
    messages[number] = messages[number].clone().edited(dice.damage());
    let script = Script::flight(messages);
    if number < 2 {
        let script = script.then([Step::data(BEFORE)]);
        let authentic = true;
        return Garbage { script, authentic };
    }
    forged(script)
}

/// A flight with messages doubled, left out, and changed round, in records
/// that are cut anywhere.
fn shuffled<R: RngCore>(dice: &mut Dice<'_, R>) -> Garbage {
    let good = flight();
    let mut order: Vec<usize> = (0..good.len()).collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(order.len());
        match dice.below(3) {
            0 => order.insert(at, dice.below(good.len())),
            1 if order.len() > 1 => drop(order.remove(at)),
            _ => order.swap(at, 0),
        }
    }
    // Certificate, CertificateVerify, Finished, in that order, to the last.
    let proof: Vec<_> = order.iter().filter(|number| **number > 1).collect();
    let authentic = proof == [&2, &3, &4];
    let messages = order.iter().map(|number| good[*number].clone()).collect();
    let step = match dice.below(3) {
        0 => Step::Cut(messages, 1 + dice.below(600)),
        _ => Step::Sealed(messages),
    };
    let script = Script::after_hello([step, Step::Finished]);
    Garbage {
        script: script.then([Step::data(BEFORE)]),
        authentic,
    }
}

/// A good server until both sides have finished.
fn afterwards<R: RngCore>(dice: &mut Dice<'_, R>) -> Garbage {
    let mut steps = vec![Step::data(BEFORE)];
    steps.extend(dice.steps());
    steps.push(Step::data(AFTER));
    Garbage {
        script: Script::after_handshake(steps),
        authentic: true,
    }
}
