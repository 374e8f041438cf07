//! What in the numbers shows which cause it was.

use super::{Action, Cause};
use crate::report::storm::{Bucket, StormReport};

#[must_use]
pub fn evidence(report: &StormReport) -> Vec<String> {
    let Some(incident) = &report.phases.incident else {
        return vec!["nobody looked at the metrics during the incident".to_owned()];
    };
    let mut evidence = signature(report, incident);
    // What it was to show and did not is no fault of whoever answered.
    let unkept = report.counts.incident.filter(|promise| !promise.is_kept());
    evidence.extend(unkept.map(|promise| format!("hard to tell, this time: {}", promise.clause())));
    evidence
}

fn signature(report: &StormReport, incident: &Bucket) -> Vec<String> {
    let before = report.phases.before.as_ref().map_or(0.0, |b| b.hit_rate);
    let over = worst(&report.series);
    let rate = format!(
        "hit rate {:.2} % before, {:.2} % in the incident",
        before * 100.0,
        incident.hit_rate * 100.0
    );
    let origin = format!(
        "origin of the hits: {} redelivery, {} republish",
        incident.redelivery_hits, incident.republish_hits
    );
    let effects = format!("effects per payment at most {over:.4}");
    let moves = format!(
        "partitions moved: {} assignments, {} revoked, {} lost",
        incident.assigned, incident.revoked, incident.lost
    );
    let polls = format!(
        "{} gaps between polls were longer than max.poll.interval.ms",
        incident.late_polls
    );
    match report.cause {
        Cause::Rebalances => vec![
            rate,
            origin,
            moves,
            format!("{polls}: nobody was put out for being slow"),
            format!("{effects}: dedup works, and this is what it looks like"),
        ],
        Cause::Release => vec![
            format!(
                "hit rate {:.2} % before, {:.2} % once the release was out everywhere, although partitions moved",
                before * 100.0,
                report.phases.after.as_ref().map_or(0.0, |b| b.hit_rate) * 100.0
            ),
            format!("{effects}: customers pay twice"),
            moves,
            format!(
                "builds at the end: {}",
                report
                    .series
                    .last()
                    .map_or_else(String::new, |b| b.builds.join(", "))
            ),
        ],
        Cause::Republish => vec![
            rate,
            format!("{origin}: the stored row is of another record"),
            format!("{moves}: no more than on any day"),
            effects,
        ],
        Cause::Slow => vec![
            rate,
            origin,
            format!("{polls}: the group went on without them"),
            format!("{moves}, each after such a gap; MAXPOLL in the logs"),
            format!(
                "behind at worst {} records",
                report.series.iter().map(|b| b.lag).max().unwrap_or(0)
            ),
            effects,
        ],
    }
}

#[must_use]
pub fn correction(cause: Cause, answer: Cause, action: Action) -> Vec<&'static str> {
    let mut said = Vec::new();
    if answer != cause {
        said.push(match answer {
            Cause::Rebalances => {
                "Moving partitions show as assignments and lost partitions well above the calm before, with hits of origin redelivery and polls in time."
            }
            Cause::Release => {
                "A release that breaks dedup shows as effects per payment above 1, with a hit rate that does not rise."
            }
            Cause::Republish => {
                "A producer that sends again shows as hits of origin republish, with no more rebalances than before."
            }
            Cause::Slow => {
                "Slow consumers show as gaps between polls past max.poll.interval.ms, MAXPOLL in the logs, and records that pile up."
            }
        });
    }
    if action != Action::right_for(cause) {
        said.push(match (action, cause) {
            (Action::Restart, Cause::Release) => {
                "A restart runs the same build again, and each restart makes redeliveries that it pays twice."
            }
            (Action::Restart, _) => {
                "A restart moves every partition once more: it makes redeliveries, and it mends nothing."
            }
            (Action::RollBack, _) => {
                "Effects per payment stayed at 1: the build does its work, and a rollback moves every partition."
            }
            (_, Cause::Release) => {
                "Customers pay twice while that is looked into. What stops it comes first."
            }
            (Action::FewerPerPoll, _) => {
                "Polls came in time. Fewer records per poll would only make the consumers slower."
            }
            (Action::AskTheProducer, _) => {
                "The hits are of the very records that were processed: the producer sent nothing twice."
            }
            (Action::FindWhatMoves, Cause::Slow) => {
                "What moves them is known: the consumers put themselves out, by not polling."
            }
            (Action::FindWhatMoves, _) => "No more partitions moved than on any day.",
        });
    }
    said
}

fn worst(series: &[Bucket]) -> f64 {
    series
        .iter()
        .map(|bucket| bucket.effects_per_payment)
        .fold(1.0, f64::max)
}
