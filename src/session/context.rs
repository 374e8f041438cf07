//! What a run and a storm have in common while they go on.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::drain::Offsets;
use super::folder::RunFolder;
use super::resources::Resources;
use super::{RunError, Watcher};
use crate::event::Marks;
use crate::group::{Group, GroupClient, GroupState};
use crate::provider::{Account, Behaviour, Provider};
use crate::timeline::Timeline;

pub(crate) struct SessionContext {
    pub(crate) resources: Resources,
    pub(crate) group: Arc<GroupClient>,
    pub(crate) timeline: Arc<Timeline>,
    /// Gives each process a listener of its own.
    pub(crate) provider: Arc<Provider>,
    pub(crate) account: Account,
    pub(crate) marks: Marks,
    pub(crate) logs: PathBuf,
    failures: mpsc::UnboundedSender<RunError>,
}

/// Told when an instance cannot be kept alive.
pub(crate) struct Failures(mpsc::UnboundedReceiver<RunError>);

impl SessionContext {
    pub(crate) async fn open(
        resources: &Resources,
        folder: &RunFolder,
        (provider, behaviour): (Arc<Provider>, Behaviour),
        marks: Marks,
        watcher: &dyn Watcher,
    ) -> Result<(Arc<Self>, Failures), RunError> {
        let events = folder.path.join("events.jsonl");
        let timeline = Timeline::to_file(&events).map_err(|e| RunError::log(&events, e))?;
        let timeline = Arc::new(timeline);
        watcher.recording(&timeline);
        let (failures, failed) = mpsc::unbounded_channel();
        let context = Self {
            group: Arc::new(resources.group_client().await?),
            resources: resources.clone(),
            timeline,
            account: provider.open_account(behaviour),
            provider,
            marks,
            logs: folder.path.join("logs"),
            failures,
        };
        Ok((Arc::new(context), Failures(failed)))
    }

    pub(crate) async fn committed(&self) -> Result<Offsets, RunError> {
        Ok(self.group.committed(&self.resources.topic).await?)
    }

    pub(crate) fn fail(&self, error: RunError) {
        // Nobody listens once the run is over.
        let _ = self.failures.send(error);
    }
}

impl Failures {
    /// The work to its end, or until an instance cannot be kept alive.
    pub(crate) async fn end<T>(
        mut self,
        work: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        tokio::select! {
            result = work => result,
            Some(error) = self.0.recv() => Err(error),
        }
    }
}

pub(crate) fn all_owned(group: &Group, topic: &str, partitions: u32) -> bool {
    let members = group.members.iter();
    let assigned = members.filter_map(|member| member.assignment.get(topic));
    let owned: usize = assigned.map(Vec::len).sum();
    group.state == GroupState::Stable && owned == partitions as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{GroupProtocol, Member};

    #[test]
    fn a_group_that_moves_or_whose_topic_has_a_partition_without_an_owner_is_not_whole() {
        let member = |topic: &str, partitions: &[i32]| Member {
            member_id: String::new(),
            client_id: String::new(),
            instance_id: None,
            protocol: GroupProtocol::Classic,
            assignment: [(topic.to_owned(), partitions.to_vec())].into(),
        };
        let group = |state, members| Group {
            state,
            protocol: GroupProtocol::Classic,
            epoch: None,
            members,
        };
        let shared = vec![member("payments", &[0, 2]), member("payments", &[1])];
        let whole = |group: &Group| all_owned(group, "payments", 3);
        assert!(whole(&group(GroupState::Stable, shared.clone())));
        assert!(!whole(&group(GroupState::PreparingRebalance, shared)));
        let another = vec![member("payments", &[0, 2]), member("refunds", &[1])];
        assert!(!whole(&group(GroupState::Stable, another)));
    }
}
