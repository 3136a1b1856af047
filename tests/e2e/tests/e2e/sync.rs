//! Albums brought to what a manifest wants, over gRPC: staged files, pictures at addresses, a plan, exactly that plan, and
//! nothing the second time.

use bytes::Bytes;
use futures_util::stream;
use image::ImageFormat;
use polyptych::emulator::Settings;
use polyptych::proto::longrunning::{Operation, operation};
use polyptych::proto::v1;
use polyptych_e2e::{Refusal, Stack, picture, to};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_types::pb;
use v1::stage_picture_request::Payload;
use v1::sync_picture::Source;
use v1::sync_step::Step;

const YANDEX: &str = "libraries/yandex-v5/albums/self";
const FACEBOOK: &str = "libraries/facebook/albums/1000000002";
const EVOTOR: &str = "libraries/evotor";

fn png(side: u32) -> Bytes {
    picture(side, side, ImageFormat::Png)
}

fn result<M: Message + Default>(operation: &Operation) -> M {
    let Some(operation::Result::Response(any)) = &operation.result else { panic!("{operation:?}") };
    M::decode(any.value.as_slice()).unwrap()
}

/// A status within a message, as clients read it.
fn refusal(status: &pb::Status) -> Refusal {
    Refusal::of(&Status::with_details(status.code.into(), &status.message, status.encode_to_vec().into()))
}

/// The refusal with which an operation has ended.
fn failure(operation: &Operation) -> Refusal {
    let Some(operation::Result::Error(status)) = &operation.result else { panic!("{operation:?}") };
    refusal(status)
}

fn sync_picture(key: &str, source: Source) -> v1::SyncPicture {
    let display_name = format!("{key}.png");
    v1::SyncPicture { key: key.to_owned(), source: Some(source), display_name, fit: None }
}

fn album(parent: &str, keys: &[&str]) -> v1::SyncAlbum {
    let wish = |key: &&str| v1::SyncWish { key: (*key).to_owned(), ..Default::default() };
    v1::SyncAlbum { parent: parent.to_owned(), pictures: keys.iter().map(wish).collect(), delete_others: true }
}

async fn stage(stack: &mut Stack, bytes: Bytes, sha256: &str) -> Result<String, Status> {
    let metadata = v1::StagePictureMetadata { sha256: sha256.to_owned() };
    let messages = [Payload::Metadata(metadata), Payload::Chunk(bytes)];
    let messages = messages.map(|payload| v1::StagePictureRequest { payload: Some(payload) });
    Ok(stack.publications.stage_picture(stream::iter(messages)).await?.into_inner().sha256)
}

async fn begin(stack: &mut Stack, manifest: &v1::SyncManifest, request_id: &str) -> Result<Operation, Status> {
    let request = v1::PlanSyncRequest { manifest: Some(manifest.clone()), request_id: request_id.to_owned() };
    Ok(stack.publications.plan_sync(request).await?.into_inner())
}

/// A plan that is made, by its name.
async fn plan(stack: &mut Stack, manifest: &v1::SyncManifest) -> (String, v1::SyncPlan) {
    let begun = begin(stack, manifest, "").await.unwrap();
    let made = stack.ended(begun).await.unwrap();
    (made.name.clone(), result(&made))
}

async fn apply(stack: &mut Stack, plan: &str) -> Result<Operation, Status> {
    let request = v1::ApplySyncRequest { plan: plan.to_owned(), ..Default::default() };
    let begun = stack.publications.apply_sync(request).await?.into_inner();
    stack.ended(begun).await
}

/// The address at which the emulator serves a picture.
async fn served(stack: &mut Stack, name: &str, bytes: Bytes) -> String {
    let stored = stack.upload(to("facebook", name), bytes).await.unwrap().image.unwrap();
    stack.get(&stored.name).await.unwrap().uri
}

/// How many pictures have been sent to providers.
async fn sent(stack: &Stack) -> usize {
    let mut socket = TcpStream::connect(stack.running.emulator()).await.unwrap();
    let request = b"GET /_emulator/counts HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\n\r\n";
    socket.write_all(request).await.unwrap();
    let mut counts = String::new();
    socket.read_to_string(&mut counts).await.unwrap();
    assert!(counts.starts_with("HTTP/1.1 200"), "{counts}");
    counts.matches("\"sha256\"").count()
}

async fn wanted(stack: &mut Stack) -> v1::SyncManifest {
    let uri = served(stack, "source.png", png(600)).await;
    let staged = stage(stack, png(700), "").await.unwrap();
    let small = stage(stack, png(40), "").await.unwrap();
    let mut small = sync_picture("small", Source::Sha256(small));
    small.fit = Some(v1::Fit { mode: Some(v1::fit::Mode::AsIs(v1::fit::AsIs {})), ..Default::default() });
    v1::SyncManifest {
        pictures: vec![
            sync_picture("staged", Source::Sha256(staged)),
            sync_picture("fetched", Source::Uri(uri)),
            small,
        ],
        albums: vec![
            album(YANDEX, &["staged", "fetched"]),
            album(FACEBOOK, &["staged", "fetched"]),
            album(EVOTOR, &["small"]),
        ],
    }
}

#[tokio::test]
async fn a_plan_is_shown_carried_out_as_it_is_and_leaves_nothing_to_do() {
    let mut stack = Stack::start(Settings::default()).await;
    let manifest = wanted(&mut stack).await;
    let mut old = to("facebook", "old.png");
    old.parent = FACEBOOK.to_owned();
    let old = stack.upload(old, png(800)).await.unwrap().image.unwrap().name;
    let before = sent(&stack).await;

    let (name, shown) = plan(&mut stack, &manifest).await;
    let steps: Vec<_> = shown.steps.iter().map(|step| step.step.clone().unwrap()).collect();
    let uploads: Vec<_> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Upload(upload) => Some((upload.parent.as_str(), upload.key.as_str())),
            Step::Deletion(_) => None,
        })
        .collect();
    let expected = [(FACEBOOK, "staged"), (YANDEX, "staged"), (FACEBOOK, "fetched"), (YANDEX, "fetched")];
    assert_eq!((uploads.len(), steps.len()), (4, 5), "{steps:?}");
    assert!(expected.iter().all(|upload| uploads.contains(upload)), "{uploads:?}");
    assert!(matches!(&steps[4], Step::Deletion(deletion) if deletion.name == old), "{steps:?}");
    let [objection] = shown.objections.as_slice() else { panic!("{:?}", shown.objections) };
    let why = refusal(objection.error.as_ref().unwrap());
    assert_eq!((objection.key.as_str(), why.reason.as_str()), ("small", "RULES_VIOLATED"));
    assert!(why.fields.iter().all(|field| field == "manifest.pictures[2].source"), "{why:?}");
    let counted = shown.albums.iter().find(|album| album.parent == FACEBOOK).unwrap();
    assert_eq!((counted.images, counted.uploads, counted.deletions, counted.kept, counted.objections), (1, 2, 1, 0, 0));
    let cost = shown.costs.iter().find(|cost| cost.library == "libraries/yandex-v5").unwrap();
    assert!(cost.calls >= 2 && cost.points >= 40 && cost.sent_bytes > 0, "{cost:?}");
    assert_eq!(sent(&stack).await, before, "a plan changes nothing");

    let trial = v1::ApplySyncRequest { plan: name.clone(), validate_only: true, ..Default::default() };
    let trial = stack.publications.apply_sync(trial).await.unwrap().into_inner();
    assert_eq!((trial.name.as_str(), result::<v1::SyncResponse>(&trial).outcomes.len()), ("", 5));
    assert_eq!(sent(&stack).await, before);

    let applied = apply(&mut stack, &name).await.unwrap();
    let outcomes = result::<v1::SyncResponse>(&applied).outcomes;
    use v1::sync_outcome::Result as Outcome;
    let uploaded = outcomes.iter().filter(|outcome| matches!(&outcome.result, Some(Outcome::Upload(_)))).count();
    let deleted = outcomes.iter().filter(|outcome| outcome.result == Some(Outcome::Deleted(()))).count();
    assert_eq!((uploaded, deleted), (4, 1), "{outcomes:?}");
    assert_eq!(sent(&stack).await, before + 4);

    let (again, shown) = plan(&mut stack, &manifest).await;
    assert_eq!((shown.steps.len(), shown.kept.len(), shown.objections.len()), (0, 4, 1), "{shown:?}");
    assert_eq!(result::<v1::SyncResponse>(&apply(&mut stack, &again).await.unwrap()).outcomes, []);
    assert_eq!(sent(&stack).await, before + 4);

    // The first plan is of a world that is no more.
    let outdated = failure(&apply(&mut stack, &name).await.unwrap());
    assert_eq!(
        (outdated.code, outdated.reason.as_str(), outdated.get("applied")),
        (Code::Aborted, "PLAN_OUTDATED", "no")
    );
    assert!(outdated.message.contains(FACEBOOK) || outdated.message.contains(YANDEX), "{outdated:?}");
    assert_eq!(sent(&stack).await, before + 4);
    stack.running.stop().await.unwrap();
}

#[tokio::test]
async fn a_world_that_changes_between_plan_and_apply_is_told_and_left_alone() {
    let mut stack = Stack::start(Settings::default()).await;
    let manifest = wanted(&mut stack).await;
    let (name, _) = plan(&mut stack, &manifest).await;
    stack.upload(to("yandex-v5", "other.png"), png(900)).await.unwrap();
    let before = sent(&stack).await;
    let outdated = failure(&apply(&mut stack, &name).await.unwrap());
    assert_eq!((outdated.code, outdated.reason.as_str()), (Code::Aborted, "PLAN_OUTDATED"));
    assert!(outdated.message.contains(YANDEX), "{outdated:?}");
    assert_eq!(sent(&stack).await, before);
    stack.running.stop().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_planned_or_applied_is_refused_at_its_field() {
    let mut stack = Stack::start(Settings::default()).await;
    let good = wanted(&mut stack).await;
    let refused = async |stack: &mut Stack, change: &dyn Fn(&mut v1::SyncManifest)| {
        let mut manifest = good.clone();
        change(&mut manifest);
        let refusal = Refusal::of(&begin(stack, &manifest, "").await.unwrap_err());
        assert_eq!(refusal.get("applied"), "no");
        (refusal.code, refusal.reason.clone(), refusal.fields.join(", "), refusal.message)
    };
    let source = |at: usize, source: Source| {
        move |manifest: &mut v1::SyncManifest| manifest.pictures[at].source = Some(source.clone())
    };
    let never = "0".repeat(64);
    let (code, reason, fields, _) = refused(&mut stack, &source(0, Source::Sha256(never))).await;
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "PICTURE_NOT_STAGED"));
    assert_eq!(fields, "manifest.pictures[0].sha256");
    for path in ["/home/anna/summer.png", "summer.png", "file:///home/anna/summer.png", "C:\\summer.png"] {
        let (code, _, fields, message) = refused(&mut stack, &source(1, Source::Uri(path.to_owned()))).await;
        assert_eq!((code, fields.as_str()), (Code::InvalidArgument, "manifest.pictures[1].uri"), "{path}");
        assert!(message.contains("StagePicture"), "{message}");
    }
    let (code, _, fields, _) = refused(&mut stack, &|manifest| {
        manifest.albums[0].pictures[1].key = "nothing".to_owned();
        manifest.pictures[0].display_name = String::new();
        manifest.albums.push(album(YANDEX, &[]));
    })
    .await;
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(fields, "manifest.pictures[0].display_name, manifest.albums[0].pictures[1], manifest.albums[3].parent");
    let (code, reason, ..) =
        refused(&mut stack, &|manifest| manifest.albums[0].parent = "libraries/none/albums/a".to_owned()).await;
    assert_eq!((code, reason.as_str()), (Code::NotFound, "LIBRARY_NOT_FOUND"));
    let wrong = Refusal::of(&stage(&mut stack, png(50), &"1".repeat(64)).await.unwrap_err());
    assert_eq!((wrong.code, wrong.fields.join("")), (Code::InvalidArgument, "metadata.sha256".to_owned()));

    let deletion = v1::DeleteImagesRequest { names: vec![format!("{FACEBOOK}/images/none")], ..Default::default() };
    let other = stack.images.delete_images(deletion).await.unwrap().into_inner();
    for (plan, code) in [(other.name, Code::InvalidArgument), ("operations/none".to_owned(), Code::NotFound)] {
        assert_eq!(apply(&mut stack, &plan).await.unwrap_err().code(), code, "{plan}");
    }

    // An album that cannot be listed fails the plan.
    let mut unknown = good.clone();
    unknown.albums[1].parent = "libraries/facebook/albums/none".to_owned();
    let begun = begin(&mut stack, &unknown, "").await.unwrap();
    let failed = stack.ended(begun).await.unwrap();
    let refused = failure(&failed);
    assert_eq!((refused.reason.as_str(), refused.fields), ("INVALID_ARGUMENT", vec!["manifest".to_owned()]));
    assert_eq!(apply(&mut stack, &failed.name).await.unwrap_err().code(), Code::InvalidArgument);

    // A repetition gets the first plan.
    let first = begin(&mut stack, &good, "3f1c").await.unwrap();
    assert_eq!(begin(&mut stack, &good, "3f1c").await.unwrap().name, first.name);
    stack.running.stop().await.unwrap();
}
