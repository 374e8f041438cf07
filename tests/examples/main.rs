//! The examples in other languages, with their own clients and drivers, on the real stack: the
//! broken ones are caught, the fixed ones hold.
//!
//! Their dependencies are installed once by `examples/setup`.

#[path = "../support/mod.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crashwindow::verdict::Verdict;
use libtest_mimic::{Arguments, Failed, Trial};

const LANGUAGES: [&str; 3] = ["python", "node", "java"];

/// A lab whose two consumers are one language's examples. The windows are lab 1's.
const MANIFEST: &str = r#"
schema = 1
id = "90"
name = "LANGUAGE"
title = "Examples"
question = "-"
guarantee = "effectively-once"
workload = { payments = 12, partitions = 4, instances = 2 }
database = { schema = "schema.sql", recorded = "SELECT msg_id FROM processed" }
consumers.broken = { bin = "./broken", source = "broken", about = "-" }
consumers.fixed = { bin = "./fixed", source = "fixed", about = "-" }

[[scenarios]]
name = "zombie"
fault = "zombie"
at = "POST /v1/charges"
edge = "before"
strikes = 1
expect = { broken = "violated", fixed = "held" }
why = "-"

[[scenarios]]
name = "kill"
fault = "kill"
at = "POST /v1/charges"
edge = "after"
strikes = 1
expect = { broken = "violated", fixed = "held" }
why = "-"
"#;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two cores: a run is two consumers and a controller, and more at once only slows each other.
    arguments.test_threads.get_or_insert(1);
    if !arguments.list {
        install();
    }
    let mut trials = Vec::new();
    for language in LANGUAGES {
        for (consumer, verdict) in [("broken", Verdict::Violated), ("fixed", Verdict::Held)] {
            for scenario in ["zombie", "kill"] {
                let name = format!(
                    "{language}_{consumer}_under_{scenario}_is_{}",
                    verdict.name()
                );
                trials.push(Trial::test(name, move || {
                    expect(language, consumer, scenario, verdict)
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn install() {
    let setup = examples().join("setup");
    let status = Command::new(&setup)
        .args(LANGUAGES)
        .status()
        .expect("bash is there");
    assert!(status.success(), "{}: {status}", setup.display());
}

fn expect(language: &str, consumer: &str, scenario: &str, verdict: Verdict) -> Result<(), Failed> {
    let labs = tempfile::tempdir()?;
    write_lab(&labs.path().join(format!("90-{language}")), language)?;
    let folder = labs.path().to_str().expect("a path in UTF-8");
    let command = ["run", "90", "--labs", folder, "--consumer", consumer];
    // A virtual machine beside a compiler takes longer than a lab's consumer to join its group.
    let patience = ["--scenario", scenario, "--join", "60"];
    let report = support::report(&[command.as_slice(), &patience].concat())?;

    let context = format!("{} ({})", report.sentence(), report.run_dir.display());
    if report.verdict != verdict {
        return Err(format!("expected {}, got {context}", verdict.name()).into());
    }
    if !report.faults.iter().all(|fault| fault.fired) {
        return Err(format!("no fault fired: {context}").into());
    }
    let struck = |payment: &str| report.faults.iter().any(|f| f.payment == payment);
    if let Some(stray) = report.exceptions.iter().find(|e| !struck(&e.payment)) {
        return Err(format!("{} was not struck: {context}", stray.payment).into());
    }
    Ok(())
}

fn write_lab(folder: &Path, language: &str) -> std::io::Result<()> {
    std::fs::create_dir(folder)?;
    std::fs::write(
        folder.join("lab.toml"),
        MANIFEST.replace("LANGUAGE", language),
    )?;
    std::fs::copy(examples().join("schema.sql"), folder.join("schema.sql"))?;
    let launcher = examples().join(language).join("run");
    for consumer in ["broken", "fixed"] {
        let path = folder.join(consumer);
        let script = format!("#!/bin/sh\nexec {:?} {consumer}\n", launcher.display());
        std::fs::write(&path, script)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
