//! `CheckImage` says before an upload what the upload would come to, and asks no provider anything.

use image::ImageFormat;
use polyptych::emulator::Settings;
use polyptych::proto::v1;
use polyptych_e2e::{Refusal, Stack, contain, picture, to};
use tonic::Code;

fn rules(violations: &[v1::RuleViolation]) -> Vec<&str> {
    violations.iter().map(|violation| violation.rule.as_str()).collect()
}

#[tokio::test]
async fn what_is_found_broken_and_planned_is_what_the_upload_then_does() {
    let mut stack = Stack::start(Settings::default()).await;
    let small = picture(200, 100, ImageFormat::WebP);
    let bare = stack.check(to("yandex-v5", "banner.webp"), small.clone()).await.unwrap();
    let found = bare.found.unwrap();
    assert_eq!((found.media_type.as_str(), found.frames, found.bit_depth, found.orientation), ("image/webp", 1, 8, 1));
    assert_eq!(found.size, Some(v1::Pixels { width: 200, height: 100 }));
    assert_eq!(found.colour_space(), v1::found_image::ColourSpace::Rgb);
    assert!(!found.alpha && !found.icc_profile);
    assert_eq!((found.size_bytes, found.sha256.len()), (small.len() as i64, 64));
    assert_eq!(rules(&bare.violations), ["format", "pixels"]);
    assert!(bare.violations.iter().all(|one| !one.image_class.is_empty() && !one.limit.is_empty()));
    let plan = bare.plan.unwrap();
    assert!(plan.summary.starts_with("contain to "), "{}", plan.summary);

    let metadata = v1::UploadImageMetadata { fit: plan.fit, ..to("yandex-v5", &plan.display_name) };
    let planned = stack.check(metadata.clone(), small.clone()).await.unwrap().plan.unwrap();
    let sent = stack.upload(metadata, small).await.unwrap().sent.unwrap();
    assert_eq!((sent.size, Some(&sent.media_type)), (planned.size, planned.media_types.first()));
    assert!(sent.size_bytes <= planned.max_bytes);
}

#[tokio::test]
async fn an_image_that_suits_is_told_its_classes_and_advice_refuses_nothing() {
    let mut stack = Stack::start(Settings::default()).await;
    let square = picture(600, 500, ImageFormat::Jpeg);
    let direct = stack.check(to("yandex-v5", "a.jpg"), square.clone()).await.unwrap();
    assert_eq!(
        (direct.image_classes, direct.violations.len(), direct.plan),
        (vec!["REGULAR".to_owned(), "FIXED_IMAGE".to_owned()], 0, None)
    );
    let facebook = stack.check(to("facebook", "a.jpg"), square.clone()).await.unwrap();
    let places: Vec<_> = facebook.advice.iter().map(|one| one.image_class.as_str()).collect();
    assert_eq!((facebook.violations.len(), places), (0, vec!["feed", "stories"]));
    stack.upload(to("facebook", "a.jpg"), square).await.unwrap();
}

#[tokio::test]
async fn damage_is_part_of_the_answer_and_a_malformed_request_is_an_error() {
    let mut stack = Stack::start(Settings::default()).await;
    let html = stack.check(to("evotor", "a.png"), &b"<html></html>"[..]).await.unwrap();
    assert_eq!((rules(&html.violations), html.found), (vec!["content"], None));
    let png = picture(300, 300, ImageFormat::Png);
    let cut = stack.check(to("evotor", "a.png"), png.slice(..png.len() / 2)).await.unwrap();
    assert_eq!((rules(&cut.violations), cut.found.is_some()), (vec!["content"], true));
    for (metadata, code) in [(to("nowhere", "a.png"), Code::NotFound), (to("evotor", ""), Code::InvalidArgument)] {
        let refusal = Refusal::of(&stack.check(metadata, png.clone()).await.unwrap_err());
        assert_eq!(refusal.code, code, "{refusal:?}");
    }
    let class = v1::UploadImageMetadata { image_class: "NONE".to_owned(), fit: contain(), ..to("evotor", "a.png") };
    let unknown = stack.check(class, png).await.unwrap();
    assert_eq!((rules(&unknown.violations), rules(&unknown.obstacles)), (vec!["class"], vec!["class"]));
    assert_eq!(stack.list("evotor").await.unwrap(), []);
}
