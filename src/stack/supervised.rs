use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::process::Child;

use super::ports;
use super::process::{ServerProcess, send};
use super::prometheus::PrometheusServer;
use super::servers::{KafkaServer, PostgresServer};
use super::state::{last_lines, tail};
use super::supervisor::StackPlan;

/// Several times what either needs with a run's data.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// For a server whose free port was taken in the last moment.
const PORT_ATTEMPTS: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Kafka,
    Postgres,
    Prometheus,
}

impl Which {
    pub(super) fn title(self) -> &'static str {
        match self {
            Which::Kafka => "Kafka",
            Which::Postgres => "PostgreSQL",
            Which::Prometheus => "Prometheus",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Which::Kafka => "kafka",
            Which::Postgres => "postgres",
            Which::Prometheus => "prometheus",
        }
    }

    pub(super) fn log(self, folder: &Path) -> PathBuf {
        folder.join("logs").join(format!("{}.log", self.name()))
    }

    /// For Postgres the fast shutdown, which ends sessions.
    fn stop(self) -> Signal {
        match self {
            Which::Kafka | Which::Prometheus => Signal::SIGTERM,
            Which::Postgres => Signal::SIGINT,
        }
    }
}

#[derive(Debug)]
pub(super) struct ServerFailure {
    pub(super) server: String,
    pub(super) why: String,
    pub(super) log: Vec<String>,
}

impl ServerFailure {
    pub(super) fn of_supervisor(error: io::Error) -> ServerFailure {
        ServerFailure {
            server: "the supervisor".into(),
            why: error.to_string(),
            log: Vec::new(),
        }
    }
}

pub(super) struct Server {
    which: Which,
    child: Child,
    pub(super) pid: u32,
    pub(super) port: u16,
    attempts: u32,
    folder: PathBuf,
}

impl Server {
    pub(super) async fn bring_up(
        which: Which,
        plan: &StackPlan,
        folder: &Path,
        password: &str,
    ) -> Result<Server, ServerFailure> {
        let prepared = match which {
            Which::Kafka => {
                let kafka = kafka(plan, folder);
                // Formatting reads the settings, ports and all; the start below chooses again.
                match kafka.configure(1, 2, plan.settings.kafka_proxied) {
                    Ok(()) => kafka.format().await,
                    error => error,
                }
            }
            Which::Postgres => postgres(plan, folder).initialise(password).await,
            Which::Prometheus => prometheus(plan, folder).configure(),
        };
        prepared
            .and_then(|()| Server::start(which, plan, folder, 1))
            .map_err(|error| failure(which, folder, error.to_string()))
    }

    fn start(which: Which, plan: &StackPlan, folder: &Path, attempts: u32) -> io::Result<Server> {
        let wanted = match which {
            Which::Kafka => plan.settings.kafka_port,
            Which::Postgres => plan.settings.postgres_port,
            Which::Prometheus => None,
        };
        let port = wanted.map_or_else(ports::free, Ok)?;
        let child = match which {
            Which::Kafka => {
                let kafka = kafka(plan, folder);
                kafka.configure(port, ports::free()?, plan.settings.kafka_proxied)?;
                kafka.start()?
            }
            Which::Postgres => {
                let postgres = postgres(plan, folder);
                postgres.configure(port)?;
                postgres.start()?
            }
            Which::Prometheus => prometheus(plan, folder).start(port)?,
        };
        let pid = child
            .id()
            .ok_or_else(|| io::Error::other("it was gone at once"))?;
        Ok(Server {
            which,
            child,
            pid,
            port,
            attempts,
            folder: folder.to_path_buf(),
        })
    }

    pub(super) async fn exit(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// If somebody took a port before it could; on others where none was asked for (Kafka's
    /// controller has one, too).
    pub(super) fn retry(&mut self, plan: &StackPlan) -> Option<()> {
        let log = tail(&self.which.log(&self.folder)).to_lowercase();
        let lost = log.contains("address already in use");
        if !lost || self.attempts == PORT_ATTEMPTS {
            return None;
        }
        *self = Server::start(self.which, plan, &self.folder, self.attempts + 1).ok()?;
        Some(())
    }

    pub(super) fn exited(&self, status: io::Result<ExitStatus>) -> ServerFailure {
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        failure(self.which, &self.folder, format!("it ended ({how})"))
    }

    pub(super) fn process(&self) -> ServerProcess {
        ServerProcess::of(self.which.title(), self.pid)
    }

    pub(super) async fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        send(self.pid, self.which.stop());
        // A frozen process acts on no signal but this one and SIGKILL.
        send(self.pid, Signal::SIGCONT);
        if tokio::time::timeout(STOP_PATIENCE, self.child.wait())
            .await
            .is_err()
        {
            let (title, seconds) = (self.which.title(), STOP_PATIENCE.as_secs());
            eprintln!("{title} did not stop within {seconds} s and is killed");
            if let Err(error) = self.child.kill().await {
                eprintln!("{title} cannot be killed: {error}");
            }
        }
    }
}

fn failure(which: Which, folder: &Path, why: String) -> ServerFailure {
    ServerFailure {
        server: which.title().into(),
        why,
        log: last_lines(&which.log(folder)),
    }
}

fn kafka<'a>(plan: &'a StackPlan, folder: &Path) -> KafkaServer<'a> {
    KafkaServer {
        java: &plan.java,
        jars: &plan.jars,
        folder: folder.join("kafka"),
        log: Which::Kafka.log(folder),
    }
}

fn prometheus<'a>(plan: &'a StackPlan, folder: &Path) -> PrometheusServer<'a> {
    PrometheusServer {
        program: plan.prometheus.as_deref(),
        folder: folder.join("prometheus"),
        log: Which::Prometheus.log(folder),
    }
}

fn postgres<'a>(plan: &'a StackPlan, folder: &Path) -> PostgresServer<'a> {
    PostgresServer {
        bin: &plan.postgres_bin,
        folder: folder.join("postgres"),
        log: Which::Postgres.log(folder),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::state::StackSettings;
    use super::*;

    /// The race for a free port cannot be lost on purpose with the real broker, so a script loses
    /// it.
    #[tokio::test]
    async fn a_server_that_lost_its_port_gets_another_one_a_few_times() {
        let folder = tempfile::tempdir().expect("made");
        std::fs::create_dir(folder.path().join("logs")).expect("made");
        let java = folder.path().join("java");
        std::fs::write(
            &java,
            "#!/bin/sh\necho bind: Address already in use\nexit 1\n",
        )
        .expect("w");
        std::fs::set_permissions(&java, PermissionsExt::from_mode(0o755)).expect("ours");
        let plan = StackPlan {
            cache: folder.path().to_path_buf(),
            name: "race".into(),
            java,
            jars: folder.path().to_path_buf(),
            postgres_bin: folder.path().to_path_buf(),
            postgres_version: String::new(),
            prometheus: None,
            settings: StackSettings::default(),
        };
        let mut server = Server::start(Which::Kafka, &plan, folder.path(), 1).expect("started");
        let mut ports = vec![server.port];
        loop {
            let status = server.exit().await;
            if server.retry(&plan).is_none() {
                let failure = server.exited(status);
                assert!(failure.why.contains("exit status: 1"), "{}", failure.why);
                assert_eq!(
                    failure.log.last().expect("a log"),
                    "bind: Address already in use"
                );
                break;
            }
            ports.push(server.port);
        }
        assert_eq!(ports.len(), PORT_ATTEMPTS as usize, "{ports:?}");
    }
}
