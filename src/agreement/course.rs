//! The course of an agreement from proposal to close: where it stands, since when, and how long it stood still.

use serde::{Deserialize, Serialize};

use crate::{
    agreement::state::Phase,
    statement::{change::TrialVerdict, terms::Terms},
    time::Timestamp,
};

/// Where an agreement stands, as far as entries say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) phase: Phase,
    /// Until when a trial lasts.
    pub(super) trial_until: Option<Timestamp>,
    /// Where it stood before it was suspended, and since when it is.
    pub(super) suspended: Option<(Phase, Timestamp)>,
    /// The times it stood still, in their order.
    stood_still: Vec<(Timestamp, Timestamp)>,
    /// When the winding down began.
    pub(super) winding_down: Option<Timestamp>,
}

impl Course {
    pub(super) const fn negotiating() -> Self {
        Self {
            phase: Phase::Negotiating,
            trial_until: None,
            suspended: None,
            stood_still: Vec::new(),
            winding_down: None,
        }
    }

    /// Returns where it stands at `now`: some phases end by time alone, though no entry says so.
    pub(super) fn phase_at(&self, now: Timestamp, terms: &Terms) -> Phase {
        match self.phase {
            Phase::Negotiating if self.expired(now, terms).is_some() => Phase::Lapsed,
            Phase::WindingDown if self.tail_over(now, terms) => Phase::Closed,
            phase => phase,
        }
    }

    /// Returns the deadline if it is what ended the negotiation.
    pub(super) fn expired(&self, now: Timestamp, terms: &Terms) -> Option<Timestamp> {
        terms.acceptance_deadline.filter(|deadline| self.phase == Phase::Negotiating && *deadline < now)
    }

    fn tail_over(&self, now: Timestamp, terms: &Terms) -> bool {
        self.winding_down.is_some_and(|since| since.days_later(terms.tail_days) < now)
    }

    /// Everybody has accepted.
    pub(super) fn begin(&mut self, at: Timestamp, terms: &Terms) {
        match terms.trial {
            Some(trial) => {
                self.phase = Phase::Trial;
                self.trial_until = Some(at.days_later(trial.days));
            }
            None => self.phase = Phase::InForce,
        }
    }

    pub(super) const fn lapse(&mut self) {
        self.phase = Phase::Lapsed;
    }

    pub(super) fn try_out(&mut self, verdict: TrialVerdict, at: Timestamp) {
        match verdict {
            TrialVerdict::Passed => (self.phase, self.trial_until) = (Phase::InForce, None),
            TrialVerdict::Failed => self.wind_down(at),
            TrialVerdict::Extended { until } => self.trial_until = Some(until),
        }
    }

    pub(super) fn suspend(&mut self, at: Timestamp) {
        self.suspended = Some((self.phase, at));
        self.phase = Phase::Suspended;
    }

    pub(super) fn resume(&mut self, at: Timestamp) {
        if let Some((phase, since)) = self.suspended.take() {
            self.phase = phase;
            self.stood_still.push((since, at));
            let still = at.as_ms() - since.as_ms();
            self.trial_until = self.trial_until.map(|until| until.ms_later(still));
        }
    }

    pub(super) fn wind_down(&mut self, at: Timestamp) {
        self.resume(at);
        self.phase = Phase::WindingDown;
        self.trial_until = None;
        self.winding_down = Some(at);
    }

    /// Returns the end of a window of `days` that opened at `from`: the time the agreement stood still does not count. `None`: a
    /// window that is open while the agreement stands still.
    pub(super) fn window_end(&self, from: Timestamp, days: u32) -> Option<Timestamp> {
        let mut end = from.days_later(days);
        for (since, until) in &self.stood_still {
            if *since < end && *until > from {
                let begin = from.max(*since);
                end = end.ms_later(until.as_ms() - begin.as_ms());
            }
        }
        match self.suspended {
            Some((_, since)) if since < end => None,
            _ => Some(end),
        }
    }

    /// Whether a window of `days` that opened at `from` is over at `now`.
    pub(super) fn window_over(&self, from: Timestamp, days: u32, now: Timestamp) -> bool {
        self.window_end(from, days).is_some_and(|end| end < now)
    }
}
