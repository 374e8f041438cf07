use std::convert::Infallible;
use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use prometheus::{Encoder, Registry, TextEncoder};
use tokio::net::TcpListener;

/// Where Prometheus looks where nothing else is said.
const PATH: &str = "/metrics";

/// Prometheus refuses a page whose type it does not know.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Too many open files, as a rule, which does not pass at once.
const BREATH: Duration = Duration::from_secs(1);

pub(crate) async fn serve(listener: TcpListener, registry: Registry) -> Infallible {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => TokioIo::new(stream),
            Err(error) => {
                tracing::warn!("the metrics cannot be asked for: {error}");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let registry = registry.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let response = answer(&request, &registry);
                async move { Ok::<_, Infallible>(response) }
            });
            // Who hangs up in the middle of a request asks again.
            let _ = http1::Builder::new().serve_connection(stream, answer).await;
        });
    }
}

fn answer<B>(request: &Request<B>, registry: &Registry) -> Response<String> {
    let mut response = Response::new(String::new());
    if request.uri().path() != PATH {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allowed = HeaderValue::from_static("GET,HEAD");
        response.headers_mut().insert(ALLOW, allowed);
    } else {
        response.headers_mut().insert(CONTENT_TYPE, TEXT);
        *response.body_mut() = text(registry);
    }
    response
}

pub(crate) fn text(registry: &Registry) -> String {
    let mut text = Vec::new();
    // Into memory, of what was registered without an error.
    let written = TextEncoder::new().encode(&registry.gather(), &mut text);
    written.map_or_else(
        |e| format!("# {e}\n"),
        |()| String::from_utf8_lossy(&text).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_is_served_and_nothing_else() {
        let registry = Registry::new();
        let counter = crashwindow_contract::EFFECTS.counter(&registry).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = reqwest::Client::new();
        let page = format!("{url}{PATH}");
        let asked = async {
            for count in 0..3 {
                let answer = client.get(&page).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK);
                assert_eq!(answer.headers()[CONTENT_TYPE], TEXT);
                let text = answer.text().await.unwrap();
                assert!(
                    text.contains(&format!("\neffects_total {count}\n")),
                    "{text}"
                );
                counter.inc();
            }
            let head = client.head(&page).send().await.unwrap();
            assert_eq!(head.status(), StatusCode::OK);
            let post = client.post(&page).send().await.unwrap();
            assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
            let other = client.get(&url).send().await.unwrap();
            assert_eq!(other.status(), StatusCode::NOT_FOUND);
        };
        tokio::select! {
            () = asked => {}
            never = serve(listener, registry) => match never {},
        }
    }
}
