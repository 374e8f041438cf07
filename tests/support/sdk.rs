//! Packages of other languages, at pinned versions: installed once, into `CRASHWINDOW_CACHE` or else
//! below the target directory. That needs `python3` with `venv`, and `node` with `npm`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Installing over a slow network, or compiling an SDK on a busy machine, is the longest step; a script
/// takes seconds.
const DEADLINE: Duration = Duration::from_secs(900);

/// A virtual environment with the packages that `scripts` pins in its `requirements.txt`, and those
/// pins.
///
/// # Panics
/// When they cannot be installed.
pub async fn python_packages(name: &str, scripts: &Path) -> (PathBuf, String) {
    let requirements = scripts.join("requirements.txt");
    let pin = read(&requirements);
    let home = installed(name, &pin, async |home| {
        run(Command::new("python3").args(["-m", "venv"]).arg(home)).await;
        let mut pip = Command::new(home.join("bin/pip"));
        run(pip.args(["install", "--quiet", "-r"]).arg(&requirements)).await;
    })
    .await;
    (home, pin)
}

/// A folder with the packages that `scripts` pins in its `package.json`, and that manifest.
///
/// # Panics
/// When they cannot be installed.
pub async fn node_packages(name: &str, scripts: &Path) -> (PathBuf, String) {
    let manifest = read(&scripts.join("package.json"));
    let home = installed(name, &manifest, async |home| {
        std::fs::write(home.join("package.json"), &manifest).expect("the cache is writable");
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
        ]);
        run(npm.current_dir(home)).await;
    })
    .await;
    (home, manifest)
}

/// The program of the crate in `folder`, which is a workspace of its own, with the dependencies that its
/// lock file pins. Cargo knows by itself what is out of date.
///
/// # Panics
/// When it cannot be built.
pub async fn rust_program(name: &str, folder: &Path) -> PathBuf {
    let target = cache().join(name);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    run(&mut build).await;
    target.join("debug/crashwindow-sdk-test")
}

fn cache() -> PathBuf {
    let cache = std::env::var_os("CRASHWINDOW_CACHE").map(PathBuf::from);
    cache.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")))
}

/// The folder of an SDK that `install` has filled; it is kept until the pin changes.
///
/// # Panics
/// When it cannot be filled.
pub async fn installed(name: &str, pin: &str, install: impl AsyncFnOnce(&Path)) -> PathBuf {
    // Two tests may want the same one at once.
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = ONE_AT_A_TIME.lock().await;
    let home = cache().join(name);
    // Written last: an installation that was interrupted is made again.
    let complete = home.join("complete");
    if std::fs::read_to_string(&complete).ok().as_deref() != Some(pin) {
        if home.exists() {
            std::fs::remove_dir_all(&home).expect("the cache is writable");
        }
        std::fs::create_dir_all(&home).expect("the cache is writable");
        install(&home).await;
        std::fs::write(complete, pin).expect("the cache is writable");
    }
    home
}

/// Runs a command to its end and returns what it printed.
///
/// # Panics
/// When it fails, or takes longer than the installation of a package may.
pub async fn run(command: &mut Command) -> String {
    let what = format!("{:?}", command.as_std());
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = within(&what, running).await;
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    let [printed, errors] = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b));
    assert!(
        output.status.success(),
        "{what}: {}\n{printed}{errors}",
        output.status
    );
    printed.into_owned()
}

/// Waits for `future`, and names what it waited for if that does not come.
///
/// # Panics
/// When it does not come.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
