//! One picture for many albums: how often it is looked at.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use polyptych_domain::*;

use crate::shelf::{Shelf, id, picture};

/// A picture that counts how often it is read.
struct Counted {
    bytes: Bytes,
    reads: AtomicUsize,
}

impl ContentSource for Counted {
    fn chunks(&self) -> ChunkStream {
        Content::from_bytes(self.bytes.clone()).source().chunks()
    }
    fn read(&self) -> io::Result<Bytes> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.bytes.clone())
    }
}

/// Workers that count their jobs.
#[derive(Default)]
struct Counting(AtomicUsize);

#[async_trait]
impl Workers for Counting {
    async fn run(&self, job: Box<dyn FnOnce() + Send>) -> Result<(), Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        job();
        Ok(())
    }
}

fn target(library: &str, album: &str, class: Option<&str>) -> PublishTarget {
    PublishTarget { library: id(library), album: AlbumId::new(album).ok(), class: class.map(str::to_owned) }
}

/// The report, and how often the picture was read and how many jobs it took.
fn published(bytes: Vec<u8>, targets: Vec<PublishTarget>) -> (BatchReport, usize, usize) {
    let shelves = ["one", "two"].map(Shelf::new);
    let mut libraries: Vec<Arc<dyn ImageLibrary>> = shelves.iter().map(|shelf| Arc::clone(shelf) as _).collect();
    libraries.push(Shelf::single("three"));
    let workers = Arc::new(Counting::default());
    let service = Service::new(libraries, Arc::clone(&workers) as _).unwrap();
    let source = Arc::new(Counted { bytes: bytes.into(), reads: AtomicUsize::new(0) });
    let content = Content::new(source.bytes.len() as u64, Sha256::of(&source.bytes), Arc::clone(&source) as _);
    let report =
        block_on(service.publish(PublishCommand { fit: Fit::None, ..PublishCommand::new("a.png", content, targets) }));
    (report, source.reads.load(Ordering::SeqCst), workers.0.load(Ordering::SeqCst))
}

#[test]
fn a_picture_is_read_and_verified_once_for_all_its_albums() {
    let libraries = ["one", "two", "three"];
    let targets = (0..300).map(|number: usize| target(libraries[number % 3], &format!("album-{number}"), None));
    let (report, reads, jobs) = published(picture(1), targets.collect());
    assert!(report.outcomes.iter().all(Result::is_ok));
    // Two of the three libraries have the same rules.
    assert_eq!((reads, jobs), (1, 1 + 2));
}

#[test]
fn classes_that_callers_make_up_cost_no_further_look_at_the_picture() {
    let targets = (0..3000).map(|number: usize| target("one", "a", Some(&format!("MADE-UP-{}", number % 1500))));
    let (report, reads, jobs) = published(picture(1), targets.collect());
    let kinds = report.outcomes.iter().map(|outcome| outcome.as_ref().unwrap_err().kind());
    assert_eq!(kinds.filter(|kind| *kind == ErrorKind::RulesViolated).count(), 3000);
    assert_eq!((reads, jobs), (1, 1 + 1500));
}

#[test]
fn a_damaged_picture_is_refused_everywhere_after_one_look() {
    let mut damaged = picture(1);
    damaged.truncate(40);
    let mut targets: Vec<_> = ["one", "two", "three"].map(|library| target(library, "a", None)).into();
    targets.push(target("nowhere", "a", None));
    let (report, reads, jobs) = published(damaged, targets);
    assert_eq!((reads, jobs), (1, 1));
    for (outcome, library) in report.outcomes.iter().zip(["one", "two", "three"]) {
        let error = outcome.as_ref().unwrap_err();
        assert_eq!((error.kind(), error.library()), (ErrorKind::CorruptImage, Some(&id(library))));
    }
    assert_eq!(report.outcomes[3].as_ref().unwrap_err().kind(), ErrorKind::LibraryNotFound);
    let (_, reads, jobs) = published(picture(1), vec![target("nowhere", "a", None)]);
    assert_eq!((reads, jobs), (0, 0), "nobody wants it");
}
