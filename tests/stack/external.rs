//! Servers that somebody else runs, with TLS and SASL: a real broker and a real Postgres that this
//! test secures itself.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crashwindow::stack::postgres;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::lab::{Lab, block_on, open_folder, refused, wait_for};

const PASSWORD: &str = "a-password-of-the-test";

/// `ca.pem`, and `server.pem` (key and certificate) for `localhost` and 127.0.0.1.
fn make_certificates(folder: &Path) {
    let mut ca = CertificateParams::new(Vec::<String>::new()).expect("no names");
    // Names of their own: a certificate whose issuer has its own name looks self-signed.
    ca.distinguished_name
        .push(DnType::CommonName, "an authority of this test");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().expect("a key");
    let ca_certificate = ca.self_signed(&ca_key).expect("signed");
    fs::write(folder.join("ca.pem"), ca_certificate.pem()).expect("written");
    let issuer = Issuer::new(ca, ca_key);
    let names = ["localhost".to_string(), "127.0.0.1".to_string()];
    let key = KeyPair::generate().expect("a key");
    let mut server = CertificateParams::new(names).expect("two names");
    server
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    let certificate = server.signed_by(&key, &issuer).expect("signed");
    fs::write(folder.join("server.crt"), certificate.pem()).expect("written");
    fs::write(folder.join("server.key"), key.serialize_pem()).expect("written");
    let both = format!("{}{}", key.serialize_pem(), certificate.pem());
    fs::write(folder.join("server.pem"), both).expect("written");
}

/// A broker with one more listener, `SASL_SSL`.
struct Broker {
    child: Child,
    port: u16,
}

impl Broker {
    fn start(jars: &Path, folder: &Path) -> Broker {
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            listener.local_addr().expect("bound").port()
        };
        let (plain, controller, port) = (free(), free(), free());
        let here = folder.display();
        let module = "org.apache.kafka.common.security";
        let settings = format!(
            "{}\n\
             listeners=CLIENT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},\
             SECURE://127.0.0.1:{port}\n\
             advertised.listeners=CLIENT://127.0.0.1:{plain},SECURE://localhost:{port}\n\
             listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             log.dirs={here}/data\n\
             ssl.keystore.type=PEM\n\
             ssl.keystore.location={here}/server.pem\n\
             listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512\n\
             listener.name.secure.plain.sasl.jaas.config={module}.plain.PlainLoginModule required \
             user_lab=\"{PASSWORD}\";\n\
             listener.name.secure.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule \
             required;\n",
            include_str!("../../docker/kafka/server.properties"),
        );
        let path = folder.join("server.properties");
        fs::write(&path, settings).expect("written");
        let java = |class: &str| {
            let log = fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join("log"));
            let log = log.expect("opened");
            let mut command = Command::new("java");
            command.args([
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
            ]);
            command
                .arg(format!("{}/*", jars.display()))
                .arg(class)
                .stdin(Stdio::null());
            command.stdout(log.try_clone().expect("cloned")).stderr(log);
            command
        };
        let formatted = java("kafka.tools.StorageTool")
            .args([
                "format",
                "--cluster-id",
                "AAAAAAAAAAAAAAAAAAAAAA",
                "--add-scram",
            ])
            .arg(format!("SCRAM-SHA-512=[name=lab,password={PASSWORD}]"))
            .arg("--config")
            .arg(&path)
            .status();
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(formatted.expect("java runs").success(), "{}", log());
        let child = java("kafka.Kafka").arg(&path).spawn().expect("java runs");
        let mut broker = Broker { child, port };
        wait_for("the secured broker to listen", || {
            assert!(
                broker.child.try_wait().expect("ours").is_none(),
                "{}",
                log()
            );
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        broker
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.child.kill().expect("ours");
        self.child.wait().expect("ours");
    }
}

/// Gives a running Postgres a certificate.
fn switch_tls_on(dsn: &str, folder: &Path, data: &Path) {
    for name in ["server.crt", "server.key"] {
        let to = data.join(name);
        fs::copy(folder.join(name), &to).expect("copied");
        fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(data).expect("there"));
        std::os::unix::fs::chown(&to, Some(owner), None).expect("given to the server");
    }
    block_on(async {
        let (client, _driver) = postgres::connect(dsn, None)
            .await
            .expect("Postgres answers");
        for statement in ["ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"] {
            client.batch_execute(statement).await.expect(statement);
        }
    });
    wait_for("Postgres to speak TLS", || {
        let dsn = format!("{dsn}?sslmode=require");
        block_on(async { postgres::connect(&dsn, None).await.is_ok() })
    });
}

#[test]
fn a_secured_cluster_and_database_are_used_and_wrong_secrets_are_refused() {
    let lab = Lab::new("secured");
    let (endpoints, _) = lab.up(&[]);
    let folder = open_folder();
    make_certificates(folder.path());
    let broker = Broker::start(&lab.artifact("kafka-"), folder.path());
    let dsn = endpoints["postgres"]["admin_url"].as_str().expect("a DSN");
    switch_tls_on(dsn, folder.path(), &lab.folder().join("postgres/data"));

    let ca = folder.path().join("ca.pem");
    let ca = ca.to_str().expect("UTF-8");
    let verified = format!(
        "{}?sslmode=verify-full",
        dsn.replace("127.0.0.1", "localhost")
    );
    let address = format!("localhost:{}", broker.port);
    let secured = |words: &[&str], mechanism: &str, password: &str, kafka_ca: &str, dsn: &str| {
        let mut command = lab.command(words);
        command
            .args(["--json", "--kafka", &address, "--postgres", dsn])
            .args(["--kafka-security", "sasl_ssl", "--kafka-ca", kafka_ca])
            .args([
                "--kafka-sasl-mechanism",
                mechanism,
                "--kafka-username",
                "lab",
            ])
            .env("CRASHWINDOW_KAFKA_PASSWORD", password);
        command
    };
    let up = |mechanism: &str, password: &str, kafka_ca: &str, dsn: &str, postgres_ca: &[&str]| {
        let mut command = secured(&["up"], mechanism, password, kafka_ca, dsn);
        command.args(postgres_ca).output().expect("the binary runs")
    };
    let with_ca = ["--postgres-ca", ca];
    for mechanism in ["PLAIN", "SCRAM-SHA-512"] {
        let output = up(mechanism, PASSWORD, ca, &verified, &with_ca);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{mechanism}: {said}");
        let seen: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(seen["kind"], "external");
        assert_eq!(seen["kafka"]["security"]["protocol"], "sasl_ssl");
    }

    // The consumers speak plaintext to their taps, and the taps what the servers want.
    let short = [
        "run",
        "01",
        "--consumer",
        "fixed",
        "--payments",
        "20",
        "--strikes",
        "1",
    ];
    let mut run = secured(&short, "SCRAM-SHA-512", PASSWORD, ca, &verified);
    let output = run.args(with_ca).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["verdict"], "held", "{report}");
    assert_eq!(report["counts"]["once"], 20);

    let said = refused(&up("SCRAM-SHA-512", "wrong", ca, &verified, &with_ca));
    assert!(said.contains(&format!("Kafka at {address}")), "{said}");
    assert!(said.to_lowercase().contains("authentication"), "{said}");

    // Another authority than the one that signed: neither server is believed.
    let stranger = open_folder();
    make_certificates(stranger.path());
    let other = stranger.path().join("ca.pem");
    let other = other.to_str().expect("UTF-8");
    let said = refused(&up("PLAIN", PASSWORD, other, &verified, &with_ca));
    assert!(
        said.contains(&format!("Kafka at {address}")) && said.contains("certificate"),
        "{said}"
    );
    let said = refused(&up(
        "PLAIN",
        PASSWORD,
        ca,
        &verified,
        &["--postgres-ca", other],
    ));
    assert!(said.contains("Postgres at localhost:"), "{said}");
    assert!(said.contains("certificate"), "{said}");
}
