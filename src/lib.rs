//! Crashwindow: a live lab for delivery guarantees.
//!
//! The map of the crate, in the order in which a run uses it:
//!
//! - [`stack`]: brings up (or is told of) a real Kafka and a real Postgres.
//! - [`provider`]: the Stripe-compatible payment provider and its ledger.
//! - [`event`]: what crosses a boundary of an instance; no I/O.
//! - [`tap`]: sees it there, and asks what is to become of it.
//! - [`group`]: asks Kafka about a consumer group and evicts its members, by protocol.
//! - [`effects`]: counts from outside what a customer feels where it is not a charge.
//! - [`chaos`]: the faults, one file each, and the schedule that places them.
//! - [`drill`]: an incident to be told from metrics and logs alone.
//! - [`timeline`]: everything that was seen and done in a run, in one order.
//! - [`metrics`]: every metric that Prometheus is told, with its meaning.
//! - [`session`]: what a run and a storm share: resources, processes, payments, the folder.
//! - [`run`]: one run from spec to settled facts.
//! - [`storm`]: one storm over a loaded group, from spec to settled counts.
//! - [`explore`]: every crash window of a consumer, struck with every fault that applies.
//! - [`window`]: what the crash windows of a recording are, and how one is found again; no I/O.
//! - [`verdict`]: facts in, verdict out; no I/O.
//! - [`quiz`]: what an attendee predicts, and what the run says to it.
//! - [`report`]: the verdict for a terminal and for machines.
//! - [`usecase`]: what the lab can be asked to do: execute, judge, keep the report.
//! - [`dashboard`]: a page that shows all of it live, and its API.
//! - [`named`]: names on the command line, in files and in reports, each list in one place.
//!
//! Consumers are no part of it, and it knows none of their code: those of the labs are a package of
//! their own (`labs/`). What both sides agree on is a third (`contract/`).

pub mod chaos;
pub mod dashboard;
pub mod drill;
pub mod effects;
pub mod event;
pub mod explore;
pub mod group;
pub mod metrics;
pub mod named;
pub mod provider;
pub mod quiz;
pub mod report;
pub mod run;
pub mod session;
pub mod stack;
pub mod storm;
pub mod tap;
pub mod timeline;
pub mod usecase;
pub mod verdict;
pub mod window;
