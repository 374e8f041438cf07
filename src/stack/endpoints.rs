//! Where a stack can be reached: what the rest of the lab needs to know about it.

#![allow(missing_docs, reason = "what has no comment is what its name says")]

use std::fmt;
use std::path::PathBuf;

use rdkafka::ClientConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The two servers of a running stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    pub kind: StackKind,
    pub kafka: Kafka,
    pub postgres: Postgres,
    pub versions: Versions,
    /// Where Prometheus watches the stack, if one does: `http://host:port`.
    #[serde(default)]
    pub prometheus: Option<String>,
}

/// How a stack runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StackKind {
    /// Containers.
    Compose,
    /// Child processes of a supervisor on this machine.
    Native,
    /// Servers that somebody else runs.
    External,
}

impl fmt::Display for StackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StackKind::Compose => "compose",
            StackKind::Native => "native",
            StackKind::External => "external",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kafka {
    /// `host:port[,host:port…]`.
    pub bootstrap: String,
    /// Encryption and credentials.
    pub security: Security,
}

/// How Postgres is reached by the lab itself; consumers get a database and a DSN of their run.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postgres {
    /// A `postgres://` DSN with the password, of a role that may create databases.
    pub admin_url: String,
    /// The authority (PEM) that the server's certificate is checked against, if it uses TLS.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("admin_url", &super::postgres::address(&self.admin_url))
            .field("ca", &self.ca)
            .finish()
    }
}

/// What the servers say they are; `None` where they do not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Kafka, as in `4.4.0`. The protocol does not tell it, so it is unknown for a foreign cluster.
    pub kafka: Option<String>,
    /// PostgreSQL, as in `18.6`.
    pub postgres: Option<String>,
}

/// Encryption and credentials of a Kafka listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    pub protocol: SecurityProtocol,
    /// The authority (PEM) that the brokers' certificates are checked against; the system's where
    /// none is given.
    pub ca: Option<PathBuf>,
    /// The client's certificate (PEM), for a listener that asks for one.
    pub certificate: Option<PathBuf>,
    /// The key (PEM) of that certificate.
    pub key: Option<PathBuf>,
    /// Credentials, with a `sasl_*` protocol.
    pub sasl: Option<Sasl>,
}

/// The security protocol of a listener, spelt as in Kafka's own settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither encryption nor credentials.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// Credentials in the clear.
    SaslPlaintext,
    /// Credentials over TLS.
    SaslSsl,
}

impl SecurityProtocol {
    /// Kafka's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            SecurityProtocol::Plaintext => "plaintext",
            SecurityProtocol::Ssl => "ssl",
            SecurityProtocol::SaslPlaintext => "sasl_plaintext",
            SecurityProtocol::SaslSsl => "sasl_ssl",
        }
    }

    /// Whether the listener speaks TLS.
    pub fn has_tls(self) -> bool {
        matches!(self, SecurityProtocol::Ssl | SecurityProtocol::SaslSsl)
    }

    /// Whether the listener asks for a user name and a password.
    pub fn has_sasl(self) -> bool {
        matches!(
            self,
            SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl
        )
    }
}

/// How a password is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum Mechanism {
    /// The password itself is sent.
    #[serde(rename = "PLAIN")]
    #[value(name = "PLAIN")]
    Plain,
    /// SCRAM over SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    #[value(name = "SCRAM-SHA-256")]
    ScramSha256,
    /// SCRAM over SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    #[value(name = "SCRAM-SHA-512")]
    ScramSha512,
}

impl Mechanism {
    /// Kafka's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// A user name and a password for Kafka.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sasl {
    pub mechanism: Mechanism,
    pub username: String,
    pub password: String,
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl")
            .field("mechanism", &self.mechanism)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl Security {
    /// Puts these settings into the configuration of a client; paths that are not UTF-8 are
    /// replaced lossily, because librdkafka takes strings.
    pub fn apply(&self, config: &mut ClientConfig) {
        config.set("security.protocol", self.protocol.as_str());
        let files = [
            ("ssl.ca.location", &self.ca),
            ("ssl.certificate.location", &self.certificate),
            ("ssl.key.location", &self.key),
        ];
        for (key, file) in files {
            if let Some(file) = file {
                config.set(key, file.to_string_lossy());
            }
        }
        if let Some(sasl) = &self.sasl {
            config.set("sasl.mechanism", sasl.mechanism.as_str());
            config.set("sasl.username", &sasl.username);
            config.set("sasl.password", &sasl.password);
        }
    }
}

impl Kafka {
    /// A client configuration with the addresses and the security of this cluster, and nothing
    /// that changes delivery.
    pub fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap);
        self.security.apply(&mut config);
        config
    }
}
