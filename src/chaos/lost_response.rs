//! `lost-response`: the server has acted, the connection drops, the process lives.
//!
//! Finds retries without a stable key, and a COMMIT of which nobody knows how it ended.

use super::{Scene, Strike, StrikeFuture, Struck};
use crate::tap::Decision;

/// The answer never arrives.
pub(super) struct LostResponse;

impl Strike for LostResponse {
    fn strike<'a>(&'a self, _scene: &'a Scene) -> StrikeFuture<'a> {
        Box::pin(async { Ok(Struck::new(Decision::Drop)) })
    }
}
