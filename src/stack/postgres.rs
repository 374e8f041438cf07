use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use postgres_openssl::MakeTlsConnector;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

/// As libpq means it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CertificateCheck {
    /// Encrypts to whoever answers.
    Nothing,
    /// A known authority's certificate.
    Authority,
    /// And this host's.
    Host,
}

/// libpq's `sslmode`s: `require` checks the certificate only if `ca` (PEM) is given; `verify-full`
/// without it trusts the system's authorities. The task drives the connection, and ends with the
/// client or the error that broke it.
pub async fn connect(
    dsn: &str,
    ca: Option<&Path>,
) -> anyhow::Result<(Client, JoinHandle<Result<(), tokio_postgres::Error>>)> {
    let (config, check) = parse(dsn, ca.is_some())?;
    let Some((connector, verify_hostname)) = tls(&config, check, ca)? else {
        let (client, connection) = config.connect(NoTls).await?;
        return Ok((client, tokio::spawn(connection)));
    };
    let mut tls = MakeTlsConnector::new(connector);
    tls.set_callback(move |connect, _host| {
        connect.set_verify_hostname(verify_hostname);
        Ok(())
    });
    let (client, connection) = config.connect(tls).await?;
    Ok((client, tokio::spawn(connection)))
}

/// For whoever relays the protocol instead of speaking it.
pub struct Route {
    pub host: String,
    pub port: u16,
    /// Whether the certificate must be this host's; none for plaintext.
    pub tls: Option<(SslConnector, bool)>,
}

/// As [`connect`] would reach it; the DSN must name a host.
pub fn route(dsn: &str, ca: Option<&Path>) -> anyhow::Result<Route> {
    use tokio_postgres::config::Host;
    let (config, check) = parse(dsn, ca.is_some())?;
    let tls = tls(&config, check, ca)?;
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        bail!(
            "the DSN names no host that is reached by TCP: {}",
            address(dsn)
        );
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    Ok(Route {
        host: host.clone(),
        port,
        tls,
    })
}

fn tls(
    config: &Config,
    check: CertificateCheck,
    ca: Option<&Path>,
) -> anyhow::Result<Option<(SslConnector, bool)>> {
    if config.get_ssl_mode() == SslMode::Disable
        || (check == CertificateCheck::Nothing && is_prefer(config))
    {
        // `prefer` is the default of a DSN that says nothing, and the lab's own servers have no
        // TLS.
        return Ok(None);
    }
    let mut tls = SslConnector::builder(SslMethod::tls())?;
    if let Some(ca) = ca {
        tls.set_ca_file(ca)
            .with_context(|| format!("cannot read {}", ca.display()))?;
    }
    if check == CertificateCheck::Nothing {
        tls.set_verify(SslVerifyMode::NONE);
    }
    Ok(Some((tls.build(), check == CertificateCheck::Host)))
}

fn is_prefer(config: &Config) -> bool {
    config.get_ssl_mode() == SslMode::Prefer
}

/// tokio-postgres knows no stricter mode than `require`: the stricter ones become that and a check.
fn parse(dsn: &str, has_ca: bool) -> anyhow::Result<(Config, CertificateCheck)> {
    let mode = |name: &str| dsn.contains(&format!("sslmode={name}"));
    let check = if mode("verify-full") {
        CertificateCheck::Host
    } else if mode("verify-ca") || (mode("require") && has_ca) {
        CertificateCheck::Authority
    } else {
        CertificateCheck::Nothing
    };
    let plain = dsn
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    Ok((
        plain.parse::<Config>().context("cannot read the DSN")?,
        check,
    ))
}

/// The server's version: `18.6`.
pub async fn ask(dsn: &str, ca: Option<&Path>, patience: Duration) -> anyhow::Result<String> {
    tokio::time::timeout(patience, async {
        let (client, _driver) = connect(dsn, ca).await?;
        let row = client.query_one("SHOW server_version", &[]).await?;
        let version: String = row.get(0);
        // Debian says "15.18 (Debian 15.18-0+deb12u1)".
        Ok(version
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_string())
    })
    .await
    .with_context(|| format!("no answer within {} s", patience.as_secs()))?
}

/// Creates none.
pub async fn may_create_database(dsn: &str, ca: Option<&Path>) -> anyhow::Result<()> {
    let (client, _driver) = connect(dsn, ca).await?;
    let row = client
        .query_one(
            "SELECT rolname::text, rolcreatedb OR rolsuper FROM pg_roles \
             WHERE rolname = current_user",
            &[],
        )
        .await?;
    if !row.get::<_, bool>(1) {
        bail!("role {} may not create a database", row.get::<_, String>(0));
    }
    Ok(())
}

/// `host:port`, for messages: never the password.
pub fn address(dsn: &str) -> String {
    use tokio_postgres::config::Host;
    let Ok((config, _)) = parse(dsn, false) else {
        return "an unreadable DSN".to_string();
    };
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        }
    });
    hosts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_modes_become_require_and_a_check() {
        let checks = [
            (
                "postgres://a@h/d",
                false,
                SslMode::Prefer,
                CertificateCheck::Nothing,
            ),
            (
                "postgres://a@h/d?sslmode=require",
                false,
                SslMode::Require,
                CertificateCheck::Nothing,
            ),
            (
                "postgres://a@h/d?sslmode=require",
                true,
                SslMode::Require,
                CertificateCheck::Authority,
            ),
            (
                "host=h sslmode=verify-ca user=a",
                true,
                SslMode::Require,
                CertificateCheck::Authority,
            ),
            (
                "postgres://a@h/d?sslmode=verify-full",
                true,
                SslMode::Require,
                CertificateCheck::Host,
            ),
        ];
        for (dsn, has_ca, mode, check) in checks {
            let (config, seen) = parse(dsn, has_ca).expect(dsn);
            assert_eq!((config.get_ssl_mode(), seen), (mode, check), "{dsn}");
        }
    }

    #[test]
    fn an_address_never_holds_the_password() {
        assert_eq!(
            address("postgres://me:secret@db.example:5433/x"),
            "db.example:5433"
        );
    }
}
