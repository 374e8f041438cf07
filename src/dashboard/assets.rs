//! The pages, as they were built into this program.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::Embed;

use super::problem::Problem;

#[derive(Embed)]
#[folder = "src/dashboard/web/dist"]
struct Pages;

/// Where the pages were not built.
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Crashwindow</title>\
<h1>The pages are not built</h1>\
<p>This program was built without them: that takes npm, and Node.js 20.19 or later. With both there:</p>\
<pre>make dashboard</pre>\
<p>The API works all the same: <a href=/openapi.json>/openapi.json</a>.</p>";

/// What is no file is a place within the one page, which finds its way itself.
pub(super) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        let error = format!("there is no {}", uri.path());
        let next = "see /openapi.json";
        return Problem::new(StatusCode::NOT_FOUND, error, next).into_response();
    }
    if let Some(file) = Pages::get(path) {
        // Vite names what is in `assets/` by its content.
        let keep = if path.starts_with("assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let kind = HeaderValue::from_str(kind_of(path)).expect("a literal");
        let headers = [
            (CONTENT_TYPE, kind),
            (CACHE_CONTROL, HeaderValue::from_static(keep)),
        ];
        return (headers, file.data).into_response();
    }
    match Pages::get("index.html") {
        Some(_) if path.contains('.') => StatusCode::NOT_FOUND.into_response(),
        Some(index) => (
            [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (CACHE_CONTROL, "no-cache"),
                (
                    axum::http::header::CONTENT_SECURITY_POLICY,
                    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                     frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
                ),
            ],
            index.data,
        )
            .into_response(),
        None => Html(NOT_BUILT).into_response(),
    }
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
