use polyptych_domain::{AlbumId, Animation, ImageId};

use super::*;

fn facebook() -> LibraryId {
    LibraryId::new("facebook").unwrap()
}

#[test]
fn a_parent_names_a_library_or_an_album_in_it() {
    let album = |id: &str| Some(AlbumId::new(id).unwrap());
    for (parent, expected) in [
        ("libraries/facebook", None),
        ("libraries/facebook/albums/1000000001", album("1000000001")),
        ("libraries/facebook/albums/a%2Fb", album("a/b")),
    ] {
        assert_eq!(parse_parent("parent", parent).unwrap(), (facebook(), expected), "{parent}");
    }
    for parent in [
        "",
        "facebook",
        "libraries",
        "libraries/",
        "/libraries/facebook",
        "libraries/Face",
        "libraries/facebook/",
        "libraries/facebook/albums",
        "libraries/facebook/albums/",
        "libraries/facebook/pictures/1",
        "libraries/facebook/albums/1/images/2",
        "libraries/facebook/albums/%FF",
        "libraries/facebook/albums/a%00b",
    ] {
        assert!(parse_parent("parent", parent).is_err(), "{parent}");
    }
}

#[test]
fn an_image_becomes_a_message_with_what_is_known() {
    let mut image = Image::new(AlbumId::new("a/b").unwrap(), ImageId::new("x y").unwrap());
    let bare = convert_image(image.clone());
    let expected = v1::Image {
        name: "libraries/facebook/albums/a%2Fb/images/x%20y".to_owned(),
        uid: "x y".to_owned(),
        ..v1::Image::default()
    };
    assert_eq!(bare, expected);
    image.name = Some("banner.png".to_owned());
    image.class = Some("WIDE".to_owned());
    image.pixels = Some(Pixels::new(1080, 607));
    image.bytes = Some(5_000_000_000);
    image.url = Some("https://cdn.example/1".to_owned());
    image.preview_url = Some("https://cdn.example/2".to_owned());
    image.in_use = Some(false);
    image.created = Some("2024-02-29T12:30:00.25Z".parse().unwrap());
    let full = v1::Image {
        display_name: "banner.png".to_owned(),
        image_class: "WIDE".to_owned(),
        size: Some(v1::Pixels { width: 1080, height: 607 }),
        size_bytes: 5_000_000_000,
        uri: "https://cdn.example/1".to_owned(),
        preview_uri: "https://cdn.example/2".to_owned(),
        in_use: Some(false),
        create_time: Some(prost_types::Timestamp { seconds: 1_709_209_800, nanos: 250_000_000 }),
        ..expected
    };
    assert_eq!(convert_image(image), full);
}

fn convert_image(value: Image) -> v1::Image {
    image(&facebook(), value)
}

#[test]
fn a_time_before_the_epoch_counts_its_fraction_forwards() {
    let mut early = Image::new(AlbumId::new("a").unwrap(), ImageId::new("b").unwrap());
    early.created = Some("1969-12-31T23:59:58.75Z".parse().unwrap());
    let told = convert_image(early).create_time.unwrap();
    assert_eq!((told.seconds, told.nanos), (-2, 750_000_000));
}

#[test]
fn a_fit_is_read_with_its_defaults() {
    use v1::fit::{AsIs, Contain, Cover, Exact, Mode};
    let read =
        |mode| fit("fit", Some(v1::Fit { mode: Some(mode), ..Default::default() }), Fit::None).map(|(fit, _)| fit);
    assert_eq!(fit("fit", None, Fit::Exact).unwrap(), (Fit::Exact, Animation::Refuse));
    let contain = |background| Mode::Contain(Contain { background });
    assert_eq!(read(contain(None)).unwrap(), Fit::Contain { background: Rgb::WHITE });
    assert_eq!(read(contain(Some(0x00AB_CDEF))).unwrap(), Fit::Contain { background: Rgb([0xAB, 0xCD, 0xEF]) });
    let cover = |focus_x, focus_y| Mode::Cover(Cover { focus_x, focus_y });
    assert_eq!(read(cover(None, None)).unwrap(), Fit::Cover { focus: Focus { x: 0.5, y: 0.5 } });
    assert_eq!(read(cover(Some(0.0), Some(1.0))).unwrap(), Fit::Cover { focus: Focus { x: 0.0, y: 1.0 } });
    assert_eq!(read(Mode::Exact(Exact {})).unwrap(), Fit::Exact);
    assert_eq!(read(Mode::AsIs(AsIs {})).unwrap(), Fit::None);
}

#[test]
fn a_fit_out_of_range_or_without_a_mode_is_refused_and_never_taken_for_none() {
    use v1::fit::{Contain, Cover, Mode};
    let bad = [
        None,
        Some(Mode::Contain(Contain { background: Some(0x0100_0000) })),
        Some(Mode::Cover(Cover { focus_x: Some(-0.1), focus_y: None })),
        Some(Mode::Cover(Cover { focus_x: None, focus_y: Some(1.1) })),
        Some(Mode::Cover(Cover { focus_x: Some(f32::NAN), focus_y: None })),
    ];
    for mode in bad {
        assert!(fit("fit", Some(v1::Fit { mode, ..Default::default() }), Fit::None).is_err(), "{mode:?}");
    }
}
