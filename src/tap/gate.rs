//! A gate in front of a server: shut, nobody gets through, and who is through is cut off.

use std::sync::Arc;

use tokio::sync::watch;

/// Clones are the same gate: it stands before the taps of many instances.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    pub fn shut(&self) {
        self.0.send_replace(true);
    }

    pub fn open(&self) {
        self.0.send_replace(false);
    }

    pub(super) async fn shutting(&self) {
        // It fails only when the sender is gone, and this holds it.
        let _ = self.0.subscribe().wait_for(|shut| *shut).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_clone_is_the_same_gate() {
        let gate = Gate::default();
        let other = gate.clone();
        assert!(gate.shutting().now_or_never().is_none());
        other.shut();
        assert!(gate.shutting().now_or_never().is_some());
        gate.open();
        assert!(other.shutting().now_or_never().is_none());
    }
}
