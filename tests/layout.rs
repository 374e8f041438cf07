//! Folders, manifests, programs and documents agree.

#[path = "layout/layers.rs"]
mod layers;
#[path = "layout/pure.rs"]
mod pure;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crashwindow::chaos::storm::Cause;
use crashwindow::quiz::Quiz;
use crashwindow::run::manifest::{self, Manifest};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn labs() -> Vec<Manifest> {
    manifest::all(&root().join("labs")).expect("every manifest can be used")
}

/// The packages of consumers, by their folders.
const CONSUMERS: [&str; 3] = ["labs", "tests/explore/consumers", "tests/zoo"];

fn toml_in(path: &str) -> toml::Table {
    let text = std::fs::read_to_string(root().join(path)).expect(path);
    toml::from_str(&text).expect(path)
}

/// The names and paths of the `[[bin]]` entries of the package in this folder.
fn programs(folder: &str) -> BTreeSet<(String, String)> {
    let manifest = toml_in(&format!("{folder}/Cargo.toml"));
    let bins = manifest["bin"].as_array().unwrap();
    let field = |bin: &toml::Value, key: &str| bin[key].as_str().unwrap().to_owned();
    bins.iter()
        .map(|bin| {
            let path = format!("{folder}/{}", field(bin, "path"));
            (field(bin, "name"), path)
        })
        .collect()
}

fn files_in(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|e| e.file_name().into_string().unwrap())
        .collect()
}

/// What Cargo.lock says that a package links, whatever for, all the way down.
fn linked(lock: &toml::Table, package: &str) -> BTreeSet<String> {
    let packages = lock["package"].as_array().expect("it has packages");
    let mut linked = BTreeSet::new();
    let mut next = vec![package.to_owned()];
    while let Some(name) = next.pop() {
        let known = packages
            .iter()
            .filter(|p| p["name"].as_str() == Some(&name));
        let known: Vec<_> = known.collect();
        assert!(!known.is_empty(), "Cargo.lock has no {name}");
        let dependencies = known
            .iter()
            .filter_map(|p| p.get("dependencies")?.as_array());
        for dependency in dependencies.flatten().filter_map(toml::Value::as_str) {
            // `rand 0.10.4` where there are several.
            let name = dependency.split(' ').next().unwrap_or_default().to_owned();
            if linked.insert(name.clone()) {
                next.push(name);
            }
        }
    }
    linked
}

/// What of the lab a consumer would link without needing it; nothing but the lab needs any of it.
const OF_THE_LAB: [&str; 6] = [
    "askama",
    "axum",
    "clap",
    "crashwindow",
    "kafka-protocol",
    "rust-embed",
];

fn of_the_lab(lock: &toml::Table, package: &str) -> Vec<String> {
    let linked = linked(lock, package).into_iter();
    linked
        .filter(|name| OF_THE_LAB.contains(&name.as_str()))
        .collect()
}

#[test]
fn the_lab_and_the_consumers_link_nothing_of_each_other() {
    let lock = toml_in("Cargo.lock");
    let lab = linked(&lock, "crashwindow");
    for name in OF_THE_LAB.iter().filter(|name| **name != "crashwindow") {
        assert!(
            lab.contains(*name),
            "{name} is no dependency of the lab any more"
        );
    }
    assert_eq!(of_the_lab(&lock, "crashwindow-contract"), [""; 0]);
    for folder in CONSUMERS {
        let manifest = toml_in(&format!("{folder}/Cargo.toml"));
        let name = manifest["package"]["name"].as_str().unwrap();
        assert_eq!(of_the_lab(&lock, name), [""; 0], "linked by {name}");
        assert!(!lab.contains(name), "the lab links {name}");
    }
}

#[test]
fn what_is_linked_by_way_of_another_is_noticed() {
    let lock = "
        [[package]]
        name = \"labs\"
        dependencies = [\"rand 0.8.8\", \"pages\"]
        [[package]]
        name = \"rand\"
        version = \"0.8.8\"
        [[package]]
        name = \"pages\"
        dependencies = [\"axum\"]
        [[package]]
        name = \"axum\"
        dependencies = [\"pages\"]";
    let lock = toml::from_str(lock).unwrap();
    assert_eq!(of_the_lab(&lock, "labs"), ["axum"]);
    assert_eq!(of_the_lab(&lock, "rand"), [""; 0]);
}

#[test]
fn what_names_no_package_is_about_every_package() {
    let workspace = toml_in("Cargo.toml");
    let listed = |key: &str| -> BTreeSet<String> {
        let listed = workspace["workspace"][key].as_array().expect(key);
        let paths = listed.iter().map(|path| path.as_str().unwrap().to_owned());
        paths.collect()
    };
    let packages: BTreeSet<String> = CONSUMERS
        .into_iter()
        .chain(["contract"])
        .map(str::to_owned)
        .collect();
    assert_eq!(listed("members"), packages);
    let with_the_lab = packages.iter().cloned().chain([".".to_owned()]);
    assert_eq!(listed("default-members"), with_the_lab.collect());
    for folder in &packages {
        let manifest = toml_in(&format!("{folder}/Cargo.toml"));
        let inherited = manifest["lints"]["workspace"].as_bool();
        assert_eq!(inherited, Some(true), "the lints of {folder}");
    }
    for folder in CONSUMERS {
        // Without it, tests would start programs that nobody has built.
        let test = root().join(folder).join("tests/programs.rs");
        assert!(test.is_file(), "{} is not there", test.display());
    }
}

#[test]
fn every_folder_in_labs_is_a_lab() {
    let package = ["Cargo.toml", "src", "tests"].map(str::to_owned);
    let known: BTreeSet<String> = labs()
        .iter()
        .map(|l| format!("{}-{}", l.id, l.name))
        .chain(package)
        .collect();
    assert_eq!(files_in(&root().join("labs")), known);
}

#[test]
fn a_labs_consumers_are_exactly_the_programs_under_its_folder() {
    let declared: BTreeSet<(String, String)> = labs()
        .iter()
        .flat_map(|lab| {
            let folder = format!("labs/{}-{}", lab.id, lab.name);
            let program = move |c: &manifest::Consumer| {
                (c.bin.clone(), format!("{folder}/{}", c.source.display()))
            };
            lab.consumers.values().map(program).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(
        declared,
        programs("labs"),
        "manifests on the left, Cargo.toml on the right"
    );
}

#[test]
fn a_labs_folder_holds_what_its_manifest_names_and_nothing_else() {
    for lab in labs() {
        let mut named: BTreeSet<String> = ["lab.toml", "quiz.toml", "README.md"]
            .map(str::to_owned)
            .into();
        let sources = lab
            .consumers
            .values()
            .map(|c| &c.source)
            .chain([&lab.database.schema])
            .chain(&lab.database.statements);
        named.extend(sources.map(|path| path.display().to_string()));
        assert_eq!(files_in(&lab.folder), named, "in {}", lab.folder.display());
    }
}

#[test]
fn a_labs_guide_shows_every_scenario_and_consumer() {
    for lab in labs() {
        let guide = std::fs::read_to_string(lab.folder.join("README.md")).unwrap();
        let first = format!("crashwindow lab {}", lab.id);
        assert!(guide.contains(&first), "{first} is not in the guide");
        // The first scenario is what a plain `run` does.
        for scenario in lab.scenarios.iter().skip(1) {
            let command = format!("--scenario {}", scenario.name);
            assert!(
                guide.contains(&command),
                "{} is not in the guide of {}",
                command,
                lab.id
            );
        }
        for consumer in lab.consumers.values() {
            let source = consumer.source.display().to_string();
            assert!(
                guide.contains(&source),
                "{source} is not in the guide of {}",
                lab.id
            );
        }
    }
}

#[test]
fn a_labs_guide_names_no_lab_consumer_or_scenario_that_is_not_there() {
    let labs = labs();
    for lab in &labs {
        let guide = std::fs::read_to_string(lab.folder.join("README.md")).unwrap();
        let commands = guide.lines().filter(|l| l.starts_with("crashwindow "));
        for command in commands {
            let words: Vec<&str> = command.split_whitespace().collect();
            let named = |flag: &str| {
                let place = words.iter().position(|w| *w == flag)?;
                words.get(place + 1).copied()
            };
            if let Some(id) = words.get(2).filter(|w| !w.starts_with('-')) {
                let known = labs.iter().any(|l| l.id == *id);
                assert!(known, "{command}: there is no lab {id}");
            }
            if let Some(consumer) = named("--consumer") {
                lab.consumer(consumer).expect(command);
            }
            match (named("--scenario"), &lab.storm) {
                (Some(scenario), Some(storm)) => {
                    let known = storm.scenarios.iter().any(|s| s.cause.name() == scenario);
                    assert!(known, "{command}: there is no storm {scenario}");
                }
                (Some(scenario), None) => drop(lab.scenario(scenario).expect(command)),
                (None, _) => {}
            }
        }
    }
}

#[test]
fn a_labs_quiz_can_be_held_and_asks_about_a_run_and_about_the_fix() {
    for lab in labs() {
        let quiz = Quiz::load(&lab).expect("the quiz can be used");
        let with_run = quiz.questions.iter().filter(|q| q.run.is_some()).count();
        // A storm is too long to answer a question with.
        assert_eq!(
            with_run > 0,
            lab.storm.is_none(),
            "whether a run of lab {} is asked about",
            lab.id
        );
        assert!(
            with_run < quiz.questions.len(),
            "lab {} does not ask what to change",
            lab.id
        );
        for question in &quiz.questions {
            // A fix that is offered first is remembered: it must not be to wait longer.
            let first = question.options[0].text.to_lowercase();
            assert!(
                !first.contains("timeout"),
                "{} offers a timeout first",
                question.id
            );
        }
    }
}

#[test]
fn every_consumer_has_a_table_of_what_exploration_must_find() {
    for lab in labs() {
        for (consumer, rows) in &lab.explore {
            assert!(!rows.is_empty(), "{consumer} of lab {} has no row", lab.id);
            for row in rows {
                assert!(!row.why.is_empty(), "{} has no reason", row.event);
            }
        }
        // A consumer without a table would never be explored. Those of a storm take payments in
        // batches, and their lesson is in no single window.
        let explored: BTreeSet<&String> = lab.explore.keys().collect();
        let consumers = lab.consumers.keys().filter(|_| lab.storm.is_none());
        assert_eq!(explored, consumers.collect(), "lab {}", lab.id);
    }
}

#[test]
fn consumers_are_short_and_state_their_promise() {
    for (name, path) in programs("labs") {
        let source = std::fs::read_to_string(root().join(&path)).unwrap();
        assert!(
            source.contains("//! Promised: "),
            "{path} does not say what it promises"
        );
        assert!(
            source.contains("//! Not promised: "),
            "{path} does not say what it does not"
        );
        let lines = source.lines().filter(|l| !l.trim().is_empty()).count();
        assert!(
            lines <= 50,
            "{name} has {lines} lines: too long for a projector"
        );
    }
}

#[test]
fn a_labs_scenarios_can_tell_its_consumers_apart() {
    for lab in labs().into_iter().filter(|lab| lab.storm.is_none()) {
        let telling = lab.scenarios.iter().any(|s| {
            s.expect
                .values()
                .collect::<Vec<_>>()
                .windows(2)
                .any(|pair| pair[0] != pair[1])
        });
        assert!(telling, "no scenario of lab {} shows a difference", lab.id);
    }
}

#[test]
fn the_zoos_data_programs_and_guide_agree() {
    let zoo = root().join("tests/zoo");
    let text = std::fs::read_to_string(zoo.join("expected.toml")).unwrap();
    let expected: toml::Table = toml::from_str(&text).unwrap();
    let guide = std::fs::read_to_string(zoo.join("README.md")).unwrap();
    let text = |consumer: &toml::Value, key: &str| consumer[key].as_str().unwrap().to_owned();
    let consumers = expected["consumer"].as_array().unwrap();

    let declared: BTreeSet<(String, String)> = consumers
        .iter()
        .map(|c| {
            // A pair is one program with two names.
            let bin = if c.get("bin").is_some() {
                "bin"
            } else {
                "name"
            };
            (text(c, bin), format!("tests/zoo/{}", text(c, "source")))
        })
        .collect();
    assert_eq!(
        declared,
        programs("tests/zoo"),
        "expected.toml on the left, Cargo.toml on the right"
    );
    for (_, path) in &declared {
        let source = std::fs::read_to_string(root().join(path)).unwrap();
        let lines = source.lines().filter(|l| !l.trim().is_empty()).count();
        assert!(
            lines <= 45,
            "{path} has {lines} lines: too long to be seen through"
        );
    }
    for consumer in consumers {
        let name = text(consumer, "name");
        assert!(
            guide.contains(&format!("| `{name}` |")),
            "{name} is not in the zoo's guide"
        );
        assert!(zoo.join(text(consumer, "schema")).is_file());
    }
}

#[test]
fn a_storms_guide_shows_every_scenario_with_its_verdict_and_every_cause_has_one() {
    for lab in labs() {
        let Some(storm) = &lab.storm else { continue };
        let guide = std::fs::read_to_string(lab.folder.join("README.md")).unwrap();
        let plain = format!("crashwindow storm {}\n", lab.id);
        assert!(guide.contains(&plain), "{plain} is not in the guide");
        for scenario in storm.scenarios.iter().skip(1) {
            let command = format!("storm {} --scenario {}", lab.id, scenario.cause);
            assert!(guide.contains(&command), "{command} is not in the guide");
            assert!(!scenario.why.is_empty(), "{} has no reason", scenario.cause);
        }
        let source = lab.folder.join(&lab.consumers[&storm.consumer].source);
        let source = std::fs::read_to_string(source).unwrap();
        for (setting, value) in [
            ("auto.commit.interval.ms", storm.commit_interval_ms),
            ("max.poll.interval.ms", storm.max_poll_interval_ms),
        ] {
            let set = format!("(\"{setting}\", \"{value}\")");
            assert!(source.contains(&set), "the storm counts on {set}");
        }
        let causes: BTreeSet<Cause> = storm.scenarios.iter().map(|s| s.cause).collect();
        assert_eq!(causes, Cause::ALL.into(), "what the drill hides");
        let verdicts: Vec<_> = storm.scenarios.iter().map(|s| s.expect).collect();
        assert!(
            verdicts.windows(2).any(|pair| pair[0] != pair[1]),
            "no storm of lab {} shows a difference",
            lab.id
        );
    }
}

/// What is wrong with the table of deadlines: rows that name no constant.
fn unknown_deadlines(table: &str) -> Vec<String> {
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let named = rows.map(|row| {
        let mut names = row.split('`').skip(1).step_by(2);
        (
            names.next().unwrap_or_default(),
            names.next().unwrap_or_default(),
        )
    });
    let is_there = |(constant, file): &(&str, &str)| {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        text.contains(&format!("const {constant}: "))
    };
    named
        .filter(|named| !is_there(named))
        .map(|(constant, file)| format!("{constant} in {file}"))
        .collect()
}

#[test]
fn every_deadline_that_is_told_is_there() {
    let told = std::fs::read_to_string(root().join("docs/timing.md")).expect("it is told");
    assert!(told.lines().filter(|line| line.starts_with("| `")).count() > 10);
    assert_eq!(unknown_deadlines(&told), Vec::<String>::new());
    let moved = told.replace("`IDLE_MS`", "`IDLE`");
    assert_eq!(unknown_deadlines(&moved), ["IDLE in src/explore/mod.rs"]);
}
