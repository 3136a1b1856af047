//! What work costs and may cost, over gRPC: estimates are what the emulator then counts, and work stops before it would count
//! more than a budget allows.

use image::ImageFormat;
use polyptych::emulator::Settings;
use polyptych::proto::longrunning::{Operation, operation};
use polyptych::proto::v1;
use polyptych_e2e::{Refusal, Stack, picture, plain_client, to};
use prost::Message;
use tonic::{Code, Status};
use tonic_types::pb;
use v1::upload_outcome::Result as Outcome;

/// Albums of so many advertisers at Yandex.
fn advertisers(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("libraries/yandex-v5/albums/client-{number}")).collect()
}

fn publication(parents: &[String], budget: Option<v1::Budget>) -> v1::PublishMetadata {
    let target = |parent: &String| v1::PublishTarget { parent: parent.clone(), ..Default::default() };
    let targets = parents.iter().map(target).collect();
    v1::PublishMetadata { display_name: "banner.png".to_owned(), targets, budget, ..Default::default() }
}

fn points(max_points: i64) -> Option<v1::Budget> {
    Some(v1::Budget { max_points: Some(max_points), max_calls: None })
}

fn calls(max_calls: i64) -> Option<v1::Budget> {
    Some(v1::Budget { max_points: None, max_calls: Some(max_calls) })
}

fn metadata(operation: &Operation) -> v1::OperationMetadata {
    v1::OperationMetadata::decode(operation.metadata.as_ref().unwrap().value.as_slice()).unwrap()
}

fn result<M: Message + Default>(operation: &Operation) -> M {
    let Some(operation::Result::Response(any)) = &operation.result else { panic!("{operation:?}") };
    M::decode(any.value.as_slice()).unwrap()
}

fn refusal(status: &pb::Status) -> Refusal {
    Refusal::of(&Status::with_details(status.code.into(), &status.message, status.encode_to_vec().into()))
}

/// Requests of an operation that the emulator has had.
async fn had(stack: &Stack, operation: &str) -> usize {
    let address = format!("http://{}/_emulator/journal", stack.running.emulator());
    let text = plain_client().get(address).send().await.unwrap().text().await.unwrap();
    text.matches(&format!("\"operation\":\"{operation}\"")).count()
}

/// Points that the provider has taken from these accounts.
async fn taken(stack: &mut Stack, parents: &[String]) -> i64 {
    let mut taken = 0;
    for parent in parents {
        let name = format!("{parent}/quota");
        let quota = stack.libraries.get_quota(v1::GetQuotaRequest { name }).await.unwrap().into_inner();
        let points = quota.gauges.iter().find(|gauge| gauge.unit() == v1::gauge::Unit::Points);
        let spent = points.map_or(0.0, |gauge| gauge.limit.unwrap() - gauge.left.unwrap());
        taken += spent as i64;
    }
    taken
}

#[tokio::test]
async fn a_publication_stops_before_it_costs_more_than_it_may_and_says_what_was_done() {
    let mut stack = Stack::start(Settings::default()).await;
    let (parents, file) = (advertisers(8), picture(600, 600, ImageFormat::Png));
    let operation = stack.publish(publication(&parents, points(190)), file.clone()).await.unwrap();
    let told = metadata(&operation);
    let outcomes = result::<v1::PublishResponse>(&operation).outcomes;
    let mut done = 0;
    for outcome in &outcomes {
        match outcome.result.as_ref().unwrap() {
            Outcome::Upload(upload) => done += i64::from(!upload.reused),
            Outcome::Error(status) => {
                let refusal = refusal(status);
                assert_eq!((status.code, refusal.reason.as_str()), (Code::FailedPrecondition as i32, "BUDGET_SPENT"));
                assert_eq!(refusal.get("applied"), "no");
            }
        }
    }
    // An upload costs 40, and 50 are set aside for one: what a call that is refused as a whole would cost.
    assert_eq!(done, 4, "{outcomes:?}");
    let progress = told.progress.unwrap();
    assert_eq!((progress.succeeded, progress.failed, progress.unknown), (done, 8 - done, 0));
    assert_eq!((told.budget, told.costs.len()), (points(190), 1));
    assert_eq!((told.costs[0].calls, told.costs[0].points), (done, 40 * done));
    assert_eq!(told.costs[0].evidence(), v1::image_class::Evidence::Measured);
    assert_eq!(had(&stack, "AdImages.add").await as i64, done);
    let taken_then = taken(&mut stack, &parents).await;
    assert!(taken_then == 40 * done && taken_then <= 190, "{taken_then}");

    // The same once more: what is there costs nothing, and the budget does for the rest.
    let rest = stack.publish(publication(&parents, calls(8 - done)), file).await.unwrap();
    assert_eq!(metadata(&rest).progress.unwrap().succeeded, 8);
    assert_eq!(metadata(&rest).costs[0].calls, 8 - done);
    assert_eq!(had(&stack, "AdImages.add").await, 8);
}

#[tokio::test]
async fn an_estimate_is_what_the_emulator_then_counts_and_spends_nothing() {
    let mut stack = Stack::start(Settings::default()).await;
    let facebook = "libraries/facebook/albums/1000000001".to_owned();
    let live4 = "libraries/yandex-live4".to_owned();
    let parents = [advertisers(3), vec![facebook, live4]].concat();
    let file = picture(640, 480, ImageFormat::Png);
    stack.publish(publication(&parents[..1], None), file.clone()).await.unwrap();
    let before = (had(&stack, "AdImages.add").await, had(&stack, "adimages.create").await);

    let asked = v1::PublishMetadata { validate_only: true, ..publication(&parents, points(1_000)) };
    let estimate = stack.publications.publish(messages(asked, &file)).await.unwrap().into_inner();
    assert!(estimate.done && estimate.name.is_empty());
    let expected = metadata(&estimate);
    assert_eq!(
        (expected.verb.as_str(), expected.budget, expected.progress.unwrap().total),
        ("publish", points(1_000), 5)
    );
    assert_eq!((had(&stack, "AdImages.add").await, had(&stack, "adimages.create").await), before);

    let done = stack.publish(publication(&parents, None), file.clone()).await.unwrap();
    assert_eq!(metadata(&done).progress.unwrap().succeeded, 5);
    assert_eq!(metadata(&done).costs, expected.costs);
    let of = |library: &str| expected.costs.iter().find(|cost| cost.library == library).unwrap();
    let (v5, live4) = (of("libraries/yandex-v5"), of("libraries/yandex-live4"));
    assert_eq!((v5.calls, v5.points, v5.evidence()), (2, 80, v1::image_class::Evidence::Measured));
    assert_eq!((live4.calls, live4.points, live4.evidence()), (1, 40, v1::image_class::Evidence::Assumed));
    assert_eq!(had(&stack, "AdImages.add").await - before.0, 2);
    assert_eq!(had(&stack, "adimages.create").await - before.1, 1);
    assert_eq!(taken(&mut stack, &parents[..3]).await, 40 + v5.points);

    // An upload tells the same of one picture.
    let other = picture(700, 700, ImageFormat::Png);
    let upload = v1::UploadImageMetadata { validate_only: true, ..to("yandex-v5", "other.png") };
    let estimated = stack.upload(upload.clone(), other.clone()).await.unwrap().cost.unwrap();
    assert_eq!((estimated.calls, estimated.points, estimated.sent_bytes), (1, 40, other.len() as i64));
    let upload = v1::UploadImageMetadata { validate_only: false, ..upload };
    assert_eq!(stack.upload(upload.clone(), other.clone()).await.unwrap().cost.unwrap(), estimated);
    let again = v1::UploadImageMetadata { validate_only: true, ..upload };
    assert_eq!(stack.upload(again, other).await.unwrap().cost.unwrap().calls, 0);
}

#[tokio::test]
async fn deletions_copies_and_imports_are_estimated_counted_and_kept_within_their_budgets() {
    let mut stack = Stack::start(Settings::default()).await;
    let (parents, file) = (advertisers(3), picture(600, 600, ImageFormat::Png));
    let operation = stack.publish(publication(&parents, None), file).await.unwrap();
    let stored = result::<v1::PublishResponse>(&operation).outcomes.into_iter().map(|outcome| match outcome.result {
        Some(Outcome::Upload(upload)) => upload.image.unwrap().name,
        other => panic!("{other:?}"),
    });
    let names: Vec<String> = stored.collect();

    let copy = v1::CopyImagesRequest {
        names: names.clone(),
        parent: "libraries/facebook".to_owned(),
        validate_only: true,
        ..Default::default()
    };
    let estimate = metadata(&stack.images.copy_images(copy.clone()).await.unwrap().into_inner());
    let begun = stack.images.copy_images(v1::CopyImagesRequest { validate_only: false, ..copy.clone() }).await.unwrap();
    let copied = metadata(&stack.ended(begun.into_inner()).await.unwrap());
    let spent = |told: &v1::OperationMetadata, library: &str| {
        let cost = told.costs.iter().find(|cost| cost.library.ends_with(library)).unwrap();
        (cost.calls, cost.points)
    };
    assert_eq!((spent(&copied, "yandex-v5"), spent(&estimate, "yandex-v5")), ((3, 48), (3, 48)));
    // The same picture three times: an estimate that asks nobody cannot know.
    assert_eq!((spent(&copied, "facebook"), spent(&estimate, "facebook")), ((1, 0), (3, 0)));
    let poor = v1::CopyImagesRequest { validate_only: false, budget: calls(1), ..copy };
    let begun = stack.images.copy_images(poor).await.unwrap().into_inner();
    let stopped = metadata(&stack.ended(begun).await.unwrap());
    assert_eq!((spent(&stopped, "yandex-v5").0, stopped.costs.len()), (1, 1));

    let delete = v1::DeleteImagesRequest { names, validate_only: true, ..Default::default() };
    let estimate = metadata(&stack.images.delete_images(delete.clone()).await.unwrap().into_inner());
    assert_eq!((estimate.costs[0].calls, estimate.costs[0].points), (3, 30));
    let before = had(&stack, "AdImages.delete").await;
    let request = v1::DeleteImagesRequest { validate_only: false, budget: calls(2), ..delete };
    let begun = stack.images.delete_images(request).await.unwrap().into_inner();
    let deleted = stack.ended(begun).await.unwrap();
    let told = metadata(&deleted);
    let progress = told.progress.unwrap();
    assert_eq!((progress.succeeded, progress.failed, told.costs[0].calls), (2, 1, 2));
    assert_eq!(had(&stack, "AdImages.delete").await - before, 2);
    assert_eq!(refusal(told.failures[0].status.as_ref().unwrap()).reason, "BUDGET_SPENT");

    let uri = stack.upload(to("facebook", "source.png"), picture(500, 500, ImageFormat::Png)).await.unwrap();
    let uri = stack.get(&uri.image.unwrap().name).await.unwrap().uri;
    let source = |parent: &String| v1::ImportSource { uri: uri.clone(), parent: parent.clone(), ..Default::default() };
    let import = v1::ImportImagesRequest {
        sources: parents.iter().map(source).collect(),
        validate_only: true,
        ..Default::default()
    };
    let estimate = metadata(&stack.images.import_images(import.clone()).await.unwrap().into_inner());
    assert_eq!(spent(&estimate, "yandex-v5"), (3, 120));
    let before = had(&stack, "AdImages.add").await;
    let request = v1::ImportImagesRequest { validate_only: false, budget: points(95), ..import };
    let begun = stack.images.import_images(request).await.unwrap().into_inner();
    let told = metadata(&stack.ended(begun).await.unwrap());
    let (done, cost) = spent(&told, "yandex-v5");
    assert_eq!((done, cost), (2, 80), "{told:?}");
    assert_eq!((had(&stack, "AdImages.add").await - before) as i64, done);
    assert_eq!(told.progress.unwrap().succeeded, done);
}

fn messages(
    metadata: v1::PublishMetadata,
    file: &[u8],
) -> impl futures_util::Stream<Item = v1::PublishRequest> + Send + 'static {
    use v1::publish_request::Payload;
    let all = [Payload::Metadata(metadata), Payload::Chunk(file.to_vec().into())];
    futures_util::stream::iter(all.map(|payload| v1::PublishRequest { payload: Some(payload) }))
}
