//! Repetitions that only a provider's module can decide on, such as a batch for what another batch did not get to. They
//! wait and pay as the tries of one call do; what is repeated is none of this module's business.

use std::time::{Duration, Instant};

use crate::backoff;
use crate::telemetry::Figures;
use crate::transport::Settings;

/// The rounds of one piece of work of an account; see [`crate::Transport::rounds`].
pub struct Rounds<'a> {
    settings: &'a Settings,
    operation: &'static str,
    account: Option<&'a str>,
    started: Instant,
    done: u32,
}

impl<'a> Rounds<'a> {
    pub(crate) fn new(settings: &'a Settings, operation: &'static str, account: Option<&'a str>) -> Self {
        Self { settings, operation, account, started: settings.clock.now(), done: 1 }
    }

    /// Waits as before another try, or as long as the provider's `hint` says, and pays for it. `false`, without a wait,
    /// where none may follow: [`crate::Retry`] allows no more tries, the wait would take too long, or the budget is empty.
    pub async fn next(&mut self, hint: Option<Duration>) -> bool {
        let retry = &self.settings.retry;
        let wait = backoff::wait(retry, self.done, hint, &*self.settings.jitter);
        let spent = self.settings.clock.now().saturating_duration_since(self.started);
        let figures = Figures { provider: self.settings.provider, operation: self.operation };
        let refused = match () {
            () if self.done >= retry.tries => "tries",
            () if wait > retry.total.saturating_sub(spent) => "time",
            () if !self.settings.budgets.pay(self.account) => "budget",
            () => {
                self.done += 1;
                figures.retry("round");
                figures.wait(if hint.is_some() { "hint" } else { "backoff" }, wait);
                self.settings.clock.sleep(wait).await;
                return true;
            }
        };
        figures.refused(refused);
        false
    }
}
