//! Looks at the clock for what is not polled and cannot do so itself. One look for all that a server has under way: a task and a
//! timer for each would cost a call more than all else that is done for it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// What is looked at when its time has come.
pub(crate) trait Timed: Send + Sync {
    /// Its time has come; whether it wants another one is for it to ask.
    fn come(self: Arc<Self>, now: Instant);
}

/// All that is to be looked at. A clone has the same.
#[derive(Clone, Default)]
pub(crate) struct Lookout(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    sooner: Notify,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Key, Weak<dyn Timed>>,
    last: u64,
    /// When is looked next, though nothing may be due then any more.
    next: Option<Instant>,
}

/// When, and a number that tells those of one moment apart.
type Key = (Instant, u64);

/// A look that was asked for; dropped, it is not made.
pub(crate) struct Ticket {
    lookout: Lookout,
    key: Key,
}

impl Lookout {
    /// Looks at `what` at that time, unless it is gone by then.
    pub(crate) fn at(&self, time: Instant, what: Weak<dyn Timed>) -> Ticket {
        let mut queue = self.queue();
        queue.last += 1;
        let key = (time, queue.last);
        queue.waiting.insert(key, what);
        if queue.next.is_none_or(|next| time < next) {
            queue.next = Some(time);
            self.0.sooner.notify_one();
        }
        Ticket { lookout: self.clone(), key }
    }

    /// Looks, for as long as it is polled.
    pub(crate) async fn run(&self) {
        loop {
            match self.look(Instant::now()) {
                None => self.0.sooner.notified().await,
                Some(next) => tokio::select! {
                    () = sleep_until(next) => {}
                    () = self.0.sooner.notified() => {}
                },
            }
        }
    }

    /// Looks at all whose time has come; when to do so again.
    fn look(&self, now: Instant) -> Option<Instant> {
        let due = {
            let mut queue = self.queue();
            let later = queue.waiting.split_off(&(now, u64::MAX));
            std::mem::replace(&mut queue.waiting, later)
        };
        // Without the lock: it may ask for another look.
        due.into_values().filter_map(|what| what.upgrade()).for_each(|what| what.come(now));
        let mut queue = self.queue();
        let first = queue.waiting.first_key_value().map(|((time, _), _)| *time);
        // With nothing to wait for it waits all the same, so that calls that follow on each other do not wake it each time.
        queue.next = first.or(queue.next.filter(|next| *next > now));
        queue.next
    }

    /// Looking goes on whatever panicked meanwhile.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lookout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookout").field("waiting", &self.queue().waiting.len()).finish_non_exhaustive()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let gone = self.lookout.queue().waiting.remove(&self.key);
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Notes when it was looked at, and asks for another look as often as it is told.
    struct Seen {
        lookout: Lookout,
        begun: Instant,
        again: Mutex<Vec<Duration>>,
        at: Mutex<Vec<Duration>>,
        ticket: Mutex<Option<Ticket>>,
    }

    impl Seen {
        fn new(lookout: &Lookout, first: Duration, again: Vec<Duration>) -> Arc<Self> {
            let (begun, ticket) = (Instant::now(), Mutex::default());
            let (again, at) = (Mutex::new(again), Mutex::default());
            let seen = Arc::new(Self { lookout: lookout.clone(), begun, again, at, ticket });
            seen.ask(first);
            seen
        }

        fn ask(self: &Arc<Self>, wait: Duration) {
            let what: Arc<dyn Timed> = Arc::clone(self) as _;
            let ticket = self.lookout.at(Instant::now() + wait, Arc::downgrade(&what));
            *self.ticket.lock().unwrap() = Some(ticket);
        }

        fn at(&self) -> Vec<u64> {
            self.at.lock().unwrap().iter().map(Duration::as_secs).collect()
        }
    }

    impl Timed for Seen {
        fn come(self: Arc<Self>, now: Instant) {
            self.at.lock().unwrap().push(now - self.begun);
            let again = self.again.lock().unwrap().pop();
            if let Some(wait) = again {
                self.ask(wait);
            }
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn each_is_looked_at_in_its_time_whichever_was_asked_for_first() {
        let lookout = Lookout::default();
        let running = tokio::spawn({
            let lookout = lookout.clone();
            async move { lookout.run().await }
        });
        let late = Seen::new(&lookout, 30 * SECOND, vec![5 * SECOND]);
        tokio::time::sleep(SECOND).await;
        let (soon, same) = (Seen::new(&lookout, 2 * SECOND, vec![]), Seen::new(&lookout, 2 * SECOND, vec![]));
        tokio::time::sleep(60 * SECOND).await;
        assert_eq!((late.at(), soon.at(), same.at()), (vec![30, 35], vec![2], vec![2]));
        running.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_gone_or_has_given_its_ticket_back_is_not_kept() {
        let lookout = Lookout::default();
        let (gone, back) = (Seen::new(&lookout, SECOND, vec![]), Seen::new(&lookout, SECOND, vec![]));
        drop(gone);
        assert_eq!(lookout.queue().waiting.len(), 1);
        back.ticket.lock().unwrap().take();
        assert_eq!(lookout.queue().waiting.len(), 0);
        let next = lookout.queue().next;
        assert_eq!(lookout.look(Instant::now()), next);
        assert_eq!(lookout.look(Instant::now() + SECOND), None);
        assert!(back.at().is_empty());
    }
}
