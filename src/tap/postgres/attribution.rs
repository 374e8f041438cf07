//! Which payment a statement is about.

use super::statement::Bound;

/// The payment that statements without an id belong to.
///
/// A statement that carries no id inherits the last one that was seen in its transaction: a COMMIT
/// belongs to the payment of the INSERT before it. BEGIN comes before any id and inherits none.
/// Outside of a transaction block, a Query, or what is between two Syncs, is a transaction of its
/// own, so that background work on a pooled connection is not taken for the last payment's.
#[derive(Debug, Default)]
pub(super) struct Attribution {
    payment: Option<String>,
    /// Whether a transaction block is open once the server has done all it was asked for.
    is_block: bool,
}

impl Attribution {
    /// The payment of the next statement.
    pub(super) fn payment(
        &mut self,
        own: Option<String>,
        bounds: Option<(Bound, Bound)>,
    ) -> Option<String> {
        if matches!(bounds, Some((Bound::Begins, _))) {
            self.payment = None;
        }
        if own.is_some() {
            self.payment = own;
        }
        let payment = self.payment.clone();
        if let Some((_, last)) = bounds {
            self.is_block = last != Bound::Ends;
            if last != Bound::Begins {
                self.payment = None;
            }
        }
        payment
    }

    /// A Query or a Sync ends a transaction that is not a block.
    pub(super) fn unit_ends(&mut self) {
        if !self.is_block {
            self.payment = None;
        }
    }

    /// The server says what is, and nothing else was asked for: a BEGIN or a COMMIT may have failed.
    pub(super) fn correct(&mut self, is_block: bool) {
        self.is_block = is_block;
        self.unit_ends();
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement::Statement;
    use super::Attribution;

    /// The payments of these statements, each of which is a unit.
    fn payments(statements: &[&str]) -> Vec<Option<String>> {
        let mut attribution = Attribution::default();
        let payment = |text: &&str| {
            let statement = Statement::parse(text);
            let payment = attribution.payment(statement.payment, statement.bounds);
            attribution.unit_ends();
            payment
        };
        statements.iter().map(payment).collect()
    }

    #[test]
    fn a_transaction_belongs_to_the_last_id_seen_in_it() {
        let statements = [
            "BEGIN",
            "SELECT 1",
            "INSERT 'msg-0001'",
            "UPDATE t",
            "SELECT 'msg-0002'",
            "COMMIT",
            "SELECT 1",
            "BEGIN",
            "ROLLBACK",
        ];
        let [one, two] = ["msg-0001", "msg-0002"].map(|id| Some(id.to_owned()));
        assert_eq!(
            payments(&statements),
            [
                None,
                None,
                one.clone(),
                one,
                two.clone(),
                two,
                None,
                None,
                None
            ]
        );
    }

    #[test]
    fn without_a_block_nothing_is_inherited() {
        let one = Some("msg-0001".to_owned());
        let statements = ["INSERT 'msg-0001'", "SELECT 1"];
        assert_eq!(payments(&statements), [one.clone(), None]);
        let statements = ["BEGIN; INSERT 'msg-0001'; COMMIT", "SELECT 1"];
        assert_eq!(payments(&statements), [one, None]);
    }

    #[test]
    fn a_chained_transaction_is_another_one() {
        let one = Some("msg-0001".to_owned());
        let statements = ["BEGIN", "INSERT 'msg-0001'", "COMMIT AND CHAIN", "SELECT 1"];
        assert_eq!(payments(&statements), [None, one.clone(), one, None]);
    }

    #[test]
    fn the_server_knows_better() {
        let mut attribution = Attribution::default();
        attribution.payment(None, Statement::parse("BEGIN").bounds);
        attribution.payment(Some("msg-0001".to_owned()), None);
        attribution.correct(false);
        assert_eq!(attribution.payment(None, None), None);
    }
}
