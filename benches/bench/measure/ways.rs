//! The ways to the servers that are compared: past everything, through the taps, through Toxiproxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use crashwindow::event::Source;
use crashwindow::stack::{self, Endpoints, Kafka, Security};
use crashwindow::tap::kafka::{self, KafkaTap};
use crashwindow::tap::postgres::{PostgresTap, Upstream};
use crashwindow::tap::{BoundaryEvent, Decision, DecisionFuture, Hook};
use crashwindow::timeline::{Timeline, TimelineEvent};
use tokio::runtime::Handle;

use super::toxiproxy::Toxiproxy;

/// Where one way leads to both servers.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) kafka: Kafka,
    pub(super) database_url: String,
    /// How many boundary events were seen on this way, where there is somebody to see them.
    pub(super) seen: Option<Arc<Recorder>>,
}

/// All ways, and what must live for them to lead anywhere. The first is the direct one.
pub(super) struct Ways {
    pub(super) all: Vec<Way>,
    _taps: (KafkaTap, PostgresTap),
    _folder: tempfile::TempDir,
}

/// The hook of a run that strikes nobody: every event is recorded as in a run, on disk.
pub(super) struct Recorder {
    timeline: Timeline,
    events: AtomicU64,
}

impl Hook for Recorder {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async move {
            self.events.fetch_add(1, Ordering::Relaxed);
            let payment = event.message().map(str::to_owned);
            self.timeline
                .record(payment.as_deref(), TimelineEvent::Boundary { event });
            Decision::Pass
        })
    }
}

impl Recorder {
    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

impl Ways {
    pub(super) fn new(
        endpoints: &Endpoints,
        toxiproxy: Option<&Toxiproxy>,
        taps: &Handle,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("the events of the taps need a folder")?;
        let recorder = Arc::new(Recorder {
            timeline: Timeline::to_file(&folder.path().join("events.jsonl"))?,
            events: AtomicU64::new(0),
        });
        let source = || Source {
            instance: "a".to_owned(),
            incarnation: 1,
        };
        let admin = &endpoints.postgres.admin_url;
        let route = stack::postgres::route(admin, None)?;
        let upstream = Upstream::plain(route.host, route.port);
        let hook = || Arc::clone(&recorder) as Arc<dyn Hook>;
        // What a tap starts runs on the runtime that it is made in.
        let entered = taps.enter();
        let options = kafka::Options::default();
        let kafka_tap = KafkaTap::listen(source(), &endpoints.kafka, hook(), options)?;
        let postgres_tap = PostgresTap::listen(source(), upstream, hook())?;
        drop(entered);
        let mut all = vec![
            Way {
                name: "direct",
                kafka: endpoints.kafka.clone(),
                database_url: admin.clone(),
                seen: None,
            },
            Way {
                name: "tap",
                kafka: plaintext(kafka_tap.bootstrap()),
                database_url: at_port(admin, postgres_tap.address().port())?,
                seen: Some(recorder),
            },
        ];
        if let Some(toxiproxy) = toxiproxy {
            all.push(Way {
                name: "Toxiproxy",
                kafka: plaintext(format!("127.0.0.1:{}", toxiproxy.kafka)),
                database_url: at_port(admin, toxiproxy.postgres)?,
                seen: None,
            });
        }
        Ok(Self {
            all,
            _taps: (kafka_tap, postgres_tap),
            _folder: folder,
        })
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.all.iter().map(|way| way.name).collect()
    }

    pub(super) fn introduction(&self, rounds: usize) -> String {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        format!(
            "medians of {rounds} interleaved rounds on {cores} cores; the taps decode and record \
             everything, as in a run"
        )
    }

    /// The order of the ways in a round: each is first as often as the others.
    pub(super) fn order(&self, round: usize) -> Vec<usize> {
        let ways = self.all.len();
        (0..ways).map(|turn| (turn + round) % ways).collect()
    }
}

fn plaintext(bootstrap: String) -> Kafka {
    Kafka {
        bootstrap,
        security: Security::default(),
    }
}

fn at_port(url: &str, port: u16) -> anyhow::Result<String> {
    let mut url = url::Url::parse(url)?;
    let set = url.set_port(Some(port));
    set.map_err(|()| anyhow::anyhow!("{url} has no port"))?;
    Ok(url.into())
}
