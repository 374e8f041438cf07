use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, User};
use tokio::process::{Child, Command};

use super::Proxied;
use super::cache::postgres_user;

const SERVER_PROPERTIES: &str = include_str!("../../docker/kafka/server.properties");
const LOG4J2: &str = include_str!("../../docker/kafka/log4j2.properties");
const POSTGRESQL_CONF: &str = include_str!("../../docker/postgres/postgresql.conf");

/// The broker listens after some 2 s and holds 180 to 240 MB: without the threads and the profiling
/// that a day's load would repay.
const JVM: [&str; 4] = [
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
];

pub(super) struct KafkaServer<'a> {
    pub(super) java: &'a Path,
    pub(super) jars: &'a Path,
    /// `kafka/` of the stack.
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
}

impl KafkaServer<'_> {
    pub(super) fn configure(
        &self,
        port: u16,
        controller: u16,
        proxied: Option<Proxied>,
    ) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        fs::write(self.folder.join("log4j2.properties"), LOG4J2)?;
        let data = self.folder.join("data");
        let (mut protocols, mut listeners, mut advertised) = Default::default();
        if let Some(Proxied {
            listens,
            advertises,
        }) = proxied
        {
            // A later line wins over the same setting above it.
            protocols = "listener.security.protocol.map=\
                         CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT\n";
            listeners = format!(",PROXIED://127.0.0.1:{listens}");
            advertised = format!(",PROXIED://127.0.0.1:{advertises}");
        }
        let here = format!(
            "\n# This machine.\n{protocols}\
             listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}\n\
             advertised.listeners=CLIENT://127.0.0.1:{port}{advertised}\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             log.dirs={}\n",
            data.display()
        );
        fs::write(self.settings(), format!("{SERVER_PROPERTIES}{here}"))
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    /// As a KRaft broker wants it before its first start.
    pub(super) async fn format(&self) -> io::Result<()> {
        // Kafka's own form: 16 bytes in 22 characters of URL-safe base 64.
        let id = openssl::base64::encode_block(&rand::random::<[u8; 16]>());
        let id = id.trim_end_matches('=').replace('+', "A").replace('/', "B");
        let mut command = self.java(&["-XX:TieredStopAtLevel=1"], "kafka.tools.StorageTool")?;
        // An id that begins with a dash would be read as a flag.
        command.args([
            "format",
            "--cluster-id",
            &format!("c{}", &id[1..]),
            "--config",
        ]);
        command.arg(self.settings());
        finish(command, "formatting Kafka's log folder").await
    }

    pub(super) fn start(&self) -> io::Result<Child> {
        self.java(&JVM, "kafka.Kafka")?.arg(self.settings()).spawn()
    }

    fn java(&self, flags: &[&str], class: &str) -> io::Result<Command> {
        let mut command = server(self.java, &self.folder, &self.log)?;
        command.arg("-cp").arg(format!("{}/*", self.jars.display()));
        let log4j2 = self.folder.join("log4j2.properties");
        command.arg(format!("-Dlog4j2.configurationFile={}", log4j2.display()));
        command.args(flags).arg(class);
        Ok(command)
    }
}

pub(super) struct PostgresServer<'a> {
    pub(super) bin: &'a Path,
    /// `postgres/` of the stack.
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
}

impl PostgresServer<'_> {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) async fn initialise(&self, password: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let user = postgres_user();
        give(&self.folder, user.as_ref())?;
        let secret = self.folder.join("password");
        OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&secret)?
            .write_all(password.as_bytes())?;
        give(&secret, user.as_ref())?;

        let mut command = self.command("initdb")?;
        command
            .arg("--pgdata")
            .arg(self.data())
            .arg("--pwfile")
            .arg(&secret);
        // C: keys compare byte by byte, the same on every machine.
        command.args([
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
        ]);
        command.arg("--locale=C");
        let made = finish(command, "initdb").await;
        fs::remove_file(secret)?;
        made
    }

    /// Later lines win over what initdb wrote.
    pub(super) fn configure(&self, port: u16) -> io::Result<()> {
        let sample = self.data().join("postgresql.conf");
        let kept = self.data().join("postgresql.conf.initdb");
        if !kept.exists() {
            fs::copy(&sample, &kept)?;
        }
        let base = fs::read_to_string(&kept)?;
        // One call instead of an fsync of every file: a crash restart takes 0.2 s, not 3.3 s. Linux
        // only.
        let syncfs = if cfg!(target_os = "linux") {
            "recovery_init_sync_method = syncfs\n"
        } else {
            ""
        };
        let here =
            format!("\n# This machine.\nlisten_addresses = '127.0.0.1'\nport = {port}\n{syncfs}");
        fs::write(sample, format!("{base}\n{POSTGRESQL_CONF}{here}"))
    }

    pub(super) fn start(&self) -> io::Result<Child> {
        self.command("postgres")?.arg("-D").arg(self.data()).spawn()
    }

    fn command(&self, program: &str) -> io::Result<Command> {
        let mut command = server(&self.bin.join(program), &self.folder, &self.log)?;
        for (name, _) in std::env::vars_os() {
            // PGDATA, PGPORT and their like of whoever calls us.
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        if let Some(user) = postgres_user() {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        Ok(command)
    }
}

pub(super) fn give(path: &Path, user: Option<&User>) -> io::Result<()> {
    let Some(user) = user else { return Ok(()) };
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
}

/// Writes to `log`, dies with this process, and ends when its handle is dropped.
pub(super) fn server(program: &Path, folder: &Path, log: &Path) -> io::Result<Command> {
    let log: File = OpenOptions::new().create(true).append(true).open(log)?;
    log.set_permissions(Permissions::from_mode(0o644))?;
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true);
    die_with_us(&mut command);
    Ok(command)
}

#[cfg(target_os = "linux")]
fn die_with_us(command: &mut Command) {
    let parent = nix::unistd::getpid();
    // SAFETY: prctl and getppid are system calls that are safe between fork and exec.
    unsafe {
        // This runs after the change of user, which would clear the setting.
        command.pre_exec(move || {
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            // The parent may have died before the setting was in place.
            if nix::unistd::getppid() != parent {
                return Err(io::Error::from(nix::errno::Errno::ESRCH));
            }
            Ok(())
        });
    }
}

/// Elsewhere the next `up` or `down` finds what outlived its supervisor.
#[cfg(not(target_os = "linux"))]
fn die_with_us(_command: &mut Command) {}

/// If this future is dropped before the end, so is everything it started.
async fn finish(mut command: Command, what: &str) -> io::Result<()> {
    // initdb runs `postgres` through a shell, and killing it alone would leave those two behind.
    let mut child = command.process_group(0).spawn()?;
    let group = ProcessGroup(child.id());
    let status = child.wait().await?;
    group.ended();
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{what}: {status}")))
    }
}

/// Killed when it is dropped before it has ended.
struct ProcessGroup(Option<u32>);

impl ProcessGroup {
    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(leader) = self.0.and_then(|pid| i32::try_from(pid).ok()) {
            // Its leader has not been waited for, so the id is still the group's.
            let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
        }
    }
}
