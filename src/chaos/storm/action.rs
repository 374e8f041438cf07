//! The registry of what can be done in a storm.

use crate::named::registry;

registry! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum StormAction ("action of a storm"): Facts {
        /// The member is evicted and the instance started again.
        Kill = rebalances("kill", Victims::One),
        /// SIGSTOP, eviction, SIGCONT when the others have its partitions: a pause longer than the
        /// session, without waiting for it.
        Pause = rebalances("pause", Victims::One),
        /// It goes on for as long as it does not know.
        Evict = rebalances("evict", Victims::One),
        /// SIGTERM; another instance takes the place a little later.
        Leave = rebalances("leave", Victims::One),
        /// One instance more, for a while.
        Join = lasts("join", Victims::All),
        /// All connections are cut, and new ones refused.
        BrokerOutage = rebalances("broker-outage", Victims::All),
        /// One of several, in good order; started again some seconds later.
        BrokerStop = lasts("broker-stop", Victims::One),
        DatabaseOutage = rebalances("database-outage", Victims::All),
        /// It answers one instance late.
        SlowDatabase = lasts("slow-database", Victims::One),
        /// SIGTERM; the new release takes the place.
        Release = rebalances("release", Victims::One),
        /// A share of the payments is produced again.
        Republish = lasts("republish", Victims::All),
        Freeze = lasts("freeze", Victims::ByHand),
        Thaw = lasts("thaw", Victims::ByHand),
        Heal = lasts("heal", Victims::ByHand),
    }
}

struct Facts {
    name: &'static str,
    victims: Victims,
    rebalances: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Victims {
    One,
    All,
    /// No plan has it.
    ByHand,
}

const fn rebalances(name: &'static str, victims: Victims) -> Facts {
    Facts {
        name,
        victims,
        rebalances: true,
    }
}

const fn lasts(name: &'static str, victims: Victims) -> Facts {
    Facts {
        name,
        victims,
        rebalances: false,
    }
}

impl StormAction {
    /// Over when the group is whole again. A guest, a slow database and an absent broker last
    /// longer.
    #[must_use]
    pub fn rebalances(self) -> bool {
        self.facts().rebalances
    }

    pub(super) fn victims(self) -> Victims {
        self.facts().victims
    }
}
