//! What a request is to a delivery guarantee, and what came of it: typed, so that nobody reads a
//! signature or an outcome to know it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Deliver,
    Acknowledge,
    Request,
}

/// What came of a request, as the tap understood the server.
///
/// What is declined and what is not known are apart: a failure may have been executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "came", rename_all = "snake_case")]
pub enum EventOutcome {
    /// It was done.
    Executed {
        /// The id under which the ledger has what the customer feels, where there is such a thing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<String>,
    },
    /// A search for an effect was done.
    Found {
        /// The latest that was found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<String>,
    },
    /// It was done before under the same key, and the first answer was given again.
    Replayed {
        /// That of the first request; none where that one failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<String>,
    },
    /// A transaction was given up, so that nothing of it is done.
    RolledBack,
    /// It was not done.
    Refused {
        /// The server's code: `23505`, `ILLEGAL_GENERATION`, `card_declined`.
        code: String,
    },
    /// It failed, and may have been done, or a part of it.
    Uncertain {
        /// The server's code.
        code: String,
    },
    /// The server ended the connection instead, and had told of nothing that was done.
    Gone {
        /// The server's code.
        code: String,
    },
}

impl EventOutcome {
    pub const DONE: Self = Self::Executed { effect: None };

    /// 5xx may have been executed.
    #[must_use]
    pub fn failed(status: u16, code: &str) -> Self {
        let code = code.to_owned();
        if status < 500 {
            Self::Refused { code }
        } else {
            Self::Uncertain { code }
        }
    }

    #[must_use]
    pub fn effect(&self) -> Option<&str> {
        match self {
            Self::Executed { effect } | Self::Replayed { effect } => effect.as_deref(),
            _ => None,
        }
    }

    /// It refused, gave up, or had done it before. An uncertain failure is not in vain.
    #[must_use]
    pub fn is_in_vain(&self) -> bool {
        match self {
            Self::Replayed { .. } | Self::RolledBack | Self::Refused { .. } | Self::Gone { .. } => {
                true
            }
            Self::Executed { .. } | Self::Found { .. } | Self::Uncertain { .. } => false,
        }
    }
}
