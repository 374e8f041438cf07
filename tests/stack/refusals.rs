//! What cannot work is refused at once, in one text that names the next command.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::lab::{Lab, open_folder, refused};

#[test]
fn a_fixed_port_that_is_taken_names_who_holds_it() {
    let lab = Lab::new("port");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    for (flag, server) in [("--kafka-port", "Kafka"), ("--postgres-port", "PostgreSQL")] {
        let said = refused(&lab.run(&["up", flag, &port]));
        let owner = format!("in use by process {}", std::process::id());
        assert!(
            said.contains(&format!("port {port} for {server} is {owner}")),
            "{said}"
        );
        assert!(
            !lab.folder().exists(),
            "nothing is left of an up that failed"
        );
    }
}

#[test]
fn a_fixed_port_that_is_free_is_used() {
    let lab = Lab::new("fixed");
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("bound").port().to_string()
    };
    let (kafka, postgres) = (free(), free());
    let ports = [
        "--kafka-port",
        kafka.as_str(),
        "--postgres-port",
        postgres.as_str(),
    ];
    let (endpoints, _) = lab.up(&ports);
    assert_eq!(
        endpoints["kafka"]["bootstrap"],
        format!("127.0.0.1:{kafka}")
    );
    // A restart on the same ports finds them free again.
    lab.down();
    lab.up(&ports);
}

#[test]
fn a_cache_that_cannot_be_used_is_named() {
    let lab = Lab::new("cache");
    let folder = open_folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").expect("written");
    for command in ["up", "down", "status"] {
        let said = refused(&lab.run(&[command, "--cache", file.to_str().expect("UTF-8")]));
        assert!(
            said.contains(&format!("the cache folder {}", file.display())),
            "{said}"
        );
    }
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    // Modes bind everybody but root.
    let binary = folder.path().join("crashwindow");
    std::fs::copy(env!("CARGO_BIN_EXE_crashwindow"), &binary).expect("copied");
    let mut command = Command::new(&binary);
    std::os::unix::process::CommandExt::uid(&mut command, 65534);
    let output = command
        .args(["up", "--cache"])
        .arg(folder.path().join("cache"))
        .output();
    let said = refused(&output.expect("the binary runs"));
    assert!(said.contains("Permission denied"), "{said}");

    // As root, PostgreSQL is somebody else, and must be able to get there.
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).expect("made");
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o700)).expect("ours");
    let cache = locked.join("cache");
    let said = refused(&lab.run(&["up", "--cache", cache.to_str().expect("UTF-8")]));
    assert!(
        said.contains(&format!("may not enter {}", locked.display())),
        "{said}"
    );
}

#[test]
fn without_java_the_line_that_installs_it_is_named() {
    let lab = Lab::new("java");
    let empty = open_folder();
    let without = |arguments: &[&str]| {
        let mut command = lab.command(arguments);
        command.env("PATH", empty.path()).env_remove("JAVA_HOME");
        command.output().expect("the binary runs")
    };
    let said = refused(&without(&["up"]));
    assert!(said.contains("Java 17 or later was not found"), "{said}");
    let install = ["apt-get install", "dnf install", "brew install"];
    assert!(install.iter().any(|line| said.contains(line)), "{said}");

    let doctor = without(&["doctor"]);
    assert_eq!(
        doctor.status.code(),
        Some(2),
        "doctor says that it cannot run"
    );
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("MISSING  Java 17 or later"), "{said}");
    assert!(install.iter().any(|line| said.contains(line)), "{said}");
    assert!(lab.run(&["doctor"]).status.success(), "with Java it can");
}

#[test]
fn a_dead_address_is_named() {
    let lab = Lab::new("dead");
    let said = refused(&lab.run(&[
        "up",
        "--kafka",
        "127.0.0.1:1",
        "--postgres",
        "postgres://lab:secret@127.0.0.1:1/postgres",
    ]));
    assert!(
        said.contains("Kafka at 127.0.0.1:1 cannot be used: "),
        "{said}"
    );
    assert!(said.contains("Connection refused"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn choices_that_do_not_fit_are_explained() {
    let lab = Lab::new("choices");
    for (arguments, why) in [
        (
            &[
                "up",
                "--stack",
                "compose",
                "--kafka",
                "127.0.0.1:1",
                "--postgres",
                "postgres://lab:secret@127.0.0.1:1/postgres",
            ][..],
            "the containers of docker/compose.yaml do not answer: Kafka at 127.0.0.1:1",
        ),
        (&["up", "--stack", "external"][..], "where the servers are"),
        (
            &[
                "up",
                "--stack",
                "native",
                "--kafka",
                "a:1",
                "--postgres",
                "postgres://a@b/c",
            ][..],
            "starts its own servers",
        ),
        (
            &[
                "up",
                "--kafka",
                "a:1",
                "--postgres",
                "postgres://a@b/c",
                "--kafka-security",
                "sasl_ssl",
            ][..],
            "needs a user and a password",
        ),
    ] {
        let said = refused(&lab.run(arguments));
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_crashwindow"))
        .args(["up", "--name", "../elsewhere"])
        .output()
        .expect("the binary runs");
    assert!(refused(&output).contains("cannot be the name of a stack"));
}

/// A folder with programs that are scripts.
fn scripts(scripts: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = open_folder();
    for (name, text) in scripts {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("ours");
    }
    folder
}

#[test]
fn a_server_that_cannot_be_prepared_is_shown_with_its_log_and_leaves_nothing() {
    let lab = Lab::new("initdb");
    let bin = scripts(&[
        ("postgres", "echo 'postgres (PostgreSQL) 18.6'"),
        (
            "initdb",
            "echo 'initdb: error: the moon is in the wrong phase' >&2; exit 1",
        ),
    ]);
    let bin = bin.path().to_str().expect("UTF-8");
    let said = refused(&lab.run(&["up", "--postgres-bin", bin]));
    assert!(
        said.contains("PostgreSQL did not come up: initdb: exit status: 1"),
        "{said}"
    );
    assert!(
        said.contains("  initdb: error: the moon is in the wrong phase"),
        "{said}"
    );
    assert!(!lab.folder().exists());

    let old = scripts(&[
        ("postgres", "echo 'postgres (PostgreSQL) 13.9'"),
        ("initdb", "exit 1"),
    ]);
    let old = old.path().to_str().expect("UTF-8");
    let said = refused(&lab.run(&["up", "--postgres-bin", old]));
    assert!(
        said.contains("it is postgres (PostgreSQL) 13.9, and 14 or later"),
        "{said}"
    );
}

#[test]
fn an_empty_cache_without_maven_or_network_is_explained() {
    let lab = Lab::new("maven");
    let folder = open_folder();
    let cache = folder.path().join("cache");
    let java = String::from_utf8(lab.run(&["doctor", "--json"]).stdout).expect("UTF-8");
    let java: serde_json::Value = serde_json::from_str(&java).expect("JSON");
    let detail = java["checks"][0]["detail"]
        .as_str()
        .expect("a program and its version");
    let home = detail.split("/bin/java").next().expect("a folder");
    let up = |path: &std::path::Path| {
        let mut command = lab.command(&["up", "--cache", cache.to_str().expect("UTF-8")]);
        command.env("PATH", path).env("JAVA_HOME", home);
        refused(&command.output().expect("the binary runs"))
    };
    let said = up(open_folder().path());
    assert!(said.contains("Maven (mvn) was not found"), "{said}");

    let offline = scripts(&[(
        "mvn",
        "echo '[ERROR] Could not transfer the artifact'; exit 1",
    )]);
    let said = up(offline.path());
    assert!(
        said.contains("Apache Kafka could not be brought into"),
        "{said}"
    );
    assert!(
        said.contains("[ERROR] Could not transfer the artifact"),
        "{said}"
    );
    let left = std::fs::read_dir(cache.join("artifacts"))
        .expect("made")
        .count();
    assert_eq!(left, 0, "nothing half-made is left in the cache");
}
