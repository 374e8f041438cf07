//! Each text says what was wanted, of whom, and what came instead.

use std::io;
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum GroupError {
    #[error("{given:?} is no bootstrap address: expected host:port[,host:port…]")]
    Bootstrap { given: String },
    #[error("security settings: {why}")]
    Security { why: String },
    #[error("broker {broker}: cannot connect: {source}")]
    Connect { broker: String, source: io::Error },
    #[error("broker {broker}: TLS: {why}")]
    Tls { broker: String, why: String },
    /// Or the broker could not prove that it knows them.
    #[error("broker {broker}: {mechanism}: {why}")]
    Sasl {
        broker: String,
        mechanism: &'static str,
        why: String,
    },
    #[error("broker {broker}: no answer to {api} within {after:?}")]
    Timeout {
        broker: String,
        api: &'static str,
        after: Duration,
    },
    #[error("broker {broker}: the connection broke during {api}: {source}")]
    Broken {
        broker: String,
        api: &'static str,
        source: io::Error,
    },
    #[error("broker {broker}: the answer to {api} is not Kafka's: {why}")]
    Garbled {
        broker: String,
        api: &'static str,
        why: String,
    },
    #[error("broker {broker} offers {api} in {offered}; needed is one of {spoken}")]
    Unsupported {
        broker: String,
        api: &'static str,
        offered: String,
        spoken: String,
    },
    #[error(
        "{what}: broker {broker} answered {} ({}){}",
        kafka_name(*error),
        error.code(),
        message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
    )]
    Refused {
        what: String,
        broker: String,
        error: ResponseError,
        /// The broker's own words, where its answer has room for them.
        message: Option<String>,
    },
    #[error("waited {after:?} for {what}; last seen: {last}")]
    Waited {
        what: String,
        after: Duration,
        /// Or the error that kept the state from being seen.
        last: String,
    },
}

impl GroupError {
    /// On a new connection or at another broker: the request was perhaps not even seen. A refusal
    /// is final unless Kafka calls it retriable.
    pub fn is_transient(&self) -> bool {
        match self {
            GroupError::Connect { .. } | GroupError::Timeout { .. } | GroupError::Broken { .. } => {
                true
            }
            GroupError::Refused { error, .. } => error.is_retriable(),
            _ => false,
        }
    }
}

pub(super) struct Asked<'a> {
    pub(super) what: &'a str,
    pub(super) broker: &'a str,
}

impl Asked<'_> {
    pub(super) fn check(&self, code: i16, message: Option<&str>) -> Result<(), GroupError> {
        match ResponseError::try_from_code(code) {
            None => Ok(()),
            Some(error) => Err(self.refused(error, message)),
        }
    }

    pub(super) fn refused(&self, error: ResponseError, message: Option<&str>) -> GroupError {
        GroupError::Refused {
            what: self.what.to_string(),
            broker: self.broker.to_string(),
            error,
            message: message.filter(|text| !text.is_empty()).map(str::to_string),
        }
    }
}

/// As in Kafka's documentation and every client's log: `UNKNOWN_MEMBER_ID`.
pub(super) fn kafka_name(error: ResponseError) -> String {
    if let ResponseError::Unknown(_) = error {
        return "an error that this version does not know".to_string();
    }
    let mut name = String::new();
    for letter in error.to_string().chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_who_and_kafkas_own_name() {
        let asked = Asked {
            what: "evicting a-1 from group payments",
            broker: "127.0.0.1:9092",
        };
        assert_eq!(
            asked.check(25, Some("gone")).unwrap_err().to_string(),
            "evicting a-1 from group payments: broker 127.0.0.1:9092 answered \
             UNKNOWN_MEMBER_ID (25): gone"
        );
        assert!(asked.check(0, None).is_ok());
    }

    #[test]
    fn an_error_of_a_later_kafka_keeps_its_code() {
        let asked = Asked {
            what: "x",
            broker: "b:1",
        };
        let text = asked.check(999, None).unwrap_err().to_string();
        assert!(text.ends_with("does not know (999)"), "{text}");
    }
}
