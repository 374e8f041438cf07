//! Where the time of a run goes.

use std::time::Instant;

use serde::Serialize;

#[derive(Debug, Clone)]
pub struct Phases {
    done: Vec<(&'static str, f64)>,
    current: Option<(&'static str, Instant)>,
    began: Instant,
    total: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seconds {
    pub total: f64,
    pub phases: Vec<(String, f64)>,
}

impl Phases {
    #[must_use]
    pub fn start(first: &'static str) -> Self {
        let now = Instant::now();
        Self {
            done: Vec::new(),
            current: Some((first, now)),
            began: now,
            total: None,
        }
    }

    /// A phase that is current already goes on.
    pub fn next(&mut self, name: &'static str) {
        if self.current.is_some_and(|(current, _)| current == name) {
            return;
        }
        self.close();
        self.current = Some((name, Instant::now()));
    }

    pub fn end(&mut self) {
        self.close();
        self.total = Some(self.began.elapsed().as_secs_f64());
    }

    #[must_use]
    pub fn seconds(&self) -> Seconds {
        let phases = self
            .done
            .iter()
            .map(|(name, s)| ((*name).to_owned(), *s))
            .collect();
        Seconds {
            total: self
                .total
                .unwrap_or_else(|| self.began.elapsed().as_secs_f64()),
            phases,
        }
    }

    fn close(&mut self) {
        if let Some((name, since)) = self.current.take() {
            self.done.push((name, since.elapsed().as_secs_f64()));
        }
    }
}
