//! The journal: every provider request as it came in, before any deduplication, with what became of it. It keeps no
//! token and no picture bytes, and forgets the oldest entries beyond its bound.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde::Serialize;

use crate::digest::{Sha, hex};
use crate::lock::hold;

/// One picture sent in a request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sent {
    album: String,
    sha256: String,
    bytes: usize,
    /// `received`, then `stored`, `known` (deduplicated) or `refused:CODE`.
    outcome: String,
}

/// One request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    sequence: u64,
    received_at: i64,
    api: &'static str,
    method: String,
    path: String,
    operation: Option<String>,
    album: Option<String>,
    uploads: Vec<Sent>,
    /// `pending`; `answered`; `broken` when the request's body did not arrive whole.
    state: &'static str,
    status: Option<u16>,
    /// The provider's error code of the whole request, or `ok`.
    outcome: Option<String>,
}

#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<Entry>,
    next: u64,
}

/// The bounded list of requests.
#[derive(Debug)]
pub(crate) struct Journal {
    book: Mutex<Book>,
    most: usize,
}

impl Journal {
    /// An empty journal of at most `most` entries.
    pub(crate) fn new(most: usize) -> Self {
        Self { book: Mutex::default(), most: most.max(1) }
    }

    /// Forgets all entries. Numbers go on, so that a request in flight cannot write into a later one's entry.
    pub(crate) fn reset(&self) {
        hold(&self.book).entries.clear();
    }

    /// Entries with a number above `after`, oldest first.
    pub(crate) fn entries(&self, after: Option<u64>) -> Vec<Entry> {
        let book = hold(&self.book);
        book.entries.iter().filter(|entry| after.is_none_or(|after| entry.sequence > after)).cloned().collect()
    }

    fn change(&self, sequence: u64, change: impl FnOnce(&mut Entry)) {
        let mut book = hold(&self.book);
        if let Ok(place) = book.entries.binary_search_by_key(&sequence, |entry| entry.sequence)
            && let Some(entry) = book.entries.get_mut(place)
        {
            change(entry);
        }
    }

    /// Writes a request down; the ticket adds to its entry.
    pub(crate) fn open(self: &Arc<Self>, at: i64, api: &'static str, method: &str, path: &str) -> Ticket {
        let mut book = hold(&self.book);
        book.next += 1;
        let sequence = book.next;
        while book.entries.len() >= self.most {
            book.entries.pop_front();
        }
        book.entries.push_back(Entry {
            sequence,
            received_at: at,
            api,
            method: method.to_owned(),
            path: path.to_owned(),
            operation: None,
            album: None,
            uploads: Vec::new(),
            state: "pending",
            status: None,
            outcome: None,
        });
        drop(book);
        Ticket { journal: Arc::clone(self), sequence, closed: false }
    }
}

/// The right to add to one entry. Dropped before it is closed, it marks the request as broken.
#[derive(Debug)]
pub(crate) struct Ticket {
    journal: Arc<Journal>,
    sequence: u64,
    closed: bool,
}

impl Ticket {
    /// Notes what is asked, and of which album.
    pub(crate) fn describe(&self, operation: &str, album: Option<&str>) {
        self.journal.change(self.sequence, |entry| {
            entry.operation = Some(operation.to_owned());
            entry.album = album.map(str::to_owned);
        });
    }

    /// Notes a picture sent to `album`, before it is looked at; the number is for [`Ticket::settle`].
    pub(crate) fn sent(&self, album: &str, sha: &Sha, bytes: usize) -> usize {
        let mut place = 0;
        self.journal.change(self.sequence, |entry| {
            place = entry.uploads.len();
            entry.uploads.push(Sent {
                album: album.to_owned(),
                sha256: hex(sha),
                bytes,
                outcome: "received".to_owned(),
            });
        });
        place
    }

    /// Notes what became of a picture.
    pub(crate) fn settle(&self, place: usize, outcome: impl Into<String>) {
        self.journal.change(self.sequence, |entry| {
            if let Some(sent) = entry.uploads.get_mut(place) {
                sent.outcome = outcome.into();
            }
        });
    }

    /// Notes the error code of the whole request; without it the outcome is `ok`.
    pub(crate) fn failed(&self, code: impl ToString) {
        self.journal.change(self.sequence, |entry| entry.outcome = Some(code.to_string()));
    }

    /// Notes the answer.
    pub(crate) fn close(mut self, status: u16) {
        self.closed = true;
        self.journal.change(self.sequence, |entry| {
            entry.state = "answered";
            entry.status = Some(status);
            entry.outcome.get_or_insert_with(|| if status < 400 { "ok".to_owned() } else { status.to_string() });
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.closed {
            self.journal.change(self.sequence, |entry| entry.state = "broken");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_keeps_the_newest_entries_and_marks_what_never_got_an_answer() {
        let journal = Arc::new(Journal::new(2));
        for path in ["/one", "/two", "/three"] {
            journal.open(0, "evotor", "GET", path).close(200);
        }
        drop(journal.open(0, "evotor", "GET", "/four"));
        let kept = journal.entries(None);
        assert_eq!(kept.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["/three", "/four"]);
        assert_eq!((kept[0].state, kept[1].state), ("answered", "broken"));
        assert_eq!(journal.entries(Some(3)).len(), 1);
    }
}
