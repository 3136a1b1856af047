//! The client of programs that link the libraries: the verbs of the gRPC API as calls of this process.

mod sync;

use std::ops::Deref;
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt, stream};
use polyptych_domain::{
    Album, AlbumId, AlbumQuery, Error, Image, ImageLibrary, ImportCommand, Imported, LibraryId, MemorySpool, Page,
    PageRequest, Pictures, Service,
};

pub use sync::PlannedSync;

use crate::{Config, OpenError, OpenFetchError, TokioPauses, WorkerPool, open_libraries, open_pictures};

/// Libraries, and everything that can be done with their images.
///
/// ```no_run
/// use polyptych::Client;
/// use polyptych::domain::{LibraryId, PublishCommand, UploadCommand};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::open(&polyptych::Config::read("polyptych.toml").await?)?;
/// let banner = UploadCommand::new(LibraryId::new("ads")?, "banner.png", std::fs::read("banner.png")?);
/// let receipt = client.upload(banner.with_fit(PublishCommand::FIT)).await?;
/// println!("{} as {}", receipt.name(), receipt.sent.format);
/// # Ok(())
/// # }
/// ```
///
/// It is a [`Service`] with what a service needs from its surroundings: threads for images, a fetcher of pictures at addresses,
/// pauses. The verbs of the gRPC API are methods of one of the two:
///
/// | verb | method |
/// |---|---|
/// | libraries, what each can do and demands | [`Service::libraries`], [`Service::library`] |
/// | albums | [`Service::albums`] by pages, [`Client::all_albums`] as a stream |
/// | check | [`Service::check`] |
/// | upload | [`Service::upload`]; several in few calls, [`Service::upload_many`]; what they would cost, [`Service::estimate`] |
/// | publish | [`Service::publish`] |
/// | import | [`Client::import`] |
/// | copy | [`Service::copy`], [`Service::estimate_copy`] |
/// | list | [`Service::list`] by pages, [`Client::images`] as a stream |
/// | get, download | [`Service::get`], [`Service::download`] |
/// | delete | [`Service::delete`], [`Service::delete_many`] |
/// | associations | [`Service::associations`], [`Service::set_associations`] |
/// | quota | [`Service::quota`] |
/// | sync | [`Client::plan_sync`], [`PlannedSync::apply`] |
///
/// A clone shares everything with its original. A future that is dropped gives its call up; what it was about may have been
/// done, and the next upload of the same content looks for it first. Calls need a tokio runtime with its timers and I/O.
#[derive(Debug, Clone)]
pub struct Client {
    service: Service,
    pictures: Pictures,
}

/// Why a client cannot be made. Nothing was sent anywhere.
#[derive(Debug, thiserror::Error)]
pub enum OpenClientError {
    /// A library cannot be connected.
    #[error(transparent)]
    Library(#[from] OpenError),
    /// Pictures at addresses cannot be fetched as configured.
    #[error(transparent)]
    Fetch(#[from] OpenFetchError),
    /// Two libraries have the same id.
    #[error(transparent)]
    Libraries(#[from] Error),
}

impl Client {
    /// Connects the libraries of a configuration. It remembers in memory what it has uploaded; files of certificates and
    /// secrets of applications are read, and nothing is sent.
    ///
    /// # Errors
    /// [`OpenClientError`] of the first setting that does not make sense.
    pub fn open(config: &Config) -> Result<Self, OpenClientError> {
        Self::over(config, Service::new(open_libraries(config)?, Arc::new(WorkerPool::default()))?)
    }

    /// The same, which shares what it knows and does with all processes of a state.
    ///
    /// # Errors
    /// [`OpenClientError`] of the first setting that does not make sense.
    #[cfg(feature = "state")]
    pub fn open_with_state(config: &Config, state: &crate::State) -> Result<Self, OpenClientError> {
        let libraries = crate::open_libraries_together(config, &state.together())?;
        Self::over(config, state.service(libraries, Arc::new(WorkerPool::default()))?)
    }

    /// Takes libraries as they are, also of one's own making. Pictures at addresses come from public hosts only.
    ///
    /// # Errors
    /// [`OpenClientError::Libraries`] if two of them have the same id.
    pub fn new(libraries: Vec<Arc<dyn ImageLibrary>>) -> Result<Self, OpenClientError> {
        Self::over(&Config::default(), Service::new(libraries, Arc::new(WorkerPool::default()))?)
    }

    fn over(config: &Config, service: Service) -> Result<Self, OpenClientError> {
        let pictures = open_pictures(config, Arc::new(MemorySpool))?;
        Ok(Self { service, pictures })
    }

    /// Its service: for a view on behalf of somebody, a catalogue of one's own, or [`Runner`](crate::domain::Runner).
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Works with another service, made of [`Client::service`].
    #[must_use]
    pub fn with_service(self, service: Service) -> Self {
        Self { service, ..self }
    }

    /// Brings a picture at an address into an album: the provider fetches it where it can and the picture is wanted as it
    /// is, else it is fetched here.
    ///
    /// # Errors
    /// Those of [`Service::import`]; [`Error::applied`] tells whether the image may have been stored.
    pub async fn import(&self, command: ImportCommand) -> Result<Imported, Error> {
        self.service.import(&self.pictures, &TokioPauses, command).await
    }

    /// All images of an album (absent: the default album), page after page as they are asked for. The stream ends after an
    /// error.
    pub fn images<'c>(
        &'c self,
        library: &'c LibraryId,
        album: Option<&'c AlbumId>,
    ) -> impl Stream<Item = Result<Image, Error>> + Send + 'c {
        all(self.page_size(library), move |page| async move { Ok(self.service.list(library, album, &page).await?.1) })
    }

    /// All albums of a library that a query finds, page after page as they are asked for. The stream ends after an error.
    pub fn all_albums<'c>(
        &'c self,
        library: &'c LibraryId,
        query: &'c AlbumQuery,
    ) -> impl Stream<Item = Result<Album, Error>> + Send + 'c {
        all(self.page_size(library), move |page| async move { self.service.albums(library, query, &page).await })
    }

    /// As many items as the library tells at once. For one that is not there the first page says so.
    fn page_size(&self, library: &LibraryId) -> u32 {
        self.service.library(library).map_or(1, |library| library.capabilities().page_size.max(1))
    }
}

impl Deref for Client {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

/// The items of all pages. A page that leads to itself is the last one.
fn all<'c, T: Send + 'c, F: Future<Output = Result<Page<T>, Error>> + Send + 'c>(
    size: u32,
    ask: impl Fn(PageRequest) -> F + Send + 'c,
) -> impl Stream<Item = Result<T, Error>> + Send + 'c {
    let first = Some(PageRequest { size, after: None });
    let pages = stream::try_unfold((first, ask), move |(page, ask)| async move {
        let Some(page) = page else { return Ok::<_, Error>(None) };
        let after = page.after.clone();
        let Page { items, next } = ask(page).await?;
        let next = next.filter(|next| after.as_ref() != Some(next));
        let next = next.map(|next| PageRequest { size, after: Some(next) });
        Ok(Some((stream::iter(items.into_iter().map(Ok)), (next, ask))))
    });
    pages.try_flatten()
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};

    use super::*;

    #[test]
    fn pages_are_asked_for_one_by_one_until_the_last() {
        let asked = std::sync::Mutex::new(Vec::new());
        let ask = |page: PageRequest| {
            asked.lock().unwrap().push(page.after.clone());
            let number: u32 = page.after.map_or(0, |after| after.parse().unwrap());
            let next = (number < 2).then(|| (number + 1).to_string());
            async move { Ok(Page { items: vec![number; number as usize], next }) }
        };
        let mut items = Box::pin(all(3, ask));
        assert_eq!(items.next().now_or_never().unwrap().unwrap().unwrap(), 1);
        assert_eq!(*asked.lock().unwrap(), [None, Some("1".to_owned())]);
        let rest: Vec<u32> = items.try_collect().now_or_never().unwrap().unwrap();
        assert_eq!(rest, [2, 2]);
        assert_eq!(asked.lock().unwrap().len(), 3);
    }

    #[test]
    fn a_page_that_leads_to_itself_is_the_last() {
        let ask = |_| async { Ok(Page { items: vec![7], next: Some("again".to_owned()) }) };
        let items: Vec<u32> = all(1, ask).try_collect().now_or_never().unwrap().unwrap();
        assert_eq!(items, [7, 7]);
    }

    #[test]
    fn an_error_ends_the_stream() {
        let ask = |page: PageRequest| async move {
            match page.after {
                None => Ok(Page { items: vec![1], next: Some("2".to_owned()) }),
                Some(_) => Err(Error::new(polyptych_domain::ErrorKind::Internal, "away")),
            }
        };
        let mut items: Vec<Result<u32, Error>> = all(1, ask).collect().now_or_never().unwrap();
        assert_eq!(items.pop().unwrap().unwrap_err().message(), "away");
        assert_eq!(items.pop().unwrap().unwrap(), 1);
        assert!(items.is_empty());
    }
}
