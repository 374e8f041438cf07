use serde::Serialize;

use super::cache::Cache;
use super::endpoints::Endpoints;
use super::error::StackError;
use super::native::{FoundStack, inspect};
use super::state::now;
use super::{StackOptions, check_name};
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub name: String,
    pub running: bool,
    pub endpoints: Option<Endpoints>,
    /// Run or been down.
    pub seconds: Option<u64>,
    /// Pids, by what they are.
    pub processes: Vec<(String, u32)>,
    /// `None` if it runs or was never there.
    pub reason: Option<String>,
    /// Of the server that went first.
    pub log: Vec<String>,
    pub next: String,
}

/// Changes nothing.
pub async fn status(options: &StackOptions) -> Result<Status, StackError> {
    check_name(&options.name)?;
    let name = options.name.clone();
    let cache = Cache::open(options.cache.as_deref())?;
    let found = inspect(&cache, &name).await?;
    let up = format!("crashwindow up{}", named(&name));
    let nothing = Status {
        name: name.clone(),
        running: false,
        endpoints: None,
        seconds: None,
        processes: Vec::new(),
        reason: None,
        log: Vec::new(),
        next: up,
    };
    Ok(match found {
        FoundStack::Nothing => nothing,
        FoundStack::Running(state) => Status {
            running: true,
            seconds: Some(now().saturating_sub(state.since)),
            processes: state
                .processes
                .iter()
                .map(|p| (p.what.clone(), p.pid))
                .collect(),
            endpoints: Some(state.endpoints),
            next: format!("crashwindow down{}", named(&name)),
            ..nothing
        },
        FoundStack::Broken { why, state } => {
            let (log, since) = state.map_or((Vec::new(), None), |s| (s.log, Some(s.since)));
            let seconds = since.map(|since| now().saturating_sub(since));
            Status {
                reason: Some(why),
                log,
                seconds,
                ..nothing
            }
        }
    })
}

fn named(name: &str) -> String {
    if name == super::DEFAULT_NAME {
        String::new()
    } else {
        format!(" --name {name}")
    }
}
