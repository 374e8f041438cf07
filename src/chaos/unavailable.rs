//! `unavailable`: the request fails at once and never reaches the server, as servers fail.
//!
//! Finds swallowed errors, and acknowledgements of what failed.

use super::{Scene, Strike, StrikeFuture, Struck};
use crate::tap::Decision;

/// One refusal, in the boundary's own way.
pub(super) struct Unavailable;

impl Strike for Unavailable {
    fn strike<'a>(&'a self, _scene: &'a Scene) -> StrikeFuture<'a> {
        Box::pin(async { Ok(Struck::new(Decision::Unavailable)) })
    }
}
