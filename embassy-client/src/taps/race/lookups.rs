//! The two questions about a name, one for each family, asked apart: one that
//! fails is an empty answer (RFC 8305 section 3).

use core::time::Duration;

use wigwag_codec::Instant;

use crate::net::Family;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    /// There is none, or it was answered.
    Done,
    /// To be asked.
    Due,
    /// Asked; given up at this time.
    Asked(Instant),
}

pub(super) struct Lookups {
    first: Family,
    /// That of the first family, and that of the other.
    questions: [Question; 2],
    /// The other family was answered before the first, and waits until then.
    hold: Option<Instant>,
}

impl Lookups {
    pub(super) const fn new(first: Family) -> Self {
        Self {
            first,
            questions: [Question::Done; 2],
            hold: None,
        }
    }

    /// Both are to be asked.
    pub(super) fn ask(&mut self) {
        self.questions = [Question::Due; 2];
        self.hold = None;
    }

    /// What has not been answered is to be asked again, if it comes to that.
    pub(super) fn put_off(&mut self) {
        for question in &mut self.questions {
            if let Question::Asked(_) = question {
                *question = Question::Due;
            }
        }
    }

    /// The next family to ask for.
    pub(super) fn poll(&mut self, until: Instant) -> Option<Family> {
        let due = self.find(|question| question == Question::Due)?;
        self.questions[due] = Question::Asked(until);
        Some(self.family(due))
    }

    /// The next family that was not answered in time.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Family> {
        let late =
            self.find(|question| matches!(question, Question::Asked(until) if until <= now))?;
        Some(self.family(late))
    }

    /// There is an answer. False if nobody asked.
    pub(super) fn answered(&mut self, family: Family, now: Instant, delay: Duration) -> bool {
        let index = usize::from(family != self.first);
        if !matches!(self.questions[index], Question::Asked(_)) {
            return false;
        }
        self.questions[index] = Question::Done;
        self.hold = Some(now.saturating_add(delay));
        true
    }

    /// Whether something is to be asked or answered.
    pub(super) fn is_busy(&self) -> bool {
        self.questions != [Question::Done; 2]
    }

    /// Until when addresses of the other family wait for the first one's.
    pub(super) fn hold(&self) -> Option<Instant> {
        match self.questions[0] {
            Question::Done => None,
            _ => self.hold,
        }
    }

    /// When answers are given up, both of them.
    pub(super) fn timeouts(&self) -> impl Iterator<Item = Instant> {
        self.questions.iter().filter_map(|question| match question {
            Question::Asked(until) => Some(*until),
            _ => None,
        })
    }

    fn find(&self, wanted: impl Fn(Question) -> bool) -> Option<usize> {
        self.questions.iter().position(|question| wanted(*question))
    }

    fn family(&self, index: usize) -> Family {
        if index == 0 {
            self.first
        } else {
            self.first.other()
        }
    }
}
