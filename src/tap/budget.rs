//! How much a client can make a tap remember.

/// Texts count by their length, the rest by its size: an allocator's slack comes on top.
#[derive(Debug)]
pub(super) struct Budget {
    what: &'static str,
    next: &'static str,
    limit: usize,
    used: usize,
}

/// What the client would do from here on could not be attributed, so its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client has more than {} MiB of {what} open at a time; {next}", limit >> 20)]
pub(super) struct TooMuch {
    what: &'static str,
    next: &'static str,
    limit: usize,
}

impl Budget {
    /// `next` tells what to do about too much of `what`.
    pub(super) fn new(limit: usize, what: &'static str, next: &'static str) -> Self {
        Self {
            what,
            next,
            limit,
            used: 0,
        }
    }

    /// Fails where so many bytes more are too many; then none of them are counted.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), TooMuch> {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            let Self {
                what, next, limit, ..
            } = *self;
            return Err(TooMuch { what, next, limit });
        }
        self.used = used;
        Ok(())
    }

    pub(super) fn give_back(&mut self, bytes: usize) {
        self.used -= bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_can_be_remembered_again_and_more_is_refused_with_a_reason() {
        let mut budget = Budget::new(3 << 20, "portals", "close them");
        assert_eq!(budget.take(2 << 20), Ok(()));
        assert_eq!(budget.take(1 << 20), Ok(()));
        let refused = budget.take(1).expect_err("it is full").to_string();
        assert_eq!(
            refused,
            "a client has more than 3 MiB of portals open at a time; close them"
        );
        budget.give_back(1);
        assert_eq!(budget.take(1), Ok(()));
        assert!(budget.take(usize::MAX).is_err());
    }
}
