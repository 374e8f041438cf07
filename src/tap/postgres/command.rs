//! What came of a statement (PostgreSQL: Frontend/Backend Protocol, "CommandComplete").

use super::{Detail, Transaction};
use crate::event::{EventOutcome, Session};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandTag {
    Select(u64),
    Insert(u64),
    Update(u64),
    Delete(u64),
    Commit,
    /// By ROLLBACK, or by the COMMIT of one that had failed.
    Rollback,
}

/// Class 08 and the codes with which a server leaves (PostgreSQL: Appendix A, class 57).
fn ends_the_connection(sqlstate: &str) -> bool {
    sqlstate.starts_with("08") || ["57P01", "57P02", "57P03", "57P04", "57P05"].contains(&sqlstate)
}

impl Detail {
    /// None where several were completed, or one of another kind.
    #[must_use]
    pub fn command(&self) -> Option<CommandTag> {
        let mut words = self.tag.as_deref()?.split(' ');
        let (name, last) = (words.next()?, words.next_back());
        let rows = |command: fn(u64) -> CommandTag| Some(command(last?.parse().ok()?));
        let is_one = !self.tag.as_deref()?.contains(';');
        match name {
            "SELECT" if is_one => rows(CommandTag::Select),
            "INSERT" if is_one => rows(CommandTag::Insert),
            "UPDATE" if is_one => rows(CommandTag::Update),
            "DELETE" if is_one => rows(CommandTag::Delete),
            "COMMIT" if last.is_none() => Some(CommandTag::Commit),
            "ROLLBACK" if last.is_none() => Some(CommandTag::Rollback),
            _ => None,
        }
    }

    /// None where neither a tag nor a code says it: of what was skipped or suspended.
    pub(in crate::tap) fn result(&self) -> Option<EventOutcome> {
        let code = self.sqlstate.clone();
        Some(match (code, &self.tag) {
            // So is answered the COMMIT of a transaction that has failed, too.
            _ if self.command() == Some(CommandTag::Rollback) => EventOutcome::RolledBack,
            (None, None) => return None,
            (None, Some(_)) => EventOutcome::DONE,
            // Several statements in one request may hold a COMMIT before the one that failed.
            (Some(code), Some(_)) => EventOutcome::Uncertain { code },
            (Some(code), None) if ends_the_connection(&code) => EventOutcome::Gone { code },
            (Some(code), None) => EventOutcome::Refused { code },
        })
    }

    pub(in crate::tap) fn reads(&self) -> bool {
        let tag = self.tag.as_deref();
        tag.is_some_and(|tag| tag.starts_with("SELECT"))
    }

    /// Open only where it is known to be.
    pub(in crate::tap) fn session(&self) -> Option<Session> {
        Some(Session {
            id: self.backend_pid?,
            is_open: !matches!(self.transaction, Some(Transaction::Idle) | None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(tag: Option<&str>, sqlstate: Option<&str>) -> Detail {
        Detail {
            tag: tag.map(Into::into),
            sqlstate: sqlstate.map(Into::into),
            ..Detail::default()
        }
    }

    #[test]
    fn a_tag_says_what_was_done_to_how_many_rows() {
        for (tag, command) in [
            ("SELECT 0", Some(CommandTag::Select(0))),
            ("INSERT 0 1", Some(CommandTag::Insert(1))),
            ("UPDATE 2", Some(CommandTag::Update(2))),
            ("DELETE 3", Some(CommandTag::Delete(3))),
            ("COMMIT", Some(CommandTag::Commit)),
            ("ROLLBACK", Some(CommandTag::Rollback)),
            ("CREATE TABLE", None),
            ("SELECT 1; INSERT 0 1", None),
            ("COMMIT; COMMIT", None),
            ("", None),
        ] {
            assert_eq!(detail(Some(tag), None).command(), command, "{tag}");
        }
        assert_eq!(detail(None, Some("23505")).command(), None);
    }

    #[test]
    fn a_statement_that_failed_was_in_vain_unless_another_was_completed_before_it() {
        let result = |tag, sqlstate| detail(tag, sqlstate).result();
        let code = |code: &str| code.to_owned();
        let unique = code("23505");
        assert_eq!(
            result(None, Some("23505")),
            Some(EventOutcome::Refused {
                code: unique.clone()
            })
        );
        assert_eq!(
            result(Some("INSERT 0 1; COMMIT"), Some("23505")),
            Some(EventOutcome::Uncertain { code: unique })
        );
        assert_eq!(
            result(None, Some("57P01")),
            Some(EventOutcome::Gone {
                code: code("57P01")
            })
        );
        assert_eq!(
            result(Some("ROLLBACK"), None),
            Some(EventOutcome::RolledBack)
        );
        assert_eq!(result(Some("INSERT 0 1"), None), Some(EventOutcome::DONE));
        assert_eq!(result(None, None), None, "nothing is known");
    }
}
