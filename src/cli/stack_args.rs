//! The flags that say which servers to use, for every command that needs some.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use crashwindow::stack::{
    self, External, Kafka, Mechanism, Postgres, Sasl, Security, SecurityProtocol, StackChoice,
    StackOptions, StackProgress,
};

/// Which stack: flattened into every command that needs one.
#[derive(Debug, Clone, Args)]
pub struct StackArgs {
    #[command(flatten)]
    pub name: NameArgs,

    /// How the stack runs
    #[arg(long, value_enum, default_value_t = StackChoice::Auto, env = "CRASHWINDOW_STACK_KIND")]
    stack: StackChoice,

    /// A fixed port for Kafka, natively [default: a free one]
    #[arg(long, value_name = "PORT")]
    kafka_port: Option<u16>,

    /// A fixed port for PostgreSQL, natively [default: a free one]
    #[arg(long, value_name = "PORT")]
    postgres_port: Option<u16>,

    /// Use the PostgreSQL 14 or later in this folder (the one with initdb and postgres)
    #[arg(long, value_name = "DIR")]
    postgres_bin: Option<PathBuf>,

    #[command(flatten)]
    external: ExternalArgs,
}

/// The name and the place of a stack.
#[derive(Debug, Clone, Args)]
pub struct NameArgs {
    /// The stack's name; stacks of different names run side by side
    #[arg(long, env = "CRASHWINDOW_STACK", default_value = stack::DEFAULT_NAME)]
    pub name: String,

    /// Where the servers and their data are kept
    /// [default: /var/cache/crashwindow as root, else ~/.cache/crashwindow]
    #[arg(long, value_name = "DIR", env = "CRASHWINDOW_CACHE")]
    cache: Option<PathBuf>,
}

/// Servers that already run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Servers that you already run")]
struct ExternalArgs {
    /// Bootstrap servers of a Kafka cluster
    #[arg(
        long,
        value_name = "HOST:PORT,…",
        env = "CRASHWINDOW_KAFKA",
        requires = "postgres"
    )]
    kafka: Option<String>,

    /// A role that may create databases: postgres://user:password@host/db?sslmode=verify-full
    #[arg(
        long,
        value_name = "URL",
        env = "CRASHWINDOW_POSTGRES",
        hide_env_values = true,
        requires = "kafka"
    )]
    postgres: Option<String>,

    /// The security protocol of the Kafka listener
    #[arg(long, value_enum, value_name = "PROTOCOL", default_value_t)]
    kafka_security: SecurityProtocol,

    /// The authority that the brokers' certificates come from (PEM) [default: the system's]
    #[arg(long, value_name = "FILE")]
    kafka_ca: Option<PathBuf>,

    /// A client certificate (PEM), where the listener asks for one
    #[arg(long, value_name = "FILE", requires = "kafka_key")]
    kafka_cert: Option<PathBuf>,

    /// The key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "kafka_cert")]
    kafka_key: Option<PathBuf>,

    /// How the password is proven, with sasl_plaintext and sasl_ssl
    #[arg(
        long,
        value_enum,
        value_name = "MECHANISM",
        default_value = "SCRAM-SHA-512"
    )]
    kafka_sasl_mechanism: Mechanism,

    /// The SASL user
    #[arg(long, value_name = "USER")]
    kafka_username: Option<String>,

    /// The SASL password; better in the environment, where `ps` does not show it
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "CRASHWINDOW_KAFKA_PASSWORD",
        hide_env_values = true
    )]
    kafka_password: Option<String>,

    /// The authority that the Postgres server's certificate comes from (PEM)
    #[arg(long, value_name = "FILE")]
    postgres_ca: Option<PathBuf>,
}

impl StackArgs {
    pub fn options(self) -> anyhow::Result<StackOptions> {
        Ok(StackOptions {
            choice: self.stack,
            kafka_port: self.kafka_port,
            postgres_port: self.postgres_port,
            postgres_bin: self.postgres_bin,
            external: self.external.servers()?,
            ..self.name.options()
        })
    }
}

impl NameArgs {
    pub fn options(self) -> StackOptions {
        StackOptions {
            name: self.name,
            cache: self.cache,
            ..StackOptions::default()
        }
    }
}

impl ExternalArgs {
    fn servers(self) -> anyhow::Result<Option<External>> {
        let (Some(bootstrap), Some(admin_url)) = (self.kafka, self.postgres) else {
            return Ok(None);
        };
        let sasl = match (
            self.kafka_security.has_sasl(),
            self.kafka_username,
            self.kafka_password,
        ) {
            (true, Some(username), Some(password)) => Some(Sasl {
                mechanism: self.kafka_sasl_mechanism,
                username,
                password,
            }),
            (true, ..) => bail!(
                "--kafka-security {} needs a user and a password\n\
                 next: add --kafka-username USER, with the password in CRASHWINDOW_KAFKA_PASSWORD",
                self.kafka_security.as_str()
            ),
            (false, Some(_), _) => bail!(
                "--kafka-username is of no use with --kafka-security {}\n\
                 next: add --kafka-security sasl_ssl or sasl_plaintext",
                self.kafka_security.as_str()
            ),
            (false, None, _) => None,
        };
        Ok(Some(External {
            kafka: Kafka {
                bootstrap,
                security: Security {
                    protocol: self.kafka_security,
                    ca: self.kafka_ca,
                    certificate: self.kafka_cert,
                    key: self.kafka_key,
                    sasl,
                },
            },
            postgres: Postgres {
                admin_url,
                ca: self.postgres_ca,
            },
        }))
    }
}

/// On standard error, so that standard output holds only the result.
pub struct Stderr;

impl StackProgress for Stderr {
    fn line(&self, line: &str) {
        anstream::eprintln!("{line}");
    }
}
