//! SQL text into tokens (PostgreSQL: "Lexical Structure"), `standard_conforming_strings` on by
//! default.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Or a keyword.
    Word,
    /// A name in double quotes.
    Quoted,
    Text,
    Number,
    /// `$1`.
    Param,
    /// One character that is none of the above, or `::`.
    Symbol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    pub(super) text: &'a str,
    pub(super) spaced: bool,
}

impl Token<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    pub(super) fn is_value(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::Text | TokenKind::Number | TokenKind::Param
        )
    }
}

/// What does not end, as in a text that was cut off, reaches to the end.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut spaced = false;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            spaced = true;
        } else if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
            spaced = true;
        } else if rest.starts_with("/*") {
            at += block_comment(rest);
            spaced = true;
        } else {
            let (kind, length) = token(rest, first);
            let text = &rest[..length];
            tokens.push(Token { kind, text, spaced });
            at += length;
            spaced = false;
        }
    }
    tokens
}

fn token(rest: &str, first: char) -> (TokenKind, usize) {
    let prefixed =
        |skip: usize, escapes: bool| (TokenKind::Text, skip + quoted(&rest[skip..], escapes));
    let bytes = rest.as_bytes();
    match (first, bytes.get(1), bytes.get(2)) {
        ('\'', ..) => prefixed(0, false),
        ('"', ..) => (TokenKind::Quoted, quoted(rest, false)),
        ('e' | 'E', Some(b'\''), _) => prefixed(1, true),
        ('b' | 'B' | 'x' | 'X' | 'n' | 'N', Some(b'\''), _) => prefixed(1, false),
        ('u' | 'U', Some(b'&'), Some(b'\'')) => prefixed(2, false),
        ('u' | 'U', Some(b'&'), Some(b'"')) => (TokenKind::Quoted, 2 + quoted(&rest[2..], false)),
        ('$', Some(b'0'..=b'9'), _) => (
            TokenKind::Param,
            1 + run(&rest[1..], |c| c.is_ascii_digit()),
        ),
        ('$', ..) => {
            dollar_quoted(rest).map_or((TokenKind::Symbol, 1), |length| (TokenKind::Text, length))
        }
        ('0'..='9', ..) | ('.', Some(b'0'..=b'9'), _) => (TokenKind::Number, number(rest)),
        (':', Some(b':'), _) => (TokenKind::Symbol, 2),
        _ if is_name(first) => (TokenKind::Word, run(rest, |c| is_name(c) || c == '$')),
        _ => (TokenKind::Symbol, first.len_utf8()),
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Comments nest, unlike those of C.
fn block_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// A doubled delimiter is meant literally.
fn quoted(text: &str, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] != bytes[0] {
            at += 1;
        } else if bytes.get(at + 1) == Some(&bytes[0]) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    text.len()
}

fn dollar_quoted(text: &str) -> Option<usize> {
    let name = run(&text[1..], is_name);
    let delimiter = text.get(..name + 2).filter(|d| d.ends_with('$'))?;
    let body = &text[delimiter.len()..];
    let end = body.find(delimiter).map(|end| end + delimiter.len());
    Some(delimiter.len() + end.unwrap_or(body.len()))
}

fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let after_exponent = at > 0 && matches!(bytes[at - 1], b'e' | b'E');
        match bytes[at] {
            // Also `0x1F`, `1_000` and `1e6`.
            b if b.is_ascii_alphanumeric() || b == b'_' || b == b'.' => at += 1,
            b'+' | b'-' if after_exponent && !text.starts_with("0x") => at += 1,
            _ => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{TokenKind, tokens};

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        tokens(text).iter().map(|t| (t.kind, t.text)).collect()
    }

    #[test]
    fn strings_of_every_syntax_are_one_token() {
        let strings = [
            "'it''s'",
            r"'back\'",
            r"E'it\'s'",
            "U&'d\\0061t'",
            "x'1F'",
            "B'01'",
            "$$it's$$",
            "$body$ $$ ' $body$",
            "$fün$x$fün$",
        ];
        for string in strings {
            assert_eq!(kinds(string), [(TokenKind::Text, string)]);
        }
    }

    #[test]
    fn numbers_of_every_syntax_are_one_token() {
        for number in ["17", "1.5", ".5", "1e10", "1.5E-3", "0x1F", "1_000"] {
            assert_eq!(kinds(number), [(TokenKind::Number, number)]);
        }
    }

    #[test]
    fn comments_are_space_and_may_nest() {
        let text = "a/* b /* c */ d */e -- f\n+g";
        let seen: Vec<_> = tokens(text).iter().map(|t| (t.text, t.spaced)).collect();
        assert_eq!(seen, [("a", false), ("e", true), ("+", true), ("g", false)]);
    }

    #[test]
    fn names_keep_digits_dollars_and_quotes() {
        let expected = [
            (TokenKind::Word, "t1$x"),
            (TokenKind::Symbol, "."),
            (TokenKind::Quoted, "\"a \"\"b\""),
            (TokenKind::Symbol, "="),
            (TokenKind::Param, "$12"),
            (TokenKind::Symbol, "::"),
            (TokenKind::Word, "größe"),
        ];
        assert_eq!(kinds(r#"t1$x."a ""b"=$12::größe"#), expected);
    }

    #[test]
    fn what_was_cut_off_reaches_to_the_end() {
        for text in ["'abc", "E'abc\\", "$$abc", "$a$abc$a", "\"abc"] {
            assert_eq!(kinds(text).len(), 1, "{text}");
        }
        assert_eq!(kinds("/* abc /* d */"), []);
        assert_eq!(
            kinds("$abc"),
            [(TokenKind::Symbol, "$"), (TokenKind::Word, "abc")]
        );
    }
}
