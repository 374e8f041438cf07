//! Toxiproxy, the proxy that fault injection is usually done with: between clients and both servers,
//! with no toxic, so that it only forwards.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use crashwindow::stack::{self, Endpoints, Proxied, StackOptions};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{Print, cpu, free_port};

const VERSION: &str = "2.12.0";
const MODULE: &str = "github.com/Shopify/toxiproxy/v2/cmd/server";
/// It listens within milliseconds, on a machine that does nothing else.
const START: Duration = Duration::from_secs(20);

/// A running server; it ends when this is dropped, and when this process does.
pub(super) struct Toxiproxy {
    server: Child,
    /// The ports of 127.0.0.1 that lead through it.
    pub(super) kafka: u16,
    pub(super) postgres: u16,
    _config: tempfile::NamedTempFile,
}

impl Toxiproxy {
    /// Starts the server, which is installed into the cache first where it is not there; `None`, and
    /// a line that says why, where that cannot be done.
    pub(super) async fn start(
        options: &StackOptions,
        proxied: Proxied,
        endpoints: &Endpoints,
        may_install: bool,
        print: &mut Print<'_>,
    ) -> anyhow::Result<Option<Self>> {
        let program = program(options)?;
        if !program.exists() {
            if !may_install {
                print("Toxiproxy is skipped: it is not in the cache (`make bench` puts it there)");
                return Ok(None);
            }
            if let Err(why) = install(&program).await {
                print(&format!("Toxiproxy is skipped: {why:#}"));
                return Ok(None);
            }
        }
        let route = stack::postgres::route(&endpoints.postgres.admin_url, None)?;
        let (postgres, api) = (free_port()?, free_port()?);
        let config = tempfile::NamedTempFile::new()?;
        let proxy = |name: &str, listen: u16, host: &str, upstream: u16| {
            json!({
                "name": name,
                "listen": format!("127.0.0.1:{listen}"),
                "upstream": format!("{host}:{upstream}"),
                "enabled": true,
            })
        };
        let proxies = json!([
            proxy("kafka", proxied.advertises, "127.0.0.1", proxied.listens),
            proxy("postgres", postgres, &route.host, route.port),
        ]);
        serde_json::to_writer(&config, &proxies)?;
        let mut command = Command::new(&program);
        command
            .arg("-config")
            .arg(config.path())
            .args(["-host", "127.0.0.1", "-port", &api.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        die_with_us(&mut command);
        let server = command.spawn().context("Toxiproxy does not start")?;
        let toxiproxy = Self {
            server,
            kafka: proxied.advertises,
            postgres,
            _config: config,
        };
        let listening = async {
            for port in [toxiproxy.kafka, toxiproxy.postgres] {
                while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        let waited = tokio::time::timeout(START, listening).await;
        waited.with_context(|| format!("waited {START:?} for Toxiproxy to listen"))?;
        Ok(Some(toxiproxy))
    }

    /// Proves that what was measured went through it: it has read every byte once.
    pub(super) fn carried(&self, least: u64) -> anyhow::Result<String> {
        let pid = self.server.id().context("Toxiproxy has ended")?;
        let bytes = cpu::bytes_read(pid)?;
        ensure!(
            bytes >= least,
            "Toxiproxy carried {bytes} bytes, and at least {least} were sent through it"
        );
        Ok(format!("Toxiproxy {VERSION} carried {} MiB", bytes >> 20))
    }
}

/// Where it is kept, with the version in the name.
fn program(options: &StackOptions) -> anyhow::Result<PathBuf> {
    let runs = stack::runs_folder(options)?;
    let cache = runs.parent().context("runs are kept in the cache")?;
    Ok(cache
        .join("tools")
        .join(format!("toxiproxy-{VERSION}"))
        .join("server"))
}

/// Compiles it with Go; what is built comes into place in one step.
async fn install(program: &Path) -> anyhow::Result<()> {
    let folder = program.parent().context("it has a folder")?;
    let tools = folder.parent().context("it has a folder")?;
    std::fs::create_dir_all(tools).with_context(|| format!("cannot make {}", tools.display()))?;
    let built = tempfile::tempdir_in(tools)?;
    eprintln!(
        "installing Toxiproxy {VERSION} into {}, once",
        folder.display()
    );
    let output = Command::new("go")
        .args(["install", &format!("{MODULE}@v{VERSION}")])
        .env("GOBIN", built.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!("Go is not installed"),
        other => other?,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it said nothing").to_owned();
        bail!("`go install {MODULE}@v{VERSION}` failed: {last}");
    }
    std::fs::rename(built.keep(), folder)?;
    Ok(())
}

fn die_with_us(command: &mut Command) {
    #[cfg(target_os = "linux")]
    // SAFETY: prctl is a system call that is safe between fork and exec.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
}
