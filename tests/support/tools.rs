//! What a test needs and a machine may not have. Nothing passes for want of it: under CI (the variable
//! `CI` is set) such a test fails, elsewhere it is ignored, and a line says which and what to install.

use std::io::Write;

/// A program that some tests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    pub name: &'static str,
    /// What brings it.
    pub next: &'static str,
}

/// Checks Prometheus' rules.
pub const PROMTOOL: Tool = Tool {
    name: "promtool",
    next: "scripts/setup.sh test",
};

/// Watches a stack.
pub const PROMETHEUS: Tool = Tool {
    name: "prometheus",
    next: "scripts/setup.sh test",
};

/// A client of Postgres.
pub const PSQL: Tool = Tool {
    name: "psql",
    next: "scripts/setup.sh test",
};

/// Reads a composition; it needs no engine for that.
pub const COMPOSE: Tool = Tool {
    name: "docker compose or docker-compose",
    next: "scripts/setup.sh test",
};

impl Tool {
    /// Whether the test can go on; false where it is ignored.
    ///
    /// # Panics
    /// Under CI, where the tool is missing.
    #[must_use]
    pub fn is_there(self, found: bool) -> bool {
        let is_ci = std::env::var_os("CI").is_some();
        // A test's thread has its name.
        let thread = std::thread::current();
        match self.want(found, is_ci, thread.name().unwrap_or("a test")) {
            Want::Run => true,
            Want::Ignore(line) => {
                tell(&line);
                false
            }
            Want::Fail(line) => panic!("{line}"),
        }
    }

    /// The same of a program on the `PATH`.
    #[must_use]
    pub fn is_on_path(self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).any(|folder| folder.join(self.name).is_file());
        self.is_there(found)
    }

    fn want(self, found: bool, is_ci: bool, test: &str) -> Want {
        let Self { name, next } = self;
        match (found, is_ci) {
            (true, _) => Want::Run,
            (false, true) => Want::Fail(format!("{test} needs {name}\nnext: {next}")),
            (false, false) => {
                Want::Ignore(format!("ignored: {test}: there is no {name}; next: {next}"))
            }
        }
    }
}

/// What becomes of a test.
#[derive(Debug, PartialEq, Eq)]
enum Want {
    Run,
    Ignore(String),
    Fail(String),
}

/// Says that a test has nothing to do here, which no tool would change.
pub fn has_nothing_to_do(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    tell(&format!("ignored: {test}: {why}"));
}

/// Not captured: whoever reads the tests' output is to see it, and `scripts/test.sh` shows it.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn a_test_without_its_tool_is_ignored_by_name_and_fails_under_ci() {
    let want = |found, is_ci| PSQL.want(found, is_ci, "psql_works");
    assert_eq!(
        (want(true, false), want(true, true)),
        (Want::Run, Want::Run)
    );
    assert_eq!(
        want(false, false),
        Want::Ignore(
            "ignored: psql_works: there is no psql; next: scripts/setup.sh test".to_owned()
        )
    );
    let failed = "psql_works needs psql\nnext: scripts/setup.sh test".to_owned();
    assert_eq!(want(false, true), Want::Fail(failed));
}
