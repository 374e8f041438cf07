//! The stack, driven through the real binary: it comes up once, heals, and leaves nothing.

mod external;
mod failures;
mod lab;
mod life;
mod prometheus;
mod refusals;
#[path = "../support/tools.rs"]
#[allow(dead_code, reason = "other tests use what this one does not")]
mod tools;
