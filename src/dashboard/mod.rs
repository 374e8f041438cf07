//! The dashboard: a page at one local address, and the API that it is drawn from.
//!
//! It runs in the controller's process. Jobs ([`jobs`]) call what the commands call; what happens
//! in one is kept in a bounded buffer ([`live`]) that browsers read at their own pace ([`events`]),
//! so that none can slow a run. `docs/openapi.json` describes the API; a test holds the server to
//! it.

mod assets;
#[cfg(test)]
mod described;
mod events;
mod feed;
mod guard;
mod health;
mod instance;
mod jobs;
mod labs;
mod lines;
mod live;
mod logs;
mod metrics;
mod payment_grid;
mod problem;
mod projection;
mod quiz;
mod runs;
mod watch;
mod wire;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::jobs::Jobs;
use self::metrics::Metrics;
use crate::quiz::Answers;
use crate::run::manifest;
use crate::stack::{self, Silent, StackOptions, StackProgress};

pub use feed::Feed;
pub use wire::live::{Effects, Plan, PlannedFault};

/// Of a request: far above any of the pages', far below a burden.
const MOST_BODY: usize = 64 * 1024;

pub struct Settings {
    pub stack: StackOptions,
    pub labs: PathBuf,
    pub answers: Answers,
    pub attendee: String,
}

pub struct Dashboard {
    listener: TcpListener,
    app: Arc<App>,
}

struct App {
    settings: Settings,
    runs: PathBuf,
    address: SocketAddr,
    token: String,
    jobs: Jobs,
    metrics: Metrics,
    over: CancellationToken,
}

impl Dashboard {
    /// With a token of its own.
    pub fn new(
        listener: TcpListener,
        settings: Settings,
        over: CancellationToken,
    ) -> anyhow::Result<Self> {
        // A manifest that cannot be used is told by the list of labs.
        let labs = manifest::all(&settings.labs).unwrap_or_default();
        let app = App {
            runs: stack::runs_folder(&settings.stack)?,
            address: listener.local_addr()?,
            token: format!("{:032x}", rand::random::<u128>()),
            jobs: Jobs::default(),
            metrics: Metrics::new(&labs)?,
            settings,
            over,
        };
        Ok(Self {
            listener,
            app: Arc::new(app),
        })
    }

    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.app.address;
        // Everywhere is no place to go to; this machine is a part of it.
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{address}/#token={}", self.app.token)
    }

    /// Until `over`; returns when the last job has cleared up after itself.
    pub async fn serve(self) -> std::io::Result<()> {
        let app = Arc::clone(&self.app);
        let over = app.over.clone();
        app.let_prometheus_watch(&Silent).await;
        let served = axum::serve(self.listener, router(Arc::clone(&app)))
            .with_graceful_shutdown(async move { over.cancelled().await })
            .await;
        app.jobs.ended().await;
        served
    }
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/health", get(health::show))
        .route("/api/labs", get(labs::all))
        .route("/api/labs/{lab}", get(labs::one))
        .route("/api/labs/{lab}/quiz", get(quiz::show).post(quiz::answer))
        .route("/api/jobs", post(jobs::start))
        .route("/api/jobs/{job}", get(jobs::show))
        .route("/api/jobs/{job}/stop", post(jobs::stop))
        .route("/api/jobs/{job}/strike", post(jobs::strike))
        .route("/api/jobs/{job}/diagnosis", post(jobs::diagnosis))
        .route("/api/jobs/{job}/events", get(events::stream))
        .route("/api/runs", get(runs::list))
        .route("/api/runs/{run}", get(runs::report))
        .route("/api/runs/{run}/payments/{payment}", get(runs::payment))
        .route("/api/runs/{run}/cells/{cell}", get(runs::cell))
        .route("/api/runs/{run}/download.json", get(runs::download_json))
        .route("/api/runs/{run}/download.html", get(runs::download_html))
        .route("/metrics", get(metrics::show))
        .route("/sd", get(metrics::targets))
        .route("/openapi.json", get(openapi))
        .fallback(assets::serve)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            guard::check,
        ))
        .with_state(app)
}

async fn openapi() -> impl IntoResponse {
    let text = include_str!("../../docs/openapi.json");
    ([(CONTENT_TYPE, "application/json")], text)
}

impl App {
    /// A run needs no Prometheus, so what goes wrong is told and no more.
    async fn let_prometheus_watch(&self, progress: &dyn StackProgress) {
        if let Err(error) = stack::watch(&self.settings.stack, self.address).await {
            progress.line(&error.to_string());
        }
    }

    fn lab(&self, lab: &str) -> Result<manifest::Manifest, manifest::ManifestError> {
        manifest::find(&self.settings.labs, lab)
    }
}
