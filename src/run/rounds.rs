//! One round of a run: its payments are produced, and its fault is done.

use tokio::sync::watch;

use super::fired::{Fired, Progress};
use super::lifecycle::Field;
use super::settle;
use super::striker::Striker;
use crate::chaos::{Planned, Round};
use crate::session::RunError;
use crate::session::workload::Producer;
use crate::timeline::Happening;
use crate::verdict::Strike;

/// Produces the payments of a round and does its fault.
pub(super) async fn play(
    field: &Field,
    striker: &Striker,
    round: &Round,
) -> Result<Option<Fired>, RunError> {
    let (producer, journal) = (striker.producer(), &field.journal);
    let (first, last) = (round.first, round.last);
    let began = Happening::RoundBegan {
        topic: field.resources.topic.clone(),
        first,
        last,
    };
    field.timeline.record(None, began);
    let Some(planned) = &round.strike else {
        producer.produce(first..=last, journal).await?;
        return Ok(None);
    };
    if planned.fault.strike().is_none() {
        // What strikes nobody in a window is a duplicate.
        producer
            .produce(first..=last - round.after, journal)
            .await?;
        let fired = republish(field, producer, planned).await?;
        producer.produce(round.after(), journal).await?;
        return Ok(Some(fired));
    }
    let progress = striker.arm(planned.clone(), round.during());
    producer.produce(round.at_once(), journal).await?;
    let fired = strike_or_end(field, striker, planned, progress).await?;
    if !fired.evidence.fired {
        // Nobody came to the window: its payments are produced all the same.
        producer.produce(round.during(), journal).await?;
    }
    producer.produce(round.after(), journal).await?;
    Ok(Some(fired))
}

/// Waits until the armed fault is done, or until the round has come to rest without anybody coming
/// to its window.
async fn strike_or_end(
    field: &Field,
    striker: &Striker,
    planned: &Planned,
    mut progress: watch::Receiver<Progress>,
) -> Result<Fired, RunError> {
    let rested = tokio::select! {
        rested = settle::at_rest(field) => Some(rested?),
        _ = progress.wait_for(|p| *p != Progress::Waiting) => None,
    };
    if rested.is_some() && striker.disarm() {
        let payment = planned.payment.clone();
        let evidence = Strike {
            payment,
            fired: false,
            problem: None,
            note: None,
        };
        return Ok(Fired::plainly(planned.clone(), evidence));
    }
    let done = progress.wait_for(|p| matches!(p, Progress::Done(_))).await;
    match done.as_deref() {
        Ok(Progress::Done(fired)) => Ok(Fired::clone(fired)),
        Ok(_) | Err(_) => unreachable!("the striker outlives the run and waited for is Done"),
    }
}

/// The fault `duplicate`: once the payment is done with, it is produced again.
async fn republish(
    field: &Field,
    producer: &Producer,
    planned: &Planned,
) -> Result<Fired, RunError> {
    settle::at_rest(field).await?;
    let (partition, offset) = producer
        .produce_again(&planned.payment, &field.journal)
        .await?;
    field.timeline.record(
        Some(&planned.payment),
        Happening::Republished { partition, offset },
    );
    let payment = planned.payment.clone();
    let evidence = Strike {
        payment,
        fired: true,
        problem: None,
        note: None,
    };
    Ok(Fired::plainly(planned.clone(), evidence))
}

/// A round in words, with the number of its fault.
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
