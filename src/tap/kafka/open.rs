//! What a process has open at the cluster, in bounded memory.

use std::collections::HashMap;

use super::detail::Position;
use crate::tap::budget::{Budget, TooMuch};

/// Bytes: some 100,000 positions, and a commit has one for each partition that a process reads.
const POSITIONS: usize = 16 << 20;

/// Bytes: some 7,000 members, and a process is a handful at a time.
const MEMBERS: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Pending {
    transactions: HashMap<String, (usize, Vec<Position>)>,
    budget: Budget,
}

impl Default for Pending {
    fn default() -> Self {
        Self {
            transactions: HashMap::new(),
            budget: Budget::new(
                POSITIONS,
                "offsets in transactions",
                "let it end its transactions, and use the same transactional.id again",
            ),
        }
    }
}

impl Pending {
    /// Fails when it is too much; what the transaction will commit is then forgotten.
    pub(super) fn add(
        &mut self,
        transaction: &str,
        positions: impl Iterator<Item = Position>,
    ) -> Result<(), TooMuch> {
        if !self.transactions.contains_key(transaction) {
            let weight = transaction.len() + size_of::<(String, usize, Vec<Position>)>();
            self.budget.take(weight)?;
            let entry = (weight, Vec::new());
            self.transactions.insert(transaction.to_owned(), entry);
        }
        for position in positions {
            let more = weight(&position);
            if let Err(too_much) = self.budget.take(more) {
                self.end(transaction);
                return Err(too_much);
            }
            let (weight, all) = self.transactions.get_mut(transaction).expect("it is there");
            *weight += more;
            all.push(position);
        }
        Ok(())
    }

    pub(super) fn of(&self, transaction: &str) -> Vec<Position> {
        let pending = self.transactions.get(transaction);
        pending.map_or_else(Vec::new, |(_, positions)| positions.clone())
    }

    pub(super) fn end(&mut self, transaction: &str) -> Option<Vec<Position>> {
        let (weight, positions) = self.transactions.remove(transaction)?;
        self.budget.give_back(weight);
        Some(positions)
    }
}

fn weight(position: &Position) -> usize {
    let texts = [&position.metadata, &position.payment, &position.error];
    let texts = texts.into_iter().flatten().map(String::len);
    size_of::<Position>() + position.topic.len() + texts.sum::<usize>()
}

#[derive(Debug)]
pub(super) struct Heartbeats {
    answers: HashMap<(String, String), i16>,
    budget: Budget,
}

impl Default for Heartbeats {
    fn default() -> Self {
        Self {
            answers: HashMap::new(),
            budget: Budget::new(
                MEMBERS,
                "group members that heartbeat",
                "let it leave a group before it joins as another member",
            ),
        }
    }
}

impl Heartbeats {
    /// Whether it is another than the last.
    pub(super) fn answered(
        &mut self,
        group: &str,
        member_id: &str,
        error_code: i16,
    ) -> Result<bool, TooMuch> {
        let key = (group.to_owned(), member_id.to_owned());
        if !self.answers.contains_key(&key) {
            self.budget.take(of_member(group, member_id))?;
        }
        Ok(self.answers.insert(key, error_code).unwrap_or(0) != error_code)
    }

    pub(super) fn left(&mut self, group: &str, member_id: &str) {
        let key = (group.to_owned(), member_id.to_owned());
        if self.answers.remove(&key).is_some() {
            self.budget.give_back(of_member(group, member_id));
        }
    }
}

fn of_member(group: &str, member_id: &str) -> usize {
    size_of::<(String, String, i16)>() + group.len() + member_id.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: i64) -> Position {
        Position {
            topic: "t".into(),
            partition: 0,
            offset,
            metadata: None,
            payment: None,
            error: None,
        }
    }

    fn fill(pending: &mut Pending, transaction: impl Fn(i64) -> String) -> (i64, TooMuch) {
        for offset in 0.. {
            let added = pending.add(&transaction(offset), [position(offset)].into_iter());
            if let Err(too_much) = added {
                return (offset, too_much);
            }
        }
        unreachable!("it is bounded")
    }

    #[test]
    fn a_transaction_that_never_ends_is_refused_and_what_it_holds_forgotten() {
        let mut pending = Pending::default();
        let (positions, too_much) = fill(&mut pending, |_| "x".to_owned());
        assert!(
            positions > 50_000,
            "{positions} is what a consumer may have"
        );
        assert!(
            too_much.to_string().contains("16 MiB of offsets"),
            "{too_much}"
        );
        assert_eq!(pending.of("x"), []);
        let (again, _) = fill(&mut pending, |_| "y".to_owned());
        assert_eq!(again, positions, "all of it is there again");
    }

    #[test]
    fn transactions_that_are_never_ended_are_refused_and_ended_ones_are_not() {
        let mut pending = Pending::default();
        let (transactions, _) = fill(&mut pending, |offset| format!("x-{offset}"));
        assert!(transactions > 10_000, "{transactions}");
        for offset in 0..transactions {
            assert_eq!(
                pending.end(&format!("x-{offset}")),
                Some(vec![position(offset)])
            );
            assert!(pending.add("y", [position(1)].into_iter()).is_ok());
            pending.end("y");
        }
    }

    #[test]
    fn members_that_never_leave_are_refused_and_those_that_leave_are_not() {
        let mut heartbeats = Heartbeats::default();
        let ids = || (0..).map(|n| format!("consumer-{n}"));
        let refused = ids().position(|id| heartbeats.answered("g", &id, 0).is_err());
        let refused = refused.expect("it is bounded");
        assert!(refused > 5_000, "{refused} is what a process may have");
        assert_eq!(heartbeats.answered("g", "consumer-0", 27), Ok(true));
        for id in ids().take(refused) {
            heartbeats.left("g", &id);
        }
        for id in ids().take(3 * refused) {
            assert_eq!(heartbeats.answered("g", &id, 0), Ok(false));
            heartbeats.left("g", &id);
        }
    }
}
