//! What outlives a process: operations are worked on where they are due, and what was uploaded is known to the next one.

use std::sync::Arc;
use std::time::Duration;

use polyptych::WorkerPool;
use polyptych::config::Config;
use polyptych::domain::*;
use polyptych::emulated::{self, Running};
use polyptych::emulator::Emulator;
use polyptych::{State, open_libraries, open_pictures};

const PICTURE: &[u8] = include_bytes!("../../pictures/mark.png");

fn album(library: &str, album: &AlbumId) -> AlbumName {
    AlbumName { library: LibraryId::new(library).unwrap(), album: album.clone() }
}

async fn ended(operations: &dyn Operations, mut operation: Operation) -> Operation {
    while !operation.phase.has_ended() {
        operation = operations.changed(&operation.id, operation.version).await.unwrap();
    }
    operation
}

/// The picture for the default album of each library.
async fn publication(service: &Service, state: &State) -> NewOperation {
    let content = Content::from_bytes(PICTURE);
    state.ports().blobs.put(&ClientId::local(), &content).await.unwrap();
    let targets = service.libraries().map(|library| {
        let album = album(library.id().as_str(), library.default_album().unwrap());
        TargetRecord { album, class: None }
    });
    let terms = UploadTerms {
        fit: PublishCommand::FIT,
        animation: Animation::default(),
        replace: false,
        policy: UploadPolicy::Reuse,
    };
    let task = PublishTask {
        name: "mark.png".to_owned(),
        sha256: content.sha256(),
        len: content.len(),
        targets: targets.collect(),
        terms,
    };
    NewOperation { client: ClientId::local(), task: Task::Publish(task), budget: Budget::default(), request: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_worked_on_as_soon_as_it_is_submitted() {
    let any = "127.0.0.1:0".parse().unwrap();
    let running = Running::start(any, any, emulated::settings()).await.unwrap();
    let operations = &running.state().ports().operations;
    let new = publication(running.service(), running.state()).await;
    let submitted = operations.submit(new).await.unwrap();
    let operation = ended(operations.as_ref(), submitted).await;
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 6), "{operation:?}");
    running.stop().await.unwrap();
}

async fn open(config: &Config) -> (State, Service) {
    let state = State::open(&config.state).await.unwrap();
    let service = state.service(open_libraries(config).unwrap(), Arc::new(WorkerPool::default())).unwrap();
    (state, service)
}

/// A server is asked to end while an operation waits; the next one finds it, and knows what the first one uploaded.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_leaves_another_one_takes_up() {
    let bound = Emulator::bind("127.0.0.1:0".parse().unwrap(), emulated::settings()).await.unwrap();
    let mut config = emulated::config(&format!("http://{}", bound.local_addr()));
    let emulator = tokio::spawn(bound.serve_until(std::future::pending()));
    let folder = tempfile::tempdir().unwrap();
    config.state.folder = Some(folder.path().join("made"));

    let (state, service) = open(&config).await;
    let facebook = service.library(&LibraryId::new("facebook").unwrap()).unwrap();
    let image = Content::from_bytes(PICTURE);
    let upload = UploadCommand::new(facebook.id().clone(), "mark.png", image.clone());
    let first = service.upload(upload.clone()).await.unwrap();
    assert!(!first.reused && first.unrecorded.is_none());
    let images = vec![ImageName { album: first.album.clone(), image: first.image.id.clone() }];
    let task = Task::Delete(DeleteTask { images });
    let submitted = state
        .ports()
        .operations
        .submit(NewOperation { client: ClientId::local(), task, budget: Budget::default(), request: None })
        .await
        .unwrap();
    state.close().await.unwrap();

    let (state, service) = open(&config).await;
    let again = service.upload(upload).await.unwrap();
    assert_eq!((again.reused, again.image.id), (true, first.image.id));
    let pictures = open_pictures(&config, Arc::new(MemorySpool)).unwrap();
    let working = state.work(service, pictures);
    let operation = ended(state.ports().operations.as_ref(), submitted).await;
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, 1), "{operation:?}");
    working.stop(Duration::from_secs(10)).await;
    state.close().await.unwrap();
    emulator.abort();
}
