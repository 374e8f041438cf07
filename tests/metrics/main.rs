//! Metrics, rules, alerts and dashboards as files: they agree with the code and with themselves.
//! tests/dashboard/watched.rs holds them against a Prometheus that has seen storms.

#[path = "../support/mod.rs"]
mod support;

mod dashboards;
mod names;
mod rules;

use crashwindow::metrics;

#[test]
fn the_page_of_metrics_is_the_one_that_the_code_writes() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let kept = std::fs::read_to_string(path).expect("the page is there");
    assert!(
        kept == metrics::page(),
        "docs/metrics.md is not what `crashwindow metrics` prints\n\
         next: cargo run --quiet -- metrics > docs/metrics.md"
    );
}
