//! Conversations through a tap that are written down as bytes, so that a fuzzer can invent them.
//!
//! ```text
//! script  one byte: which event is struck, and how
//!         steps, each: two bytes (the side that speaks, and how much it says), and what it says
//! ```
//! The taps' own pumps run on it, with memory in the place of sockets. `fuzz/` drives this with
//! coverage; the tests, with the seeds.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};

use super::{BoundaryEvent, Decision, DecisionFuture, Hook};
use crate::event::Source;

/// In a step's two bytes.
const SERVER: u16 = 1 << 15;

/// How often the others may go on before somebody speaks: what was said before has arrived then.
const PATIENCE: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// A step that is longer than its two bytes can tell becomes several.
#[must_use]
pub fn steps(side: Side, bytes: &[u8]) -> Vec<u8> {
    let mut script = Vec::new();
    for chunk in bytes.chunks(usize::from(SERVER) - 1) {
        let length = u16::try_from(chunk.len()).expect("below the highest bit");
        let head = match side {
            Side::Client => length,
            Side::Server => length | SERVER,
        };
        script.extend(head.to_be_bytes());
        script.extend(chunk);
    }
    script
}

pub(super) fn stage(script: &[u8]) -> (Speaker, Speaker, ScriptedHook) {
    let (strike, mut rest) = script.split_first().map_or((0, script), |(s, r)| (*s, r));
    let mut steps = VecDeque::new();
    while let Some((head, body)) = rest.split_first_chunk() {
        let head = u16::from_be_bytes(*head);
        let side = if head & SERVER == 0 {
            Side::Client
        } else {
            Side::Server
        };
        let length = usize::from(head & !SERVER).min(body.len());
        let (said, after) = body.split_at(length);
        steps.push_back((side, VecDeque::from(said.to_vec())));
        rest = after;
    }
    let scene = Rc::new(RefCell::new(Scene {
        steps,
        waited: 0,
        waiting: None,
    }));
    let speaker = |side| Speaker {
        side,
        said: Vec::new(),
        scene: Rc::clone(&scene),
    };
    let striker = ScriptedHook {
        strike,
        events: AtomicUsize::new(0),
    };
    (speaker(Side::Client), speaker(Side::Server), striker)
}

pub(super) fn source() -> Source {
    Source {
        instance: "a".into(),
        incarnation: 1,
    }
}

struct Scene {
    steps: VecDeque<(Side, VecDeque<u8>)>,
    waited: u32,
    waiting: Option<Waker>,
}

/// At the end of the script the server hangs up, and the client waits for it to.
pub(super) struct Speaker {
    side: Side,
    pub(super) said: Vec<u8>,
    scene: Rc<RefCell<Scene>>,
}

impl AsyncRead for Speaker {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let scene = Rc::clone(&self.scene);
        let mut scene = scene.borrow_mut();
        let turn = scene.steps.front().map_or(Side::Server, |(side, _)| *side);
        if turn != self.side {
            scene.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        if scene.waited < PATIENCE {
            scene.waited += 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some((_, said)) = scene.steps.front_mut() else {
            return Poll::Ready(Ok(()));
        };
        let (next, _) = said.as_slices();
        let length = next.len().min(buffer.remaining());
        buffer.put_slice(&next[..length]);
        self.said.extend(&next[..length]);
        said.drain(..length);
        if said.is_empty() {
            scene.steps.pop_front();
            scene.waited = 0;
            if let Some(waker) = scene.waiting.take() {
                waker.wake();
            }
        }
        if length == 0 {
            // An empty step is no end of the stream.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

pub(super) struct ScriptedHook {
    strike: u8,
    events: AtomicUsize,
}

impl ScriptedHook {
    pub(super) fn events(&self) -> usize {
        self.events.load(Ordering::Relaxed)
    }
}

impl Hook for ScriptedHook {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        serde_json::to_string(&event).expect("every event can be written down");
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        let struck = number == usize::from(self.strike & 0x3f);
        let decision = match self.strike >> 6 {
            1 if struck => Decision::Drop,
            2 if struck => Decision::Unavailable,
            3 if struck => Decision::Fail(503),
            _ => Decision::Pass,
        };
        Box::pin(async move { decision })
    }
}
