//! Operations over the whole stack: a picture to all libraries, images out of them, and who did what.

use image::ImageFormat;
use polyptych::emulator::Settings;
use polyptych::proto::longrunning::{Operation, operation};
use polyptych::proto::v1;
use polyptych_e2e::{Stack, picture};
use prost::Message;
use v1::deletion_outcome::Result as Deletion;
use v1::upload_outcome::Result as Upload;

const LIBRARIES: [&str; 6] = ["yandex-v5", "yandex-v5-soap", "yandex-live4", "yandex-live4-soap", "facebook", "evotor"];

fn response<M: Message + Default>(operation: &Operation) -> M {
    let Some(operation::Result::Response(any)) = &operation.result else { panic!("{operation:?}") };
    M::decode(any.value.as_slice()).unwrap()
}

#[tokio::test]
async fn a_picture_is_published_to_every_library_once_copied_deleted_and_told_of() {
    let mut stack = Stack::start(Settings::default()).await;
    let parent = |library: &str| format!("libraries/{library}");
    let target = |library: &&str| v1::PublishTarget { parent: parent(library), ..Default::default() };
    let metadata = v1::PublishMetadata {
        display_name: "photo.jpg".to_owned(),
        targets: LIBRARIES.iter().map(target).collect(),
        request_id: "8c2c1f0e".to_owned(),
        ..Default::default()
    };
    let photo = picture(1600, 1200, ImageFormat::Jpeg);
    let published = stack.publish(metadata.clone(), photo.clone()).await.unwrap();
    let again = stack.publish(metadata, photo).await.unwrap();
    assert_eq!(again.name, published.name);
    let mut names = Vec::new();
    for (library, outcome) in LIBRARIES.iter().zip(response::<v1::PublishResponse>(&published).outcomes) {
        let Some(Upload::Upload(upload)) = outcome.result else { panic!("{library}: {outcome:?}") };
        let name = upload.image.unwrap().name;
        assert_eq!(stack.list(library).await.unwrap().iter().map(|image| &image.name).collect::<Vec<_>>(), [&name]);
        names.push(name);
    }

    let copy = v1::CopyImagesRequest {
        names: vec![names[4].clone()],
        parent: "libraries/facebook/albums/1000000002".to_owned(),
        ..Default::default()
    };
    let copying = stack.images.copy_images(copy).await.unwrap().into_inner();
    let copied = response::<v1::CopyImagesResponse>(&stack.ended(copying).await.unwrap()).outcomes;
    assert!(matches!(&copied[0].result, Some(Upload::Upload(_))), "{copied:?}");

    names.push("libraries/facebook/albums/1000000001/images/ffffffffffffffffffffffffffffffff".to_owned());
    let request = v1::DeleteImagesRequest { names: names.clone(), ..Default::default() };
    let deleting = stack.images.delete_images(request).await.unwrap().into_inner();
    let deleted = response::<v1::DeleteImagesResponse>(&stack.ended(deleting).await.unwrap()).outcomes;
    let (gone, missing) = deleted.split_at(6);
    assert!(gone.iter().all(|outcome| outcome.result == Some(Deletion::Deleted(()))), "{deleted:?}");
    assert!(matches!(&missing[0].result, Some(Deletion::Error(status)) if status.code == 5), "{missing:?}");
    for library in LIBRARIES {
        assert_eq!(stack.list(library).await.unwrap(), [], "{library}");
    }

    let request = v1::ListEventsRequest { page_size: 1000, ..Default::default() };
    let events = stack.audit.list_events(request).await.unwrap().into_inner().events;
    let count = |verb: v1::audit_event::Verb, done: bool| {
        let wanted = |event: &&v1::AuditEvent| event.verb() == verb && event.error.is_none() == done;
        events.iter().filter(wanted).count()
    };
    use v1::audit_event::Verb;
    assert_eq!((count(Verb::Upload, true), count(Verb::Delete, true), count(Verb::Delete, false)), (7, 6, 1));
    assert!(events.iter().all(|event| event.operation.starts_with("operations/")), "{events:?}");
    stack.running.stop().await.unwrap();
}
