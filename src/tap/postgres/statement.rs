use super::calls::calls_what_may_write;
use super::lexer::{Token, tokens};
use super::signature::signature;
use crate::event::{Found, Marks};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Begins,
    Ends,
    /// `COMMIT AND CHAIN`.
    Restarts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) signature: String,
    /// Their marks are in the text itself.
    pub(super) found: Found,
    pub(super) writes: bool,
    pub(super) is_data: bool,
    pub(super) bounds: Option<(Bound, Bound)>,
}

impl Statement {
    pub(super) fn parse(text: &str, marks: &Marks) -> Self {
        let tokens = tokens(text);
        let (mut writes, mut is_data) = (false, false);
        let mut bounds: Option<(Bound, Bound)> = None;
        for statement in statements(&tokens) {
            writes |= is_write(statement);
            is_data |= is_write(statement) || is_read(statement);
            if let Some(bound) = bound(statement) {
                bounds = Some((bounds.map_or(bound, |(first, _)| first), bound));
            }
        }
        Self {
            signature: signature(&tokens),
            found: marks.found_in(text.as_bytes()),
            writes,
            is_data,
            bounds,
        }
    }

    /// For all that is known it writes.
    pub(super) fn unseen(signature: &str) -> Self {
        Self {
            signature: signature.to_owned(),
            found: Found::default(),
            writes: true,
            is_data: true,
            bounds: None,
        }
    }
}

/// A rule's actions are in parentheses and no statements of the text.
fn statements<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let mut depth = 0_i32;
    let split = tokens.split(move |token| {
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        depth <= 0 && token.is_symbol(";")
    });
    split.filter(|statement| !statement.is_empty())
}

fn bound(statement: &[Token<'_>]) -> Option<Bound> {
    let (first, after) = statement.split_first()?;
    let has = |word| after.iter().any(|token| token.is(word));
    let ends = if first.is("PREPARE") {
        has("TRANSACTION")
    } else if first.is("ROLLBACK") {
        !has("TO") && !has("PREPARED")
    } else {
        first.is_any(&["COMMIT", "END", "ABORT"]) && !has("PREPARED")
    };
    if first.is_any(&["BEGIN", "START"]) {
        Some(Bound::Begins)
    } else if ends && has("CHAIN") && !has("NO") {
        Some(Bound::Restarts)
    } else {
        ends.then_some(Bound::Ends)
    }
}

/// Drivers and pools see by values that are in no table whether a connection lives.
fn is_read(statement: &[Token<'_>]) -> bool {
    let first = statement.iter().find(|token| !token.is_symbol("("));
    let asks = first.is_some_and(|t| t.is_any(&["SELECT", "WITH", "TABLE", "DECLARE", "COPY"]));
    asks && statement
        .iter()
        .any(|token| token.is_any(&["FROM", "TABLE", "COPY"]))
}

/// Whether anybody outside can notice it: a SELECT that locks rows lets others wait. What is
/// unknown writes.
fn is_write(statement: &[Token<'_>]) -> bool {
    let Some(first) = statement.iter().find(|token| !token.is_symbol("(")) else {
        return false;
    };
    let has = |words: &[&str]| statement.iter().any(|token| token.is_any(words));
    let has_pair = |one: &str, others: &[&str]| {
        let mut pairs = statement.windows(2);
        pairs.any(|pair| pair[0].is(one) && pair[1].is_any(others))
    };
    let changes = || {
        let changing = ["INSERT", "UPDATE", "DELETE", "MERGE", "INTO"];
        has(&changing)
            || has_pair("FOR", &["NO", "SHARE", "KEY"])
            || calls_what_may_write(statement)
    };
    if first.is("EXPLAIN") {
        return has(&["ANALYZE", "ANALYSE"]) && changes();
    }
    if first.is("COPY") {
        // What stands behind a table's name are columns, and no call.
        let is_query = statement.get(1).is_some_and(|t| t.is_symbol("("));
        return !has_pair("TO", &["STDOUT"]) || is_query && changes();
    }
    if first.is_any(&["ROLLBACK", "PREPARE"]) {
        return has(&["PREPARED", "TRANSACTION"]) && !has_pair("ROLLBACK", &["TRANSACTION"]);
    }
    if first.is_any(&["SELECT", "WITH", "VALUES", "TABLE", "DECLARE"]) {
        return changes();
    }
    let reads = [
        "SHOW",
        "BEGIN",
        "START",
        "SET",
        "RESET",
        "DISCARD",
        "FETCH",
        "MOVE",
        "CLOSE",
        "SAVEPOINT",
        "RELEASE",
        "ABORT",
        "DEALLOCATE",
        "LISTEN",
        "UNLISTEN",
    ];
    !first.is_any(&reads)
}

#[cfg(test)]
mod tests {
    use super::{Bound, Statement};
    use crate::event::Marks;

    fn parsed(text: &str) -> Statement {
        Statement::parse(text, &Marks::default())
    }

    #[test]
    fn reads_open_no_window_of_their_own() {
        let reads = [
            "SELECT 1 FROM processed WHERE id = 'INSERT'",
            "(SELECT 1) UNION (SELECT 2)",
            "select nextval('s')",
            "SELECT pg_catalog.set_config('a', 'b', false), version()",
            "SELECT 'add_job(1)' -- add_job(1)",
            "EXPLAIN SELECT add_job(1)",
            "PREPARE p AS SELECT add_job(1)",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "VALUES (1)",
            "TABLE t",
            "SHOW server_version",
            "SET application_name = 'x'",
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
            "START TRANSACTION",
            "ROLLBACK TO SAVEPOINT s",
            "ROLLBACK TRANSACTION",
            "PREPARE p AS INSERT INTO t VALUES (1)",
            "FETCH ALL FROM c",
            "DISCARD ALL",
            "COPY t TO STDOUT",
            "COPY t (a) TO STDOUT",
            "COPY (SELECT 1 FROM t) TO STDOUT (FORMAT binary)",
            "EXPLAIN (ANALYZE, BUFFERS) SELECT 1",
            "EXPLAIN DELETE FROM t",
            "-- nothing",
        ];
        for text in reads {
            assert!(!parsed(text).writes, "{text}");
        }
    }

    #[test]
    fn what_others_can_notice_writes() {
        let writes = [
            "INSERT INTO t VALUES (1)",
            "/* x */ update t SET a = 1",
            "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
            "SELECT graphile_worker.add_job('charge', $1)",
            "WITH x AS (SELECT $1 AS m) SELECT pgmq.send('q', m) FROM x",
            "VALUES (add_job(1))",
            "EXPLAIN ANALYZE SELECT add_job(1)",
            "COPY (SELECT add_job(1)) TO STDOUT",
            "DECLARE c CURSOR FOR SELECT add_job(1)",
            "SELECT 1 FROM t FOR UPDATE SKIP LOCKED",
            "SELECT 1 FROM t FOR NO KEY UPDATE",
            "SELECT * INTO u FROM t",
            "COPY t FROM STDIN",
            "COPY t (a) TO PROGRAM 'x'",
            "EXPLAIN (ANALYZE) DELETE FROM t",
            "COMMIT",
            "END",
            "COMMIT PREPARED 'x'",
            "ROLLBACK PREPARED 'x'",
            "PREPARE TRANSACTION 'x'",
            "CREATE TABLE t ()",
            "CALL p()",
            "DO $$ BEGIN END $$",
            "EXECUTE p",
            "NOTIFY c",
            "LOCK t",
            "VACUUM",
            "SELECT 1; DELETE FROM t",
            "something new",
        ];
        for text in writes {
            assert!(parsed(text).writes, "{text}");
        }
    }

    #[test]
    fn what_is_about_the_connection_alone_is_no_data() {
        for text in [
            "BEGIN",
            "SET x = 1",
            "SELECT 1",
            "SHOW x",
            "",
            "SAVEPOINT s",
            "ROLLBACK",
            "SELECT version(), current_schema(), now()",
            "SELECT set_config('a', 'b', false), nextval('s'), pg_advisory_lock(1)",
        ] {
            assert!(!parsed(text).is_data, "{text}");
        }
        for text in [
            "SELECT 1 FROM t",
            "TABLE t",
            "INSERT INTO t VALUES (1)",
            "COMMIT",
            "CALL p()",
            "SELECT pgmq.send('q', $1)",
        ] {
            assert!(parsed(text).is_data, "{text}");
        }
    }

    #[test]
    fn transactions_are_bounded_by_their_words() {
        use Bound::{Begins, Ends, Restarts};
        let cases = [
            ("BEGIN", Some((Begins, Begins))),
            ("start transaction", Some((Begins, Begins))),
            ("COMMIT", Some((Ends, Ends))),
            ("ROLLBACK WORK", Some((Ends, Ends))),
            ("ROLLBACK TO s", None),
            ("COMMIT AND CHAIN", Some((Restarts, Restarts))),
            ("COMMIT AND NO CHAIN", Some((Ends, Ends))),
            ("COMMIT PREPARED 'x'", None),
            (
                "BEGIN; INSERT INTO t VALUES (1); COMMIT",
                Some((Begins, Ends)),
            ),
            ("SELECT 'COMMIT'", None),
        ];
        for (text, bounds) in cases {
            assert_eq!(parsed(text).bounds, bounds, "{text}");
        }
    }

    #[test]
    fn an_id_in_the_text_is_found() {
        let statement = parsed("INSERT INTO t VALUES ('msg-0017')");
        assert_eq!(statement.found.marked, ["msg-0017"]);
        assert_eq!(statement.signature, "INSERT INTO t VALUES (?)");
    }
}
