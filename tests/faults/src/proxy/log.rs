//! What a proxy did, one record per request, so that figures can be checked from both of its sides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much of a request the provider got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passed {
    /// Nothing.
    Nothing,
    /// Less than it announces.
    Part,
    /// All of it.
    Whole,
}

/// One request that came to the proxy.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its number at this proxy, from 1.
    pub sequence: u64,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// Method and path, without query.
    pub line: String,
    /// The fault that struck it.
    pub fault: Option<&'static str>,
    /// How much the provider got.
    pub passed: Passed,
    /// The status of the provider's answer, if it gave one.
    pub status: Option<u16>,
    /// Length and hash of the body, where the proxy read all of it: requests that say the same have the same.
    pub body: Option<(u64, u64)>,
    /// Bytes written to the client.
    pub answered: u64,
    /// From the end of the request's head to the provider's answer, or to what stands in its place.
    pub took: Duration,
}

/// The records of a proxy; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Record>>>);

impl Log {
    /// All records so far, in the order of arrival.
    pub fn records(&self) -> Vec<Record> {
        self.lock().clone()
    }

    /// How many requests to the API the provider got whole; fetched pictures are none.
    pub fn passed(&self) -> usize {
        let to_api = |record: &&Record| record.passed == Passed::Whole && !record.line.starts_with("GET /images/");
        self.lock().iter().filter(to_api).count()
    }

    pub(super) fn open(&self, connection: u64, line: String) -> u64 {
        let mut records = self.lock();
        let sequence = records.len() as u64 + 1;
        let passed = Passed::Nothing;
        let (fault, status, body) = (None, None, None);
        records.push(Record {
            sequence,
            connection,
            line,
            fault,
            passed,
            status,
            body,
            answered: 0,
            took: Duration::ZERO,
        });
        sequence
    }

    pub(super) fn change(&self, sequence: u64, change: impl FnOnce(&mut Record)) {
        let place = usize::try_from(sequence).ok().and_then(|number| number.checked_sub(1));
        let mut records = self.lock();
        if let Some(record) = place.and_then(|place| records.get_mut(place)) {
            change(record);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
