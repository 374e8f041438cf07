//! Scrapes the consumers as Prometheus would, and adds up what they say.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::hook::StormHook;
use super::sample::Sample;
use crate::chaos::storm::MetricReading;
use crate::event::Source;
use crate::session::taps::StormTaps;

/// For answers; a frozen process gives none, and a busy one may take longer.
const LOOK: Duration = Duration::from_millis(400);

/// For an answer that no look waits for any more: it is seen at the next look.
const DEADLINE: Duration = Duration::from_secs(10);

/// By name and labels as they are written: `x_total{kind="assign"}`.
type MetricsPage = BTreeMap<String, f64>;

/// Also of processes that are gone: a counter of the group is the sum over all that ever counted.
pub(super) struct Scraper {
    http: reqwest::Client,
    taps: Arc<StormTaps>,
    hook: Arc<StormHook>,
    max_poll_interval: Duration,
    pages: MetricsPages,
    asked: HashMap<Source, JoinHandle<bool>>,
}

type MetricsPages = Arc<Mutex<HashMap<Source, MetricsRead>>>;

/// `answered`: when the page was asked for.
struct MetricsRead {
    page: MetricsPage,
    answered: u64,
}

impl Scraper {
    pub(super) fn new(
        taps: Arc<StormTaps>,
        hook: Arc<StormHook>,
        max_poll_interval: Duration,
    ) -> Self {
        Self {
            http: reqwest::Client::new(),
            taps,
            hook,
            max_poll_interval,
            pages: MetricsPages::default(),
            asked: HashMap::new(),
        }
    }

    /// All that may live, or only one instance's; returns who has answered.
    pub(super) async fn ask(&mut self, instance: Option<&str>) -> Vec<Source> {
        let targets = latest(&self.taps, instance);
        let mut asked = Vec::new();
        for (source, address) in targets.into_values() {
            let ongoing = self
                .asked
                .remove(&source)
                .filter(|asked| !asked.is_finished());
            let answer = ongoing.unwrap_or_else(|| self.ask_one(source.clone(), address));
            asked.push((source, answer));
        }
        let waited = asked.iter_mut().map(|(_, answer)| timeout(LOOK, answer));
        let ends = join_all(waited).await;
        let mut answered = Vec::new();
        for ((source, answer), end) in asked.into_iter().zip(ends) {
            match end {
                Ok(Ok(true)) => answered.push(source),
                // Gone, or its address is another's.
                Ok(_) => {}
                // Who takes longer is not asked again before it has answered.
                Err(_) => drop(self.asked.insert(source, answer)),
            }
        }
        answered
    }

    /// The answer is in the pages when this has ended with true.
    fn ask_one(&self, source: Source, address: SocketAddr) -> JoinHandle<bool> {
        let url = format!("http://{address}/metrics");
        let page = self.http.get(url).timeout(DEADLINE);
        let answered = self.hook.checked(&source);
        let (taps, pages) = (Arc::clone(&self.taps), Arc::clone(&self.pages));
        tokio::spawn(async move {
            let text = async { page.send().await.ok()?.text().await.ok() };
            let Some(text) = text.await else {
                return false;
            };
            // An address is given to the next process of an instance: who has it now has answered.
            let now = latest(&taps, Some(&source.instance));
            let is_its = now.get(&source.instance).is_some_and(|now| now.0 == source);
            if is_its {
                let page = read(&text);
                let mut pages = pages.lock().expect("no holder panics");
                pages.insert(source, MetricsRead { page, answered });
            }
            is_its
        })
    }

    pub(super) fn tells_all(&self, source: &Source) -> bool {
        let pages = self.pages.lock().expect("no holder panics");
        let told = pages.get(source).map_or(0, |read| checks(&read.page));
        drop(pages);
        told >= self.hook.checked(source)
    }

    pub(super) fn told(&self) -> HashMap<Source, MetricReading> {
        let told = |read: &MetricsRead| MetricReading {
            checks: checks(&read.page),
            redelivered: of_origin(&read.page, "redelivery"),
            answered: read.answered,
        };
        let pages = self.pages.lock().expect("no holder panics");
        let pages = pages.iter();
        pages.map(|(source, r)| (source.clone(), told(r))).collect()
    }

    /// Who does not answer counts with the last answer, except in gauges.
    pub(super) async fn look(&mut self, sample: &mut Sample) {
        let answered = self.ask(None).await;
        let pages = self.pages.lock().expect("no holder panics");
        for MetricsRead { page, .. } in answered.iter().filter_map(|source| pages.get(source)) {
            sample.lag += total(page, "consumer_lag_records");
            sample.uncommitted += total(page, "consumer_uncommitted_records");
            for (program, _) in labelled(page, "build_info", "program") {
                *sample.builds.entry(program).or_default() += 1;
            }
        }
        for MetricsRead { page, .. } in pages.values() {
            sample.misses += of_origin(page, "new");
            sample.redelivery_hits += of_origin(page, "redelivery");
            sample.republish_hits += of_origin(page, "republish");
            for (kind, count) in labelled(page, "rebalances_total", "kind") {
                *sample.rebalances.entry(kind).or_default() += count;
            }
            for (code, count) in labelled(page, "offset_commit_failures_total", "code") {
                *sample.commit_failures.entry(code).or_default() += count;
            }
            sample.late_polls += self.late_polls(page);
        }
    }

    /// Of a cumulative histogram, what is above the bound.
    fn late_polls(&self, page: &MetricsPage) -> u64 {
        let bound = self.max_poll_interval.as_secs_f64();
        let buckets = labelled(page, "poll_gap_seconds_bucket", "le");
        let in_time = buckets
            .filter(|(le, _)| le.parse::<f64>().is_ok_and(|le| le <= bound))
            .map(|(_, count)| count)
            .max();
        total(page, "poll_gap_seconds_count").saturating_sub(in_time.unwrap_or(0))
    }
}

fn latest(taps: &StormTaps, instance: Option<&str>) -> HashMap<String, (Source, SocketAddr)> {
    let targets = taps.metrics().into_iter();
    targets
        .filter(|(source, _)| instance.is_none_or(|name| name == source.instance))
        .map(|(source, address)| (source.instance.clone(), (source, address)))
        .collect()
}

/// Prometheus' text format, without comments and timestamps: what the crate `prometheus` writes.
fn read(text: &str) -> MetricsPage {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.filter_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    series.collect()
}

fn checks(page: &MetricsPage) -> u64 {
    let all = labelled(page, "dedup_checks_total", "result");
    all.map(|(_, count)| count).sum()
}

fn of_origin(page: &MetricsPage, origin: &str) -> u64 {
    let all = labelled(page, "dedup_checks_total", "origin");
    all.filter(|(of, _)| of == origin)
        .map(|(_, count)| count)
        .sum()
}

fn total(page: &MetricsPage, name: &str) -> u64 {
    page.get(name).copied().map_or(0, whole)
}

fn labelled<'a>(
    page: &'a MetricsPage,
    name: &str,
    label: &str,
) -> impl Iterator<Item = (String, u64)> + use<'a> {
    let (start, label) = (format!("{name}{{"), format!("{label}=\""));
    page.iter().filter_map(move |(series, value)| {
        let labels = series.strip_prefix(&start)?;
        let (_, rest) = labels.split_once(&label)?;
        let (value_of_label, _) = rest.split_once('"')?;
        Some((value_of_label.to_owned(), whole(*value)))
    })
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of records, which are not negative and far below 2^52"
)]
fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::storm::Redeliveries;

    #[test]
    fn series_are_told_by_name_and_label() {
        let page = read(
            "# HELP rebalances_total Partitions\n\
             rebalances_total{kind=\"assign\"} 3\n\
             rebalances_total{kind=\"lost\"} 1\n\
             rebalances_total_of_others{kind=\"lost\"} 9\n\
             consumer_lag_records 17\n\
             half a line\n",
        );
        let rebalances: Vec<_> = labelled(&page, "rebalances_total", "kind").collect();
        assert_eq!(
            rebalances,
            [("assign".to_owned(), 3), ("lost".to_owned(), 1)]
        );
        assert_eq!(total(&page, "consumer_lag_records"), 17);
        assert_eq!(total(&page, "not_there"), 0);
    }

    #[test]
    fn a_late_poll_is_above_the_last_bucket_that_is_in_time() {
        let page = read(
            "poll_gap_seconds_bucket{le=\"1\"} 5\n\
             poll_gap_seconds_bucket{le=\"4\"} 7\n\
             poll_gap_seconds_bucket{le=\"10\"} 9\n\
             poll_gap_seconds_bucket{le=\"+Inf\"} 9\n\
             poll_gap_seconds_count 9\n",
        );
        let hook = StormHook::new(
            Redeliveries::of("INSERT", 1, 2),
            Duration::from_secs(4),
            1,
            Arc::new(crate::timeline::Timeline::in_memory()),
        );
        let scraper = Scraper::new(Arc::default(), Arc::new(hook), Duration::from_secs(4));
        assert_eq!(scraper.late_polls(&page), 2);
    }
}
