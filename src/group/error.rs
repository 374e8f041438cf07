//! What can go wrong between the lab and a broker: each text says what was wanted, of whom, and
//! what came instead.

#![allow(missing_docs, reason = "the text of an error says what its fields are")]

use std::io;
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use thiserror::Error;

/// Why Kafka could not be asked, or what it answered instead.
#[derive(Debug, Error)]
pub enum GroupError {
    #[error("{given:?} is no bootstrap address: expected host:port[,host:port…]")]
    Bootstrap {
        /// What was given.
        given: String,
    },
    #[error("security settings: {why}")]
    Security {
        /// What is wrong with them.
        why: String,
    },
    #[error("broker {broker}: cannot connect: {source}")]
    Connect {
        /// The address that was tried.
        broker: String,
        /// What the operating system said.
        source: io::Error,
    },
    #[error("broker {broker}: TLS: {why}")]
    Tls {
        broker: String,
        /// What OpenSSL said.
        why: String,
    },
    /// The credentials were refused, or the broker could not prove that it knows them.
    #[error("broker {broker}: {mechanism}: {why}")]
    Sasl {
        broker: String,
        /// The SASL mechanism.
        mechanism: &'static str,
        /// What either side said.
        why: String,
    },
    #[error("broker {broker}: no answer to {api} within {after:?}")]
    Timeout {
        broker: String,
        /// The request that was waited for.
        api: &'static str,
        /// How long.
        after: Duration,
    },
    #[error("broker {broker}: the connection broke during {api}: {source}")]
    Broken {
        broker: String,
        /// The request that was under way.
        api: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    #[error("broker {broker}: the answer to {api} is not Kafka's: {why}")]
    Garbled {
        broker: String,
        /// The request.
        api: &'static str,
        /// What does not fit.
        why: String,
    },
    #[error("broker {broker} offers {api} in {offered}; needed is one of {spoken}")]
    Unsupported {
        broker: String,
        /// The request.
        api: &'static str,
        /// The broker's versions.
        offered: String,
        /// Our versions.
        spoken: String,
    },
    #[error(
        "{what}: broker {broker} answered {} ({}){}",
        kafka_name(*error),
        error.code(),
        message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
    )]
    Refused {
        /// What was being done.
        what: String,
        broker: String,
        /// Kafka's error.
        error: ResponseError,
        /// The broker's own words, where its answer has room for them.
        message: Option<String>,
    },
    #[error("waited {after:?} for {what}; last seen: {last}")]
    Waited {
        /// The condition.
        what: String,
        /// For how long.
        after: Duration,
        /// The state that was seen last, or the error that kept it from being seen.
        last: String,
    },
}

impl GroupError {
    /// Whether another attempt, on a new connection or at another broker, may succeed: the request
    /// was perhaps not even seen. A refusal is final unless Kafka calls it retriable.
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

/// What was asked of whom, to turn the code in an answer into a result.
pub(super) struct Asked<'a> {
    pub(super) what: &'a str,
    pub(super) broker: &'a str,
}

impl Asked<'_> {
    /// Fails unless the code is 0.
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

/// Kafka's own spelling, as in its documentation and in every other client's log:
/// `UnknownMemberId` is `UNKNOWN_MEMBER_ID`.
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
