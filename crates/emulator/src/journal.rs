//! The journal: every provider request as it came in, before any deduplication, with what became of it. It keeps no
//! token and no picture bytes, and forgets the oldest entries beyond its bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde::Serialize;

use crate::digest::{Sha, hex};
use crate::lock::hold;

/// The most writes (uploads, deletes, associations) of all entries together; older entries go first.
const MOST_WRITES: usize = 1 << 18;
/// The most characters of an image's or an ad's identifier that are kept.
const LONGEST_ID: usize = 64;
/// The most pairs of album and content that are counted; further ones are in the entries only.
const MOST_COUNTED: usize = 1 << 18;

/// One picture sent in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalUpload {
    /// Login, account number, or `{store}~{product}`.
    pub album: String,
    /// Of the picture's bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// Length of the picture.
    pub bytes: usize,
    /// `received`, then `stored`, `known` (deduplicated) or `refused:CODE`.
    pub outcome: String,
}

/// One image that a request asked to delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalDelete {
    /// Login, account number, or `{store}~{product}`.
    pub album: String,
    /// The image's hash or id as it was sent, cut after 64 characters.
    pub image: String,
    /// `deleted`, or `refused:CODE`.
    pub outcome: String,
}

/// One pair of ad and image that a request asked to bind or to part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalAssociation {
    /// The advertiser's login.
    pub album: String,
    /// The ad.
    pub ad: String,
    /// The image's hash; absent: the ad was parted from its image.
    pub image: Option<String>,
    /// `set`, or `refused:CODE`.
    pub outcome: String,
}

/// One request to an emulated API, as it came in, with what became of it. It holds no token and no picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Counts from 1 for as long as the emulator lives.
    pub sequence: u64,
    /// When the head of the request was here; milliseconds since the Unix epoch by the emulator's clock.
    pub received_at: i64,
    /// `yandex-v5-json`, `yandex-v5-soap`, `yandex-live4-json`, `yandex-live4-soap`, `facebook`, `evotor`, or
    /// `yandex-live4-fetch` for what an upload by URL fetched.
    pub api: &'static str,
    /// Of the request line.
    pub method: String,
    /// Of the request line, without its query.
    pub path: String,
    /// Such as `AdImages.add`; absent as long as the request was not understood so far.
    pub operation: Option<String>,
    /// The album that it works on, when it names one.
    pub album: Option<String>,
    /// The pictures sent, in their order, before deduplication.
    pub uploads: Vec<JournalUpload>,
    /// The images to delete, in their order.
    pub deletes: Vec<JournalDelete>,
    /// The pairs of ad and image to set, in their order.
    pub associations: Vec<JournalAssociation>,
    /// `pending`; `answered`; `broken` when the request's body did not arrive whole.
    pub state: &'static str,
    /// HTTP status of the answer, as it was or would have been sent.
    pub status: Option<u16>,
    /// The provider's id of the answer, as its header has it; absent where the API has none.
    pub request_id: Option<String>,
    /// The provider's error code of the whole request, or `ok`.
    pub outcome: Option<String>,
    /// What the fault script made of it: `status`, `error`, `close-before`, `close-after` or `close-mid`.
    pub scripted: Option<&'static str>,
}

impl JournalEntry {
    fn writes(&self) -> usize {
        self.uploads.len() + self.deletes.len() + self.associations.len()
    }
}

/// How often one content was sent to one album since the last reset, before deduplication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UploadCount {
    /// `yandex`, `facebook` or `evotor`.
    pub library: &'static str,
    /// Login, account number, or `{store}~{product}`.
    pub album: String,
    /// Of the content, 64 hexadecimal digits.
    pub sha256: String,
    /// Uploads that came in.
    pub received: u64,
    /// Uploads that the provider carried out: it stored the picture or found that it had it.
    pub applied: u64,
    /// Uploads among those applied that made a new image.
    pub stored: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    received: u64,
    applied: u64,
    stored: u64,
}

#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<JournalEntry>,
    next: u64,
    writes: usize,
    /// By library, album and content.
    tallies: BTreeMap<(&'static str, String, String), Tally>,
}

impl Book {
    fn tally(&mut self, api: &str, sent: &JournalUpload, count: impl FnOnce(&mut Tally)) {
        let key = (library(api), sent.album.clone(), sent.sha256.clone());
        if self.tallies.len() < MOST_COUNTED || self.tallies.contains_key(&key) {
            count(self.tallies.entry(key).or_default());
        }
    }

    fn shorten(&mut self, most: usize) {
        while self.entries.len() > most || (self.writes > MOST_WRITES && self.entries.len() > 1) {
            let dropped = self.entries.pop_front();
            self.writes -= dropped.map_or(0, |entry| entry.writes());
        }
    }
}

/// The library that an API works on.
fn library(api: &str) -> &'static str {
    match api {
        "facebook" => "facebook",
        "evotor" => "evotor",
        _ => "yandex",
    }
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

    /// Forgets all entries and counts. Numbers go on, so that a request in flight cannot write into a later one's entry.
    pub(crate) fn reset(&self) {
        let mut book = hold(&self.book);
        *book = Book { next: book.next, ..Book::default() };
    }

    /// The counts of uploads by library, album and content, in that order.
    pub(crate) fn counts(&self) -> Vec<UploadCount> {
        let book = hold(&self.book);
        let counts = book.tallies.iter().map(|((library, album, sha256), tally)| UploadCount {
            library,
            album: album.clone(),
            sha256: sha256.clone(),
            received: tally.received,
            applied: tally.applied,
            stored: tally.stored,
        });
        counts.collect()
    }

    /// Entries with a number above `after`, oldest first.
    pub(crate) fn entries(&self, after: Option<u64>) -> Vec<JournalEntry> {
        let book = hold(&self.book);
        book.entries.iter().filter(|entry| after.is_none_or(|after| entry.sequence > after)).cloned().collect()
    }

    fn change(&self, sequence: u64, change: impl FnOnce(&mut JournalEntry)) {
        let mut book = hold(&self.book);
        if let Ok(place) = book.entries.binary_search_by_key(&sequence, |entry| entry.sequence)
            && let Some(entry) = book.entries.get_mut(place)
        {
            let before = entry.writes();
            change(entry);
            let added = entry.writes() - before;
            book.writes += added;
            book.shorten(self.most);
        }
    }

    /// Writes a request down; the ticket adds to its entry.
    pub(crate) fn open(self: &Arc<Self>, at: i64, api: &'static str, method: &str, path: &str) -> Ticket {
        let mut book = hold(&self.book);
        book.next += 1;
        let sequence = book.next;
        book.entries.push_back(JournalEntry {
            sequence,
            received_at: at,
            api,
            method: short(method),
            path: short(path),
            operation: None,
            album: None,
            uploads: Vec::new(),
            deletes: Vec::new(),
            associations: Vec::new(),
            state: "pending",
            status: None,
            request_id: None,
            outcome: None,
            scripted: None,
        });
        book.shorten(self.most);
        drop(book);
        Ticket { journal: Arc::clone(self), sequence, api, closed: false }
    }
}

/// As much of a caller's text as an entry keeps.
fn short(text: &str) -> String {
    text.chars().take(1_024).collect()
}

/// A picture that was noted and whose fate is open.
#[derive(Debug)]
pub(crate) struct Upload {
    place: usize,
    sent: JournalUpload,
}

/// The right to add to one entry. Dropped before it is closed, it marks the request as broken.
#[derive(Debug)]
pub(crate) struct Ticket {
    journal: Arc<Journal>,
    sequence: u64,
    api: &'static str,
    closed: bool,
}

impl Ticket {
    /// Notes what is asked, and of which album.
    pub(crate) fn describe(&self, operation: &str, album: Option<&str>) {
        self.journal.change(self.sequence, |entry| {
            entry.operation = Some(operation.to_owned());
            entry.album = album.map(short);
        });
    }

    /// Notes a picture sent to `album`, before it is looked at; what it gives is for [`Ticket::settle`].
    pub(crate) fn sent(&self, album: &str, sha: &Sha, bytes: usize) -> Upload {
        let sent = JournalUpload { album: album.to_owned(), sha256: hex(sha), bytes, outcome: "received".to_owned() };
        hold(&self.journal.book).tally(self.api, &sent, |tally| tally.received += 1);
        let mut place = 0;
        self.journal.change(self.sequence, |entry| {
            place = entry.uploads.len();
            entry.uploads.push(sent.clone());
        });
        Upload { place, sent }
    }

    /// Notes what became of a picture: `stored`, `known` or `refused:CODE`.
    pub(crate) fn settle(&self, upload: Upload, outcome: impl Into<String>) {
        let outcome = outcome.into();
        let (applied, stored) = (!outcome.starts_with("refused"), outcome == "stored");
        hold(&self.journal.book).tally(self.api, &upload.sent, |tally| {
            tally.applied += u64::from(applied);
            tally.stored += u64::from(stored);
        });
        self.journal.change(self.sequence, |entry| {
            if let Some(sent) = entry.uploads.get_mut(upload.place) {
                sent.outcome = outcome;
            }
        });
    }

    /// Notes an image that the request asks to delete, and what became of it: `None` when it is gone now.
    pub(crate) fn deleted(&self, album: &str, image: &str, refused: Option<&str>) {
        let outcome = refused.map_or_else(|| "deleted".to_owned(), |code| format!("refused:{code}"));
        let image = image.chars().take(LONGEST_ID).collect();
        let delete = JournalDelete { album: album.to_owned(), image, outcome };
        self.journal.change(self.sequence, |entry| entry.deletes.push(delete));
    }

    /// Notes a pair of ad and image that the request asks to set, and what became of it: `None` when it is set now.
    pub(crate) fn associated(&self, album: &str, ad: &str, image: Option<&str>, refused: Option<&str>) {
        let outcome = refused.map_or_else(|| "set".to_owned(), |code| format!("refused:{code}"));
        let cut = |text: &str| text.chars().take(LONGEST_ID).collect::<String>();
        let pair = JournalAssociation { album: album.to_owned(), ad: cut(ad), image: image.map(cut), outcome };
        self.journal.change(self.sequence, |entry| entry.associations.push(pair));
    }

    /// Notes what the fault script makes of the request.
    pub(crate) fn scripted(&self, what: &'static str) {
        self.journal.change(self.sequence, |entry| entry.scripted = Some(what));
    }

    /// The API of the request.
    pub(crate) fn api(&self) -> &'static str {
        self.api
    }

    /// Notes the error code of the whole request; without it the outcome is `ok`.
    pub(crate) fn failed(&self, code: impl ToString) {
        self.journal.change(self.sequence, |entry| entry.outcome = Some(code.to_string()));
    }

    /// Notes the id that the answer carries.
    pub(crate) fn identified(&self, request_id: &str) {
        self.journal.change(self.sequence, |entry| entry.request_id = Some(request_id.to_owned()));
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
