use axum::http::Method;
use axum::http::request::Parts;

use crate::event::Marks;

pub(super) struct SinkRequest {
    pub(super) method: Method,
    pub(super) path: String,
    /// Their marks are anywhere in it.
    pub(super) subjects: Vec<String>,
    /// Those that it is an effect of.
    pub(super) payments: Vec<String>,
    pub(super) idempotency_key: Option<String>,
}

impl SinkRequest {
    pub(super) fn read(parts: &Parts, body: &[u8], marks: &Marks) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = parts.headers.values().map(|value| value.as_bytes());
        // Undecoded: no letter of an id is ever percent-encoded.
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let path = parts.uri.path().as_bytes();
        let places = [vec![body], headers.collect(), vec![query], vec![path]];
        let places = places.map(|parts| each_once(parts.iter().flat_map(|p| marks.subjects_in(p))));
        let payments = places.iter().find(|of| !of.is_empty());
        let payments = payments.cloned().unwrap_or_default();
        let subjects = each_once(places.into_iter().flatten());
        let key = parts.headers.get("idempotency-key");
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            subjects,
            payments,
            idempotency_key: key.map(|key| text(key.as_bytes())),
        }
    }

    /// RFC 9110, 9.2.1.
    pub(super) fn writes(&self) -> bool {
        !self.method.is_safe()
    }

    /// Without ids, so that it is equal in every run: `POST /orders/{}/paid`.
    pub(super) fn signature(&self) -> String {
        let segments = self.path.split('/').map(template);
        format!("{} {}", self.method, segments.collect::<Vec<_>>().join("/"))
    }
}

fn each_once(payments: impl Iterator<Item = String>) -> Vec<String> {
    let mut all = Vec::new();
    for payment in payments {
        if !all.contains(&payment) {
            all.push(payment);
        }
    }
    all
}

/// A segment with a digit is an id, but for a version (`v1`): a name shown as `{}` is still equal
/// in every run.
fn template(segment: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let version = segment.strip_prefix('v').is_some_and(digits);
    if !version && segment.bytes().any(|b| b.is_ascii_digit()) {
        "{}"
    } else {
        segment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_an_effect_of_every_payment_in_the_first_place_that_names_any() {
        let read = |body: &[u8]| {
            let request = axum::http::Request::post("/p/msg-0009").header("x-id", "msg-0008");
            let (parts, ()) = request.body(()).unwrap().into_parts();
            SinkRequest::read(&parts, body, &Marks::default())
        };
        let batch = read(b"[{\"id\": \"msg-0001\", \"order\": \"order-0001\"}, \"msg-0002\"]");
        assert_eq!(batch.payments, ["msg-0001", "msg-0002"]);
        let everywhere = ["msg-0001", "msg-0002", "msg-0008", "msg-0009"];
        assert_eq!(batch.subjects, everywhere);
        assert_eq!(read(b"{}").payments, ["msg-0008"]);
    }

    #[test]
    fn a_signature_is_equal_whatever_the_payment() {
        let cases = [
            ("/", "POST /"),
            ("/v1/orders/msg-0017/paid", "POST /v1/orders/{}/paid"),
            ("/orders/17", "POST /orders/{}"),
            ("/v/v12/vx1/", "POST /v/v12/{}/"),
            ("/r/0d9c2f6e-94a1-4a0b-9d4e-3f6f5b2c1a00", "POST /r/{}"),
            ("/mail/send", "POST /mail/send"),
        ];
        for (path, signature) in cases {
            let request = axum::http::Request::post(path).body(()).unwrap();
            let (parts, ()) = request.into_parts();
            assert_eq!(
                SinkRequest::read(&parts, b"", &Marks::default()).signature(),
                signature
            );
        }
    }
}
