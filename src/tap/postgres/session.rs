//! What the client has asked for, in order, and what the server has yet to answer (PostgreSQL:
//! "Message Flow"). No I/O.

use std::sync::Arc;

use bytes::Bytes;

use super::Transaction;
use super::attribution::Attribution;
use super::frame::{Malformed, Message};
use super::kept::{ByName, LIMIT, OwedAnswers, Weigh};
use super::message;
use super::parameters;
use super::reply::StatementReply;
use super::statement::Statement;
use crate::event::{Found, Marks};
use crate::tap::budget::TooMuch;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingStatement {
    pub(super) statement: Arc<Statement>,
    pub(super) subjects: Vec<String>,
    pub(super) parameters: Vec<Option<Bytes>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unserved {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum RequestAction {
    /// Alone it does nothing, and the client cannot wait for its answer.
    Defer,
    Forward,
    Ask(PendingStatement),
}

#[derive(Debug)]
pub(super) enum Expected {
    Startup,
    Parse,
    Bind,
    Describe,
    /// What the name stood for when it was closed.
    Close(Option<(String, Arc<Statement>)>),
    Execute(PendingStatement),
    /// The `n`-th of its kind; ends the messages of the extended protocol before it.
    Sync(u64),
    /// A Query or a FunctionCall, which end by themselves.
    Simple(PendingStatement, StatementReply),
    /// No answer is owed: the client has ended its COPY data here.
    CopyEnd,
}

#[derive(Debug)]
pub(super) struct Portal {
    pub(super) asked: Arc<Statement>,
    pub(super) found: Found,
    pub(super) parameters: Vec<Option<Bytes>>,
    syncs: u64,
}

#[derive(Debug)]
pub(super) struct ConnectionState {
    pub(super) expected: OwedAnswers,
    /// Answered, while its Sync is not: an implicit transaction is durable only then, and may still
    /// fail.
    pub(super) unsynced: Option<(PendingStatement, StatementReply)>,
    /// The server has not seen the last statement that is expected.
    pub(super) held: bool,
    /// The server skips what comes before the next Sync.
    pub(super) failed: bool,
    /// The server takes COPY data, and ignores Sync meanwhile.
    pub(super) copying: bool,
    pub(super) streaming: bool,
    /// As of the last ReadyForQuery, unless statements were executed since.
    pub(super) transaction: Option<Transaction>,
    pub(super) backend_pid: Option<i32>,
    pub(super) attribution: Attribution,
    pub(super) statements: ByName<Arc<Statement>>,
    portals: ByName<Portal>,
    syncs: u64,
    keep_parameters: bool,
    marks: Marks,
}

impl ConnectionState {
    pub(super) fn new(keep_parameters: bool, marks: Marks) -> Self {
        Self::within(LIMIT, keep_parameters, marks)
    }

    pub(super) fn within(limit: usize, keep_parameters: bool, marks: Marks) -> Self {
        Self {
            keep_parameters,
            marks,
            expected: OwedAnswers::new(Expected::Startup, limit),
            unsynced: None,
            held: false,
            failed: false,
            copying: false,
            streaming: false,
            transaction: None,
            backend_pid: None,
            attribution: Attribution::default(),
            statements: ByName::statements(limit),
            portals: ByName::portals(limit),
            syncs: 0,
        }
    }

    /// What it makes the server owe is noted before the message goes on.
    pub(super) fn ask(&mut self, message: &Message) -> Result<RequestAction, Unserved> {
        let body = message.body();
        let expected = match message.tag {
            b'Q' => {
                let (text, _) = message::string(message, body)?;
                return self.simple(Statement::parse(&text, &self.marks), Found::default());
            }
            b'F' => {
                let found = self.marks.found_in(body);
                return self.simple(Statement::unseen("(function call)"), found);
            }
            b'E' => {
                let (portal, _) = message::string(message, body)?;
                return self.execute(&portal);
            }
            b'P' => self.parse(message)?,
            b'B' => self.bind(message)?,
            b'D' => Expected::Describe,
            b'C' => self.close(message)?,
            b'S' => {
                self.sync()?;
                return Ok(RequestAction::Forward);
            }
            b'c' | b'f' => {
                self.copying = false;
                if !self.expected.is_empty() {
                    self.expected.push(Expected::CopyEnd)?;
                }
                return Ok(RequestAction::Forward);
            }
            _ => return Ok(RequestAction::Forward),
        };
        self.expected.push(expected)?;
        Ok(RequestAction::Defer)
    }

    fn simple(&mut self, statement: Statement, found: Found) -> Result<RequestAction, Unserved> {
        let asked = self.asked(Arc::new(statement), found);
        self.attribution.unit_ends();
        let expected = Expected::Simple(asked.clone(), StatementReply::default());
        self.expected.push(expected)?;
        self.held = true;
        Ok(RequestAction::Ask(asked))
    }

    fn parse(&mut self, message: &Message) -> Result<Expected, Unserved> {
        let (name, length) = message::string(message, message.body())?;
        let (text, _) = message::string(message, &message.body()[length..])?;
        let statement = Statement::parse(&text, &self.marks);
        let weight = statement.weight();
        self.statements.insert(name, Arc::new(statement), weight)?;
        Ok(Expected::Parse)
    }

    fn bind(&mut self, message: &Message) -> Result<Expected, Unserved> {
        let body = message.body();
        let (portal, length) = message::string(message, body)?;
        let body = &body[length..];
        let (name, length) = message::string(message, body)?;
        // Text is its bytes in either format, and no length in between can look like a digit of an
        // id.
        let found = self.marks.found_in(&body[length..]);
        let parameters = if self.keep_parameters && message.whole {
            parameters::bound(&body[length..]).ok_or_else(|| message.malformed())?
        } else {
            Vec::new()
        };
        let asked = match self.statements.get(&name) {
            Some(statement) => Arc::clone(statement),
            None => Arc::new(Statement::unseen("(unknown statement)")),
        };
        let bound = Portal {
            asked,
            found,
            parameters,
            syncs: self.syncs,
        };
        let weight = bound.weight();
        self.portals.insert(portal, bound, weight)?;
        Ok(Expected::Bind)
    }

    fn execute(&mut self, portal: &str) -> Result<RequestAction, Unserved> {
        let (statement, found, parameters) = match self.portals.get_mut(portal) {
            // Of its first execution; one that was suspended goes on without.
            Some(portal) => (
                Arc::clone(&portal.asked),
                portal.found.clone(),
                std::mem::take(&mut portal.parameters),
            ),
            // A cursor that was declared in SQL can be executed by its name too.
            None => (
                Arc::new(Statement::unseen("(unknown portal)")),
                Found::default(),
                Vec::new(),
            ),
        };
        let asked = PendingStatement {
            parameters,
            ..self.asked(statement, found)
        };
        self.expected.push(Expected::Execute(asked.clone()))?;
        self.held = true;
        Ok(RequestAction::Ask(asked))
    }

    fn asked(&mut self, statement: Arc<Statement>, mut found: Found) -> PendingStatement {
        found.add(&statement.found);
        let subjects = self.attribution.subjects(found, statement.bounds);
        PendingStatement {
            statement,
            subjects,
            parameters: Vec::new(),
        }
    }

    fn close(&mut self, message: &Message) -> Result<Expected, Malformed> {
        let Some((kind, name)) = message.body().split_first() else {
            return Err(message.malformed());
        };
        let (name, _) = message::string(message, name)?;
        if *kind != b'S' {
            self.portals.remove(&name);
            return Ok(Expected::Close(None));
        }
        // Forgotten when the server has closed it: after an error it skips this message.
        let statement = self.statements.get(&name).map(Arc::clone);
        Ok(Expected::Close(statement.map(|of| (name, of))))
    }

    fn sync(&mut self) -> Result<(), TooMuch> {
        self.attribution.unit_ends();
        if self.copying {
            return Ok(());
        }
        self.syncs += 1;
        self.expected.push(Expected::Sync(self.syncs))
    }

    /// They ended with the transaction that the `sync`-th Sync closed.
    pub(super) fn portals_end(&mut self, sync: u64) {
        self.portals.retain(|portal| portal.syncs >= sync);
    }

    /// Unknown while the server has answers to give.
    pub(super) fn transaction_before(&self) -> Option<Transaction> {
        // What was just asked about is the last that is expected.
        let before = self.expected.iter().rev().skip(1);
        let mut synced = false;
        for expected in before {
            match expected {
                Expected::Startup | Expected::Execute(_) | Expected::Simple(..) => return None,
                Expected::Sync(_) => synced = true,
                // They may have failed, and the transaction with them.
                Expected::Parse | Expected::Bind | Expected::Describe if synced => return None,
                _ => {}
            }
        }
        self.transaction
    }
}
