//! Joining: a run begins when the group is whole.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::context::RunContext;
use crate::group::{Group, Member};
use crate::session::RunError;
use crate::session::cause;
use crate::session::context::all_owned;
use crate::session::error::NeverJoined;
use crate::session::fleet::Fleet;
use crate::session::instance::Instance;
use crate::session::sighted::Sighted;
use crate::timeline::TimelineEvent;

const POLL: Duration = Duration::from_millis(10);

/// Exactly the run's instances, and every partition has an owner.
pub(super) async fn group_is_whole(context: &RunContext, fleet: &Fleet) -> Result<(), RunError> {
    let patience = context.pace.join();
    let deadline = Instant::now() + patience;
    loop {
        let instances = fleet.all();
        let group = context.session.group.describe().await?;
        let topic = &context.session.resources.topic;
        let joined = instances.iter().all(|i| member_of(i, &group).is_some());
        let nobody_else = group.members.len() == instances.len();
        let partitions = context.spec.schedule.partitions;
        if joined && nobody_else && all_owned(&group, topic, partitions) {
            let partitions = instances.iter().map(|i| {
                let assigned = member_of(i, &group).and_then(|m| m.assignment.get(topic));
                (i.name().to_owned(), assigned.cloned().unwrap_or_default())
            });
            let joined = TimelineEvent::Joined {
                instances: instances.iter().map(|i| i.name().to_owned()).collect(),
                partitions: partitions.collect(),
            };
            context.session.timeline.record(None, joined);
            context.pace.joined_in(fleet.age());
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(never_joined(context, &instances, &group));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn member_of<'a>(instance: &Instance, group: &'a Group) -> Option<&'a Member> {
    let id = instance.process().and_then(|process| process.member_id())?;
    group.member(&id)
}

fn never_joined(context: &RunContext, instances: &[Arc<Instance>], group: &Group) -> RunError {
    let is_missing = |i: &&Arc<Instance>| member_of(i, group).is_none();
    let mut missing: Vec<&Arc<Instance>> = instances.iter().filter(is_missing).collect();
    if missing.is_empty() {
        // They are members, and some partition is nobody's.
        missing = instances.iter().collect();
    }
    let first = missing.first().map_or("", |i| i.name());
    let lives = missing.first().and_then(|i| i.process()).map(|p| p.source);
    let file = lives.map_or_else(String::new, |s| {
        format!("{}-{}.log", s.instance, s.incarnation)
    });
    let path = context.session.logs.join(file);
    let names: Vec<&str> = missing.iter().map(|i| i.name()).collect();
    let members: Vec<&str> = group.members.iter().map(|m| m.client_id.as_str()).collect();
    let entries = context.session.timeline.entries();
    let resources = &context.session.resources;
    let never_joined = NeverJoined {
        missing: names.join(" and "),
        group: resources.group.clone(),
        seconds: context.pace.join().as_secs(),
        reason: Sighted::of(first, &entries).reason(first, &resources.group, &resources.topic),
        members: format!(
            "{} members {members:?} and is {}",
            members.len(),
            group.state
        ),
        log: cause::of(&path, &context.session.timeline),
        path,
    };
    Box::new(never_joined).into()
}
