//! SaslHandshake and SaslAuthenticate (KIP-43, KIP-152) around an RFC 4616 or RFC 5802 exchange.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use rsasl::prelude::{Mechname, SASLClient, SASLConfig, Session};

use super::connection::BrokerConnection;
use super::error::{GroupError, kafka_name};
use crate::stack::Sasl;

/// With SCRAM, the broker proves that it knows the password too.
pub(super) async fn authenticate(
    connection: &mut BrokerConnection,
    sasl: &Sasl,
) -> Result<(), GroupError> {
    let name = sasl.mechanism.as_str();
    let broker = connection.broker().to_string();
    let failed = |why: String| GroupError::Sasl {
        broker: broker.clone(),
        mechanism: name,
        why,
    };

    let handshake = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(name));
    let answer = connection.call(&handshake).await?;
    if let Some(error) = ResponseError::try_from_code(answer.error_code) {
        let offered: Vec<&str> = answer.mechanisms.iter().map(StrBytes::as_str).collect();
        return Err(failed(format!(
            "{} ({}); the listener offers {}",
            kafka_name(error),
            error.code(),
            offered.join(", ")
        )));
    }

    let mut session = start(sasl).map_err(&failed)?;
    let mut answer = None;
    loop {
        let mut out = Vec::new();
        let state = session
            .step(answer.as_deref(), &mut out)
            .map_err(|error| failed(error.to_string()))?;
        if state.has_sent_message() {
            answer = Some(exchange(connection, out, &failed).await?);
        }
        if !state.is_running() {
            return Ok(());
        }
    }
}

fn start(sasl: &Sasl) -> Result<Session, String> {
    let config = SASLConfig::with_credentials(None, sasl.username.clone(), sasl.password.clone())
        .map_err(|error| error.to_string())?;
    let mechanism =
        Mechname::parse(sasl.mechanism.as_str().as_bytes()).map_err(|error| error.to_string())?;
    SASLClient::new(config)
        .start_suggested(&[mechanism])
        .map_err(|error| error.to_string())
}

async fn exchange(
    connection: &mut BrokerConnection,
    out: Vec<u8>,
    failed: &impl Fn(String) -> GroupError,
) -> Result<Bytes, GroupError> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from(out));
    let answer = connection.call(&request).await?;
    match ResponseError::try_from_code(answer.error_code) {
        None => Ok(answer.auth_bytes),
        Some(error) => Err(failed(format!(
            "{} ({}): {}",
            kafka_name(error),
            error.code(),
            answer.error_message.as_deref().unwrap_or("no reason given")
        ))),
    }
}
