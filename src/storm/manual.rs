//! Strikes by hand: what a room does to a running storm. Each is a mark like a planned one.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::executor::{StormExecutor, StormMark, StrikeFailed};
use super::watcher::StormWatcher;
use crate::chaos::ProcessError;
use crate::chaos::storm::StormAction;
use crate::named::registry;
use crate::session::instance::Instance;

/// A room that clicks faster is told so.
const WAITING: usize = 16;

registry! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ManualAction ("action by hand"): Facts {
        Kill = to_one("kill", StormAction::Kill),
        Pause = to_one("pause", StormAction::Freeze),
        Resume = to_one("resume", StormAction::Thaw),
        Evict = to_one("evict", StormAction::Evict),
        Add = to_all("add", StormAction::Join),
        /// Until they are healed.
        CutKafka = to_all("cut-kafka", StormAction::BrokerOutage),
        /// Until it is healed.
        CutPostgres = to_all("cut-postgres", StormAction::DatabaseOutage),
        Heal = to_all("heal", StormAction::Heal),
    }
}

struct Facts {
    name: &'static str,
    action: StormAction,
    needs_instance: bool,
}

const fn to_one(name: &'static str, action: StormAction) -> Facts {
    Facts {
        name,
        action,
        needs_instance: true,
    }
}

const fn to_all(name: &'static str, action: StormAction) -> Facts {
    Facts {
        name,
        action,
        needs_instance: false,
    }
}

impl ManualAction {
    #[must_use]
    pub fn needs_instance(self) -> bool {
        self.facts().needs_instance
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

#[derive(Debug, Clone)]
pub struct ManualControl(mpsc::Sender<ManualCommand>);

impl ManualControl {
    /// False when the storm is over or too many wait.
    #[must_use]
    pub fn strike(&self, manual: ManualCommand) -> bool {
        self.0.try_send(manual).is_ok()
    }
}

pub(super) struct ManualCommands(mpsc::Receiver<ManualCommand>);

pub(super) fn pair() -> (ManualControl, ManualCommands) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (ManualControl(sender), ManualCommands(receiver))
}

impl ManualCommands {
    /// Several at a time, until `over`; what is at work then is finished, so that its victim is
    /// started again.
    pub(super) async fn serve(
        &mut self,
        executor: &StormExecutor,
        watcher: &dyn StormWatcher,
        over: &CancellationToken,
    ) -> Vec<StormMark> {
        let (mut at_work, mut marks) = (FuturesUnordered::new(), Vec::new());
        loop {
            tokio::select! {
                Some(manual) = self.0.recv(), if !over.is_cancelled() => {
                    at_work.push(executor.by_hand(manual));
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

impl StormExecutor {
    async fn by_hand(&self, manual: ManualCommand) -> StormMark {
        let at_ms = self.now_ms();
        let done = self.do_by_hand(&manual).await;
        let added = done.as_ref().ok().and_then(Option::clone);
        StormMark {
            at_ms,
            until_ms: self.now_ms(),
            action: manual.what.facts().action,
            instance: manual.instance.or(added),
            problem: done.err().map(|error| error.to_string()),
        }
    }

    async fn do_by_hand(&self, manual: &ManualCommand) -> Result<Option<String>, StrikeFailed> {
        let name = manual.instance.clone().unwrap_or_default();
        let victim = || -> Result<Arc<Instance>, StrikeFailed> {
            let found = self.fleet.all().into_iter().find(|i| i.name() == name);
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
                self.session.group.evict(&member).await?;
            }
            ManualAction::Add => return Ok(Some(self.fleet.add().name().to_owned())),
            ManualAction::CutKafka => self.taps.brokers.shut(),
            ManualAction::CutPostgres => self.cut_database().await.dismiss(),
            ManualAction::Heal => {
                self.taps.brokers.open();
                self.taps.database.open();
            }
        }
        Ok(None)
    }

    pub(super) async fn restore(&self) {
        self.taps.brokers.open();
        self.taps.database.open();
        for process in self.fleet.all().iter().filter_map(|i| i.process()) {
            match process.thaw() {
                // One that is gone needs nothing.
                Ok(()) | Err(ProcessError::Gone { .. } | ProcessError::Unmoved { .. }) => {}
            }
        }
    }
}
