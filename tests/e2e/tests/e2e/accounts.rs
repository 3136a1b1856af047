//! What shows images, and the limits of accounts, as each library tells them over gRPC.

use image::ImageFormat;
use polyptych::emulator::{Settings, Token};
use polyptych::proto::v1;
use polyptych_e2e::{Refusal, Stack, picture, to};
use tonic::{Code, Status};
use v1::association::Moderation;

const LIBRARIES: [&str; 6] = ["yandex-v5", "yandex-v5-soap", "yandex-live4", "yandex-live4-soap", "facebook", "evotor"];

/// A stack whose Yandex libraries belong to advertisers of these names.
async fn stack() -> Stack {
    let token = |library: &str| {
        let token = Token::new(format!("emulated-{library}"));
        let login = library.starts_with("yandex").then(|| library.to_owned());
        Token { login, ..token }
    };
    Stack::start(Settings { tokens: LIBRARIES.map(token).into(), ..Settings::default() }).await
}

async fn uploaded(stack: &mut Stack, library: &str) -> String {
    let (name, bytes) = match library {
        "evotor" => ("a.png", picture(300, 300, ImageFormat::Png)),
        _ => ("a.jpg", picture(600, 450, ImageFormat::Jpeg)),
    };
    stack.upload(to(library, name), bytes).await.unwrap().image.unwrap().name
}

async fn associations(stack: &mut Stack, request: v1::ListAssociationsRequest) -> Result<Vec<v1::Association>, Status> {
    Ok(stack.associations.list_associations(request).await?.into_inner().associations)
}

/// Lets advertisements show images.
async fn changed(
    stack: &mut Stack,
    library: &str,
    changes: &[(&str, &str)],
) -> Result<Vec<v1::AssociationOutcome>, Status> {
    let change = |(ad, image): &(&str, &str)| v1::AssociationChange {
        advertisement: (*ad).to_owned(),
        image: (*image).to_owned(),
    };
    let parent = format!("libraries/{library}");
    let request = v1::SetAssociationsRequest { parent, changes: changes.iter().map(change).collect() };
    Ok(stack.associations.set_associations(request).await?.into_inner().outcomes)
}

async fn quota(stack: &mut Stack, name: &str) -> Result<v1::Quota, Status> {
    Ok(stack.libraries.get_quota(v1::GetQuotaRequest { name: name.to_owned() }).await?.into_inner())
}

fn of(library: &str) -> v1::ListAssociationsRequest {
    v1::ListAssociationsRequest { parent: format!("libraries/{library}"), ..Default::default() }
}

fn refused(result: Result<impl std::fmt::Debug, Status>) -> (Code, String) {
    let refusal = Refusal::of(&result.unwrap_err());
    assert_eq!(refusal.get("applied"), "no", "{refusal:?}");
    (refusal.code, refusal.reason)
}

#[tokio::test]
async fn v4_live_tells_and_changes_what_ads_show() {
    let mut stack = stack().await;
    for (library, first) in [("yandex-live4", 101), ("yandex-live4-soap", 201)] {
        let [one, two] = [first, first + 1].map(|id: i64| id.to_string());
        stack
            .set_up(format!(
                r#"{{"ads":[{{"login":"{library}","ads":[{{"id":{one},"campaign":7}},{{"id":{two},"campaign":8}}]}}]}}"#
            ))
            .await;
        let image = uploaded(&mut stack, library).await;
        assert_eq!(associations(&mut stack, of(library)).await.unwrap(), []);

        let album = image.split("/images/").next().unwrap().to_owned();
        let missing = format!("{album}/images/{}", "f".repeat(22));
        let changes = [(&*one, &*image), ("99999", &*image), (&*two, &*missing)];
        let outcomes = changed(&mut stack, library, &changes).await.unwrap();
        assert_eq!(outcomes.iter().map(|outcome| &*outcome.advertisement).collect::<Vec<_>>(), [&one, "99999", &two]);
        let failed: Vec<_> = outcomes.iter().map(|outcome| outcome.error.is_some()).collect();
        assert_eq!(failed, [false, true, true], "{outcomes:?}");

        let told = associations(&mut stack, of(library)).await.unwrap();
        let [bound] = told.as_slice() else { panic!("{library}: {told:?}") };
        assert_eq!((&*bound.image, &*bound.advertisement, &*bound.campaign), (&*image, &*one, "7"), "{library}");
        assert_ne!(bound.moderation(), Moderation::Unspecified, "{library}");
        for (images, advertisements, expected) in
            [(vec![image.clone()], vec![], 1), (vec![missing], vec![], 0), (vec![], vec![two.clone()], 0)]
        {
            let filtered = v1::ListAssociationsRequest { images, advertisements, ..of(library) };
            assert_eq!(
                associations(&mut stack, filtered.clone()).await.unwrap().len(),
                expected,
                "{library} {filtered:?}"
            );
        }
        // An image that an advertisement shows is not deleted, until it shows it no longer.
        let refusal = Refusal::of(&stack.delete(&image).await.unwrap_err());
        assert_eq!((refusal.code, &*refusal.reason), (Code::FailedPrecondition, "IMAGE_IN_USE"), "{library}");
        let outcomes = changed(&mut stack, library, &[(&one, "")]).await.unwrap();
        assert!(outcomes[0].error.is_none(), "{outcomes:?}");
        assert_eq!(associations(&mut stack, of(library)).await.unwrap(), []);
        stack.delete(&image).await.unwrap();
    }
}

#[tokio::test]
async fn elsewhere_associations_are_told_as_far_as_the_provider_tells_them_and_never_changed() {
    let mut stack = stack().await;
    for library in ["yandex-v5", "yandex-v5-soap"] {
        let image = uploaded(&mut stack, library).await;
        assert_eq!(associations(&mut stack, of(library)).await.unwrap(), []);
        let hash = image.rsplit('/').next().unwrap();
        stack.set_up(format!(r#"{{"ads":[{{"login":"{library}","ads":[{{"campaign":7,"image":"{hash}"}}]}}]}}"#)).await;
        let told = associations(&mut stack, of(library)).await.unwrap();
        let expected = v1::Association { image, ..Default::default() };
        assert_eq!(told, [expected], "v5 tells that an image is shown, and not by what");
        let by_ad = v1::ListAssociationsRequest { advertisements: vec!["1".to_owned()], ..of(library) };
        assert_eq!(refused(associations(&mut stack, by_ad).await), (Code::Unimplemented, "UNSUPPORTED".to_owned()));
    }
    let image = uploaded(&mut stack, "facebook").await;
    let only = v1::ListAssociationsRequest { images: vec![image], ..of("facebook") };
    assert_eq!(associations(&mut stack, only).await.unwrap(), [], "no creative shows it");
    assert_eq!(refused(associations(&mut stack, of("evotor")).await), (Code::Unimplemented, "UNSUPPORTED".to_owned()));
    for library in ["yandex-v5", "yandex-v5-soap", "facebook", "evotor"] {
        let changed = changed(&mut stack, library, &[("1", "")]).await;
        assert_eq!(refused(changed), (Code::Unimplemented, "UNSUPPORTED".to_owned()), "{library}");
    }
}

#[tokio::test]
async fn malformed_questions_and_changes_are_refused_whatever_the_library() {
    let mut stack = stack().await;
    for library in LIBRARIES {
        for changes in [&[][..], &[("x", "")], &[("1", "libraries/nowhere/albums/a/images/b")], &[("1", "a.png")]] {
            let refusal = refused(changed(&mut stack, library, changes).await);
            assert_eq!(refusal, (Code::InvalidArgument, "INVALID_ARGUMENT".to_owned()), "{library} {changes:?}");
        }
        for (images, advertisements, page_token) in
            [(vec!["a"], vec![], ""), (vec![], vec!["-1"], ""), (vec![], vec![], "made-up")]
        {
            let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
            let request = v1::ListAssociationsRequest {
                images: owned(images),
                advertisements: owned(advertisements),
                page_token: page_token.to_owned(),
                ..of(library)
            };
            let refusal = refused(associations(&mut stack, request.clone()).await);
            assert_eq!(refusal, (Code::InvalidArgument, "INVALID_ARGUMENT".to_owned()), "{request:?}");
        }
    }
    let nowhere = (Code::NotFound, "LIBRARY_NOT_FOUND".to_owned());
    assert_eq!(refused(associations(&mut stack, of("nowhere")).await), nowhere);
    assert_eq!(refused(changed(&mut stack, "nowhere", &[("1", "")]).await), nowhere);
}

#[tokio::test]
async fn each_library_tells_the_limits_of_its_account() {
    use v1::gauge::{Source, Unit};

    let mut stack = stack().await;
    for library in LIBRARIES {
        uploaded(&mut stack, library).await;
        let told = quota(&mut stack, &format!("libraries/{library}/quota")).await.unwrap();
        let album = told.name.strip_prefix(&format!("libraries/{library}/albums/")).unwrap();
        assert!(album.ends_with("/quota"), "{library}: {}", told.name);
        let gauge = |unit: Unit, source: Source| {
            let found = told.gauges.iter().find(|gauge| gauge.unit() == unit && gauge.source() == source);
            found.unwrap_or_else(|| panic!("{library}: {told:?}"))
        };
        match library {
            "yandex-v5" | "yandex-v5-soap" => {
                // One upload and no more has been paid for: 20 for the call and 20 for the image.
                let points = gauge(Unit::Points, Source::LastAnswer);
                assert_eq!(points.limit.unwrap() - points.left.unwrap(), 40.0, "{library}: {points:?}");
            }
            "yandex-live4" | "yandex-live4-soap" => {
                let room = gauge(Unit::Images, Source::Asked);
                assert_eq!((room.used, room.limit), (Some(1.0), Some(1000.0)), "{library}: {room:?}");
            }
            "facebook" => {
                let calls = gauge(Unit::Percent, Source::LastAnswer);
                assert!(calls.used.is_some_and(|used| (0.0..=100.0).contains(&used)), "{calls:?}");
            }
            _ => {
                let calls = gauge(Unit::Calls, Source::LastAnswer);
                assert!(calls.left < calls.limit, "{calls:?}");
            }
        }
    }
    // Two more for each advertisement.
    stack.set_up(r#"{"ads":[{"login":"yandex-live4","ads":[{"campaign":7},{"campaign":7}]}]}"#.to_owned()).await;
    let told = quota(&mut stack, "libraries/yandex-live4/albums/self/quota").await.unwrap();
    let room = told.gauges.iter().find(|gauge| gauge.unit() == Unit::Images).unwrap();
    assert_eq!((room.used, room.limit), (Some(1.0), Some(1004.0)));
}

#[tokio::test]
async fn no_limits_are_told_of_what_is_no_album() {
    let mut stack = stack().await;
    for (name, expected) in [
        ("libraries/nowhere/quota", (Code::NotFound, "LIBRARY_NOT_FOUND")),
        ("libraries/yandex-v5", (Code::InvalidArgument, "INVALID_ARGUMENT")),
        ("libraries/yandex-v5/albums/self/limits", (Code::InvalidArgument, "INVALID_ARGUMENT")),
        ("libraries/evotor/albums/no-product/quota", (Code::InvalidArgument, "INVALID_ARGUMENT")),
        ("", (Code::InvalidArgument, "INVALID_ARGUMENT")),
    ] {
        let (code, reason) = refused(quota(&mut stack, name).await);
        assert_eq!((code, &*reason), expected, "{name}");
    }
}
