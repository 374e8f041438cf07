//! Draining: waiting until a group's position is at the end of what was produced.

use std::collections::BTreeMap;
use std::time::Duration;

use super::RunError;
use super::context::SessionContext;

/// By partition: of a group, the next record; of a topic, the end.
pub(crate) type Offsets = BTreeMap<i32, i64>;

/// Waits until the group's position is at the `ends`; false once `stands_still` says so, given the
/// position and how many records it is not past. Both are asked `every` so often.
pub(crate) async fn drained(
    session: &SessionContext,
    ends: impl Fn() -> Offsets,
    every: Duration,
    mut stands_still: impl FnMut(Offsets, u64) -> bool,
) -> Result<bool, RunError> {
    loop {
        let (committed, ends) = (session.committed().await?, ends());
        if reached(&committed, &ends) {
            return Ok(true);
        }
        let left = left(&committed, &ends);
        if stands_still(committed, left) {
            return Ok(false);
        }
        tokio::time::sleep(every).await;
    }
}

fn reached(committed: &Offsets, ends: &Offsets) -> bool {
    ends.iter()
        .all(|(partition, end)| committed.get(partition).is_some_and(|next| next >= end))
}

fn left(committed: &Offsets, ends: &Offsets) -> u64 {
    let left = ends.iter().map(|(partition, end)| {
        let next = committed.get(partition).copied().unwrap_or_default();
        u64::try_from(end - next).unwrap_or_default()
    });
    left.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_at_the_end_only_when_every_partition_is() {
        let ends = [(0, 3), (1, 2)].into();
        assert!(reached(&[(0, 3), (1, 2)].into(), &ends));
        assert!(!reached(&[(0, 3), (1, 1)].into(), &ends));
        assert!(
            !reached(&[(0, 3)].into(), &ends),
            "a partition without a position is not at its end"
        );
        assert!(reached(&BTreeMap::new(), &BTreeMap::new()));
        assert_eq!(left(&[(0, 3), (1, 1)].into(), &ends), 1);
        assert_eq!(left(&[(0, 4)].into(), &ends), 2);
    }
}
