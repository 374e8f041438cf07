//! Every metric of the lab, beside the contract's of a consumer; `docs/metrics.md` is written from
//! them ([`page`]). A counter begins at zero for every combination of labels that is known
//! beforehand: one that appears with its first count has, to `increase()`, never grown.

mod lab;
mod page;

pub use crashwindow_contract::{CONSUMER, Kind, Label, Metric};

pub use lab::LAB;
pub(crate) use lab::{
    DUPLICATE_EFFECTS, FAULTS, LEDGER_EFFECTS, PAYMENTS, PRODUCED, REDELIVERIES, RUNS,
};
pub use page::page;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_ecosystem() {
        for metric in CONSUMER.iter().chain(LAB) {
            let name = metric.name;
            assert_eq!(
                metric.kind == Kind::Counter,
                name.ends_with("_total"),
                "{name}"
            );
            assert!(
                !name.contains("millis") && !name.ends_with("_ms"),
                "{name}: base units"
            );
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.chars().all(plain), "{name}");
            assert!(!metric.help.is_empty());
            for label in metric.labels {
                assert!(
                    !label.name.contains("id"),
                    "{name}: {} is an id",
                    label.name
                );
                assert!(!label.meaning.is_empty());
            }
        }
    }

    #[test]
    fn no_name_is_used_twice() {
        let mut names: Vec<_> = CONSUMER.iter().chain(LAB).map(|m| m.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
