//! The registry of what a storm is about.

use crate::named::{argument, registry};

registry! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Cause ("cause of a storm"): Facts {
        Rebalances = Facts {
            name: "rebalances",
            help: "Partitions keep moving: kills, pauses, evictions, leaves and outages",
        },
        Release = Facts {
            name: "release",
            help: "A release that broke dedup is rolled out",
        },
        Republish = Facts {
            name: "republish",
            help: "The producer sends payments again, as new records",
        },
        Slow = Facts {
            name: "slow",
            help: "Two instances are too slow for max.poll.interval.ms",
        },
    }
}

argument!(Cause);

struct Facts {
    name: &'static str,
    help: &'static str,
}

impl Cause {
    /// One sentence without its full stop.
    #[must_use]
    pub fn help(self) -> &'static str {
        self.facts().help
    }
}
