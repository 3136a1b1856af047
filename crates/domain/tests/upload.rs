//! What an upload does before and after it reaches a library, seen through a library that only remembers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_executor::block_on;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych_domain::*;

const NAME: NameRule =
    NameRule { max_chars: 20, extension_required: true, evidence: Evidence::Assumed, source: "this test" };

/// Takes PNG 300x300 and, by demand only, a 100x50 banner.
const RULES: Rules = Rules {
    classes: &[
        ImageClass {
            name: "ICON",
            formats: &[Format::Png],
            size: SizeRule::Exact(&[Pixels { width: 300, height: 300 }]),
            max_bytes: 100_000,
            automatic: true,
            evidence: Evidence::Assumed,
            source: "this test",
        },
        ImageClass {
            name: "BANNER",
            formats: &[Format::Jpeg],
            size: SizeRule::Exact(&[Pixels { width: 100, height: 50 }]),
            max_bytes: 100_000,
            automatic: false,
            evidence: Evidence::Assumed,
            source: "this test",
        },
    ],
    name: NAME,
    images_per_album: None,
    cases: &[],
    advice: &[],
};

#[derive(Default)]
struct Remembering {
    uploads: Mutex<Vec<Upload>>,
    default_album: Option<AlbumId>,
}

static CAPABILITIES: Capabilities = Capabilities {
    deduplicates: Capability::Absent,
    replace: Capability::Absent,
    download: Capability::Absent,
    copy: Capability::Absent,
    associations: Capability::Absent,
    associate: Capability::Absent,
    albums: Capability::Absent,
    room: Capability::Absent,
    import_url: Capability::Absent,
    uploads_per_call: 1,
    upload_bytes_per_call: 1 << 20,
    deletes_per_call: 1,
    page_size: 100,
    calls_at_once: 1,
    prices: Prices::none("this test"),
};

fn library_id() -> LibraryId {
    LibraryId::new("shelf").unwrap()
}

/// `LibraryId` has no const constructor; the port hands out a reference.
static ID: std::sync::LazyLock<LibraryId> = std::sync::LazyLock::new(library_id);

#[async_trait]
impl ImageLibrary for Remembering {
    fn id(&self) -> &LibraryId {
        &ID
    }
    fn provider(&self) -> Provider {
        Provider::Evotor
    }
    fn encoding(&self) -> &'static str {
        "multipart"
    }
    fn default_album(&self) -> Option<&AlbumId> {
        self.default_album.as_ref()
    }
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }
    fn rules(&self) -> &'static Rules {
        &RULES
    }
    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        self.uploads.lock().unwrap().extend_from_slice(uploads);
        Ok(uploads.iter().map(|_| Ok(Image::new(album.clone(), ImageId::new("1").unwrap()).into())).collect())
    }
    async fn list(&self, _: &AlbumId, _: &PageRequest) -> Result<Page<Image>, Error> {
        Ok(Page { items: Vec::new(), next: None })
    }
    async fn get(&self, _: &AlbumId, _: &ImageId) -> Result<Image, Error> {
        Err(Error::new(ErrorKind::ImageNotFound, "there is no such image"))
    }
    async fn delete(&self, _: &AlbumId, _: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        Ok(Vec::new())
    }
    async fn quota(&self, _: &AlbumId) -> Result<Quota, Error> {
        Ok(Quota::default())
    }
}

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 128]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn command(bytes: Vec<u8>, name: &str, fit: Fit) -> UploadCommand {
    let album = AlbumName { library: library_id(), album: AlbumId::new("a").unwrap() };
    UploadCommand::new(album, name, bytes).with_fit(fit)
}

fn upload(command: UploadCommand) -> (Result<UploadReceipt, Error>, Vec<Upload>) {
    let library = Arc::new(Remembering::default());
    let service = Service::new(vec![library.clone()], Arc::new(InlineWorkers)).unwrap();
    let result = block_on(service.upload(command));
    let uploads = library.uploads.lock().unwrap().clone();
    (result, uploads)
}

const CONTAIN: Fit = Fit::Contain { background: polyptych_domain::Rgb::WHITE };

#[test]
fn an_image_that_suits_is_sent_byte_for_byte_even_with_a_fit() {
    for fit in [Fit::None, CONTAIN] {
        let bytes = picture(300, 300, ImageFormat::Png);
        let (result, uploads) = upload(command(bytes.clone(), "a.png", fit));
        let receipt = result.unwrap();
        assert!(!receipt.sent.fitted);
        assert_eq!(receipt.sent.sha256, Sha256::of(&bytes));
        assert_eq!(uploads[0].content.source().read().unwrap(), bytes);
        assert_eq!(receipt.album.to_string(), "libraries/shelf/albums/a");
    }
}

#[test]
fn without_a_fit_every_broken_rule_is_named_and_nothing_is_sent() {
    let (result, uploads) =
        upload(command(picture(640, 480, ImageFormat::Jpeg), "a-very-long-name-without-end", Fit::None));
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RulesViolated);
    let rules: Vec<_> = error.violations().iter().map(|violation| &*violation.rule).collect();
    // BANNER takes JPEG, so it comes nearest: only its size is wrong.
    assert_eq!(rules, ["name", "name", "pixels"]);
    assert_eq!(error.applied(), Applied::No);
    assert!(uploads.is_empty());
}

#[test]
fn a_fit_brings_the_image_to_an_automatic_class_and_renames_it() {
    let (result, uploads) = upload(command(picture(640, 480, ImageFormat::Jpeg), "photo.JPG", CONTAIN));
    let receipt = result.unwrap();
    assert_eq!((receipt.sent.format, receipt.sent.pixels.to_string()), (Format::Png, "300x300".to_owned()));
    assert!(receipt.sent.fitted);
    assert_eq!(uploads[0].name, "photo.png");
    let sent = image::load_from_memory(&uploads[0].content.source().read().unwrap()).unwrap();
    assert_eq!((sent.width(), sent.height()), (300, 300));
}

#[test]
fn a_fit_that_only_the_name_needs_leaves_every_byte_as_it_was() {
    let bytes = picture(300, 300, ImageFormat::Png);
    for (name, expected) in [("photo", "photo.png"), ("фото.", "фото..png"), (".png", ".png.png")] {
        let (result, uploads) = upload(command(bytes.clone(), name, CONTAIN));
        assert!(!result.unwrap().sent.fitted, "{name}");
        assert_eq!(uploads[0].name, expected);
        assert_eq!(uploads[0].content.source().read().unwrap(), bytes);
    }
    let error = upload(command(bytes, "a-name-of-20-letters", CONTAIN)).0.unwrap_err();
    assert_eq!(error.violations().iter().map(|violation| &*violation.rule).collect::<Vec<_>>(), ["name"]);
}

#[test]
fn a_class_is_used_when_it_is_asked_for_and_an_unknown_one_is_refused() {
    let mut banner = command(picture(640, 480, ImageFormat::Png), "b.png", CONTAIN);
    banner.class = Some("BANNER".to_owned());
    let (result, uploads) = upload(banner.clone());
    assert_eq!(result.unwrap().sent.pixels.to_string(), "100x50");
    assert_eq!(uploads[0].class.as_deref(), Some("BANNER"));

    banner.class = Some("POSTER".to_owned());
    let error = upload(banner).0.unwrap_err();
    assert_eq!(error.to_string(), "shelf: class is POSTER, allowed is ICON, BANNER");
}

#[test]
fn what_is_no_image_is_refused_before_anything_is_sent() {
    let truncated = {
        let mut bytes = picture(300, 300, ImageFormat::Png);
        bytes.truncate(bytes.len() / 2);
        bytes
    };
    let cases: [(Vec<u8>, ErrorKind); 3] = [
        (b"<html>".to_vec(), ErrorKind::NotAnImage),
        (Vec::new(), ErrorKind::NotAnImage),
        (truncated, ErrorKind::CorruptImage),
    ];
    for (bytes, kind) in cases {
        let (result, uploads) = upload(command(bytes, "a.png", CONTAIN));
        assert_eq!(result.unwrap_err().kind(), kind);
        assert!(uploads.is_empty());
    }
}

#[test]
fn bad_names_albums_and_libraries_are_refused_with_what_to_do() {
    let png = || picture(300, 300, ImageFormat::Png);
    for name in ["", "  ", "a\n.png"] {
        assert_eq!(upload(command(png(), name, Fit::None)).0.unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
    let mut nowhere = command(png(), "a.png", Fit::None);
    nowhere.album = None;
    let message = upload(nowhere).0.unwrap_err().to_string();
    assert!(message.contains("name an album: libraries/shelf/albums/{album}"), "{message}");

    let mut unknown = command(png(), "a.png", Fit::None);
    unknown.library = LibraryId::new("other").unwrap();
    let error = upload(unknown).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LibraryNotFound);
    assert_eq!(error.message(), "no library `other` is configured; configured are: shelf");
}

#[test]
fn a_service_within_a_scope_does_not_tell_whether_other_libraries_are_there() {
    let service = Service::new(vec![Arc::new(Remembering::default())], Arc::new(InlineWorkers)).unwrap();
    let within = |scope: fn(&LibraryId) -> bool| service.clone().within(Scope::new(scope));
    let ids = |service: &Service| service.libraries().map(|library| library.id().to_string()).collect::<Vec<_>>();
    let (all, none) = (within(|_| true), within(|library| library.as_str() == "other"));
    assert_eq!(
        (ids(&service), ids(&all), ids(&none)),
        (vec!["shelf".into()], vec!["shelf".into()], Vec::<String>::new())
    );
    let refused = ["shelf", "elsewhere"].map(|id| {
        let name = format!("libraries/{id}/albums/a/images/1").parse().unwrap();
        let error = block_on(none.delete(&name)).unwrap_err();
        (error.kind(), error.message().to_owned(), error.library().cloned(), error.album().cloned())
    });
    assert_eq!(refused[0], refused[1]);
    assert_eq!(refused[0].0, ErrorKind::Forbidden);
    let absent = none.library(&LibraryId::new("other").unwrap()).map(drop).unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::LibraryNotFound);
    assert!(!absent.message().contains("shelf"), "{absent}");
}

#[test]
fn a_library_that_answers_with_the_wrong_number_of_outcomes_is_an_error_with_unknown_effect() {
    let service = Service::new(vec![Arc::new(Remembering::default())], Arc::new(InlineWorkers)).unwrap();
    let error = block_on(service.delete(&"libraries/shelf/albums/a/images/1".parse().unwrap())).unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::Internal, Applied::Unknown));
}

#[test]
fn two_libraries_of_one_id_are_refused() {
    let twice: Vec<Arc<dyn ImageLibrary>> = vec![Arc::new(Remembering::default()), Arc::new(Remembering::default())];
    let error = Service::new(twice, Arc::new(InlineWorkers)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

fn check(bytes: Vec<u8>, name: &str, fit: Fit) -> CheckReport {
    let service = Service::new(vec![Arc::new(Remembering::default())], Arc::new(InlineWorkers)).unwrap();
    block_on(service.check(CheckCommand::new(library_id(), name, bytes).with_fit(fit))).unwrap()
}

fn rules(violations: &[Violation]) -> Vec<&str> {
    violations.iter().map(|violation| &*violation.rule).collect()
}

#[test]
fn a_check_names_everything_that_is_wrong_and_the_nearest_fit() {
    let report = check(picture(640, 480, ImageFormat::WebP), "a-very-long-name-without-end", Fit::None);
    assert_eq!(rules(&report.violations), ["name", "name", "format", "pixels"]);
    let plan = report.plan.unwrap();
    assert_eq!(plan.to_string(), "contain to 300x300 as PNG named `a-very-long-nam.png` would satisfy ICON");
    assert_eq!(plan.losses, [Loss::Shrunk, Loss::Padded]);
    assert_eq!((report.classes.len(), report.found.unwrap().pixels.width), (0, 640));
}

#[test]
fn the_nearest_fit_changes_as_little_as_it_can() {
    let named = check(picture(300, 300, ImageFormat::Png), "a.webp", Fit::None).plan.unwrap();
    assert_eq!((named.name.as_str(), named.fit, named.target), ("a.png", Fit::None, None));
    let same_pixels = check(picture(100, 50, ImageFormat::Png), "a.png", Fit::None).plan.unwrap();
    assert_eq!(same_pixels.to_string(), "exact at 100x50 as JPEG named `a.jpg` would satisfy BANNER");
    let good = check(picture(300, 300, ImageFormat::Png), "a.png", CONTAIN);
    assert_eq!((good.classes, good.plan, good.violations), (vec!["ICON"], None, vec![]));
}

#[test]
fn a_refused_upload_names_the_nearest_fit() {
    let (result, _) = upload(command(picture(640, 480, ImageFormat::Jpeg), "a.jpg", Fit::None));
    let message = result.unwrap_err().message().to_owned();
    assert!(message.ends_with("; contain to 300x300 as PNG named `a.png` would satisfy ICON"), "{message}");
}

#[test]
fn damage_and_what_is_no_image_are_told_together_with_the_name() {
    let mut damaged = picture(300, 300, ImageFormat::Png);
    damaged.truncate(damaged.len() - 20);
    let report = check(damaged, "a", Fit::None);
    assert_eq!(rules(&report.violations), ["content", "name"]);
    assert!(report.found.is_some() && report.plan.is_none() && report.classes.is_empty());
    let report = check(b"<html>".to_vec(), "a", CONTAIN);
    assert_eq!((rules(&report.violations), report.found), (vec!["content", "name"], None));
}

#[test]
fn an_animation_keeps_its_frames_unless_the_first_one_is_asked_for() {
    let mut moving = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut moving);
    for _ in 0..2 {
        encoder.encode_frame(image::Frame::new(image::RgbaImage::new(40, 40))).unwrap();
    }
    drop(encoder);
    let report = check(moving.clone(), "a.gif", CONTAIN);
    assert_eq!((rules(&report.obstacles), report.plan), (vec!["frames"], None));
    let suggested = check(moving.clone(), "a.gif", Fit::None).plan.unwrap();
    assert!(suggested.losses.contains(&Loss::Frames));
    assert_eq!(suggested.to_string(), "contain to 300x300 as PNG, first frame only, named `a.png` would satisfy ICON");
    let asked = UploadCommand { animation: Animation::FirstFrame, ..command(moving.clone(), "a.gif", CONTAIN) };
    assert_eq!(upload(asked).0.unwrap().sent.format, Format::Png);
    assert_eq!(upload(command(moving, "a.gif", CONTAIN)).0.unwrap_err().kind(), ErrorKind::RulesViolated);
}

#[test]
fn a_case_that_a_library_refuses_is_a_violation_and_a_fit_mends_it() {
    static REFUSING: Rules = Rules {
        cases: &[
            CaseRule { case: Case::Deep, accepted: false, evidence: Evidence::Assumed, source: "this test" },
            CaseRule { case: Case::Misnamed, accepted: false, evidence: Evidence::Assumed, source: "this test" },
            CaseRule { case: Case::Cmyk, accepted: true, evidence: Evidence::Assumed, source: "this test" },
        ],
        advice: &[Advice {
            place: "feed",
            min: Pixels { width: 200, height: 200 },
            min_ratio: 1.5,
            max_ratio: 2.0,
            evidence: Evidence::Assumed,
            source: "this test",
        }],
        ..RULES
    };
    let deep = DynamicImage::ImageRgb16(image::ImageBuffer::new(300, 300));
    let mut bytes = Cursor::new(Vec::new());
    deep.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let image = polyptych_imaging::inspect(bytes.get_ref()).unwrap();
    let verdict = REFUSING.judge(&image, "a.jpg", None);
    assert_eq!(rules(&verdict.violations), ["depth", "name"]);
    assert_eq!(
        verdict.advice.iter().map(|one| (&*one.rule, one.class.as_deref())).collect::<Vec<_>>(),
        [("ratio", Some("feed"))]
    );
    let plan = REFUSING.suggest(&image, "a.jpg", None, &verdict).unwrap();
    assert_eq!(
        (plan.to_string(), plan.losses),
        ("exact at 300x300 as PNG named `a.png` would satisfy ICON".to_owned(), vec![Loss::Depth])
    );
}

#[test]
fn a_picture_that_no_fit_can_decode_gets_no_plan_but_the_reason_that_the_fit_would_tell() {
    // Small, and under a profile that takes more memory than such a picture gets.
    let noise = |state: &mut u32| {
        *state ^= *state << 13;
        *state ^= *state >> 17;
        *state ^= *state << 5;
        Some(*state as u8)
    };
    let profile: Vec<u8> = (0..24 << 20).scan(1, |state, _| noise(state)).collect();
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::set_icc_profile(&mut encoder, profile).unwrap();
    image::ImageEncoder::write_image(encoder, &[90; 64 * 48 * 3], 64, 48, image::ExtendedColorType::Rgb8).unwrap();
    let fit = PublishCommand::FIT;
    let report = check(bytes.clone(), "a.png", fit);
    assert_eq!((rules(&report.obstacles), report.plan), (vec!["content"], None));
    let (refused, sent) = upload(command(bytes.clone(), "a.png", fit));
    let refused = refused.unwrap_err();
    assert_eq!((refused.kind(), sent.len()), (ErrorKind::NotAnImage, 0));
    assert!(refused.to_string().contains(&report.obstacles[0].found), "{refused} / {:?}", report.obstacles);
    let suggested = check(bytes, "a.png", Fit::None);
    assert_eq!((rules(&suggested.violations), suggested.plan), (vec!["pixels", "bytes"], None));
}
