//! What it costs a run that somebody watches: the record of a run, followed by the dashboard's live
//! feed and read by browsers, some of which never read.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use crashwindow::dashboard::{Effects, Feed, Plan};
use crashwindow::event::{EventOutcome, Role, Source, Stage, Tap};
use crashwindow::tap::BoundaryEvent;
use crashwindow::timeline::{Timeline, TimelineEvent};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::stats::{Latency, Rounds};
use super::{Print, Scale};

/// Events a second: some ten times what a run makes.
pub(super) const PACE: u32 = 10_000;

/// Events of each payment.
pub(super) const EVENTS: u32 = 5;

/// Readers that connect and never read.
const IDLE: usize = 20;

/// How long the reader may wait for the next line.
const DEADLINE: Duration = Duration::from_secs(30);

/// Events become due this far apart, so that the writer sleeps between them.
const STEP: Duration = Duration::from_millis(1);

const WAYS: [&str; 2] = ["unwatched", "watched"];

pub(super) fn measure(scale: Scale, print: &mut Print<'_>) -> anyhow::Result<()> {
    let mut rates = Rounds::new(WAYS.into());
    let mut latencies = Rounds::new(WAYS.into());
    let mut told = 0;
    for round in 0..scale.rounds {
        let (mut rate, mut latency) = ([0.0; 2], [None; 2]);
        for turn in 0..WAYS.len() {
            let way = (turn + round) % WAYS.len();
            let watched = way == 1;
            let payments = scale.watched_events / EVENTS;
            let took = record(payments, None, watched)?;
            rate[way] = f64::from(payments * EVENTS) / took.whole.as_secs_f64();
            let took = record(payments, Some(PACE), watched)?;
            latency[way] = Some(Latency::of(&took.each));
            told += took.told;
        }
        rates.push(rate.into());
        latencies.push(latency.into_iter().flatten().collect());
    }
    let unit = "k events/s";
    print(&format!(
        "record at full speed: {}",
        rates.rates(unit, 1e-3)
    ));
    print(&format!(
        "record of {PACE} events/s, one event: {}",
        latencies.latencies()
    ));
    print(&format!(
        "record of {PACE} events/s: every payment was told to its end, in {told} events to one \
         reader, beside {IDLE} that never read"
    ));
    Ok(())
}

/// How long it took to record, as a whole and event by event, and how many events were told of it.
struct Took {
    whole: Duration,
    each: Vec<Duration>,
    told: usize,
}

fn record(payments: u32, pace: Option<u32>, watched: bool) -> anyhow::Result<Took> {
    let folder = tempfile::tempdir()?;
    let timeline = Arc::new(Timeline::to_file(&folder.path().join("events.jsonl"))?);
    let audience = watched.then(|| Audience::of(&timeline, payments));
    let audience = audience.transpose()?;
    let (whole, each) = write(&timeline, payments, pace);
    let told = audience.map_or(Ok(0), |audience| audience.leave(payments))?;
    Ok(Took { whole, each, told })
}

/// Records all events of so many payments; how long that took, and each of them.
pub(super) fn write(
    timeline: &Timeline,
    payments: u32,
    pace: Option<u32>,
) -> (Duration, Vec<Duration>) {
    let mut each = Vec::with_capacity((payments * EVENTS) as usize);
    let began = Instant::now();
    for number in 0..payments * EVENTS {
        let event = event(number);
        if let Some(pace) = pace {
            let due = began + Duration::from_secs(1) * number / pace;
            if due > Instant::now() + STEP {
                std::thread::sleep(STEP);
            }
        }
        let payment = event.message().map(str::to_owned);
        let since = Instant::now();
        timeline.record(payment.as_deref(), TimelineEvent::Boundary { event });
        each.push(since.elapsed());
    }
    (began.elapsed(), each)
}

/// What a page is told of the run that this pretends to be.
pub(super) fn plan(payments: u32) -> Plan {
    Plan {
        run: "0000".into(),
        lab: "01".into(),
        consumer: "fixed".into(),
        payments,
        partitions: 1,
        instances: vec!["a".into()],
        effects: Effects::Live,
        faults: Vec::new(),
    }
}

/// A payment is looked up, charged and written down.
fn event(number: u32) -> BoundaryEvent {
    let payment = number / EVENTS + 1;
    let (tap, stage, signature) = match number % EVENTS {
        0 => (
            Tap::Postgres,
            Stage::Received,
            "SELECT 1 FROM processed WHERE msg_id = ?",
        ),
        1 => (
            Tap::Postgres,
            Stage::Answered,
            "SELECT 1 FROM processed WHERE msg_id = ?",
        ),
        2 => (Tap::Provider, Stage::Received, "POST /v1/charges"),
        3 => (Tap::Provider, Stage::Executed, "POST /v1/charges"),
        _ => (Tap::Provider, Stage::Answered, "POST /v1/charges"),
    };
    let is_charged = tap == Tap::Provider && stage != Stage::Received;
    BoundaryEvent {
        tap,
        stage,
        source: Source {
            instance: "a".to_owned(),
            incarnation: 1,
        },
        signature: signature.to_owned(),
        subjects: vec![format!("msg-{payment:04}")],
        outcome: if is_charged {
            format!("200 ch_{payment}")
        } else {
            String::new()
        },
        writes: tap == Tap::Provider,
        role: Role::Request,
        result: is_charged.then(|| EventOutcome::Executed {
            effect: Some(format!("ch_{payment}")),
        }),
        detail: None,
    }
}

/// Who watches: one that reads, and some that do not.
struct Audience {
    feed: Arc<Feed>,
    runtime: Runtime,
    reader: BufReader<TcpStream>,
    _idle: Vec<TcpStream>,
}

impl Audience {
    fn of(timeline: &Arc<Timeline>, payments: u32) -> anyhow::Result<Self> {
        let runtime = Runtime::new()?;
        let feed = Arc::new(Feed::of(timeline, &plan(payments)));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let serving = Arc::clone(&feed);
        runtime.spawn(async move { serving.serve(listener).await });
        let reader = connect(address)?;
        reader.set_read_timeout(Some(DEADLINE))?;
        let idle = (0..IDLE).map(|_| connect(address));
        Ok(Self {
            reader: BufReader::new(reader),
            _idle: idle.collect::<Result<_, _>>()?,
            feed,
            runtime,
        })
    }

    /// Reads until every payment was told to be charged; how many events that took.
    fn leave(mut self, payments: u32) -> anyhow::Result<usize> {
        let (mut told, mut line) = (0, String::new());
        loop {
            line.clear();
            let read = self.reader.read_line(&mut line);
            let read = read.context("the feed does not tell the end of every payment")?;
            anyhow::ensure!(read > 0, "the feed ended before its run");
            let Some(data) = line.strip_prefix("data: ") else {
                continue;
            };
            told += 1;
            let data: Value = serde_json::from_str(data)?;
            if data["counts"]["once"] == payments {
                break;
            }
        }
        drop(self.feed);
        self.runtime.shutdown_background();
        Ok(told)
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    Ok(stream)
}
