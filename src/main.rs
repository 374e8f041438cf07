//! The `crashwindow` command: parse, delegate, print the one error.

fn main() {}
