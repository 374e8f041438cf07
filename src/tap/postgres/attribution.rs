//! Which message a statement is about.

use super::statement::Bound;
use crate::event::Found;

/// A statement without a mark inherits those of the last one in its transaction that had any: an
/// UPDATE by a row's number belongs to the INSERT before it. What ends a transaction is about every
/// message in it; BEGIN inherits none. Outside of a block, a Query, or what is between two Syncs,
/// is a transaction, so that background work on a pooled connection is not taken for the last
/// message's.
///
/// A row of coordinates counts only while the transaction has no other mark: behind a message's own
/// rows it is the group's position, which is that of the next record.
#[derive(Debug, Default)]
pub(super) struct Attribution {
    last: Vec<String>,
    all: Vec<String>,
    /// By more than a row of coordinates.
    is_marked: bool,
    /// Once the server has done all it was asked for.
    is_block: bool,
}

impl Attribution {
    pub(super) fn subjects(&mut self, own: Found, bounds: Option<(Bound, Bound)>) -> Vec<String> {
        if matches!(bounds, Some((Bound::Begins, _))) {
            self.forget();
        }
        self.is_marked |= !own.marked.is_empty();
        let own = if self.is_marked {
            own.marked
        } else {
            own.placed
        };
        if !own.is_empty() {
            let all = &mut self.all;
            all.extend(
                own.iter()
                    .filter(|s| !all.contains(s))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            self.last = own;
        }
        let Some((_, last)) = bounds else {
            return self.last.clone();
        };
        self.is_block = last != Bound::Ends;
        if last == Bound::Begins {
            return self.last.clone();
        }
        let all = std::mem::take(&mut self.all);
        self.forget();
        all
    }

    fn forget(&mut self) {
        self.last.clear();
        self.all.clear();
        self.is_marked = false;
    }

    /// A Query or a Sync ends a transaction that is not a block.
    pub(super) fn unit_ends(&mut self) {
        if !self.is_block {
            self.forget();
        }
    }

    /// Nothing else was asked for: a BEGIN or a COMMIT may have failed.
    pub(super) fn correct(&mut self, is_block: bool) {
        self.is_block = is_block;
        self.unit_ends();
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement::Statement;
    use super::Attribution;
    use crate::event::{Found, Marks, message_id};

    fn subjects(statements: &[&str]) -> Vec<Vec<String>> {
        subjects_by(&Marks::default(), statements)
    }

    fn subjects_by(marks: &Marks, statements: &[&str]) -> Vec<Vec<String>> {
        let mut attribution = Attribution::default();
        let of = |text: &&str| {
            let statement = Statement::parse(text, marks);
            let subjects = attribution.subjects(statement.found, statement.bounds);
            attribution.unit_ends();
            subjects
        };
        statements.iter().map(of).collect()
    }

    fn ids(numbers: &[u32]) -> Vec<String> {
        numbers.iter().copied().map(message_id).collect()
    }

    #[test]
    fn a_statement_belongs_to_the_last_mark_and_the_end_of_a_transaction_to_all_of_them() {
        let statements = [
            "BEGIN",
            "SELECT 1",
            "INSERT 'msg-0001'",
            "UPDATE t",
            "SELECT 'msg-0002'",
            "UPDATE t",
            "COMMIT",
            "SELECT 1",
            "BEGIN",
            "ROLLBACK",
        ];
        let expected: [&[u32]; 10] = [&[], &[], &[1], &[1], &[2], &[2], &[1, 2], &[], &[], &[]];
        assert_eq!(subjects(&statements), expected.map(ids));
    }

    #[test]
    fn a_statement_of_many_rows_belongs_to_all_their_messages() {
        let statements = ["BEGIN", "INSERT ('msg-0001'), ('msg-0002')", "COMMIT"];
        assert_eq!(subjects(&statements), [&[][..], &[1, 2], &[1, 2]].map(ids));
    }

    #[test]
    fn without_a_block_nothing_is_inherited() {
        let statements = ["INSERT 'msg-0001'", "SELECT 1"];
        assert_eq!(subjects(&statements), [&[1][..], &[]].map(ids));
        let statements = ["BEGIN; INSERT 'msg-0001'; COMMIT", "SELECT 1"];
        assert_eq!(subjects(&statements), [&[1][..], &[]].map(ids));
    }

    #[test]
    fn a_chained_transaction_is_another_one() {
        let statements = ["BEGIN", "INSERT 'msg-0001'", "COMMIT AND CHAIN", "SELECT 1"];
        assert_eq!(subjects(&statements), [&[][..], &[1], &[1], &[]].map(ids));
    }

    #[test]
    fn a_position_behind_a_messages_own_rows_is_not_the_next_ones() {
        let marks = Marks::of_run("topic-1", "group-1", "");
        marks.place("topic-1", 0, 18, "msg-0018");
        let position = "INSERT INTO offsets VALUES ('topic-1', 0, 18)";
        let statements = [
            "BEGIN",
            "INSERT 'msg-0017'",
            position,
            "COMMIT",
            "BEGIN",
            position,
            "INSERT INTO seen VALUES ('topic-1-0-18')",
            "COMMIT",
        ];
        let expected: [&[u32]; 8] = [&[], &[17], &[17], &[17], &[], &[18], &[18], &[18]];
        assert_eq!(subjects_by(&marks, &statements), expected.map(ids));
        let as_id = [
            "BEGIN",
            "INSERT 'msg-0017'",
            "SELECT 'topic-1-0-18'",
            "COMMIT",
        ];
        let expected: [&[u32]; 4] = [&[], &[17], &[18], &[17, 18]];
        assert_eq!(subjects_by(&marks, &as_id), expected.map(ids));
    }

    #[test]
    fn the_server_knows_better() {
        let mut attribution = Attribution::default();
        let begin = Statement::parse("BEGIN", &Marks::default());
        attribution.subjects(Found::default(), begin.bounds);
        let insert = Statement::parse("INSERT 'msg-0001'", &Marks::default());
        attribution.subjects(insert.found, None);
        attribution.correct(false);
        assert_eq!(attribution.subjects(Found::default(), None), ids(&[]));
    }
}
