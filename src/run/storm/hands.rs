//! Strikes by hand: what a room does to a running storm. Each is a mark like a planned one.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::strikes::{Mark, StrikeFailed, Striker};
use crate::chaos::ProcessError;
use crate::chaos::storm::StormAction;
use crate::run::Watcher;
use crate::run::instance::Instance;

/// How many strikes may wait to be carried out; a room that clicks faster is told so.
const WAITING: usize = 16;

/// What can be done by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ManualAction {
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Pause,
    /// SIGCONT.
    Resume,
    /// The group is told that the member is gone.
    Evict,
    /// One instance more.
    Add,
    /// The brokers are unreachable until they are healed.
    CutKafka,
    /// The database is unreachable until it is healed.
    CutPostgres,
    /// Both are reachable again.
    Heal,
}

impl ManualAction {
    /// Whether it is done to one instance.
    #[must_use]
    pub fn needs_instance(self) -> bool {
        matches!(self, Self::Kill | Self::Pause | Self::Resume | Self::Evict)
    }

    fn blow(self) -> StormAction {
        match self {
            Self::Kill => StormAction::Kill,
            Self::Pause => StormAction::Freeze,
            Self::Resume => StormAction::Thaw,
            Self::Evict => StormAction::Evict,
            Self::Add => StormAction::Join,
            Self::CutKafka => StormAction::BrokerOutage,
            Self::CutPostgres => StormAction::DatabaseOutage,
            Self::Heal => StormAction::Heal,
        }
    }
}

/// One strike by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualCommand {
    /// What is done.
    pub what: ManualAction,
    /// To whom, where it is done to one.
    #[schemars(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// Strikes a running storm.
#[derive(Debug, Clone)]
pub struct ManualControl(mpsc::Sender<ManualCommand>);

impl ManualControl {
    /// Asks for a strike; false when the storm is over or too many wait.
    #[must_use]
    pub fn strike(&self, manual: ManualCommand) -> bool {
        self.0.try_send(manual).is_ok()
    }
}

/// The storm's end of [`ManualControl`].
pub(super) struct Asked(mpsc::Receiver<ManualCommand>);

pub(super) fn pair() -> (ManualControl, Asked) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (ManualControl(sender), Asked(receiver))
}

impl Asked {
    /// Carries out what is asked for, several at a time, until `over`; what is at work then is
    /// finished, as a strike that broke off would keep its victim from being started again.
    pub(super) async fn serve(
        &mut self,
        striker: &Striker,
        watcher: &dyn Watcher,
        over: &CancellationToken,
    ) -> Vec<Mark> {
        let (mut at_work, mut marks) = (FuturesUnordered::new(), Vec::new());
        loop {
            tokio::select! {
                Some(manual) = self.0.recv(), if !over.is_cancelled() => {
                    at_work.push(striker.by_hand(manual));
                }
                Some(mark) = at_work.next() => {
                    watcher.struck(&mark);
                    marks.push(mark);
                }
                () = over.cancelled(), if at_work.is_empty() => return marks,
            }
        }
    }
}

impl Striker {
    async fn by_hand(&self, manual: ManualCommand) -> Mark {
        let at_ms = self.now_ms();
        let done = self.do_by_hand(&manual).await;
        let added = done.as_ref().ok().and_then(Option::clone);
        Mark {
            at_ms,
            until_ms: self.now_ms(),
            blow: manual.what.blow(),
            instance: manual.instance.or(added),
            problem: done.err().map(|error| error.to_string()),
        }
    }

    /// Returns the name of an instance that was added.
    async fn do_by_hand(&self, manual: &ManualCommand) -> Result<Option<String>, StrikeFailed> {
        let name = manual.instance.clone().unwrap_or_default();
        let victim = || -> Result<Arc<Instance>, StrikeFailed> {
            let found = self.crew.all().into_iter().find(|i| i.name() == name);
            found.ok_or_else(|| StrikeFailed::NoInstance(name.clone()))
        };
        let process = |victim: &Instance| {
            let process = victim.process();
            process.ok_or_else(|| StrikeFailed::NoProcess(name.clone()))
        };
        match manual.what {
            ManualAction::Kill => {
                self.kill(&victim()?).await?;
            }
            ManualAction::Pause => process(&*victim()?)?.freeze().await?,
            ManualAction::Resume => process(&*victim()?)?.thaw()?,
            ManualAction::Evict => {
                let member = self.member(&*victim()?).await?;
                self.group.evict(&member).await?;
            }
            ManualAction::Add => return Ok(Some(self.crew.add().name().to_owned())),
            ManualAction::CutKafka => self.taps.brokers.shut(),
            ManualAction::CutPostgres => self.cut_database().await.dismiss(),
            ManualAction::Heal => {
                self.taps.brokers.open();
                self.taps.database.open();
            }
        }
        Ok(None)
    }

    /// Thaws and heals whatever hands have left.
    pub(super) async fn make_good(&self) {
        self.taps.brokers.open();
        self.taps.database.open();
        for process in self.crew.all().iter().filter_map(|i| i.process()) {
            match process.thaw() {
                // One that is gone needs nothing.
                Ok(()) | Err(ProcessError::Gone { .. } | ProcessError::Unmoved { .. }) => {}
            }
        }
    }
}
