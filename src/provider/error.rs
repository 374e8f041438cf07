//! Stripe's error objects: <https://docs.stripe.com/api/errors>.

use serde_json::{Value, json};

/// In the words of Stripe, because consumers match on them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {kind}: {message}")]
pub(super) struct ApiError {
    pub(super) status: u16,
    kind: &'static str,
    message: String,
    code: Option<&'static str>,
    decline_code: Option<&'static str>,
    param: Option<String>,
    /// As it is now.
    intent: Option<Box<Value>>,
}

const INVALID_REQUEST: &str = "invalid_request_error";
const LOCK_TIMEOUT: &str = "lock_timeout";
const SUPPORT: &str = "Please see https://stripe.com/docs or we can help at \
                       https://support.stripe.com/.";

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            code: None,
            decline_code: None,
            param: None,
            intent: None,
        }
    }

    fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) fn param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    pub(super) fn about_intent(mut self, object: Value) -> Self {
        self.intent = Some(Box::new(object));
        self
    }

    pub(super) fn unrecognized_url(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}). {SUPPORT}");
        Self::new(404, INVALID_REQUEST, message)
    }

    pub(super) fn no_api_key() -> Self {
        let message = "You did not provide an API key. You need to provide your API key in the \
                       Authorization header, using Bearer auth (e.g. 'Authorization: Bearer \
                       YOUR_SECRET_KEY').";
        Self::new(401, INVALID_REQUEST, message)
    }

    /// The key itself is not repeated: errors end in logs.
    pub(super) fn unknown_api_key() -> Self {
        Self::new(401, INVALID_REQUEST, "Invalid API Key provided.")
    }

    pub(super) fn body_too_large(limit: usize) -> Self {
        let message = format!("The request body is larger than {limit} bytes.");
        Self::new(413, INVALID_REQUEST, message)
    }

    pub(super) fn not_a_form() -> Self {
        let message = "Invalid request (check that your POST content type is \
                       application/x-www-form-urlencoded).";
        Self::new(400, INVALID_REQUEST, message)
    }

    pub(super) fn missing_parameter(name: &str) -> Self {
        let message = format!("Missing required param: {name}.");
        let error = Self::new(400, INVALID_REQUEST, message);
        error.code("parameter_missing").param(name)
    }

    pub(super) fn invalid_integer(name: &str, message: impl Into<String>) -> Self {
        let error = Self::new(400, INVALID_REQUEST, message);
        error.code("parameter_invalid_integer").param(name)
    }

    pub(super) fn invalid_parameter(name: &str, message: impl Into<String>) -> Self {
        Self::new(400, INVALID_REQUEST, message).param(name)
    }

    pub(super) fn unknown_parameter(name: &str) -> Self {
        let message = format!("Received unknown parameter: {name}");
        let error = Self::new(400, INVALID_REQUEST, message);
        error.code("parameter_unknown").param(name)
    }

    /// 404 where the object is what the URL names, 400 where it is a parameter.
    pub(super) fn no_such(kind: &str, status: u16, id: &str, param: &str) -> Self {
        let error = Self::new(status, INVALID_REQUEST, format!("No such {kind}: '{id}'"));
        error.code("resource_missing").param(param)
    }

    pub(super) fn card(
        code: &'static str,
        decline_code: Option<&'static str>,
        message: &str,
    ) -> Self {
        Self {
            decline_code,
            ..Self::new(402, "card_error", message).code(code)
        }
    }

    pub(super) fn unexpected_state(message: &str) -> Self {
        Self::new(400, INVALID_REQUEST, message).code("payment_intent_unexpected_state")
    }

    /// Another request holds the object: <https://docs.stripe.com/rate-limits>.
    pub(super) fn lock_timeout() -> Self {
        let message = "This object cannot be accessed right now because another API request or \
                       Stripe process is currently accessing it. If you see this error \
                       intermittently, retry the request.";
        Self::new(429, INVALID_REQUEST, message).code(LOCK_TIMEOUT)
    }

    /// Where its status alone would not bring one.
    pub(super) fn asks_for_retry(&self) -> bool {
        self.code == Some(LOCK_TIMEOUT)
    }

    pub(super) fn key_too_long(length: usize) -> Self {
        let message = format!(
            "Idempotency keys are up to 255 characters long; the one you sent has {length}."
        );
        Self::new(400, INVALID_REQUEST, message)
    }

    pub(super) fn key_unreadable() -> Self {
        let message = "Idempotency keys may hold visible ASCII characters only.";
        Self::new(400, INVALID_REQUEST, message)
    }

    /// The payload of the real API: beam-community/stripity-stripe#564.
    pub(super) fn key_in_use(key: &str) -> Self {
        let message = format!(
            "There is currently another in-progress request using this Idempotent Key (that \
             probably means you submitted twice, and the other request is still going through): \
             {key}. Please try again later."
        );
        Self::new(409, INVALID_REQUEST, message).code("idempotency_key_in_use")
    }

    /// Message: stripe/stripe-ruby#503.
    pub(super) fn other_parameters(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were \
             first used with. Try using a key other than '{key}' if you meant to execute a \
             different request."
        );
        Self::new(400, "idempotency_error", message)
    }

    /// Message, with the present endpoint before the first one: stripe/stripe-ruby#598.
    pub(super) fn other_endpoint(key: &str, present: &str, first: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used for the same endpoint they were first \
             used for ('{present}' vs '{first}'). Try using a key other than '{key}' if you meant \
             to execute a different request."
        );
        Self::new(400, "idempotency_error", message)
    }

    /// A status that is no error becomes 500.
    pub(super) fn injected(status: u16) -> Self {
        match status {
            429 => {
                Self::new(429, INVALID_REQUEST, "Request rate limit exceeded.").code("rate_limit")
            }
            400..=599 => Self::new(status, "api_error", "An unknown error occurred."),
            _ => Self::injected(500),
        }
    }

    /// The code, or the type of an error that has none.
    pub(super) fn word(&self) -> &'static str {
        self.code.unwrap_or(self.kind)
    }

    pub(super) fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            let page = code.replace('_', "-");
            error["code"] = json!(code);
            error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{page}"));
        }
        if let Some(decline_code) = self.decline_code {
            error["decline_code"] = json!(decline_code);
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        if let Some(intent) = &self.intent {
            error["payment_intent"] = (**intent).clone();
        }
        json!({ "error": error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_object_has_only_the_fields_that_apply() {
        let body = ApiError::unrecognized_url("GET", "/x").body();

        let message = "Unrecognized request URL (GET: /x). Please see https://stripe.com/docs or \
                       we can help at https://support.stripe.com/.";
        let expected = json!({"error": {"type": "invalid_request_error", "message": message}});
        assert_eq!(body, expected);
    }

    #[test]
    fn a_code_brings_the_address_of_its_page() {
        let body = ApiError::key_in_use("k").body();

        assert_eq!(body["error"]["code"], "idempotency_key_in_use");
        let page = "https://stripe.com/docs/error-codes/idempotency-key-in-use";
        assert_eq!(body["error"]["doc_url"], page);
    }

    #[test]
    fn a_failure_with_a_status_that_is_no_error_becomes_500() {
        assert_eq!(ApiError::injected(7).status, 500);
        assert_eq!(ApiError::injected(200).status, 500);
        assert_eq!(ApiError::injected(503).status, 503);
    }
}
