//! What is run before each run to put things back that the lab does not keep apart: `--reset`.

use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::Spec;
use crate::chaos::describe_exit;
use crate::session::RunError;
use crate::session::cause::first_words;
use crate::session::folder::RunFolder;
use crate::session::guard::GuardedProcess;
use crate::session::resources::Resources;

const LOG: &str = "reset.log";

/// Runs the spec's command, if it has one, with the names of the run in its environment. It may
/// take twice as long as an instance may take to join: it is done before each cell, and whatever
/// takes longer than a consumer's start hangs. Dropping this ends the command, and so does the end
/// of this program, in whichever way it comes.
pub(super) async fn reset(
    spec: &Spec,
    resources: &Resources,
    folder: &RunFolder,
) -> Result<(), RunError> {
    let Some(command) = &spec.reset else {
        return Ok(());
    };
    let log = folder.path.join("logs").join(LOG);
    let shell = ["sh", "-c", command].map(str::to_owned);
    let environment = vec![
        ("KAFKA_TOPIC", resources.topic.clone()),
        ("KAFKA_GROUP_ID", resources.group.clone()),
        // With it begins whatever the run has on the stack.
        ("CRASHWINDOW_RUN", resources.topic.clone()),
    ];
    let failed = |how: String| RunError::Reset {
        command: command.clone(),
        how,
        log: first_words(&log),
        path: log.clone(),
    };
    let started = GuardedProcess::start(&shell, &spec.cwd, environment, &log).await;
    let mut guarded = match started {
        Ok(guarded) => guarded,
        Err(RunError::Spawn { source, .. }) => {
            return Err(failed(format!("could not be started: {source}")));
        }
        Err(error) => return Err(error),
    };
    let limit = Duration::from_millis(spec.join_ms) * 2;
    match tokio::time::timeout(limit, guarded.wait()).await {
        Ok(status) => match status? {
            status if status.success() => Ok(()),
            status => Err(failed(format!("ended with {}", describe_exit(status)))),
        },
        Err(_) => {
            // The guard ends what has left the group. A group that is gone needs nothing.
            let _ = killpg(Pid::from_raw(guarded.pid), Signal::SIGKILL);
            guarded.wait().await?;
            let seconds = limit.as_secs();
            Err(failed(format!("had not ended after {seconds} s")))
        }
    }
}
