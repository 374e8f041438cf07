//! A statement without its data: equal in every run.

use super::lexer::{Token, TokenKind, tokens};

/// By it, what a manifest names is known when it passes.
#[must_use]
pub fn signature_of(text: &str) -> String {
    signature(&tokens(text))
}

/// `?` for literals and names that drivers make up, a list of any length as one, no comments.
/// Parameters and the case of words stay.
pub(super) fn signature(tokens: &[Token<'_>]) -> String {
    let mut signature = Signature::default();
    let mut rest = tokens;
    let mut opens = true;
    while let Some((token, after)) = rest.split_first() {
        if opens {
            signature.made_up = made_up_name(rest);
        }
        opens = token.is_symbol(";");
        rest = signature.take(token, after);
    }
    let text = signature.text;
    text.trim_end_matches([';', ' ']).to_owned()
}

#[derive(Default)]
struct Signature<'a> {
    text: String,
    previous: Option<Token<'a>>,
    made_up: Option<*const u8>,
}

impl<'a> Signature<'a> {
    fn take<'t>(&mut self, token: &Token<'a>, after: &'t [Token<'a>]) -> &'t [Token<'a>] {
        if self.made_up == Some(token.text.as_ptr()) {
            self.push(token, "?");
            return after;
        }
        if let Some(left) = self.signed(token, after) {
            self.push(token, "?");
            return left;
        }
        match token.kind {
            TokenKind::Text | TokenKind::Number => self.push(token, "?"),
            _ => self.push(token, token.text),
        }
        if token.is("IN") {
            return self.list(after, "(", ")").unwrap_or(after);
        }
        if token.is("ARRAY") {
            return self.list(after, "[", "]").unwrap_or(after);
        }
        if token.is("VALUES") {
            return self.rows(after);
        }
        after
    }

    fn push(&mut self, token: &Token<'a>, text: &str) {
        if token.spaced && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.previous = Some(*token);
    }

    /// A sign before a number is the number's, unless something stands before it to subtract from.
    fn signed<'t>(&self, token: &Token<'a>, after: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
        let (number, left) = after.split_first()?;
        let is_sign = token.is_symbol("-") || token.is_symbol("+");
        let is_signed = is_sign && number.kind == TokenKind::Number && !number.spaced;
        let opens = self.previous.is_none_or(|previous| {
            previous.kind == TokenKind::Symbol && ![")", "]"].contains(&previous.text)
                || previous.is_any(&["SELECT", "AND", "OR", "BETWEEN", "THEN", "ELSE", "LIMIT"])
        });
        (is_signed && opens).then_some(left)
    }

    /// Values only: a subquery is no such list.
    fn list<'t>(
        &mut self,
        after: &'t [Token<'a>],
        open: &str,
        close: &str,
    ) -> Option<&'t [Token<'a>]> {
        let (first, _) = after.split_first().filter(|(t, _)| t.is_symbol(open))?;
        let length = group(after, open, close)?;
        let (inside, left) = after.split_at(length);
        let mut is_cast = false;
        for token in inside {
            let is_type = std::mem::replace(&mut is_cast, token.is_symbol("::"));
            if !(token.is_value() || token.kind == TokenKind::Symbol || is_type) {
                return None;
            }
        }
        self.push(first, &format!("{open}?{close}"));
        Some(left)
    }

    fn rows<'t>(&mut self, after: &'t [Token<'a>]) -> &'t [Token<'a>] {
        let Some(length) = group(after, "(", ")") else {
            return after;
        };
        let (mut row, mut left) = after.split_at(length);
        while let Some((token, rest)) = row.split_first() {
            row = self.take(token, rest);
        }
        while let Some((_, next)) = left.split_first().filter(|(t, _)| t.is_symbol(","))
            && let Some(length) = group(next, "(", ")")
        {
            left = &next[length..];
        }
        left
    }
}

fn group(tokens: &[Token<'_>], open: &str, close: &str) -> Option<usize> {
    if !tokens.first()?.is_symbol(open) {
        return None;
    }
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_symbol(open) {
            depth += 1;
        } else if token.is_symbol(close) {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

/// Of a savepoint, cursor or prepared statement: drivers count them.
fn made_up_name(tokens: &[Token<'_>]) -> Option<*const u8> {
    let end = tokens.iter().position(|t| t.is_symbol(";"));
    let statement = &tokens[..end.unwrap_or(tokens.len())];
    let (first, after) = statement.split_first()?;
    let name = if first.is_any(&["SAVEPOINT", "DECLARE", "EXECUTE", "CLOSE", "PREPARE"]) {
        after.first()
    } else if first.is("ROLLBACK") {
        let to = after.iter().position(|t| t.is("TO"))?;
        after[to..].last()
    } else if first.is_any(&["RELEASE", "FETCH", "MOVE", "DEALLOCATE"]) {
        after.last()
    } else {
        None
    };
    let name = name.filter(|name| matches!(name.kind, TokenKind::Word | TokenKind::Quoted))?;
    let is_keyword = name.is_any(&["ALL", "TRANSACTION", "SAVEPOINT", "TO"]);
    (!is_keyword).then_some(name.text.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;

    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(super::signature(&tokens(text)), *expected, "{text}");
        }
    }

    #[test]
    fn data_goes_and_the_rest_stays() {
        check(&[
            (
                "SELECT 1 FROM t WHERE id = 'msg-0017' AND n > -1.5e3",
                "SELECT ? FROM t WHERE id = ? AND n > ?",
            ),
            (
                "insert  into t\n (a) values ($1) -- why\n;",
                "insert into t (a) values ($1)",
            ),
            ("SELECT a -1, $$x$$::text", "SELECT a -?, ?::text"),
            ("BEGIN; COMMIT;", "BEGIN; COMMIT"),
            ("", ""),
        ]);
    }

    #[test]
    fn a_list_of_any_length_is_the_same_list() {
        check(&[
            ("… WHERE a IN (1)", "… WHERE a IN (?)"),
            ("… WHERE a IN ($1, $2,$3)", "… WHERE a IN (?)"),
            ("… IN ((1,'a'),(2,'b'::text)) AND", "… IN (?) AND"),
            ("= ANY (ARRAY['a', 'b'])", "= ANY (ARRAY[?])"),
            ("IN (SELECT 1)", "IN (SELECT ?)"),
            (
                "VALUES ($1, now(), 3), ($2, now(), 4) ON CONFLICT",
                "VALUES ($1, now(), ?) ON CONFLICT",
            ),
            ("VALUES (1, -2), (3, 4), (5", "VALUES (?, ?), (?"),
        ]);
    }

    #[test]
    fn names_that_drivers_count_go() {
        check(&[
            ("SAVEPOINT \"_pg3_1\"", "SAVEPOINT ?"),
            ("SAVEPOINT s1; SELECT s1", "SAVEPOINT ?; SELECT s1"),
            ("ROLLBACK TO SAVEPOINT s1;", "ROLLBACK TO SAVEPOINT ?"),
            ("ROLLBACK TO s1", "ROLLBACK TO ?"),
            ("RELEASE s1", "RELEASE ?"),
            (
                "DECLARE c1 CURSOR FOR SELECT 1",
                "DECLARE ? CURSOR FOR SELECT ?",
            ),
            ("FETCH FORWARD 10 FROM c1", "FETCH FORWARD ? FROM ?"),
            ("CLOSE ALL", "CLOSE ALL"),
            ("DEALLOCATE _pg3_0", "DEALLOCATE ?"),
            ("DEALLOCATE ALL", "DEALLOCATE ALL"),
            ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION ?"),
            ("ROLLBACK", "ROLLBACK"),
        ]);
    }
}
