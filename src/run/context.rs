//! What everything in a run needs.

use std::sync::Arc;
use std::time::Duration;

use super::Spec;
use super::counting::Counter;
use super::parked::Parked;
use super::workload::PaymentWorkload;
use crate::provider::Clock;
use crate::session::RunError;
use crate::session::context::SessionContext;
use crate::session::fleet::FleetView;
use crate::session::pace::Pace;

pub(super) struct RunContext {
    pub(super) session: Arc<SessionContext>,
    pub(super) spec: Spec,
    pub(super) database: Arc<tokio_postgres::Client>,
    pub(super) workload: PaymentWorkload,
    pub(super) counter: Counter,
    pub(super) parked: Parked,
    pub(super) pace: Pace,
    pub(super) fleet: Arc<FleetView>,
    pub(super) clock: Clock,
}

impl RunContext {
    /// To be opened before the first instance starts: an effect that comes earlier is not seen.
    pub(super) async fn open(
        spec: Spec,
        session: &Arc<SessionContext>,
        clock: Clock,
    ) -> Result<Self, RunError> {
        let resources = &session.resources;
        Ok(Self {
            database: Arc::new(resources.connect("crashwindow").await?),
            workload: PaymentWorkload::new(resources, &spec.schedule)?,
            counter: Counter::open(&spec, resources, &session.account, &session.marks).await?,
            parked: Parked::of(&spec, resources, &session.marks)?,
            pace: Pace::new(Duration::from_millis(spec.join_ms)),
            fleet: Arc::default(),
            session: Arc::clone(session),
            spec,
            clock,
        })
    }
}
