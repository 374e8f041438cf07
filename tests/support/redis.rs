//! A real Redis for consumers that keep their state there: what `redis/pom.xml` pins, by Maven.

use std::fs::{self, Permissions};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// It listens within 10 ms on a quiet machine.
const DEADLINE: Duration = Duration::from_secs(10);

/// A server on a port of its own, gone when this is dropped. It keeps nothing on disk.
pub struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    /// Starts one, and returns when it listens.
    ///
    /// # Panics
    /// When there is none to be had.
    #[must_use]
    pub fn start() -> Self {
        let program = program();
        // Between asking for a free port and taking it, somebody else may: then another one is.
        (0..5)
            .find_map(|_| Self::start_once(&program))
            .expect("redis-server listens")
    }

    fn start_once(program: &Path) -> Option<Self> {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let process = Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        let mut redis = Self { process, port };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = redis.process.try_wait().expect("it is our child");
            if ended.is_some() || since.elapsed() > DEADLINE {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // Who answers there could be the one who took the port.
        let ended = redis.process.try_wait().expect("it is our child");
        ended.is_none().then_some(redis)
    }

    /// Where it listens, as clients are told.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // An error where it has ended by itself, and then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The server for this machine, in `$CRASHWINDOW_CACHE` or else in target/, once for each pin.
fn program() -> PathBuf {
    let cache = std::env::var_os("CRASHWINDOW_CACHE")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let pom = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/redis/pom.xml");
    let hash = openssl::sha::sha256(&fs::read(&pom).expect("the pin is there"));
    let key: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let home = cache.join(format!("redis-{key}"));
    if !home.is_dir() {
        bring(&pom, &cache, &home);
    }
    let system = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    let machine = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let platform = format!("{system}-{machine}");
    let servers = fs::read_dir(&home).expect("it was brought").flatten();
    servers
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(&platform))
        .unwrap_or_else(|| panic!("no redis-server for {platform} in {}", home.display()))
}

fn bring(pom: &Path, cache: &Path, home: &Path) {
    fs::create_dir_all(cache).expect("a folder for the cache");
    let coming = tempfile::tempdir_in(cache).expect("a folder in the cache");
    let files = coming.path().join("files");
    let option = |name: &str, path: &Path| format!("-D{name}={}", path.display());
    let maven = Command::new("mvn")
        .args(["--batch-mode", "--no-transfer-progress", "--quiet"])
        .arg("--file")
        .arg(pom)
        .args(["dependency:unpack-dependencies", "-DincludeScope=runtime"])
        .arg("-Dmdep.unpack.includes=redis-server-*")
        .arg(option("outputDirectory", &files))
        .arg(option("markersDirectory", &coming.path().join("markers")))
        .output()
        .expect("this test needs Maven: apt-get install -y maven");
    let said = [maven.stdout, maven.stderr].concat();
    assert!(
        maven.status.success(),
        "Maven brings no Redis: {}",
        String::from_utf8_lossy(&said)
    );
    for server in fs::read_dir(&files).expect("files were unpacked").flatten() {
        let executable = Permissions::from_mode(0o755);
        fs::set_permissions(server.path(), executable).expect("the file is ours");
    }
    // Moved whole, so that the folder is proof enough; another test's will do as well.
    let moved = fs::rename(&files, home);
    assert!(moved.is_ok() || home.is_dir(), "{moved:?}");
}
