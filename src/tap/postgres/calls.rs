//! What a function does cannot be seen: `SELECT graphile_worker.add_job('charge', $1)` enqueues and
//! `SELECT pgmq.read(…)` hides a message. So every call may write, but those of Postgres' own that
//! do not.

mod harmless;

use super::lexer::{Token, TokenKind};
use harmless::is_harmless;

pub(super) fn calls_what_may_write(statement: &[Token<'_>]) -> bool {
    let mut opened: Vec<Option<usize>> = Vec::new();
    // What stood before the parenthesis that was closed last.
    let mut closed: Option<usize> = None;
    for (at, token) in statement.iter().enumerate() {
        if token.is_symbol(")") {
            closed = opened.pop().flatten();
        }
        if !token.is_symbol("(") {
            continue;
        }
        let name = at.checked_sub(1);
        opened.push(name);
        let Some(name) = name.filter(|name| is_name(&statement[*name])) else {
            continue;
        };
        let first = start(statement, name);
        let behind_items = closed
            .filter(|_| {
                first
                    .checked_sub(1)
                    .is_some_and(|b| statement[b].is_symbol(")"))
            })
            .map(|opener| &statement[opener]);
        if !is_no_call(statement, first, name, behind_items) && !is_known(statement, first, name) {
            return true;
        }
    }
    false
}

fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::Quoted)
}

fn start(statement: &[Token<'_>], name: usize) -> usize {
    let mut first = name;
    while first >= 2 && statement[first - 1].is_symbol(".") && is_name(&statement[first - 2]) {
        first -= 2;
    }
    first
}

/// A name with columns (`AS v(id, n)`) or a type (`::numeric(10, 2)`). `closer` is what stood
/// before the parenthesis that ends right before it.
fn is_no_call(
    statement: &[Token<'_>],
    first: usize,
    name: usize,
    closer: Option<&Token<'_>>,
) -> bool {
    let Some(before) = first.checked_sub(1).map(|before| &statement[before]) else {
        return false;
    };
    if before.is_symbol(")") {
        // `DISTINCT ON (a) f(b)` and `a OPERATOR(s.=) f(b)` are calls; `unnest(a) t(b)` is none.
        return !closer.is_some_and(|opener| opener.is_any(&["ON", "OPERATOR"]));
    }
    before.is_symbol("::")
        || before.is_any(&["AS", "WITH", "RECURSIVE", "ORDINALITY"])
        || before.is_symbol(",") && is_query_name(&statement[name + 1..])
}

/// `(a, b) AS (SELECT …`, behind a further name of a WITH.
fn is_query_name(after: &[Token<'_>]) -> bool {
    let Some(end) = after.iter().position(|token| token.is_symbol(")")) else {
        return false;
    };
    let Some((by, after)) = after[end + 1..].split_first() else {
        return false;
    };
    let mut inside = after
        .iter()
        .skip_while(|token| token.is_any(&["NOT", "MATERIALIZED"]))
        .skip_while(|token| token.is_symbol("("));
    let query = [
        "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE",
    ];
    by.is("AS") && inside.next().is_some_and(|token| token.is_any(&query))
}

fn is_known(statement: &[Token<'_>], first: usize, name: usize) -> bool {
    let word = statement[name].text;
    let word = word.trim_matches('"').to_ascii_lowercase();
    let word = word.as_str();
    if first < name {
        let schema = statement[first].text.trim_matches('"');
        return match schema.to_ascii_lowercase().as_str() {
            "pg_catalog" => is_harmless(word),
            // JDBC asks for keys and indexes with it.
            "information_schema" => word == "_pg_expandarray",
            _ => false,
        };
    }
    let is_keyword = statement[name].kind == TokenKind::Word && KEYWORDS.contains(&word);
    is_keyword || is_harmless(word)
}

/// Before a parenthesis they are no function, or one of the syntax alone.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "all", "and", "any", "array", "as", "asymmetric", "bernoulli", "between", "by", "case", "cast",
    "collate", "cross", "cube", "distinct", "else", "end", "escape", "except", "exists", "fetch",
    "filter", "first", "for", "from", "group", "grouping", "having", "ilike", "in", "inner",
    "intersect", "is", "isnull", "join", "lateral", "left", "like", "limit", "materialized",
    "natural", "next", "not", "notnull", "of", "offset", "on", "only", "operator", "or", "order",
    "outer", "over", "overlaps", "partition", "range", "returning", "right", "rollup", "row",
    "rows", "select", "sets", "similar", "some", "symmetric", "system", "table", "then", "to",
    "union", "using", "values", "varying", "when", "where", "window", "with", "within", "xmltable",
    "json_table", "columns", "stdout", "explain", "copy", "zone", "repeatable", "variadic", "analyze", "analyse", "verbose",
];

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;

    fn may_write(text: &str) -> bool {
        super::calls_what_may_write(&tokens(text))
    }

    #[test]
    fn a_function_that_nobody_knows_may_write() {
        let calls = [
            "SELECT graphile_worker.add_job('charge', $1)",
            "SELECT * FROM pgmq.send('q', $1::jsonb)",
            "select \"graphile_worker\".\"add_job\"('charge')",
            "SELECT add_job ('charge')",
            "SELECT pg_notify('c', 'x')",
            "SELECT setval('s', 1)",
            "SELECT public.now()",
            "SELECT a.b.count(1)",
            "SELECT count(add_job(id)) FROM t",
            "SELECT now(), add_job(1)",
            "WITH x AS (SELECT 1 AS n) SELECT add_job(n) FROM x",
            "WITH x (n) AS (SELECT add_job(1)), y(m) AS (SELECT 1) SELECT * FROM x",
            "SELECT DISTINCT ON (id) add_job(id) FROM t",
            "SELECT * FROM dblink('…') AS t(a int)",
            "SELECT 1, dblink('…') AS t",
            "SELECT CASE WHEN a THEN add_job(1) END FROM t",
            "SELECT 1 FROM t WHERE NOT add_job(1)",
            "SELECT \"values\"(1)",
        ];
        for text in calls {
            assert!(may_write(text), "{text}");
        }
    }

    #[test]
    fn postgres_own_functions_and_what_is_no_call_write_nothing() {
        let reads = [
            "SELECT version()",
            "SELECT current_schema()",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "SELECT \"pg_catalog\".\"count\"(1)",
            "SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d",
            "SELECT t.oid, format_type(t.oid, NULL) FROM pg_type t JOIN pg_namespace n ON \
             (n.oid = t.typnamespace) WHERE t.typname IN ('hstore') AND NOT (t.typtype = 'c')",
            "SELECT (information_schema._pg_expandarray(i.indkey)).n FROM pg_index i",
            "SELECT pg_advisory_xact_lock($1), pg_try_advisory_lock(1)",
            "SELECT count(*) FILTER (WHERE a) OVER (PARTITION BY b) FROM t",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
            "SELECT a::numeric(10, 2), CAST(b AS varchar(3)), c::character varying(5) FROM t",
            "SELECT a::public.citext(3), b::pg_catalog.varchar(2) FROM t",
            "SELECT * FROM (VALUES (1, 'a')) AS v (id, n)",
            "SELECT * FROM unnest($1::int[], $2::text[]) WITH ORDINALITY v(id, n, o)",
            "SELECT * FROM unnest($1::int[]) v(id)",
            "SELECT * FROM jsonb_to_recordset($1) AS x(a numeric(3, 1), b text)",
            "WITH RECURSIVE x (n) AS (SELECT 1), y(m) AS NOT MATERIALIZED (SELECT 2) SELECT 1",
            "SELECT 1 FROM t WHERE (a, b) IN ((1, 2)) OR a = ANY (ARRAY[1]) LIMIT (1)",
            "SELECT EXISTS (SELECT 1), ROW (1), extract(epoch FROM now()), nextval('s')",
            "SELECT 'add_job(1)', $$add_job(1)$$, \"add_job\" -- add_job(1)\n FROM t /* f(1) */",
            "SELECT 1 FROM ((t))",
            "SELECT 1)(",
        ];
        for text in reads {
            assert!(!may_write(text), "{text}");
        }
    }
}
