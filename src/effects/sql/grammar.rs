use std::fmt;
use std::str::FromStr;

/// ```text
/// effects    = query | transition
/// query      = whatever begins with SELECT, WITH, VALUES, TABLE or "("
/// transition = [schema "."] table "." column condition "BY" column
/// condition  = "=" value | "IN" "(" value {"," value} ")" | "IS NOT NULL"
/// value      = 'text' | number | TRUE | FALSE
/// ```
///
/// Names are Postgres': unquoted ones are folded to lower case; without a schema they are in
/// `public`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlEffects {
    /// Each row is an effect; its first column names the payment.
    Query(String),
    /// Each row version that a statement gives the watched value is an effect.
    Transition(Watched),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub schema: String,
    pub table: String,
    /// Its new value decides.
    pub column: String,
    /// Any but NULL where none are given.
    pub values: Option<Vec<Literal>>,
    /// The column that names the payment.
    pub id: String,
}

/// As it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    /// A number, `true` or `false`.
    Bare(String),
}

impl Literal {
    /// In any case, and so of no type until it is compared: `= 1` fits a column of text or of
    /// numbers.
    fn quoted(&self) -> String {
        let (Self::Text(text) | Self::Bare(text)) = self;
        format!("'{}'", text.replace('\'', "''"))
    }
}

impl Watched {
    pub(super) fn condition(&self) -> String {
        let Some(values) = &self.values else {
            return "IS NOT NULL".to_owned();
        };
        let values: Vec<String> = values.iter().map(Literal::quoted).collect();
        format!("IN ({})", values.join(", "))
    }

    pub(super) fn table(&self) -> String {
        format!("{}.{}", name(&self.schema), name(&self.table))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{problem}; give a query of payment ids (SELECT msg_id FROM charges) or TABLE.COLUMN = VALUE BY \
     COLUMN (orders.status = 'paid' BY id)"
)]
pub struct GrammarError {
    /// What was expected, and what was found instead.
    problem: String,
}

impl FromStr for SqlEffects {
    type Err = GrammarError;

    fn from_str(text: &str) -> Result<Self, GrammarError> {
        let text = text.trim();
        let first = text.split(|c: char| c.is_whitespace() || c == '(').next();
        let begins = |word: &str| first.is_some_and(|first| first.eq_ignore_ascii_case(word));
        if text.starts_with('(')
            || ["SELECT", "WITH", "VALUES", "TABLE"]
                .into_iter()
                .any(begins)
        {
            return Ok(Self::Query(text.trim_end_matches([';', ' ']).to_owned()));
        }
        transition(&mut Words { rest: text }).map(Self::Transition)
    }
}

impl fmt::Display for SqlEffects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watched = match self {
            Self::Query(query) => return f.write_str(query),
            Self::Transition(watched) => watched,
        };
        if watched.schema != "public" {
            write!(f, "{}.", name(&watched.schema))?;
        }
        write!(f, "{}.{} ", name(&watched.table), name(&watched.column))?;
        match watched.values.as_deref() {
            None => f.write_str("IS NOT NULL")?,
            Some([value]) => write!(f, "= {value}")?,
            Some(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "IN ({})", values.join(", "))?;
            }
        }
        write!(f, " BY {}", name(&watched.id))
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str(&self.quoted()),
            Self::Bare(text) => f.write_str(text),
        }
    }
}

/// As it must be written to be read back.
fn name(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn transition(words: &mut Words<'_>) -> Result<Watched, GrammarError> {
    let mut names = vec![words.name("a table")?];
    while words.symbol('.') {
        names.push(words.name("a column")?);
    }
    let (schema, table, column) = match <[String; 3]>::try_from(names) {
        Ok([schema, table, column]) => (schema, table, column),
        Err(names) => match <[String; 2]>::try_from(names) {
            Ok([table, column]) => ("public".to_owned(), table, column),
            Err(_) => return Err(words.expected("TABLE.COLUMN or SCHEMA.TABLE.COLUMN")),
        },
    };
    let values = condition(words)?;
    if !words.keyword("BY") {
        return Err(words.expected("BY and the column that names the payment"));
    }
    let id = words.name("the column that names the payment")?;
    if !words.rest.trim().is_empty() {
        return Err(words.expected("nothing more"));
    }
    Ok(Watched {
        schema,
        table,
        column,
        values,
        id,
    })
}

fn condition(words: &mut Words<'_>) -> Result<Option<Vec<Literal>>, GrammarError> {
    if words.symbol('=') {
        return Ok(Some(vec![words.value()?]));
    }
    if words.keyword("IN") {
        if !words.symbol('(') {
            return Err(words.expected("( after IN"));
        }
        let mut values = vec![words.value()?];
        while words.symbol(',') {
            values.push(words.value()?);
        }
        if !words.symbol(')') {
            return Err(words.expected("a comma or )"));
        }
        return Ok(Some(values));
    }
    if words.keyword("IS") && words.keyword("NOT") && words.keyword("NULL") {
        return Ok(None);
    }
    Err(words.expected("=, IN or IS NOT NULL"))
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn expected(&self, what: &str) -> GrammarError {
        let rest = self.rest.trim();
        let found = if rest.is_empty() { "the end" } else { rest };
        GrammarError {
            problem: format!("expected {what}, found {found:?}"),
        }
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&self) -> (&'a str, &'a str) {
        let rest = self.rest.trim_start();
        let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        rest.split_at(rest.find(|c| !inside(c)).unwrap_or(rest.len()))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let (word, rest) = self.word();
        let found = word.eq_ignore_ascii_case(keyword);
        if found {
            self.rest = rest;
        }
        found
    }

    fn name(&mut self, what: &str) -> Result<String, GrammarError> {
        let name = if self.rest.trim_start().starts_with('"') {
            self.quoted('"')?
        } else {
            let (word, rest) = self.word();
            if word.starts_with(|c: char| c.is_ascii_digit() || c == '$') {
                return Err(self.expected(what));
            }
            let word = word.to_ascii_lowercase();
            if !word.is_empty() {
                self.rest = rest;
            }
            word
        };
        // Postgres has no longer name, and would look for a shorter one.
        if name.is_empty() || name.len() > 63 {
            return Err(self.expected(&format!("{what} of 1 to 63 bytes")));
        }
        Ok(name)
    }

    fn value(&mut self) -> Result<Literal, GrammarError> {
        let rest = self.rest.trim_start();
        if rest.starts_with('\'') {
            return self.quoted('\'').map(Literal::Text);
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == ',' || c == ')');
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        let truth = ["true", "false"]
            .iter()
            .any(|t| word.eq_ignore_ascii_case(t));
        let number = word.parse::<f64>().is_ok_and(f64::is_finite);
        if !truth && !number {
            return Err(self.expected("a value: 'text', a number, TRUE or FALSE"));
        }
        self.rest = after;
        Ok(Literal::Bare(word.to_ascii_lowercase()))
    }

    /// A doubled quote is one of the text's own.
    fn quoted(&mut self, quote: char) -> Result<String, GrammarError> {
        let rest = self.rest.trim_start();
        let mut text = String::new();
        let mut letters = rest.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            if letter == '\0' {
                break;
            }
            if letter != quote {
                text.push(letter);
            } else if letters.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                self.rest = &rest[at + 1..];
                return Ok(text);
            }
        }
        Err(self.expected(&format!("a closing {quote}")))
    }
}
