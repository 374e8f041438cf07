//! Who is let in. Everybody on this machine may look; what changes something wants the token.
//!
//! A browser sends requests to loopback for any page that it shows. So the `Host` must be this
//! server (a page that rebinds its own name to 127.0.0.1 still sends that name), and an `Origin`, which
//! browsers send with what pages do, must be this server's own.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::{App, MOST_BODY};

/// Carries the token of the printed URL.
const TOKEN: HeaderName = HeaderName::from_static("x-crashwindow-token");

pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match refusal(request.method(), request.headers(), &app) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(method: &Method, headers: &HeaderMap, app: &App) -> Option<Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(HOST).unwrap_or_default();
    if !is_here(host, app.address.ip(), app.address.port()) {
        return Some(Problem::new(
            StatusCode::FORBIDDEN,
            "the Host of the request is not this server",
            "use the URL as it was printed",
        ));
    }
    if text(ORIGIN).is_some_and(|origin| origin.strip_prefix("http://") != Some(host)) {
        return Some(Problem::new(
            StatusCode::FORBIDDEN,
            "pages of another origin may not use this server",
            "open the URL as it was printed",
        ));
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    // In constant time, so that how long a refusal takes tells nothing of the token.
    let known = text(TOKEN).is_some_and(|sent| {
        sent.len() == app.token.len() && openssl::memcmp::eq(sent.as_bytes(), app.token.as_bytes())
    });
    if !known {
        return Some(Problem::new(
            StatusCode::UNAUTHORIZED,
            "the request does not carry the token of this server",
            "open the URL as it was printed, which has the token",
        ));
    }
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    length.filter(|length| *length > MOST_BODY).map(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {MOST_BODY} bytes"),
            "send less",
        )
    })
}

/// Whether a `Host` means a server that listens here. Where it listens beyond loopback, an address
/// will do: a name could be rebound, an address cannot.
fn is_here(host: &str, listens: IpAddr, port: u16) -> bool {
    let authority = host.parse::<Authority>().ok();
    // Somebody@127.0.0.1 is no host.
    let authority = authority.filter(|authority| !authority.as_str().contains('@'));
    let Some(authority) = authority else {
        return false;
    };
    if authority.port_u16().unwrap_or(80) != port {
        return false;
    }
    let name = authority.host();
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    match address {
        Some(address) => address.is_loopback() || !listens.is_loopback(),
        None => name == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_looks_like_this_server_is_not() {
        let loopback: IpAddr = [127, 0, 0, 1].into();
        for host in ["127.0.0.1:80", "localhost:80", "[::1]:80", "127.0.0.1"] {
            assert!(is_here(host, loopback, 80), "{host}");
        }
        for host in [
            "",
            "127.0.0.1:81",
            "evil.example:80",
            "127.0.0.1.evil.example:80",
            "evil.example@127.0.0.1:80",
            "192.0.2.1:80",
        ] {
            assert!(!is_here(host, loopback, 80), "{host}");
        }
        let everywhere: IpAddr = [0, 0, 0, 0].into();
        assert!(is_here("192.0.2.1:80", everywhere, 80));
        assert!(!is_here("evil.example:80", everywhere, 80));
    }
}
