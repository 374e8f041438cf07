//! The Prometheus of a native stack, where this machine has one; nothing needs it.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use tokio::process::Child;
use tokio::time::sleep;

use super::cache::{Cache, postgres_user};
use super::servers::{give, server};
use super::state::StackState;
use super::{StackOptions, check_name, is_native};

const CONFIG: &str = include_str!("../../docker/prometheus/prometheus.yml");
const RULES: &str = include_str!("../../docker/prometheus/rules.yml");
const ALERTS: &str = include_str!("../../docker/prometheus/alerts.yml");
const DASHBOARD: &str = "127.0.0.1:7878";

/// Behind it the configuration says whom to scrape.
const SCRAPE: &str = "\nscrape_configs:\n";

/// To read its configuration again, which takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

pub(super) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let programs = std::env::split_paths(&path).map(|folder| folder.join("prometheus"));
    programs.into_iter().find(|program| program.is_file())
}

pub(super) struct PrometheusServer<'a> {
    pub(super) program: Option<&'a Path>,
    /// `prometheus/` of the stack.
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
}

impl PrometheusServer<'_> {
    /// With nobody to scrape yet.
    pub(super) fn configure(&self) -> io::Result<()> {
        fs::create_dir_all(self.folder.join("data"))?;
        give(&self.folder.join("data"), postgres_user().as_ref())?;
        fs::write(self.folder.join("rules.yml"), RULES)?;
        fs::write(self.folder.join("alerts.yml"), ALERTS)?;
        fs::write(self.folder.join("prometheus.yml"), config(None))
    }

    /// As PostgreSQL's user where we are root.
    pub(super) fn start(&self, port: u16) -> io::Result<Child> {
        let program = self.program.ok_or(io::ErrorKind::NotFound)?;
        let mut command = server(program, &self.folder, &self.log)?;
        command
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            // It learns of the dashboard when that starts.
            .arg("--web.enable-lifecycle")
            .arg("--log.level=warn");
        if let Some(user) = postgres_user() {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command.spawn()
    }
}

fn config(dashboard: Option<SocketAddr>) -> String {
    match dashboard {
        Some(address) => CONFIG.replace(DASHBOARD, &address.to_string()),
        None => CONFIG.split(SCRAPE).next().unwrap_or_default().to_owned(),
    }
}

/// The dashboard, and whatever it says is there to be scraped. False where the stack has no
/// Prometheus, or does not run.
pub async fn watch(options: &StackOptions, dashboard: SocketAddr) -> anyhow::Result<bool> {
    check_name(&options.name)?;
    let folder = Cache::open(options.cache.as_deref())?.stack(&options.name);
    let state = StackState::read(&folder).filter(|_| is_native(options));
    let Some(address) = state.and_then(|state| state.endpoints.prometheus) else {
        return Ok(false);
    };
    let mut dashboard = dashboard;
    if dashboard.ip().is_unspecified() {
        // Listening everywhere includes where Prometheus is.
        dashboard.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let path = folder.join("prometheus/prometheus.yml");
    let wanted = config(Some(dashboard));
    let before = fs::read_to_string(&path)?;
    if before == wanted {
        return Ok(true);
    }
    fs::write(&path, wanted)?;
    if let Err(error) = reload(&address).await {
        // The next one who asks tries again.
        fs::write(&path, before)?;
        bail!(
            "Prometheus at {address} cannot be told of the dashboard: {error:#}\n\
             next: crashwindow status"
        );
    }
    Ok(true)
}

async fn reload(address: &str) -> anyhow::Result<()> {
    let client = reqwest::Client::new();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request = client.post(format!("{address}/-/reload"));
        match request.timeout(PATIENCE).send().await {
            // It was started a moment ago, and does not listen yet.
            Err(e) if e.is_connect() && Instant::now() < deadline => sleep(PAUSE).await,
            answer => {
                let answer = answer?;
                let status = answer.status();
                ensure!(status.is_success(), "{status}: {}", answer.text().await?);
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboards_address_is_filled_in_and_nobody_is_scraped_without_one() {
        let with = config(Some(([127, 0, 0, 1], 4711).into()));
        assert_eq!(with.matches("127.0.0.1:4711").count(), 2, "{with}");
        assert!(!with.contains(DASHBOARD), "{with}");
        let without = config(None);
        assert!(without.contains("rules.yml"), "{without}");
        assert!(!without.contains("scrape_configs"), "{without}");
    }
}
