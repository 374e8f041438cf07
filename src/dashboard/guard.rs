//! Who is let in. Everybody on this machine may look; what changes something wants the token.
//!
//! A browser sends requests to loopback for any page that it shows. So the `Host` must be this
//! server (a page that rebinds its own name to 127.0.0.1 still sends that name), and an `Origin`,
//! which browsers send with what pages do, must be this server's own.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use super::problem::Problem;
use super::{App, MOST_BODY};

/// Carries the token of the printed URL.
const TOKEN: HeaderName = HeaderName::from_static("x-crashwindow-token");

/// Of a body that is too large: bytes that are read, and for how long.
const MOST_READ: usize = 16 * MOST_BODY;
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let refusal = refusal(request.method(), request.headers(), &app);
    let (parts, body) = request.into_parts();
    let body = whole(body).await;
    match (refusal, body) {
        (Some(problem), _) => problem.into_response(),
        (None, Some(body)) => next.run(Request::from_parts(parts, body.into())).await,
        (None, None) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {MOST_BODY} bytes, or takes too long to come"),
            "send less",
        )
        .into_response(),
    }
}

/// A body that is too large is read as well, up to a point: else the connection is reset, and the
/// answer may be lost with it.
async fn whole(body: Body) -> Option<Vec<u8>> {
    let (mut kept, mut size) = (Vec::new(), 0);
    let reading = async {
        let mut chunks = body.into_data_stream();
        while let Some(Ok(chunk)) = chunks.next().await {
            size += chunk.len();
            if size <= MOST_BODY {
                kept.extend_from_slice(&chunk);
            } else if size > MOST_READ {
                break;
            }
        }
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    (read.is_ok() && size <= MOST_BODY).then_some(kept)
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
    (!known).then(|| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "the request does not carry the token of this server",
            "open the URL as it was printed, which has the token",
        )
    })
}

/// Beyond loopback an address will do: a name could be rebound, an address cannot.
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
