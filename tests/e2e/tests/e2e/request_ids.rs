//! The provider's id of every answer that changed something: in the answers of calls, in the outcomes of operations and in
//! the events of the audit it is the one under which the provider wrote the request down itself.

use std::collections::BTreeMap;

use bytes::Bytes;
use image::ImageFormat;
use polyptych::domain::{Animation, Budget, Content, Fit, LibraryId, UploadCommand, UploadPolicy};
use polyptych::emulator::{Settings, Token};
use polyptych::proto::longrunning::{Operation, operation};
use polyptych::proto::v1;
use polyptych_e2e::{Stack, contain, picture, plain_client, to};
use prost::Message;
use serde_json::Value;
use v1::audit_event::Verb;
use v1::deletion_outcome::Result as Deletion;
use v1::upload_outcome::Result as Upload;

/// Each library, and what the emulator calls the API that it speaks.
const LIBRARIES: [(&str, &str); 6] = [
    ("yandex-v5", "yandex-v5-json"),
    ("yandex-v5-soap", "yandex-v5-soap"),
    ("yandex-live4", "yandex-live4-json"),
    ("yandex-live4-soap", "yandex-live4-soap"),
    ("facebook", "facebook"),
    ("evotor", "evotor"),
];

/// How often something was done under a request id.
type Done = BTreeMap<(&'static str, String), usize>;

fn png(side: u32) -> Bytes {
    picture(side, side, ImageFormat::Png)
}

fn response<M: Message + Default>(operation: &Operation) -> M {
    let Some(operation::Result::Response(any)) = &operation.result else { panic!("{operation:?}") };
    M::decode(any.value.as_slice()).unwrap()
}

/// What the emulator was asked to change by an API and has done, by the id of its answer. The entries of a Graph batch are
/// calls of their own in the journal, and answered by the batch, which stands before them.
fn done(journal: &[Value], api: &str) -> Done {
    let (mut done, mut batch) = (Done::new(), String::new());
    for entry in journal.iter().filter(|entry| entry["api"] == api) {
        let own = entry["request_id"].as_str().unwrap_or_default().to_owned();
        if entry["operation"] == "batch" {
            batch = own;
            continue;
        }
        let id = if own.is_empty() { batch.clone() } else { own };
        let applied = |member: &str| {
            let all = entry[member].as_array().unwrap().iter();
            all.filter(|write| !write["outcome"].as_str().unwrap().starts_with("refused")).count()
        };
        let mut uploads = applied("uploads");
        // What a provider copies or fetches by itself brings no picture.
        let by_itself = ["AdImage.Upload", "adimages.create"].iter().any(|operation| entry["operation"] == *operation);
        uploads += usize::from(by_itself && entry["uploads"] == Value::Array(Vec::new()) && entry["outcome"] == "ok");
        for (verb, times) in
            [("upload", uploads), ("delete", applied("deletes")), ("associate", applied("associations"))]
        {
            if times > 0 {
                *done.entry((verb, id.clone())).or_default() += times;
            }
        }
    }
    done
}

/// What the audit tells of a library, in the same way.
fn told(events: &[v1::AuditEvent], library: &str) -> Done {
    let mut told = Done::new();
    let prefix = format!("libraries/{library}/");
    for event in events.iter().filter(|event| event.error.is_none() && event.album.starts_with(&prefix)) {
        let verb = match event.verb() {
            Verb::Upload => "upload",
            Verb::Delete => "delete",
            Verb::Associate => "associate",
            Verb::Unspecified => panic!("{event:?}"),
        };
        *told.entry((verb, event.provider_request_id.clone())).or_default() += 1;
    }
    told
}

/// The id that the audit has of what was done to an image.
fn id_of(events: &[v1::AuditEvent], verb: Verb, image: &str) -> String {
    let mut found = events.iter().filter(|event| event.verb() == verb && event.image == image && event.error.is_none());
    let event = found.next().unwrap_or_else(|| panic!("{verb:?} of {image}"));
    assert!(found.next().is_none(), "{verb:?} of {image} is told once");
    event.provider_request_id.clone()
}

#[tokio::test]
async fn every_change_is_told_with_the_id_under_which_the_provider_has_it() {
    let token = |(library, _): (&str, &str)| {
        let token = Token::new(format!("emulated-{library}"));
        let login = library.starts_with("yandex").then(|| library.to_owned());
        Token { login, ..token }
    };
    let mut stack = Stack::start(Settings { tokens: LIBRARIES.map(token).into(), ..Settings::default() }).await;
    stack.set_up(r#"{"ads":[{"login":"yandex-live4","ads":[{"id":101,"campaign":7}]}]}"#.to_owned()).await;
    // By image: what was told of it when it was uploaded.
    let mut uploads: Vec<(String, String)> = Vec::new();

    for (library, _) in LIBRARIES {
        let metadata = v1::UploadImageMetadata { fit: contain(), replace: true, ..to(library, "one.png") };
        let first = stack.upload(metadata.clone(), png(500)).await.unwrap();
        let again = stack.upload(metadata, png(500)).await.unwrap();
        assert!(again.reused && again.provider_request_id.is_empty(), "{library}: nothing was sent");
        uploads.push((first.image.unwrap().name, first.provider_request_id));
    }
    // One call for three images, and for two more than one.
    for library in ["yandex-v5", "yandex-v5-soap", "yandex-live4", "yandex-live4-soap"] {
        let commands = (0..5).map(|number| UploadCommand {
            library: LibraryId::new(library).unwrap(),
            album: None,
            name: format!("{number}.png"),
            content: Content::from_bytes(png(600 + number)),
            fit: Fit::None,
            animation: Animation::Refuse,
            class: None,
            replace: false,
            policy: UploadPolicy::Reuse,
        });
        let report = stack.running.service().upload_many(commands.collect(), Budget::default()).await;
        let receipts: Vec<_> = report.outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(receipts[0].request_id, receipts[1].request_id, "{library}: they shared a call");
        for receipt in receipts {
            uploads.push((format!("{}/images/{}", receipt.album, receipt.image.id), receipt.request_id.unwrap()));
        }
    }
    let facebook = uploads[4].0.clone();
    let copy = v1::CopyImagesRequest {
        names: vec![facebook.clone()],
        parent: "libraries/facebook/albums/1000000002".to_owned(),
        ..Default::default()
    };
    let copying = stack.images.copy_images(copy).await.unwrap().into_inner();
    let served = stack.upload(to("facebook", "two.png"), png(700)).await.unwrap();
    let served = (served.image.unwrap().name, served.provider_request_id);
    let source = v1::ImportSource {
        uri: stack.get(&served.0).await.unwrap().uri,
        parent: "libraries/yandex-live4".to_owned(),
        display_name: "fetched.png".to_owned(),
        ..Default::default()
    };
    let importing = v1::ImportImagesRequest { sources: vec![source], ..Default::default() };
    let importing = stack.images.import_images(importing).await.unwrap().into_inner();
    uploads.push(served);
    let copied = response::<v1::CopyImagesResponse>(&stack.ended(copying).await.unwrap()).outcomes;
    let imported = response::<v1::ImportImagesResponse>(&stack.ended(importing).await.unwrap()).outcomes;
    for outcome in copied.into_iter().chain(imported) {
        let Some(Upload::Upload(upload)) = outcome.result else { panic!("{outcome:?}") };
        uploads.push((upload.image.unwrap().name, upload.provider_request_id));
    }

    let mut changed = Vec::new();
    for image in [uploads[2].0.clone(), String::new()] {
        let change = v1::AssociationChange { advertisement: "101".to_owned(), image };
        let request = v1::SetAssociationsRequest { parent: "libraries/yandex-live4".to_owned(), changes: vec![change] };
        let outcomes = stack.associations.set_associations(request).await.unwrap().into_inner().outcomes;
        assert!(outcomes[0].error.is_none(), "{outcomes:?}");
        changed.push(outcomes[0].provider_request_id.clone());
    }

    let names: Vec<_> = uploads.iter().map(|(name, _)| name.clone()).collect();
    let request = v1::DeleteImagesRequest { names: names.clone(), ..Default::default() };
    let deleting = stack.images.delete_images(request).await.unwrap().into_inner();
    let deleted = response::<v1::DeleteImagesResponse>(&stack.ended(deleting).await.unwrap()).outcomes;
    assert!(deleted.iter().all(|outcome| outcome.result == Some(Deletion::Deleted(()))), "{deleted:?}");

    let request = v1::ListEventsRequest { page_size: 1000, ..Default::default() };
    let events = stack.audit.list_events(request).await.unwrap().into_inner().events;
    let address = format!("http://{}/_emulator/journal", stack.running.emulator());
    let journal = plain_client().get(address).send().await.unwrap().text().await.unwrap();
    let journal: Vec<Value> = serde_json::from_str(&journal).unwrap();

    for ((name, told), outcome) in uploads.iter().zip(&deleted) {
        assert_eq!(*told, id_of(&events, Verb::Upload, name), "{name}");
        assert_eq!(outcome.provider_request_id, id_of(&events, Verb::Delete, name), "{name}");
        let has_none = name.starts_with("libraries/evotor/");
        assert_eq!([told.is_empty(), outcome.provider_request_id.is_empty()], [has_none; 2], "{name}");
    }
    let associated = events.iter().rev().filter(|event| event.verb() == Verb::Associate);
    assert_eq!(associated.map(|event| event.provider_request_id.clone()).collect::<Vec<_>>(), changed);
    for (library, api) in LIBRARIES {
        assert_eq!(told(&events, library), done(&journal, api), "{library}");
    }
    let ids = |library| told(&events, library).into_keys().filter(|(_, id)| !id.is_empty()).count();
    let counts = LIBRARIES.map(|(library, _)| ids(library));
    println!("request ids by library, told and in the journal: {counts:?}");
    assert_eq!(counts[5], 0, "Evotor has none");
    stack.running.stop().await.unwrap();
}
