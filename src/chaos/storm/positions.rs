//! How far each partition is processed and committed, as the taps see it.

use std::collections::BTreeMap;

/// Positions of a group's partitions.
#[derive(Debug, Default)]
pub struct Positions {
    partitions: BTreeMap<i32, Position>,
}

#[derive(Debug, Default)]
struct Position {
    /// Who processed a record of it last.
    by: String,
    processed: i64,
    committed: i64,
}

impl Positions {
    /// A record was processed.
    pub fn processed(&mut self, instance: &str, partition: i32, offset: i64) {
        let position = self.partitions.entry(partition).or_default();
        if position.by != instance {
            instance.clone_into(&mut position.by);
        }
        position.processed = position.processed.max(offset + 1);
    }

    /// The group's position was committed.
    pub fn committed(&mut self, partition: i32, next: i64) {
        self.partitions.entry(partition).or_default().committed = next;
    }

    /// What would be delivered again if each instance lost its partitions now.
    #[must_use]
    pub fn uncommitted(&self) -> BTreeMap<String, u64> {
        let mut by_instance = BTreeMap::new();
        for position in self.partitions.values() {
            let gap = position.processed - position.committed;
            *by_instance.entry(position.by.clone()).or_default() += u64::try_from(gap).unwrap_or(0);
        }
        by_instance
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
}
