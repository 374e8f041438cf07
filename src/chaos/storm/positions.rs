//! How far each partition is processed and committed, as the taps see it.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Positions {
    partitions: BTreeMap<i32, PartitionPosition>,
}

#[derive(Debug, Default)]
struct PartitionPosition {
    by: String,
    processed: i64,
    committed: i64,
    /// After the record that was processed last; lower than `processed` while records come again.
    at: i64,
    /// How often `at` went back.
    returns: u32,
}

/// Processed and not committed when the instance was struck: it comes again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwedRecords(Vec<Debt>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Debt {
    partition: i32,
    processed: i64,
    returns: u32,
}

impl Positions {
    pub fn processed(&mut self, instance: &str, partition: i32, offset: i64) {
        let position = self.partitions.entry(partition).or_default();
        if position.by != instance {
            instance.clone_into(&mut position.by);
        }
        position.processed = position.processed.max(offset + 1);
        if offset + 1 < position.at {
            position.returns += 1;
        }
        position.at = offset + 1;
    }

    pub fn committed(&mut self, partition: i32, next: i64) {
        self.partitions.entry(partition).or_default().committed = next;
    }

    /// By instance: what would be delivered again if it lost its partitions now.
    #[must_use]
    pub fn uncommitted(&self) -> BTreeMap<String, u64> {
        let mut by_instance = BTreeMap::new();
        for position in self.partitions.values() {
            let gap = position.processed - position.committed;
            *by_instance.entry(position.by.clone()).or_default() += u64::try_from(gap).unwrap_or(0);
        }
        by_instance
    }

    /// The same of one instance, or of everybody.
    #[must_use]
    pub fn owed(&self, instance: Option<&str>) -> OwedRecords {
        let is_of_it =
            |position: &PartitionPosition| instance.is_none_or(|name| position.by == name);
        let of_it = self.partitions.iter().filter(|(_, p)| is_of_it(p));
        let debts = of_it.filter(|(_, position)| position.processed > position.committed);
        OwedRecords(
            debts
                .map(|(partition, position)| Debt {
                    partition: *partition,
                    processed: position.processed,
                    returns: position.returns,
                })
                .collect(),
        )
    }

    /// Whether all of it has come again, or was committed after all.
    #[must_use]
    pub fn is_settled(&self, owed: &OwedRecords) -> bool {
        owed.0.iter().all(|debt| {
            self.partitions.get(&debt.partition).is_some_and(|now| {
                now.committed >= debt.processed
                    || (now.returns > debt.returns && now.at >= debt.processed)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_uncommitted_belongs_to_whoever_processed_last() {
        let mut positions = Positions::default();
        positions.processed("a", 0, 9);
        positions.processed("a", 1, 4);
        positions.committed(0, 7);
        assert_eq!(positions.uncommitted(), [("a".to_owned(), 3 + 5)].into());
        positions.processed("b", 0, 7);
        assert_eq!(
            positions.uncommitted(),
            [("a".to_owned(), 5), ("b".to_owned(), 3)].into()
        );
        positions.committed(1, 5);
        positions.committed(0, 10);
        assert_eq!(positions.uncommitted().values().sum::<u64>(), 0);
    }

    #[test]
    fn what_is_owed_is_settled_when_somebody_has_come_as_far_again_or_it_was_committed() {
        let mut positions = Positions::default();
        positions.processed("a", 0, 9);
        positions.processed("a", 1, 4);
        positions.committed(0, 7);
        positions.committed(1, 5);
        let owed = positions.owed(Some("a"));
        assert!(!positions.is_settled(&owed), "7, 8 and 9 are to come");
        positions.processed("b", 0, 7);
        assert!(!positions.is_settled(&owed), "8 and 9 are to come");
        // The same instance may be given it again.
        positions.processed("a", 0, 9);
        assert!(positions.is_settled(&owed));

        let owed = positions.owed(Some("a"));
        positions.committed(0, 10);
        assert!(positions.is_settled(&owed), "none of it comes again");
        assert!(
            positions.is_settled(&positions.owed(Some("c"))),
            "it owes nothing"
        );
        positions.processed("b", 1, 6);
        assert!(
            !positions.is_settled(&positions.owed(None)),
            "b owes 5 and 6"
        );
    }
}
