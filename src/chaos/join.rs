//! `join`: one more instance joins while the payment is in hand, and nobody dies.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fault::Facts;
use super::{FaultContext, FaultOutcome, Strike, StrikeError, StrikeFuture};
use crate::group::{Group, GroupError, GroupState};
use crate::tap::Decision;
use crate::timeline::TimelineEvent;
use crate::window::FaultTarget;

/// How long the request in hand is held once the group wants its partitions back: past the 3 s after
/// which a member learns of that by default. One that gives them up with work in hand has done so by
/// then; one that does its work first is waiting for this answer.
const HEADSTART: Duration = Duration::from_secs(5);

pub(super) const FACTS: Facts = Facts {
    name: "join",
    help: "one more instance joins in the window, without a crash; the request is held while the group gives its partitions out anew",
    finds: "revoke handlers that commit past the work in hand, or drop it",
    target: FaultTarget::Gap { merges: false },
    can_wait: false,
    by_default: false,
    word: "joined by another",
    told: "joined by one more instance {window}",
    strike: Some(&Join),
};

/// What a consumer is told of that finishes its work before it gives a partition up.
fn note() -> String {
    let seconds = HEADSTART.as_secs_f64();
    format!("it gave no partition up within {seconds} s, the group waited for the work in hand")
}

/// One instance more, and a new generation of the group, or the group's wait for the work in hand.
struct Join;

impl Strike for Join {
    fn strike<'a>(&'a self, context: &'a FaultContext) -> StrikeFuture<'a> {
        Box::pin(async move {
            // Who is in no group has no partition to give up.
            context.member().await?;
            let newcomer = context.start_another().await?;
            let mut outcome = FaultOutcome::new(Decision::Pass);
            if !context.wait_rebalanced(&newcomer).await? {
                outcome.note = Some(note());
                context.record(TimelineEvent::KeptWaiting {
                    source: context.process.source.clone(),
                    seconds: HEADSTART.as_secs_f64(),
                });
            }
            Ok(outcome)
        })
    }
}

impl FaultContext {
    /// Starts one instance more, and waits until the group knows of it.
    async fn start_another(&self) -> Result<String, StrikeError> {
        let newcomer = self.instances.start_another().ok_or(StrikeError::RunOver)?;
        let what = format!("{newcomer} to ask to join");
        let asks =
            |group: &Group| group.state != GroupState::Stable || self.has_joined(group, &newcomer);
        self.group.wait_until(self.rebalance, &what, asks).await?;
        let instance = newcomer.clone();
        self.record(TimelineEvent::Joining { instance });
        Ok(newcomer)
    }

    /// Waits until the group is whole with the newcomer; false when a member keeps it waiting.
    async fn wait_rebalanced(&self, newcomer: &str) -> Result<bool, StrikeError> {
        let (topic, partition) = (&self.topic, self.partition);
        let is_whole = |group: &Group| {
            group.state == GroupState::Stable
                && self.has_joined(group, newcomer)
                && group.owner(topic, partition).is_some()
        };
        let what = "the group to give its partitions out anew";
        match self.group.wait_until(HEADSTART, what, is_whole).await {
            Ok(group) => {
                let partitions = self.partitions(&group);
                self.record(TimelineEvent::Rebalanced {
                    partition,
                    partitions,
                });
                Ok(true)
            }
            Err(GroupError::Waited { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn has_joined(&self, group: &Group, newcomer: &str) -> bool {
        let name_of = |id: &str| self.instances.name_of(id);
        let mut members = group.members.iter();
        members.any(|m| name_of(&m.member_id).as_deref() == Some(newcomer))
    }

    fn partitions(&self, group: &Group) -> BTreeMap<String, Vec<i32>> {
        let of = |member| {
            let partitions = group
                .member(member)
                .and_then(|m| m.assignment.get(&self.topic));
            partitions.cloned().unwrap_or_default()
        };
        let members = group.members.iter();
        let named = members.map(|m| (self.name_of(m), of(&m.member_id)));
        named.collect()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_told_how_long_the_group_was_kept_waiting() {
        assert_eq!(
            super::note(),
            "it gave no partition up within 5 s, the group waited for the work in hand"
        );
    }
}
