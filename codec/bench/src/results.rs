//! What was measured.

use crate::case::Case;
use crate::{callgrind, clock, split};

/// A case's figures. Where a stream is cut, of one frame or byte of it.
pub(crate) struct Figures {
    pub(crate) operation: &'static str,
    pub(crate) document: &'static str,
    pub(crate) who: &'static str,
    pub(crate) bytes: usize,
    pub(crate) nanoseconds: f64,
    pub(crate) instructions: f64,
}

impl Figures {
    pub(crate) fn gigabytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.nanoseconds
    }

    pub(crate) fn instructions_per_byte(&self) -> f64 {
        self.instructions / self.bytes as f64
    }
}

/// All figures, in the order of the cases.
pub(crate) struct Results(pub(crate) Vec<Figures>);

impl Results {
    /// Counts and times everything; cases of the same operation and document take
    /// turns.
    pub(crate) fn measure(cases: &mut [Case]) -> Result<Self, String> {
        let instructions = callgrind::instructions(cases.len())?;
        let mut figures: Vec<Figures> = cases
            .iter()
            .zip(instructions)
            .map(|(case, instructions)| Figures {
                operation: case.operation,
                document: case.document,
                who: case.who,
                bytes: case.bytes,
                nanoseconds: f64::NAN,
                instructions: instructions as f64,
            })
            .collect();
        for at in 0..figures.len() {
            if !figures[at].nanoseconds.is_nan() {
                continue;
            }
            let (operation, document) = (figures[at].operation, figures[at].document);
            let same = |case: &Case| (case.operation, case.document) == (operation, document);
            let places: Vec<usize> = (0..cases.len()).filter(|at| same(&cases[*at])).collect();
            let mut group: Vec<&mut Case> = cases.iter_mut().filter(|case| same(case)).collect();
            eprintln!("{operation}, {document}");
            for (place, nanoseconds) in places.into_iter().zip(clock::nanoseconds(&mut group)) {
                figures[place].nanoseconds = nanoseconds;
            }
        }
        for figures in &mut figures {
            let parts = split::parts(figures.operation, figures.document);
            figures.nanoseconds /= parts as f64;
            figures.instructions /= parts as f64;
            figures.bytes /= usize::try_from(parts).unwrap_or(1);
        }
        Ok(Self(figures))
    }

    pub(crate) fn get(&self, operation: &str, document: &str, who: &str) -> Option<&Figures> {
        self.0
            .iter()
            .find(|it| (it.operation, it.document, it.who) == (operation, document, who))
    }
}
