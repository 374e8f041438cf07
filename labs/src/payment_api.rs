use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Payment;

/// It never retries: in a lab, the only second attempt is the one that a redelivery makes.
#[derive(Debug, Clone)]
pub struct PaymentApi {
    http: reqwest::Client,
    charges_url: String,
    api_key: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Charge {
    /// `ch_…`
    pub id: String,
}

/// *Refused* is an answer; *unknown* is none: the customer may or may not have been charged.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    #[error("the provider refused the charge for {payment} with {status}: {message}")]
    Refused {
        payment: String,
        /// 402 for a declined card, 409 while the key is in use.
        status: StatusCode,
        message: String,
    },
    /// No answer, or a server error.
    #[error("it is unknown whether {payment} was charged: {reason}")]
    Unknown { payment: String, reason: String },
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Charge>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorObject,
}

#[derive(Deserialize)]
struct ErrorObject {
    message: Option<String>,
}

impl PaymentApi {
    pub(crate) fn new(url: &str, api_key: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            charges_url: format!("{}/v1/charges", url.trim_end_matches('/')),
            api_key: api_key.to_owned(),
        }
    }

    /// The provider executes an idempotency key once and replays its answer afterwards.
    pub async fn charge(
        &self,
        payment: &Payment,
        idempotency_key: Option<&str>,
    ) -> Result<Charge, ChargeError> {
        let mut request = self
            .http
            .post(&self.charges_url)
            .bearer_auth(&self.api_key)
            .form(&[
                ("amount", payment.amount.to_string().as_str()),
                ("currency", &payment.currency),
                ("source", "tok_visa"),
                ("metadata[payment_id]", &payment.id),
                ("metadata[order_id]", &payment.order_id),
            ]);
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        let response = request.send().await;
        let response = response.map_err(|e| unknown(payment, e.to_string()))?;
        let replayed = response.headers().contains_key("idempotent-replayed");
        let charge: Charge = read(response, payment).await?;
        tracing::info!(
            payment = payment.id,
            charge = charge.id,
            replayed,
            "charged"
        );
        Ok(charge)
    }

    /// By the payment's id in the metadata. A search does not know what was charged within the last
    /// minute.
    pub async fn find_charge(&self, payment: &Payment) -> Result<Option<Charge>, ChargeError> {
        let query = format!("metadata['payment_id']:'{}'", payment.id);
        let request = self
            .http
            .get(format!("{}/search", self.charges_url))
            .bearer_auth(&self.api_key)
            .query(&[("query", query.as_str()), ("limit", "1")]);
        let sent = request.send().await;
        let response = sent.map_err(|e| unknown(payment, e.to_string()))?;
        let found: Found = read(response, payment).await?;
        Ok(found.data.into_iter().next())
    }
}

fn unknown(payment: &Payment, reason: String) -> ChargeError {
    let payment = payment.id.clone();
    ChargeError::Unknown { payment, reason }
}

async fn read<T: DeserializeOwned>(
    response: reqwest::Response,
    payment: &Payment,
) -> Result<T, ChargeError> {
    let status = response.status();
    if status.is_server_error() {
        return Err(unknown(payment, format!("the provider answered {status}")));
    }
    let body = response.bytes().await;
    let body = body.map_err(|e| unknown(payment, e.to_string()))?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|e| unknown(payment, e.to_string()));
    }
    let message = serde_json::from_slice::<ErrorBody>(&body)
        .ok()
        .and_then(|b| b.error.message)
        .unwrap_or_default();
    Err(ChargeError::Refused {
        payment: payment.id.clone(),
        status,
        message,
    })
}
