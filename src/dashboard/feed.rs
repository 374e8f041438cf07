//! The live feed of one record, without a job: what the bench puts many events a second through.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::events;
use super::live::Live;
use super::wire::live::Plan;
use crate::timeline::Timeline;

pub struct Feed {
    live: Arc<Live>,
    over: CancellationToken,
}

impl Feed {
    #[must_use]
    pub fn of(timeline: &Arc<Timeline>, plan: &Plan) -> Self {
        let live = Arc::<Live>::default();
        live.change(|feed| {
            feed.begin(plan);
            feed.follow(timeline);
        });
        let over = CancellationToken::new();
        Self { live, over }
    }

    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        let state = (Arc::clone(&self.live), self.over.clone());
        let stream = |State((live, over)): State<(Arc<Live>, CancellationToken)>| async move {
            events::read(&live, 0, &over).into_response()
        };
        let app = Router::new().fallback(get(stream)).with_state(state);
        tokio::select! {
            served = async { axum::serve(listener, app).await } => served,
            () = self.live.tick_for_ever() => Ok(()),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.over.cancel();
    }
}
