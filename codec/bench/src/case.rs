//! One thing that is measured.

use std::hint::black_box;

/// An operation on a document by a crate, that can be done over and over.
pub(crate) struct Case {
    /// What is done, such as `decode`. Cases that share it and the document are
    /// measured beside each other.
    pub(crate) operation: &'static str,
    /// What it is done to, such as `big`.
    pub(crate) document: &'static str,
    /// The crate that does it, and how.
    pub(crate) who: &'static str,
    /// Bytes of the document in the crate's own format, or as many as an
    /// operation without a document takes.
    #[cfg_attr(
        not(feature = "peers"),
        expect(dead_code, reason = "only the tables need it")
    )]
    pub(crate) bytes: usize,
    run: Box<dyn FnMut()>,
}

/// Who we are in the tables.
pub(crate) const OURS: &str = "wigwag";

impl Case {
    /// A case whose result the compiler may not do without.
    pub(crate) fn new<T>(
        operation: &'static str,
        document: &'static str,
        who: &'static str,
        bytes: usize,
        mut run: impl FnMut() -> T + 'static,
    ) -> Self {
        let run = Box::new(move || {
            black_box(run());
        });
        Self {
            operation,
            document,
            who,
            bytes,
            run,
        }
    }

    /// Whether it is our code, by whatever way in.
    pub(crate) fn is_ours(&self) -> bool {
        self.who.starts_with(OURS)
    }

    /// Its name in the file of budgets.
    pub(crate) fn name(&self) -> String {
        let way = self.who.strip_prefix(OURS).unwrap_or(self.who);
        let name = format!("{} {}{way}", self.operation, self.document);
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = name.to_lowercase().chars().map(plain).collect();
        let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
        words.join("-")
    }

    /// Does it `count` times.
    pub(crate) fn run(&mut self, count: u64) {
        for _ in 0..count {
            (self.run)();
        }
    }

    /// Does it once, where callgrind counts: it knows this function by its name.
    #[inline(never)]
    pub(crate) fn counted(&mut self) {
        (self.run)();
    }
}
