//! TLS and SASL, against a second broker of the same build that asks for both.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crashwindow::group::{Cluster, GroupError, GroupState};
use crashwindow::stack::{Mechanism, Sasl, Security, SecurityProtocol};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::support::broker_pid;

/// A broker beside a compiler took 4 s.
const START: Duration = Duration::from_secs(60);

/// A broker with a listener of each protocol; its process ends with the value.
struct SecuredBroker {
    child: Child,
    folder: TempDir,
    sasl_ssl: u16,
    ssl: u16,
    sasl_plaintext: u16,
}

impl Drop for SecuredBroker {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl SecuredBroker {
    fn start() -> SecuredBroker {
        let folder = TempDir::new().unwrap();
        write_certificates(folder.path());
        let [sasl_ssl, ssl, sasl_plaintext, internal, controller] = free_ports();
        let (command, settings) = stack_broker();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let listeners = format!(
            "CLIENT://127.0.0.1:{sasl_ssl},MUTUAL://127.0.0.1:{ssl},\
             OPEN://127.0.0.1:{sasl_plaintext},INTERNAL://127.0.0.1:{internal}"
        );
        // The last of two equal keys counts: this replaces what the stack's own broker was given.
        let here = format!(
            "\nlisteners={listeners},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners={listeners}\n\
             listener.security.protocol.map=CLIENT:SASL_SSL,MUTUAL:SSL,OPEN:SASL_PLAINTEXT,\
             INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
             inter.broker.listener.name=INTERNAL\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             log.dirs={data}\n\
             ssl.keystore.type=PEM\nssl.keystore.location={keystore}\n\
             ssl.truststore.type=PEM\nssl.truststore.location={ca}\n\
             listener.name.mutual.ssl.client.auth=required\n\
             sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
             listener.name.open.sasl.enabled.mechanisms=PLAIN\n\
             {plain}{scram256}{scram512}{open}",
            data = at("data"),
            keystore = at("server.pem"),
            ca = at("ca.pem"),
            plain = jaas(
                "client",
                "plain",
                "plain.PlainLoginModule",
                "user_lab=\"secret\""
            ),
            scram256 = jaas("client", "scram-sha-256", "scram.ScramLoginModule", ""),
            scram512 = jaas("client", "scram-sha-512", "scram.ScramLoginModule", ""),
            open = jaas(
                "open",
                "plain",
                "plain.PlainLoginModule",
                "user_lab=\"secret\""
            ),
        );
        let properties = folder.path().join("server.properties");
        fs::write(&properties, settings + &here).unwrap();

        let mut format = java(&command, folder.path());
        format.args(["kafka.tools.StorageTool", "format", "--config"]);
        format.arg(&properties).args(["--cluster-id", "secured"]);
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            format.arg("--add-scram");
            format.arg(format!("{mechanism}=[name=lab,password=secret]"));
        }
        assert!(format.status().unwrap().success());
        let mut broker = java(&command, folder.path());
        broker.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        broker.arg("kafka.Kafka").arg(&properties);
        SecuredBroker {
            child: broker.spawn().unwrap(),
            folder,
            sasl_ssl,
            ssl,
            sasl_plaintext,
        }
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.path().join(name))
    }

    fn security(&self, protocol: SecurityProtocol, sasl: Option<(Mechanism, &str)>) -> Security {
        Security {
            protocol,
            ca: self.file("ca.pem"),
            certificate: None,
            key: None,
            sasl: sasl.map(|(mechanism, password)| Sasl {
                mechanism,
                username: "lab".to_string(),
                password: password.to_string(),
            }),
        }
    }
}

fn jaas(listener: &str, mechanism: &str, module: &str, options: &str) -> String {
    format!(
        "listener.name.{listener}.{mechanism}.sasl.jaas.config=\
         org.apache.kafka.common.security.{module} required {options};\n"
    )
}

/// The program and class path of the stack's broker, and its settings.
fn stack_broker() -> (Vec<String>, String) {
    let pid = broker_pid();
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
    let words: Vec<String> = line.split_terminator('\0').map(str::to_string).collect();
    let class_path = words.iter().position(|word| word == "-cp").unwrap();
    let command = [&words[..1], &words[class_path..class_path + 2]].concat();
    let settings = fs::read_to_string(words.last().unwrap()).unwrap();
    (command, settings)
}

fn java(command: &[String], folder: &Path) -> Command {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("broker.log"))
        .unwrap();
    let mut java = Command::new(&command[0]);
    java.args(&command[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    java
}

fn free_ports<const N: usize>() -> [u16; N] {
    // All at once, so that no two are the same.
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// `ca.pem`, a server for 127.0.0.1 only, a client, and an authority that signed nothing.
fn write_certificates(folder: &Path) {
    let mut params = CertificateParams::default();
    // A name of its own: a certificate with the name of its issuer counts as signed by itself.
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::from_params(&params, &key);
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    write("ca.pem", ca.pem());
    let other = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    write("other-ca.pem", other.pem());
    for name in ["server", "client"] {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_string()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap().pem();
        write(&format!("{name}.key"), key.serialize_pem());
        write(&format!("{name}.crt"), certificate.clone());
        write(&format!("{name}.pem"), key.serialize_pem() + &certificate);
    }
}

/// Everything that takes another connection to the coordinator and an answer from it.
async fn works(port: u16, security: Security) -> Result<(), GroupError> {
    let cluster = Cluster::new(&format!("127.0.0.1:{port}"), security)?;
    let topic = format!("secured-{:016x}", rand::random::<u64>());
    cluster.create_topic(&topic, 1, 1).await?;
    let group = cluster.group("no-such-group").await?;
    assert_eq!(group.describe().await?.state, GroupState::Dead);
    assert_eq!(cluster.end_offsets(&topic, &[0]).await?[&0], 0);
    Ok(())
}

async fn fails(address: &str, security: Security) -> String {
    let cluster = Cluster::new(address, security).unwrap();
    let error = cluster.group("g").await.err();
    error.expect("must be refused").to_string()
}

#[tokio::test]
async fn tls_and_every_mechanism_work_and_what_is_wrong_is_refused_in_words() {
    let mut broker = SecuredBroker::start();
    let mechanisms = [
        Mechanism::ScramSha256,
        Mechanism::ScramSha512,
        Mechanism::Plain,
    ];
    let start = Instant::now();
    let first = broker.security(
        SecurityProtocol::SaslSsl,
        Some((Mechanism::Plain, "secret")),
    );
    while let Err(error) = works(broker.sasl_ssl, first.clone()).await {
        let log = || fs::read_to_string(broker.folder.path().join("broker.log")).unwrap();
        assert!(error.is_transient(), "{error}");
        assert!(broker.child.try_wait().unwrap().is_none(), "{}", log());
        assert!(start.elapsed() < START, "{error}: {}", log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sasl_ssl = format!("127.0.0.1:{}", broker.sasl_ssl);
    for mechanism in mechanisms {
        let right = broker.security(SecurityProtocol::SaslSsl, Some((mechanism, "secret")));
        works(broker.sasl_ssl, right).await.unwrap();
        let wrong = broker.security(SecurityProtocol::SaslSsl, Some((mechanism, "guess")));
        let error = fails(&sasl_ssl, wrong).await;
        let expected = format!(
            "broker {sasl_ssl}: {}: SASL_AUTHENTICATION_FAILED (58)",
            mechanism.as_str()
        );
        assert!(error.starts_with(&expected), "{error}");
        assert!(!error.contains("guess"), "{error}");
    }

    let open = broker.security(
        SecurityProtocol::SaslPlaintext,
        Some((Mechanism::Plain, "secret")),
    );
    works(broker.sasl_plaintext, open).await.unwrap();
    let scram = Some((Mechanism::ScramSha256, "secret"));
    let open = format!("127.0.0.1:{}", broker.sasl_plaintext);
    let error = fails(
        &open,
        broker.security(SecurityProtocol::SaslPlaintext, scram),
    )
    .await;
    assert!(
        error.ends_with("(33); the listener offers PLAIN"),
        "{error}"
    );
    let error = fails(&sasl_ssl, broker.security(SecurityProtocol::SaslSsl, None)).await;
    assert!(
        error.contains("needs a mechanism, a user name and a password"),
        "{error}"
    );

    let stranger = Security {
        ca: broker.file("other-ca.pem"),
        ..broker.security(SecurityProtocol::SaslSsl, scram)
    };
    let error = fails(&sasl_ssl, stranger).await;
    assert!(error.contains("TLS: its certificate is refused"), "{error}");
    let elsewhere = format!("localhost:{}", broker.sasl_ssl);
    let error = fails(
        &elsewhere,
        broker.security(SecurityProtocol::SaslSsl, scram),
    )
    .await;
    assert!(
        error.contains("its certificate is refused: hostname mismatch"),
        "{error}"
    );
    let error = fails(&sasl_ssl, Security::default()).await;
    assert!(error.contains(&sasl_ssl), "{error}");

    let known = Security {
        certificate: broker.file("client.crt"),
        key: broker.file("client.key"),
        ..broker.security(SecurityProtocol::Ssl, None)
    };
    works(broker.ssl, known.clone()).await.unwrap();
    let mutual = format!("127.0.0.1:{}", broker.ssl);
    let error = fails(&mutual, broker.security(SecurityProtocol::Ssl, None)).await;
    assert!(error.contains(&mutual), "{error}");
    println!("without a client certificate: {error}");
    let mismatched = Security {
        key: broker.file("server.key"),
        ..known
    };
    let Err(error) = Cluster::new(&mutual, mismatched) else {
        panic!("the key belongs to another certificate");
    };
    assert!(error.to_string().contains("server.key"), "{error}");
}
