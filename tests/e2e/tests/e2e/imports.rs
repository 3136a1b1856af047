//! Pictures from addresses and albums by manifest, over the emulator: what the linked service does with all of its parts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use image::ImageFormat;
use jiff::Timestamp;
use polyptych::domain::*;
use polyptych::emulated::{self, Running};
use polyptych_e2e::picture;

/// Lets the emulator work in place of waiting.
struct Yields;

#[async_trait]
impl Pauses for Yields {
    async fn pause(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

struct Stage {
    running: Running,
    pictures: Pictures,
    blobs: Arc<MemoryBlobs>,
    operations: Arc<MemoryOperations>,
}

fn png(width: u32, height: u32) -> Bytes {
    picture(width, height, ImageFormat::Png)
}

fn id(library: &str) -> LibraryId {
    LibraryId::new(library).unwrap()
}

fn album(name: &str) -> AlbumName {
    name.parse().unwrap()
}

impl Stage {
    async fn new() -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let running = Running::start(any, any, emulated::settings()).await.unwrap();
        let config = emulated::config(&format!("http://{}", running.emulator()));
        let pictures = polyptych::open_pictures(&config, Arc::new(MemorySpool)).unwrap();
        let operations = Arc::new(MemoryOperations::new(|| Timestamp::UNIX_EPOCH));
        Self { running, pictures, blobs: Arc::default(), operations }
    }

    fn service(&self) -> &Service {
        self.running.service()
    }

    /// The address of a picture that the emulator serves.
    async fn served(&self, name: &str, bytes: Bytes) -> PictureUrl {
        let command = UploadCommand::new(id("facebook"), name, bytes);
        let image = self.service().upload(command).await.unwrap().name();
        PictureUrl::new(self.service().get(&image).await.unwrap().url.unwrap()).unwrap()
    }

    async fn import(&self, url: &PictureUrl, library: &str, album: Option<&str>) -> Result<Imported, Error> {
        let command = ImportCommand {
            name: Some("imported.png".to_owned()),
            album: album.map(|album| AlbumId::new(album).unwrap()),
            ..ImportCommand::new(url.clone(), id(library))
        };
        self.service().import(&self.pictures, &Yields, command).await
    }

    async fn apply(&self, plan: &Plan) -> Operation {
        let task = Task::Sync(Box::new(SyncTask { plan: plan.clone() }));
        let new = NewOperation { client: ClientId::local(), task, budget: Budget::default(), request: None };
        let operation = self.operations.submit(new).await.unwrap();
        let (operations, blobs) = (Arc::clone(&self.operations), Arc::clone(&self.blobs));
        let runner = Runner::new(self.service().clone(), operations, blobs, self.pictures.clone(), Arc::new(Yields));
        runner.run(&operation.id, &Stop::default()).await.unwrap();
        self.operations.get(&operation.id).await.unwrap()
    }
}

#[tokio::test]
async fn v4_live_fetches_a_picture_by_itself_and_facebook_gets_it_from_us() {
    let stage = Stage::new().await;
    let url = stage.served("source.png", png(600, 600)).await;
    let native = stage.import(&url, "yandex-live4", None).await.unwrap();
    assert_eq!((native.sent, native.image.name.as_deref()), (None, Some("imported.png")));
    let held = ImageName { album: native.album, image: native.image.id };
    assert_eq!(stage.service().get(&held).await.unwrap().name.as_deref(), Some("imported.png"));
    let sent = stage.import(&url, "facebook", Some("1000000002")).await.unwrap().sent.unwrap();
    assert_eq!(sent.sha256, Sha256::of(&png(600, 600)));
}

#[tokio::test]
async fn an_address_of_this_machine_that_was_not_named_is_refused() {
    let stage = Stage::new().await;
    let url = PictureUrl::new(format!("http://{}/", stage.running.facade())).unwrap();
    let error = stage.import(&url, "facebook", None).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::SourceRefused, Applied::No));
}

#[tokio::test]
async fn a_manifest_is_planned_and_applied_once_and_refused_when_the_world_has_changed() {
    let stage = Stage::new().await;
    let url = stage.served("source.png", png(600, 600)).await;
    let content = Content::from_bytes(png(700, 700));
    stage.blobs.put(&ClientId::local(), &content).await.unwrap();
    let picture = |key: &str, source| ManifestPicture {
        key: key.to_owned(),
        name: Some(format!("{key}.png")),
        source,
        fit: PublishCommand::FIT,
        animation: Animation::Refuse,
    };
    let kept = PictureSource::Kept { sha256: content.sha256(), len: content.len() };
    let wants = |name: &str, keys: &[&str]| ManifestAlbum {
        album: album(name),
        pictures: keys.iter().map(|key| Wish { picture: (*key).to_owned(), class: None }).collect(),
        delete_others: true,
    };
    let manifest = Manifest {
        pictures: vec![picture("kept", kept), picture("fetched", PictureSource::Url { url })],
        albums: vec![
            wants("libraries/yandex-v5/albums/self", &["kept", "fetched"]),
            wants("libraries/facebook/albums/1000000002", &["kept", "fetched"]),
        ],
    };
    stage.import(&stage.served("old.png", png(800, 800)).await, "facebook", Some("1000000002")).await.unwrap();
    let plan = |stage: &Stage| {
        let (service, blobs, pictures) = (stage.service().clone(), Arc::clone(&stage.blobs), stage.pictures.clone());
        let manifest = manifest.clone();
        async move { service.plan_sync(&manifest, blobs.as_ref(), &pictures).await.unwrap() }
    };
    let first = plan(&stage).await;
    assert_eq!((first.steps.len(), first.objections.len()), (5, 0), "{first:?}");
    let operation = stage.apply(&first).await;
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 5), "{operation:?}");
    let again = plan(&stage).await;
    assert!(again.is_empty(), "{again:?}");
    // The first plan is of a world that is no more.
    let outdated = stage.apply(&first).await;
    assert_eq!(outdated.failure.unwrap().kind, ErrorKind::PlanOutdated);
    assert!(plan(&stage).await.is_empty());
    stage.running.stop().await.unwrap();
}
