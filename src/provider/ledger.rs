use serde::{Deserialize, Serialize};

use crate::event::Source;

/// Only the ledger decides what was charged: not what a consumer was told, nor what it wrote down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    pub charge: String,
    /// None where the request carried no payment id.
    pub payment: Option<String>,
    pub idempotency_key: Option<String>,
    /// In the smallest unit of the currency, as Stripe counts.
    pub amount: u64,
    /// Three lower-case letters.
    pub currency: String,
    pub source: Source,
    /// By the system's time, as other records of the run.
    pub wall_unix_ms: u64,
    /// By the provider's clock, by which idempotency keys age.
    pub clock_unix_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_back_as_it_was_written() {
        let entry = LedgerEntry {
            charge: "ch_1".to_owned(),
            payment: Some("msg-0001".to_owned()),
            idempotency_key: None,
            amount: 1000,
            currency: "usd".to_owned(),
            source: Source {
                instance: "a".to_owned(),
                incarnation: 2,
            },
            wall_unix_ms: 1_700_000_000_000,
            clock_unix_ms: 1_700_086_400_000,
        };

        let written = serde_json::to_string(&entry).expect("an entry is JSON");
        let read: LedgerEntry = serde_json::from_str(&written).expect("the JSON is an entry");
        assert_eq!(read, entry);
    }
}
