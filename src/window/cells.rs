//! The cells: which window is struck with which fault, and which windows are the same for one.

use std::collections::BTreeMap;

use super::{Edge, Recorded};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultTarget {
    Gap {
        /// The same in two gaps where nothing outside changed between: nothing of the process
        /// survives, and none of its code runs.
        merges: bool,
    },
    /// Before the server has it.
    Request(Events),
    /// When the server has acted.
    Answer(Events),
    Workload,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// What deliveries are about is known only with their answer.
    ButDeliveries,
    Changes,
    /// They change something outside and acknowledge nothing.
    Effects,
}

impl Events {
    fn include(self, event: &Recorded) -> bool {
        match self {
            Self::ButDeliveries => !event.delivers,
            Self::Changes => event.writes,
            Self::Effects => event.writes && !event.acknowledges,
        }
    }
}

/// The places of events in a recording, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// None where the window begins with the message.
    pub after: Option<usize>,
    /// None after the last.
    pub before: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowCell<F> {
    pub fault: F,
    pub gap: Gap,
    pub event: usize,
    /// Before: its request has arrived; after: its answer is ready.
    pub edge: Edge,
}

impl<F> WindowCell<F> {
    fn at(fault: F, event: usize, edge: Edge, events: &[Recorded]) -> Self {
        let next = Some(event + 1).filter(|next| *next < events.len());
        let (after, before) = match edge {
            Edge::Before => (event.checked_sub(1), Some(event)),
            Edge::After => (Some(event), next),
        };
        Self {
            fault,
            gap: Gap { after, before },
            event,
            edge,
        }
    }

    /// Struck when the next request arrives: then the consumer is known to have heard the answer
    /// and to have gone on. After the last event there is no next.
    fn behind(fault: F, event: usize, events: &[Recorded]) -> Self {
        match events.get(event + 1) {
            Some(next) if !next.delivers => Self::at(fault, event + 1, Edge::Before, events),
            _ => Self::at(fault, event, Edge::After, events),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Same<F> {
    pub gap: Gap,
    pub fault: F,
    /// Stands for both, from 0.
    pub cell: usize,
}

/// In the order of the windows, with the windows that they stand for beside their own.
///
/// Between two events that only read, SIGKILL is the same crash: nothing that survives it is
/// different. No other fault is ever merged: SIGTERM runs the consumer's own code, which decides by
/// its memory, and after the rest somebody lives on.
#[must_use]
pub fn cells<F: Copy + Ord>(
    events: &[Recorded],
    faults: &[(F, FaultTarget)],
) -> (Vec<WindowCell<F>>, Vec<Same<F>>) {
    let (mut cells, mut same) = (Vec::new(), Vec::new());
    let (mut changed, mut last) = (true, BTreeMap::new());
    for (i, event) in events.iter().enumerate() {
        changed |= event.writes;
        for (fault, target) in faults {
            match *target {
                FaultTarget::Gap { merges } => {
                    let cell = WindowCell::behind(*fault, i, events);
                    match last.get(fault).filter(|_| merges && !changed) {
                        Some(of) => same.push(Same {
                            gap: cell.gap,
                            fault: *fault,
                            cell: *of,
                        }),
                        None => {
                            last.insert(*fault, cells.len());
                            cells.push(cell);
                        }
                    }
                }
                FaultTarget::Answer(of) if of.include(event) => {
                    cells.push(WindowCell::at(*fault, i, Edge::After, events));
                }
                FaultTarget::Request(of) if of.include(event) => {
                    cells.push(WindowCell::at(*fault, i, Edge::Before, events));
                }
                FaultTarget::Answer(_) | FaultTarget::Request(_) | FaultTarget::Workload => {}
            }
        }
        changed = false;
    }
    if let Some(last) = events.len().checked_sub(1) {
        let of_workload = faults.iter().filter(|(_, t)| *t == FaultTarget::Workload);
        cells.extend(
            of_workload.map(|(fault, _)| WindowCell::at(*fault, last, Edge::After, events)),
        );
    }
    (cells, same)
}

#[cfg(test)]
mod tests;
