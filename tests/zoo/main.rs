//! Explorations of consumers that the lab has never seen: the zoo, and the examples in other
//! languages. They take minutes, so that `make zoo` runs them and `make test` does not.

#[path = "../support/mod.rs"]
mod support;

mod double_entry;
mod examples;
mod oracle;
