//! What the server has said of one request.

use super::message::{ErrorFields, command, text};
use super::sqlstate;
use super::{Detail, Transaction};

/// Of a string of more statements than this, the rest is counted and not told.
const TOLD: usize = 50;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StatementReply {
    words: Vec<String>,
    tags: Vec<String>,
    untold: usize,
    rows: Option<u64>,
    sqlstate: Option<String>,
}

impl StatementReply {
    pub(super) fn word(word: &str) -> Self {
        Self {
            words: vec![word.to_owned()],
            ..Self::default()
        }
    }

    pub(super) fn say(&mut self, word: &str) {
        if self.words.len() < TOLD {
            self.words.push(word.to_owned());
        } else {
            self.untold += 1;
        }
    }

    pub(super) fn complete(&mut self, body: &[u8]) {
        let tag = text(body.strip_suffix(b"\0").unwrap_or(body));
        let (word, rows) = command(&tag);
        self.say(&word);
        if self.tags.len() < TOLD {
            self.tags.push(tag);
        }
        if let Some(rows) = rows {
            self.rows = Some(self.rows.unwrap_or(0).saturating_add(rows));
        }
    }

    pub(super) fn fail(&mut self, failure: &ErrorFields) {
        self.say(&sqlstate::in_words(&failure.sqlstate));
        self.sqlstate = Some(failure.sqlstate.clone());
    }

    pub(super) fn outcome(&self) -> String {
        let mut outcome = self.words.join("; ");
        if self.untold > 0 {
            outcome.push_str(&format!("; … {} more", self.untold));
        }
        outcome
    }

    pub(super) fn detail(
        self,
        transaction: Option<Transaction>,
        backend_pid: Option<i32>,
    ) -> Detail {
        Detail {
            tag: (!self.tags.is_empty()).then(|| self.tags.join("; ")),
            rows: self.rows,
            sqlstate: self.sqlstate,
            transaction,
            backend_pid,
            is_data: false,
            parameters: Vec::new(),
        }
    }
}
