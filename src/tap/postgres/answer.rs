//! Which answer of the server belongs to which statement, and when all of it is there. No I/O.

use super::Transaction;
use super::frame::Message;
use super::message::ErrorFields;
use super::reply::StatementReply;
use super::session::{ConnectionState, Expected, PendingStatement};
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) asked: PendingStatement,
    pub(super) reply: StatementReply,
    /// None where the server has not said.
    pub(super) transaction: Option<Transaction>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReplyAction {
    Pass,
    Hold,
    /// To the client with what was kept: the server waits for the client now.
    Release,
    /// Complete: they go to the client, with what was kept, if the hook lets them.
    Ask(Vec<Answered>),
}

impl ConnectionState {
    pub(super) fn hear(&mut self, message: &Message) -> ReplyAction {
        match message.tag {
            b'K' => {
                let pid = message.body().first_chunk();
                self.backend_pid = pid.map(|bytes| i32::from_be_bytes(*bytes));
                ReplyAction::Pass
            }
            b'C' => self.done(|reply| reply.complete(message.body())),
            b'I' => self.done(|reply| reply.say("empty")),
            b's' => self.done(|reply| reply.say("suspended")),
            b'E' => self.error(&ErrorFields::read(message)),
            b'Z' => self.ready(message.body().first().copied()),
            b'V' => self.done(|reply| reply.say("returned")),
            b'G' | b'W' => self.copy_begins(message.tag == b'W'),
            b'd' if self.streaming => ReplyAction::Pass,
            b'1' | b'2' | b'3' | b'T' | b'n' => self.prepared(),
            b'D' | b'H' | b'd' | b'c' if self.executing() => ReplyAction::Hold,
            _ => self.between(),
        }
    }

    /// What answers no statement waits only behind an answer that waits.
    fn between(&self) -> ReplyAction {
        match self.unsynced {
            Some(_) => ReplyAction::Hold,
            None => ReplyAction::Pass,
        }
    }

    fn head(&mut self) -> Option<&mut Expected> {
        while matches!(self.expected.first(), Some(Expected::CopyEnd)) {
            self.expected.pop();
        }
        self.expected.first_mut()
    }

    fn executing(&mut self) -> bool {
        let head = self.head();
        matches!(head, Some(Expected::Execute(_) | Expected::Simple(..)))
    }

    /// ParseComplete, BindComplete, CloseComplete, RowDescription or NoData.
    fn prepared(&mut self) -> ReplyAction {
        match self.head() {
            Some(Expected::Parse | Expected::Bind | Expected::Describe) => {
                self.expected.pop();
            }
            Some(Expected::Close(_)) => {
                if let Some(Expected::Close(Some((name, closed)))) = self.expected.pop()
                    && self.statements.get(&name) == Some(&closed)
                {
                    self.statements.remove(&name);
                }
            }
            Some(Expected::Simple(..)) => return ReplyAction::Hold,
            _ => {}
        }
        self.between()
    }

    fn done(&mut self, say: impl FnOnce(&mut StatementReply)) -> ReplyAction {
        match self.head() {
            // Its string may hold another one.
            Some(Expected::Simple(_, reply)) => {
                say(reply);
                ReplyAction::Hold
            }
            Some(Expected::Execute(_)) => {
                let Some(Expected::Execute(asked)) = self.expected.pop() else {
                    unreachable!("it was just looked at");
                };
                let mut reply = StatementReply::default();
                say(&mut reply);
                self.settle(asked, reply)
            }
            _ => self.between(),
        }
    }

    /// The last statement before a Sync waits for the Sync's answer, which tells whether it stays.
    fn settle(&mut self, asked: PendingStatement, reply: StatementReply) -> ReplyAction {
        let (more, sync) = self.ahead();
        if sync && (!more || self.failed) {
            self.unsynced = Some((asked, reply));
            return ReplyAction::Hold;
        }
        self.transaction = None;
        ReplyAction::Ask(vec![Answered {
            asked,
            reply,
            transaction: None,
        }])
    }

    /// Whether more statements, and a Sync, are expected before anything else.
    fn ahead(&self) -> (bool, bool) {
        let mut more = false;
        for expected in self.expected.iter() {
            match expected {
                Expected::Execute(_) => more = true,
                Expected::Sync(_) => return (more, true),
                Expected::Startup | Expected::Simple(..) => break,
                _ => {}
            }
        }
        (more, false)
    }

    fn error(&mut self, failure: &ErrorFields) -> ReplyAction {
        self.copying = false;
        if failure.is_fatal && self.is_all_held() {
            // The server hangs up on a client that it takes for idle: no statement's answer.
            return ReplyAction::Pass;
        }
        if let Some(Expected::Simple(_, reply)) = self.head() {
            reply.fail(failure);
            return if failure.is_fatal {
                self.ready(None)
            } else {
                ReplyAction::Hold
            };
        }
        if matches!(self.head(), None | Some(Expected::Startup)) {
            return ReplyAction::Pass;
        }
        self.failed = true;
        let (asked, mut reply) = match self.unsynced.take() {
            // It was undone: a commit can fail, too.
            Some(unsynced) => unsynced,
            // What prepares a statement fails for the statement.
            None => match self.next_execute() {
                Some(asked) => (asked, StatementReply::default()),
                None => return ReplyAction::Pass,
            },
        };
        reply.fail(failure);
        if failure.is_fatal {
            // There will be no answer to the Sync.
            return ReplyAction::Ask(vec![Answered {
                asked,
                reply,
                transaction: None,
            }]);
        }
        self.settle(asked, reply)
    }

    fn is_all_held(&self) -> bool {
        let is_statement = |e: &&Expected| matches!(e, Expected::Execute(_) | Expected::Simple(..));
        self.held
            && self.unsynced.is_none()
            && self.expected.iter().filter(is_statement).count() == 1
    }

    fn next_execute(&mut self) -> Option<PendingStatement> {
        if !self.ahead().0 {
            return None;
        }
        loop {
            if let Expected::Execute(asked) = self.expected.pop()? {
                return Some(asked);
            }
        }
    }

    /// The server ignores a Sync until the client has ended its data.
    fn copy_begins(&mut self, both_ways: bool) -> ReplyAction {
        self.streaming = both_ways;
        if matches!(self.head(), Some(Expected::Execute(_))) {
            let end = self
                .expected
                .iter()
                .position(|e| matches!(e, Expected::CopyEnd));
            self.copying = end.is_none();
            let mut at = 0;
            self.expected.retain(|expected| {
                at += 1;
                let ignored = end.is_none_or(|end| at <= end);
                !(ignored && matches!(expected, Expected::Sync(_)))
            });
        }
        ReplyAction::Release
    }

    /// ReadyForQuery.
    fn ready(&mut self, status: Option<u8>) -> ReplyAction {
        self.transaction = status.and_then(|status| match status {
            b'I' => Some(Transaction::Idle),
            b'T' => Some(Transaction::Open),
            b'E' => Some(Transaction::Failed),
            _ => None,
        });
        let transaction = self.transaction;
        let unsynced = self.unsynced.take();
        let mut answered: Vec<_> = unsynced.into_iter().collect();
        while let Some(expected) = self.expected.pop() {
            match expected {
                Expected::Execute(asked) => answered.push((asked, StatementReply::word("skipped"))),
                Expected::Simple(asked, reply) => {
                    answered.push((asked, reply));
                    break;
                }
                Expected::Sync(sync) => {
                    if transaction == Some(Transaction::Idle) {
                        self.portals_end(sync);
                    }
                    break;
                }
                Expected::Startup => break,
                _ => {}
            }
        }
        self.failed = false;
        self.streaming = false;
        if self.head().is_none() {
            let is_block = !matches!(transaction, None | Some(Transaction::Idle));
            self.attribution.correct(is_block);
        }
        if answered.is_empty() {
            return ReplyAction::Pass;
        }
        let complete = |(asked, reply)| Answered {
            asked,
            reply,
            transaction,
        };
        ReplyAction::Ask(answered.into_iter().map(complete).collect())
    }
}
