//! The metrics of a production consumer; `crashwindow-contract` says what each means. A check is
//! counted after the commit of the statement that decided it: one that is rolled back would be a
//! hit that never was.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::Context;
use crashwindow_contract::{
    BUILD_INFO, COMMIT_FAILURES, DEDUP_CHECKS, EFFECTS, LAG, PAYMENTS_PROCESSED, POLL_GAP,
    REBALANCES, UNCOMMITTED,
};
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, Registry};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;

use crate::{Check, page};

const METRICS_ADDR: &str = "METRICS_ADDR";

/// From a batch that is done at once to one that costs a consumer its place in the group.
const GAPS: [f64; 10] = [0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 3.0, 4.0, 10.0, 30.0];

/// To the commit of somebody whom the broker no longer takes for a member.
const REFUSALS: [RDKafkaErrorCode; 3] = [
    RDKafkaErrorCode::UnknownMemberId,
    RDKafkaErrorCode::IllegalGeneration,
    RDKafkaErrorCode::RebalanceInProgress,
];

/// Clones are the same metrics. It is the consumer's context, too, where rebalances, refused
/// commits and statistics are heard of.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    checks: IntCounterVec,
    payments: IntCounter,
    effects: IntCounter,
    rebalances: IntCounterVec,
    commit_failures: IntCounterVec,
    poll_gap: Histogram,
    lag: IntGauge,
    uncommitted: IntGauge,
}

impl Metrics {
    /// At `/metrics` on the address in `METRICS_ADDR`, where it is set. `build_info` says which
    /// program this is.
    pub async fn serve() -> anyhow::Result<Self> {
        let metrics = Self::registered()?;
        let program = std::env::current_exe()?;
        let program = program.file_name().unwrap_or_default().to_string_lossy();
        let build = BUILD_INFO.gauges(&metrics.registry)?;
        build.with_label_values(&[program.as_ref()]).set(1);
        tracing::info!("{program} starts");
        if let Ok(address) = std::env::var(METRICS_ADDR) {
            let address: SocketAddr = address
                .parse()
                .with_context(|| format!("{METRICS_ADDR} is {address:?}, not HOST:PORT"))?;
            let listener = tokio::net::TcpListener::bind(address)
                .await
                .with_context(|| format!("the metrics cannot be served on {address}"))?;
            tokio::spawn(page::serve(listener, metrics.registry.clone()));
        }
        Ok(metrics)
    }

    fn registered() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let metrics = Self {
            checks: DEDUP_CHECKS.counters(&registry)?,
            payments: PAYMENTS_PROCESSED.counter(&registry)?,
            effects: EFFECTS.counter(&registry)?,
            rebalances: REBALANCES.counters(&registry)?,
            commit_failures: COMMIT_FAILURES.counters(&registry)?,
            poll_gap: POLL_GAP.histogram(&registry, &GAPS)?,
            lag: LAG.gauge(&registry)?,
            uncommitted: UNCOMMITTED.gauge(&registry)?,
            registry,
        };
        // From the start, so that the first count is seen as growth.
        for check in [Check::Miss, Check::Redelivery, Check::Republish] {
            metrics.checks.with_label_values(&labels(check));
        }
        for kind in ["assign", "revoke", "lost"] {
            metrics.rebalances.with_label_values(&[kind]);
        }
        for code in REFUSALS {
            let name = format!("{code:?}");
            metrics.commit_failures.with_label_values(&[&name]);
        }
        Ok(metrics)
    }

    /// Until what this returns is dropped, at the next poll, runs the time of
    /// `max.poll.interval.ms`.
    #[must_use]
    pub fn busy(&self) -> Busy {
        Busy {
            since: Instant::now(),
            gap: self.poll_gap.clone(),
        }
    }

    pub fn checked(&self, checks: &[Check]) {
        self.payments.inc_by(checks.len() as u64);
        for check in checks {
            self.checks.with_label_values(&labels(*check)).inc();
            self.effects.inc_by(u64::from(*check == Check::Miss));
        }
    }

    fn rebalanced(&self, kind: &str, partitions: &TopicPartitionList) {
        self.rebalances.with_label_values(&[kind]).inc();
        let elements = partitions.elements();
        let partitions: Vec<i32> = elements.iter().map(|e| e.partition()).collect();
        tracing::info!("rebalance: {kind} {partitions:?}");
    }
}

fn labels(check: Check) -> [&'static str; 2] {
    match check {
        Check::Miss => ["miss", "new"],
        Check::Redelivery => ["hit", "redelivery"],
        Check::Republish => ["hit", "republish"],
    }
}

pub struct Busy {
    since: Instant,
    gap: Histogram,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.gap.observe(self.since.elapsed().as_secs_f64());
    }
}

impl ClientContext for Metrics {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info => {
                tracing::debug!("librdkafka: {facility}: {message}");
            }
            _ => tracing::warn!("librdkafka: {facility}: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!("librdkafka: {error}: {reason}");
    }

    fn stats(&self, statistics: Statistics) {
        let partitions = statistics
            .topics
            .values()
            .flat_map(|t| t.partitions.values());
        let (mut lag, mut uncommitted) = (0, 0);
        // Partitions of others are listed, too; they are not fetched.
        for partition in partitions.filter(|p| p.fetch_state == "active") {
            lag += partition.consumer_lag_stored.max(0);
            if partition.stored_offset > 0 && partition.committed_offset >= 0 {
                uncommitted += (partition.stored_offset - partition.committed_offset).max(0);
            }
        }
        self.lag.set(lag);
        self.uncommitted.set(uncommitted);
    }
}

impl ConsumerContext for Metrics {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        use rdkafka::consumer::Consumer;
        match rebalance {
            Rebalance::Assign(partitions) => self.rebalanced("assign", partitions),
            Rebalance::Revoke(partitions) if consumer.assignment_lost() => {
                self.rebalanced("lost", partitions);
            }
            Rebalance::Revoke(partitions) => self.rebalanced("revoke", partitions),
            Rebalance::Error(error) => tracing::warn!("rebalance: {error}"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        // Nothing to commit is no failure.
        let Some(code) = result.err().and_then(|error| error.rdkafka_error_code()) else {
            return;
        };
        if code != RDKafkaErrorCode::NoOffset {
            let name = format!("{code:?}");
            self.commit_failures.with_label_values(&[&name]).inc();
            tracing::warn!("the broker refused an offset commit: {name}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_counted_by_result_and_origin() {
        let metrics = Metrics::registered().unwrap();
        metrics.checked(&[
            Check::Miss,
            Check::Miss,
            Check::Redelivery,
            Check::Republish,
        ]);
        let text = page::text(&metrics.registry);
        for line in [
            "dedup_checks_total{origin=\"new\",result=\"miss\"} 2",
            "dedup_checks_total{origin=\"redelivery\",result=\"hit\"} 1",
            "dedup_checks_total{origin=\"republish\",result=\"hit\"} 1",
            "payments_processed_total 4",
            "effects_total 2",
        ] {
            assert!(text.contains(line), "no {line} in:\n{text}");
        }
    }
}
