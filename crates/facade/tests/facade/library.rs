//! A library in memory that implements the domain's port, can be told to fail, and can be told to hang.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use polyptych_domain::{
    Album, AlbumId, AlbumQuery, Association, AssociationChange, AssociationFilter, Capabilities, Capability, Confirmed,
    Error, ErrorKind, Evidence, Fetched, Format, Gauge, Image, ImageClass, ImageId, ImageLibrary, LibraryId, NameRule,
    Page, PageRequest, Pixels, Prices, Provider, Quota, QuotaSource, Rules, SizeRule, Unit, Upload, Uploaded,
};
use tokio::sync::Notify;

static RULES: Rules = Rules {
    classes: &[
        ImageClass {
            name: "SMALL",
            formats: &[Format::Png, Format::Jpeg],
            size: SizeRule::Range {
                min: Pixels { width: 4, height: 4 },
                max: Pixels { width: 900, height: 900 },
                min_ratio: 0.5,
                max_ratio: 2.0,
            },
            max_bytes: 4 << 20,
            automatic: true,
            evidence: Evidence::Documented,
            source: "test",
        },
        ImageClass {
            name: "ICON",
            formats: &[Format::Png],
            size: SizeRule::Exact(&[Pixels { width: 16, height: 16 }]),
            max_bytes: 10_000,
            automatic: false,
            evidence: Evidence::Assumed,
            source: "test",
        },
    ],
    name: NameRule { max_chars: 40, extension_required: true, evidence: Evidence::Measured, source: "test" },
    images_per_album: Some(1000),
    cases: &[],
    advice: &[],
};

/// An image as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) image: Image,
    pub(crate) bytes: Vec<u8>,
}

type Failure = Box<dyn Fn() -> Error + Send + Sync>;

pub(crate) struct MemoryLibrary {
    id: LibraryId,
    default_album: Option<AlbumId>,
    capabilities: Capabilities,
    pub(crate) stored: Mutex<Vec<Stored>>,
    failure: Mutex<Option<Failure>>,
    pub(crate) hangs: Mutex<bool>,
    /// Whether pictures break off.
    pub(crate) breaks: Mutex<bool>,
    /// Held by every picture that is open.
    pub(crate) open: Arc<()>,
    pub(crate) associations: Mutex<Vec<Association>>,
    pub(crate) albums: Mutex<Vec<Album>>,
    released: Notify,
    /// Calls that came.
    pub(crate) calls: AtomicUsize,
    /// Calls that were dropped before their end.
    pub(crate) dropped: AtomicUsize,
}

impl MemoryLibrary {
    pub(crate) fn new(id: &str, default_album: Option<&str>) -> Self {
        Self {
            id: LibraryId::new(id).unwrap(),
            default_album: default_album.map(|album| AlbumId::new(album).unwrap()),
            capabilities: Capabilities {
                deduplicates: Capability::Native,
                replace: Capability::Emulated,
                download: Capability::Native,
                copy: Capability::Emulated,
                associations: Capability::Absent,
                associate: Capability::Absent,
                albums: Capability::Absent,
                room: Capability::Absent,
                import_url: Capability::Emulated,
                uploads_per_call: 3,
                deletes_per_call: 10_000,
                page_size: 2,
                upload_bytes_per_call: u64::MAX,
                calls_at_once: 1,
                prices: Prices::none("this test"),
            },
            stored: Mutex::default(),
            failure: Mutex::default(),
            hangs: Mutex::default(),
            breaks: Mutex::default(),
            open: Arc::default(),
            associations: Mutex::default(),
            albums: Mutex::default(),
            released: Notify::new(),
            calls: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        }
    }

    /// Lets every call fail.
    pub(crate) fn fail(&self, failure: impl Fn() -> Error + Send + Sync + 'static) {
        *self.failure.lock().unwrap() = Some(Box::new(failure));
    }

    /// Lets every call wait until [`Self::release`].
    pub(crate) fn hang(&self) {
        *self.hangs.lock().unwrap() = true;
    }

    /// Lets calls end well again, from the next one on.
    pub(crate) fn mend(&self) {
        *self.failure.lock().unwrap() = None;
        *self.hangs.lock().unwrap() = false;
    }

    /// Lets one call that waits go on.
    pub(crate) fn release(&self) {
        self.released.notify_one();
    }

    /// Puts an image of that id into an album.
    pub(crate) fn put(&self, album: &str, id: &str) {
        let image = Image::new(AlbumId::new(album).unwrap(), ImageId::new(id).unwrap());
        self.stored.lock().unwrap().push(Stored { image, bytes: Vec::new() });
    }

    fn album(&self) -> AlbumId {
        AlbumId::new("self").unwrap()
    }

    async fn begin(&self) -> Result<(), Error> {
        struct Guard<'g>(&'g AtomicUsize);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        let hangs = *self.hangs.lock().unwrap();
        if hangs {
            let guard = Guard(&self.dropped);
            self.released.notified().await;
            std::mem::forget(guard);
        }
        match &*self.failure.lock().unwrap() {
            Some(failure) => Err(failure()),
            None => Ok(()),
        }
    }

    fn position(&self, album: &AlbumId, id: &ImageId) -> Result<usize, Error> {
        let stored = self.stored.lock().unwrap();
        let found = stored.iter().position(|stored| stored.image.album == *album && stored.image.id == *id);
        found.ok_or_else(|| Error::new(ErrorKind::ImageNotFound, format!("no image `{id}`")))
    }
}

#[async_trait]
impl ImageLibrary for MemoryLibrary {
    fn id(&self) -> &LibraryId {
        &self.id
    }

    fn provider(&self) -> Provider {
        Provider::Evotor
    }

    fn encoding(&self) -> &'static str {
        "bytes"
    }

    fn default_album(&self) -> Option<&AlbumId> {
        self.default_album.as_ref()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        self.begin().await?;
        let mut outcomes = Vec::new();
        for upload in uploads {
            let bytes = upload.content.source().chunks().try_collect::<Vec<_>>().await.unwrap().concat();
            assert_eq!(bytes.len() as u64, upload.content.len());
            let id = ImageId::new(upload.content.sha256().to_string()).unwrap();
            let mut image = Image::new(album.clone(), id);
            image.name = Some(upload.name.clone());
            image.class.clone_from(&upload.class);
            self.stored.lock().unwrap().push(Stored { image: image.clone(), bytes });
            let request_id = Some(format!("request-{}", self.calls.load(Ordering::SeqCst)));
            outcomes.push(Ok(Uploaded { request_id, ..image.into() }));
        }
        Ok(outcomes)
    }

    async fn list(&self, album: &AlbumId, page: &PageRequest) -> Result<Page<Image>, Error> {
        self.begin().await?;
        let bad = |_| Error::new(ErrorKind::InvalidArgument, "not a cursor");
        let first: usize = page.after.as_deref().map_or(Ok(0), str::parse).map_err(bad)?;
        let stored = self.stored.lock().unwrap();
        let all: Vec<_> = stored.iter().map(|stored| &stored.image).filter(|image| image.album == *album).collect();
        let last = (first + page.size as usize).min(all.len());
        let items = all.get(first..last).unwrap_or_default().iter().copied().cloned().collect();
        Ok(Page { items, next: (last < all.len()).then(|| last.to_string()) })
    }

    async fn albums(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        self.begin().await?;
        let albums = self.albums.lock().unwrap();
        let bad = |_| Error::new(ErrorKind::InvalidArgument, "not a cursor");
        let first: usize = page.after.as_deref().map_or(Ok(0), str::parse).map_err(bad)?;
        let found: Vec<_> = albums.iter().filter(|album| query.finds(album)).cloned().collect();
        let last = (first + page.size as usize).min(found.len());
        Ok(Page { items: found[first..last].to_vec(), next: (last < found.len()).then(|| last.to_string()) })
    }

    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        self.begin().await?;
        let position = self.position(album, id)?;
        Ok(self.stored.lock().unwrap()[position].image.clone())
    }

    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.begin().await?;
        let delete = |id| {
            let position = self.position(album, id)?;
            self.stored.lock().unwrap().remove(position);
            Ok(Confirmed::default())
        };
        Ok(ids.iter().map(delete).collect())
    }

    async fn quota(&self, _: &AlbumId) -> Result<Quota, Error> {
        self.begin().await?;
        let gauge = Gauge {
            name: "Room".to_owned(),
            unit: Unit::Images,
            used: Some(2.0),
            left: None,
            limit: Some(1000.0),
            resets: None,
            read: jiff::Timestamp::UNIX_EPOCH,
            source: QuotaSource::Asked,
        };
        Ok(Quota { gauges: vec![gauge] })
    }

    async fn download(&self, album: &AlbumId, image: &Image, _: u64) -> Result<Fetched, Error> {
        let position = self.position(album, &image.id)?;
        let bytes = bytes::Bytes::from(self.stored.lock().unwrap()[position].bytes.clone());
        let breaks = *self.breaks.lock().unwrap();
        let (len, mut pieces) = (Some(bytes.len() as u64), vec![Ok(bytes)]);
        if breaks {
            pieces.push(Err(Error::new(ErrorKind::ProviderUnavailable, "the connection for the picture failed")));
        }
        let ends = futures_util::stream::iter(pieces);
        let hangs = *self.hangs.lock().unwrap();
        let pieces = if hangs { ends.chain(futures_util::stream::pending()).boxed() } else { ends.boxed() };
        let open = Arc::clone(&self.open);
        let held = move |piece| {
            let _ = &open;
            piece
        };
        let pieces = pieces.map(held).boxed();
        Ok(Fetched { len, pieces })
    }

    async fn associations(
        &self,
        _: &AlbumId,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<Page<Association>, Error> {
        self.begin().await?;
        let wanted = |item: &&Association| filter.images.is_empty() || filter.images.contains(&item.image);
        let associations = self.associations.lock().unwrap();
        let first: usize = page.after.as_deref().map_or(0, |after| after.parse().unwrap());
        let all: Vec<_> = associations.iter().filter(wanted).cloned().collect();
        let last = (first + page.size as usize).min(all.len());
        Ok(Page { items: all[first..last].to_vec(), next: (last < all.len()).then(|| last.to_string()) })
    }

    async fn set_associations(
        &self,
        _: &AlbumId,
        changes: &[AssociationChange],
    ) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.begin().await?;
        let mut associations = self.associations.lock().unwrap();
        let outcomes = changes.iter().map(|change| {
            associations.retain(|item| item.ad.as_ref() != Some(&change.ad));
            match &change.image {
                Some(image) if image.as_str() == "missing" => {
                    Err(Error::new(ErrorKind::ImageNotFound, "there is no such image").with_album(&self.album()))
                }
                Some(image) => {
                    let ad = Some(change.ad.clone());
                    associations.push(Association { ad, ..Association::new(image.clone()) });
                    Ok(Confirmed::default())
                }
                None => Ok(Confirmed::default()),
            }
        });
        Ok(outcomes.collect())
    }
}
