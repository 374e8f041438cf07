//! The tap's pumps on a script: see [`crate::tap::fuzz`].

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use super::broker::Broker;
use super::connection::relay;
use super::state::State;
use super::upstream::Upstream;
use super::{Options, Shared};
use crate::stack::Security;
use crate::tap::fuzz::{source, stage};

pub use super::seeds::seeds;

/// How many bytes the client was answered. Panics when the tap does.
#[must_use]
pub fn converse(script: &[u8]) -> usize {
    // One for each script, so that the listeners of the brokers that it names end with it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(play(script))
}

async fn play(script: &[u8]) -> usize {
    let (from_client, from_broker, striker) = stage(script);
    let options = Options::default();
    let (bootstrap, _listener) = Broker::bind(vec!["127.0.0.1:1".into()]).expect("a free port");
    let shared = Arc::new(Shared {
        source: source(),
        hook: Arc::new(striker),
        upstream: Upstream::new(&Security::default()).expect("plaintext"),
        decode_fetches: true,
        placeholders: Vec::new(),
        frame_limit: options.frame_limit,
        gate: crate::tap::Gate::default(),
        marks: crate::event::Marks::default(),
        state: State::default(),
        bootstrap,
        brokers: Mutex::default(),
        closing: CancellationToken::new(),
    });
    let (mut to_client, mut to_broker) = (Vec::new(), Vec::new());
    let upstream = tokio::io::join(from_broker, &mut to_broker);
    let _ = relay(from_client, &mut to_client, upstream, &shared).await;
    to_client.len()
}

#[cfg(test)]
mod tests {
    use super::{converse, seeds};

    /// A seed that ended early would teach the fuzzer nothing.
    #[test]
    fn seeds_are_conversations_that_the_tap_understands() {
        let seeds = seeds();
        assert!(seeds.len() > 100, "every version of every API");
        let unanswered = seeds.iter().filter(|seed| converse(seed) == 0).count();
        assert_eq!(unanswered, 0);
    }
}
