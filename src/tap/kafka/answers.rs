//! The answers on their way back: passed on, looked at, rewritten or replaced.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::Shared;
use super::connection::{Closed, InFlight};
use super::frame::{self, Frames, RequestHead};
use super::reader::Malformed;
use super::tracker::ApiTracker;
use crate::event::Stage;
use crate::tap::Decision;

pub(super) async fn answers(
    from_broker: impl AsyncRead + Unpin,
    mut to_client: impl AsyncWrite + Unpin,
    mut in_flight: mpsc::Receiver<InFlight>,
    shared: &Arc<Shared>,
) -> Result<(), Closed> {
    let mut broker = Frames::of(from_broker);
    loop {
        let next = tokio::select! {
            biased;
            next = in_flight.recv() => next,
            idle = broker.read_ahead() => {
                if idle?.is_empty() {
                    return Err(Closed::ByBroker);
                }
                return Err(Malformed::new("answer: nothing was asked").into());
            }
        };
        match next.ok_or(Closed::ByClient)? {
            InFlight::Answered(answer) => to_client.write_all(&answer).await?,
            InFlight::Opaque(head) => {
                let size = begin(&mut broker, &head).await?;
                broker.pass(size, &mut to_client).await?;
            }
            InFlight::Tracked { head, api, tracker } => {
                let size = broker.next_size().await?.ok_or(Closed::ByBroker)?;
                let size = frame::checked(size, 4, shared.frame_limit)?;
                let frame = broker.read(size).await?;
                let answer = tracked(head, api, tracker, frame, shared).await?;
                to_client.write_all(&answer).await?;
            }
        }
    }
}

/// Of an answer that is passed on as it comes; its correlation id is checked first.
async fn begin<R>(broker: &mut Frames<R>, head: &RequestHead) -> Result<usize, Closed>
where
    R: AsyncRead + Unpin,
{
    let start: [u8; 8] = broker.peek().await.map_err(|_| Closed::ByBroker)?;
    let (size, id) = start.split_at(frame::SIZE);
    let size = frame::checked(size.try_into().expect("four bytes"), 4, i32::MAX as usize)?;
    check_order(head, id)?;
    Ok(size)
}

async fn tracked(
    head: RequestHead,
    api: ApiKey,
    mut tracker: Box<dyn ApiTracker>,
    frame: Bytes,
    shared: &Arc<Shared>,
) -> Result<Bytes, Closed> {
    check_order(&head, &frame[frame::SIZE..frame::SIZE + 4])?;
    let body = frame.slice(frame::answer_body(api, head.version, &frame)?..);
    let answer = tracker.answered(&body, shared)?;
    let bytes = match answer.rewritten {
        Some(body) => frame::answer(api, &head, &body),
        None => frame,
    };
    let Some(report) = answer.report else {
        return Ok(bytes);
    };
    match shared.ask(Stage::Answered, report).await {
        Decision::Pass => Ok(bytes),
        Decision::Drop => Err(Closed::ByHook),
        Decision::Fail(_) | Decision::Unavailable => {
            Ok(frame::answer(api, &head, &tracker.refusal()?))
        }
    }
}

fn check_order(head: &RequestHead, id: &[u8]) -> Result<(), Malformed> {
    if id == head.correlation_id.to_be_bytes() {
        return Ok(());
    }
    Err(Malformed::new(format!(
        "answer: not to request {}, which is next",
        head.correlation_id
    )))
}
