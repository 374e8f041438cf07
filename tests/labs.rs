//! Every scenario of every lab, against every consumer, on the real stack: the verdict must be the
//! one that the lab's manifest expects. A new `labs/*/lab.toml` is picked up at run time.

mod support;

use std::process::ExitCode;

use crashwindow::run::manifest;
use crashwindow::verdict::Verdict;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two cores: a run is two consumers and a controller, and more at once only slows each other.
    arguments.test_threads.get_or_insert(1);
    let labs = manifest::all(&support::labs()).expect("every lab's manifest can be used");
    let mut trials = Vec::new();
    for lab in &labs {
        for scenario in &lab.scenarios {
            for (consumer, verdict) in &scenario.expect {
                let name = format!(
                    "lab_{}_{}_under_{}_is_{}",
                    lab.id,
                    consumer,
                    scenario.name,
                    verdict.name()
                );
                let (id, consumer) = (lab.id.clone(), consumer.clone());
                let (scenario, verdict, strikes) =
                    (scenario.name.clone(), *verdict, scenario.strikes);
                trials.push(Trial::test(name, move || {
                    expect(&id, &consumer, &scenario, verdict, strikes)
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn expect(
    lab: &str,
    consumer: &str,
    scenario: &str,
    verdict: Verdict,
    strikes: u32,
) -> Result<(), Failed> {
    let report = support::report(&["run", lab, "--consumer", consumer, "--scenario", scenario])?;
    let context = || format!("{} ({})", report.sentence(), report.run_dir.display());
    if report.verdict != verdict {
        return Err(format!("expected {}, got {}", verdict.name(), context()).into());
    }
    let fired = report.faults.iter().filter(|f| f.fired).count();
    if fired != strikes as usize {
        return Err(format!("{fired} of {strikes} faults fired: {}", context()).into());
    }
    if report.counts.redeliveries != fired {
        return Err(format!("not every strike was redelivered: {}", context()).into());
    }
    // What broke must be what was struck: a duplicate anywhere else is not the lesson.
    let struck = |payment: &str| report.faults.iter().any(|f| f.payment == payment);
    if let Some(stray) = report.exceptions.iter().find(|e| !struck(&e.payment)) {
        return Err(format!(
            "{} was not struck and is {}: {}",
            stray.payment,
            stray.outcome,
            context()
        )
        .into());
    }
    if report.witnesses.is_empty() {
        return Err(format!("no witness: {}", context()).into());
    }
    Ok(())
}
