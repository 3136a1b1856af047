//! Pictures from addresses: who fetches them, what is waited for, and what is never asked for twice.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_executor::block_on;
use futures_util::{StreamExt, TryStreamExt, stream};
use polyptych_domain::*;

use crate::shelf::{Shelf, id, picture};

const URL: &str = "https://pictures.test/one?token=canary";

/// Serves one picture at each address, keeps it in memory, and writes down what it was asked for.
#[derive(Default)]
struct Web {
    fetched: Mutex<Vec<String>>,
    pauses: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Fetcher for Web {
    async fn fetch(&self, url: &PictureUrl, most_bytes: u64) -> Result<Fetched, Error> {
        self.fetched.lock().unwrap().push(url.as_str().to_owned());
        let bytes = picture(7);
        assert!(bytes.len() as u64 <= most_bytes);
        let (one, two) = bytes.split_at(10);
        let pieces: Vec<Result<bytes::Bytes, Error>> = vec![Ok(one.to_vec().into()), Ok(two.to_vec().into())];
        Ok(Fetched { len: Some(bytes.len() as u64), pieces: stream::iter(pieces).boxed() })
    }
}

#[async_trait]
impl Spool for Web {
    async fn keep(&self, pieces: Pieces) -> Result<Content, Error> {
        let pieces: Vec<bytes::Bytes> = pieces.try_collect().await?;
        Ok(Content::from_bytes(pieces.concat()))
    }
}

#[async_trait]
impl Pauses for Web {
    async fn pause(&self, time: Duration) {
        self.pauses.lock().unwrap().push(time);
    }
}

impl Web {
    fn pictures(self: &Arc<Self>) -> Pictures {
        Pictures::new(Arc::clone(self) as _, Arc::clone(self) as _, 1 << 20)
    }

    fn fetches(&self) -> usize {
        self.fetched.lock().unwrap().len()
    }
}

fn service(shelf: &Arc<Shelf>) -> Service {
    Service::new(vec![Arc::clone(shelf) as Arc<dyn ImageLibrary>], Arc::new(InlineWorkers)).unwrap()
}

fn command(name: Option<&str>) -> ImportCommand {
    let album: AlbumName = "libraries/shelf/albums/a".parse().unwrap();
    ImportCommand { name: name.map(str::to_owned), ..ImportCommand::new(PictureUrl::new(URL).unwrap(), album) }
}

fn native() -> NativeImport {
    let album = AlbumName { library: id("shelf"), album: AlbumId::new("a").unwrap() };
    NativeImport { album, url: PictureUrl::new(URL).unwrap(), name: "a.png".to_owned() }
}

#[test]
fn where_the_provider_does_not_fetch_the_picture_is_fetched_and_uploaded_once() {
    let (shelf, web) = (Shelf::new("shelf"), Arc::new(Web::default()));
    let service = service(&shelf);
    let first = block_on(service.import(&web.pictures(), &*web, command(None))).unwrap();
    let sent = first.sent.unwrap();
    assert_eq!((sent.sha256, first.reused), (Sha256::of(&picture(7)), false));
    // The address has no extension; the content tells it.
    let stored = block_on(shelf.get(&first.album.album, &first.image.id)).unwrap();
    assert_eq!(stored.name.as_deref(), Some("one.png"));
    let again = block_on(service.import(&web.pictures(), &*web, command(None))).unwrap();
    assert_eq!((again.reused, shelf.sent(), web.fetches()), (true, 1, 2));
}

#[test]
fn a_provider_that_fetches_is_waited_for_with_growing_pauses() {
    let (shelf, web) = (Shelf::fetching("shelf"), Arc::new(Web::default()));
    let imported = block_on(service(&shelf).import(&web.pictures(), &*web, command(Some("a.png")))).unwrap();
    assert_eq!((imported.image.id.as_str(), imported.sent, imported.found), ("a.png", None, false));
    assert_eq!((web.fetches(), shelf.sent()), (0, 0));
    assert_eq!(*web.pauses.lock().unwrap(), [1, 2].map(Duration::from_secs));
}

#[test]
fn a_picture_that_is_to_be_fitted_is_fetched_here() {
    let (shelf, web) = (Shelf::fetching("shelf"), Arc::new(Web::default()));
    let command = ImportCommand { fit: PublishCommand::FIT, ..command(Some("a.png")) };
    assert!(block_on(service(&shelf).import(&web.pictures(), &*web, command)).unwrap().sent.is_some());
    assert_eq!((web.fetches(), shelf.tasks()), (1, 0));
}

#[test]
fn what_the_provider_says_of_the_picture_is_the_outcome() {
    let (shelf, web) = (Shelf::fetching("shelf"), Arc::new(Web::default()));
    let error = block_on(service(&shelf).import(&web.pictures(), &*web, command(Some("bad.png")))).unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderRefused, Applied::No));
    assert!(error.to_string().starts_with("shelf: "), "{error}");
}

#[test]
fn a_name_that_the_library_does_not_take_is_refused_before_anything_is_asked_for() {
    let (shelf, web) = (Shelf::fetching("shelf"), Arc::new(Web::default()));
    for name in ["a", "", "a\n.png"] {
        let error = block_on(service(&shelf).import(&web.pictures(), &*web, command(Some(name)))).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RulesViolated | ErrorKind::InvalidArgument), "{error}");
    }
    assert_eq!((web.fetches(), shelf.tasks()), (0, 0));
}

#[test]
fn a_lost_answer_is_looked_for_before_the_provider_is_asked_again() {
    let (shelf, web) = (Shelf::fetching("shelf"), Arc::new(Web::default()));
    shelf.lose_imports(1);
    let imported = block_on(service(&shelf).import(&web.pictures(), &*web, command(Some("a.png")))).unwrap();
    assert_eq!((imported.found, imported.resent, shelf.tasks()), (true, 0, 1));
}

#[test]
fn a_resumed_import_finds_what_was_begun_and_begins_anew_only_what_failed_or_was_not() {
    for (begun, fails, tasks) in [(true, false, 1), (true, true, 2), (false, false, 1)] {
        let (shelf, web) = (Shelf::fetching("shelf"), Arc::new(Web::default()));
        if begun {
            shelf.begin(URL, "a.png", Some(1), fails);
        }
        let imported = block_on(service(&shelf).import_natively(&*web, &native(), true)).unwrap();
        assert_eq!((imported.found, shelf.tasks()), (begun && !fails, tasks));
    }
}

#[test]
fn patience_with_a_provider_ends_and_leaves_open_what_becomes_of_the_picture() {
    let (shelf, web) = (Shelf::fetching("shelf"), Arc::new(Web::default()));
    shelf.begin(URL, "a.png", None, false);
    let error = block_on(service(&shelf).import_natively(&*web, &native(), true)).unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::ProviderTimeout, Applied::Unknown));
    let waited: Duration = web.pauses.lock().unwrap().iter().sum();
    assert!((Duration::from_secs(900)..Duration::from_secs(930)).contains(&waited), "{waited:?}");
}
