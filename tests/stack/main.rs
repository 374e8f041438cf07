//! The stack, driven through the real binary: it comes up once, heals, and leaves nothing.

mod external;
mod failures;
mod lab;
mod life;
mod prometheus;
mod refusals;
