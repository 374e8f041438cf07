//! One round of a run: its payments are produced, and its fault is done.

use tokio::sync::watch;

use super::context::RunContext;
use super::executed_fault::{ExecutedFault, FaultProgress};
use super::injector::FaultInjector;
use super::settle;
use crate::chaos::{Planned, Round};
use crate::session::RunError;
use crate::timeline::TimelineEvent;

pub(super) async fn play(
    context: &RunContext,
    injector: &FaultInjector,
    round: &Round,
) -> Result<Option<ExecutedFault>, RunError> {
    let workload = &context.workload;
    let (first, last) = (round.first, round.last);
    let began = TimelineEvent::RoundBegan {
        topic: context.session.resources.topic.clone(),
        first,
        last,
    };
    context.session.timeline.record(None, began);
    let Some(planned) = &round.strike else {
        workload.produce(first..=last).await?;
        return Ok(None);
    };
    if planned.fault.strike().is_none() {
        // What strikes nobody in a window is a duplicate.
        workload.produce(first..=last - round.after).await?;
        let fired = republish(context, planned).await?;
        workload.produce(round.after()).await?;
        return Ok(Some(fired));
    }
    let progress = injector.arm(planned.clone(), round.during());
    workload.produce(round.at_once()).await?;
    let fired = strike_or_end(context, injector, planned, progress).await?;
    if !fired.evidence.fired {
        // Nobody came to the window: its payments are produced all the same.
        workload.produce(round.during()).await?;
    }
    workload.produce(round.after()).await?;
    Ok(Some(fired))
}

/// Until the armed fault is done, or the round rests without anybody coming to its window.
async fn strike_or_end(
    context: &RunContext,
    injector: &FaultInjector,
    planned: &Planned,
    mut progress: watch::Receiver<FaultProgress>,
) -> Result<ExecutedFault, RunError> {
    let rested = tokio::select! {
        rested = settle::at_rest(context) => Some(rested?),
        _ = progress.wait_for(|p| *p != FaultProgress::Waiting) => None,
    };
    if rested.is_some() && injector.disarm() {
        return Ok(ExecutedFault::plainly(planned.clone(), false));
    }
    let done = progress
        .wait_for(|p| matches!(p, FaultProgress::Done(_)))
        .await;
    match done.as_deref() {
        Ok(FaultProgress::Done(fired)) => Ok(ExecutedFault::clone(fired)),
        Ok(_) | Err(_) => unreachable!("the injector outlives the run and waited for is Done"),
    }
}

async fn republish(context: &RunContext, planned: &Planned) -> Result<ExecutedFault, RunError> {
    settle::at_rest(context).await?;
    let (partition, offset) = context.workload.produce_again(&planned.payment).await?;
    context.session.timeline.record(
        Some(&planned.payment),
        TimelineEvent::Republished { partition, offset },
    );
    Ok(ExecutedFault::plainly(planned.clone(), true))
}

pub(super) fn describe(round: &Round, done: usize, total: usize) -> String {
    let payments = round.last - round.first + 1;
    match &round.strike {
        Some(strike) => format!(
            "{payments} payments; fault {} of {total}: {} {} at {}",
            done + 1,
            strike.fault,
            strike.window,
            strike.payment
        ),
        None => format!("{payments} payments, no fault"),
    }
}
