//! A question to the hook, which outlives whoever asked it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use crate::tap::{BoundaryEvent, Decision, Hook};

/// Dropped before it is ready, it goes on unheard: a hook that kills the client must not be broken
/// off by the client's death.
pub(super) struct Asking(Option<Pin<Box<dyn Future<Output = Decision> + Send>>>);

impl Asking {
    pub(super) fn new(hook: &Arc<dyn Hook>, event: BoundaryEvent) -> Self {
        let hook = Arc::clone(hook);
        Self(Some(Box::pin(async move { hook.at(event).await })))
    }
}

impl Future for Asking {
    type Output = Decision;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Decision> {
        let question = self.0.as_mut().expect("polled after it was decided");
        let decision = question.as_mut().poll(context);
        if decision.is_ready() {
            self.0 = None;
        }
        decision
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        // Without a runtime the lab itself is at its end.
        if let (Some(question), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(question);
        }
    }
}
