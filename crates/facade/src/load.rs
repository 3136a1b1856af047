//! How many calls there are at once, of all clients and of each. One too many is refused at once, with when to try again: a call
//! that waits here would hold memory for a caller that may have gone. Callers that are not known have places of their own and
//! take none from clients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{Gauge, counter, gauge};
use polyptych_domain::ClientId;
use tonic::Code;

use crate::Settings;
use crate::status::{Reason, Refusal};

/// When a call that was refused may be tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Calls whether the server lives have to be answered most of all when it is busy.
const ALWAYS: &str = "/grpc.health.v1.Health/Check";
/// So do clients learn it that want to be told.
const OF_CLIENTS: &str = "/grpc.health.v1.Health/Watch";

/// Calls at once of all callers that are not known. They read the API's description and watch health, and nothing else.
const STRANGERS: usize = 64;

/// The calls in progress. A clone counts the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Load(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    most: usize,
    most_per_client: usize,
    all: usize,
    strangers: usize,
    clients: HashMap<ClientId, usize>,
    /// `all` among the figures; looked for when it is first needed.
    told: Option<Gauge>,
}

impl Counts {
    fn tell(&mut self) {
        self.told.get_or_insert_with(|| gauge!("polyptych_rpcs_in_flight")).set(self.all as f64);
    }
}

impl Load {
    pub(crate) fn new(settings: &Settings) -> Self {
        let counts = Counts { most: 0, most_per_client: 0, all: 0, strangers: 0, clients: HashMap::new(), told: None };
        let load = Self(Arc::new(Mutex::new(counts)));
        load.limit(settings);
        load
    }

    /// Obeys other limits from now on; calls in progress go on.
    pub(crate) fn limit(&self, settings: &Settings) {
        let mut counts = self.counts();
        counts.most = settings.calls_at_once;
        counts.most_per_client = settings.calls_at_once_per_client;
    }

    /// A place for one more call of a client, or of a caller that is not known; none is needed where `path` is always answered.
    ///
    /// # Errors
    /// The call is one too many.
    pub(crate) fn enter(&self, client: Option<&ClientId>, path: &str) -> Result<Option<Place>, Refusal> {
        if path == ALWAYS || path == OF_CLIENTS && client.is_some() {
            return Ok(None);
        }
        let mut counts = self.counts();
        let Some(client) = client else {
            if counts.strangers >= STRANGERS {
                counter!("polyptych_rpcs_shed_total", "limit" => "strangers").increment(1);
                let message = "as many calls of callers that are not known are in progress as there may be";
                let refusal = Refusal::new(Code::ResourceExhausted, Reason::TooManyCalls, message);
                return Err(refusal.with_retry_after(AGAIN));
            }
            counts.strangers += 1;
            return Ok(Some(Place { load: self.clone(), client: None }));
        };
        if counts.all >= counts.most {
            counter!("polyptych_rpcs_shed_total", "limit" => "server").increment(1);
            let message = "this server has as many calls in progress as it may; try again later";
            return Err(Refusal::new(Code::Unavailable, Reason::ServerBusy, message).with_retry_after(AGAIN));
        }
        let own = counts.clients.get(client).copied().unwrap_or_default();
        if own >= counts.most_per_client {
            counter!("polyptych_rpcs_shed_total", "limit" => "client").increment(1);
            let message = format!("{own} calls of this client are in progress, which is as many as it may have");
            let refusal = Refusal::new(Code::ResourceExhausted, Reason::TooManyCalls, message);
            return Err(refusal.with_retry_after(AGAIN));
        }
        counts.all += 1;
        counts.clients.insert(client.clone(), own + 1);
        counts.tell();
        Ok(Some(Place { load: self.clone(), client: Some(client.clone()) }))
    }

    fn leave(&self, client: Option<&ClientId>) {
        let mut counts = self.counts();
        let Some(client) = client else {
            counts.strangers = counts.strangers.saturating_sub(1);
            return;
        };
        counts.all = counts.all.saturating_sub(1);
        counts.tell();
        match counts.clients.get_mut(client) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(counts.clients.remove(client)),
        }
    }

    /// Counting goes on whatever panicked meanwhile.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call in progress; dropped, it has ended.
#[derive(Debug)]
pub(crate) struct Place {
    load: Load,
    client: Option<ClientId>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.load.leave(self.client.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/polyptych.v1.ImageService/GetImage";

    fn load(calls_at_once: usize, calls_at_once_per_client: usize) -> Load {
        Load::new(&Settings { calls_at_once, calls_at_once_per_client, ..Settings::default() })
    }

    fn client(name: &str) -> ClientId {
        ClientId::new(name).unwrap()
    }

    #[test]
    fn a_call_too_many_is_refused_until_another_one_ends() {
        let load = load(2, 1);
        let first = load.enter(Some(&client("a")), PATH).unwrap();
        assert!(load.enter(Some(&client("a")), PATH).is_err());
        let second = load.enter(Some(&client("b")), PATH).unwrap();
        assert!(load.enter(Some(&client("c")), PATH).is_err());
        assert!(load.enter(Some(&client("c")), "/grpc.health.v1.Health/Check").unwrap().is_none());
        drop(first);
        let third = load.enter(Some(&client("c")), PATH).unwrap();
        drop((second, third));
        assert!(load.counts().clients.is_empty());
        assert_eq!(load.counts().all, 0);
    }

    #[test]
    fn other_limits_hold_for_new_calls() {
        let load = load(1, 1);
        let held = load.enter(Some(&client("a")), PATH).unwrap();
        load.limit(&Settings { calls_at_once: 2, calls_at_once_per_client: 2, ..Settings::default() });
        let more = load.enter(Some(&client("a")), PATH).unwrap();
        assert!(load.enter(Some(&client("b")), PATH).is_err());
        drop((held, more));
    }

    #[test]
    fn callers_that_are_not_known_take_no_place_of_a_client() {
        const WATCH: &str = "/grpc.health.v1.Health/Watch";
        let load = load(1, 1);
        let strangers: Vec<_> = (0..STRANGERS).map(|_| load.enter(None, WATCH).unwrap()).collect();
        assert!(load.enter(None, WATCH).is_err());
        assert!(load.enter(None, ALWAYS).unwrap().is_none());
        let held = load.enter(Some(&client("a")), PATH).unwrap();
        assert!(load.enter(Some(&client("a")), WATCH).unwrap().is_none());
        drop((strangers, held));
        load.enter(None, WATCH).unwrap();
        let counts = load.counts();
        assert_eq!((counts.strangers, counts.all), (0, 0));
    }
}
