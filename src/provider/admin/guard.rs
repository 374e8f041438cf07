//! Who is let in to the admin API: whoever has the token, from this machine, and no web page.
//!
//! A browser here sends requests to loopback for any page that it shows. So the `Host` must be a
//! name of this machine (a page that rebinds its own name to 127.0.0.1 still sends that one), and
//! an `Origin`, which browsers send for pages, must be the listener itself.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AdminRefusal;

const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

pub(super) async fn check(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    match refusal(request.headers(), &token) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(headers: &HeaderMap, token: &str) -> Option<AdminRefusal> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let forbidden = |error: &str, next| {
        Some(AdminRefusal {
            status: StatusCode::FORBIDDEN,
            error: error.to_owned(),
            next,
        })
    };
    let host = text(HOST).unwrap_or_default();
    if !is_loopback(host) {
        let error = "the Host of the request is not this machine's loopback";
        return forbidden(
            error,
            "use the URL as it was printed: http://127.0.0.1:PORT",
        );
    }
    if text(ORIGIN).is_some_and(|origin| origin.strip_prefix("http://") != Some(host)) {
        let error = "web pages may not use the admin API";
        return forbidden(error, "send the request without an Origin header");
    }
    let sent = text(AUTHORIZATION).and_then(|value| value.split_once(' '));
    let known = sent.is_some_and(|(scheme, sent)| {
        // In constant time: how long a refusal takes tells nothing of the token.
        scheme.eq_ignore_ascii_case("bearer")
            && sent.len() == token.len()
            && openssl::memcmp::eq(sent.as_bytes(), token.as_bytes())
    });
    (!known).then(|| AdminRefusal {
        status: StatusCode::UNAUTHORIZED,
        error: "the request does not carry the admin token".to_owned(),
        next: "add the header `Authorization: Bearer TOKEN`, with the token that was printed",
    })
}

fn is_loopback(host: &str) -> bool {
    let authority = host.parse::<Authority>().ok();
    // Somebody@127.0.0.1 is no host.
    let authority = authority.filter(|authority| !authority.as_str().contains('@'));
    authority.is_some_and(|authority| LOOPBACK.contains(&authority.host()))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn a_name_that_only_looks_like_this_machine_is_not() {
        for host in ["127.0.0.1", "127.0.0.1:80", "localhost:1", "[::1]:65535"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
            "evil.example@127.0.0.1",
            "evil.example#127.0.0.1",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
