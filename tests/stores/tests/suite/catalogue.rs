//! What is remembered of albums.

use polyptych_domain::Known;

use crate::world::{World, album, image, key};

fn known(id: &str) -> Known {
    Known { image: image(id), name: Some(format!("{id}.png")), class: None }
}

pub(crate) async fn what_is_recorded_is_found_by_album_and_content(world: World) {
    let catalogue = world.process().await.catalogue();
    let kept = Known { class: Some("ICON".to_owned()), name: None, ..known("one") };
    catalogue.record(&key("a", 1), &kept).await.unwrap();
    assert_eq!(world.process().await.catalogue().find(&key("a", 1)).await.unwrap(), Some(kept));
    assert_eq!(catalogue.find(&key("a", 2)).await.unwrap(), None);
    assert_eq!(catalogue.find(&key("b", 1)).await.unwrap(), None);
}

pub(crate) async fn a_second_record_replaces_the_first(world: World) {
    let catalogue = world.process().await.catalogue();
    catalogue.record(&key("a", 1), &known("one")).await.unwrap();
    catalogue.record(&key("a", 1), &known("two")).await.unwrap();
    assert_eq!(catalogue.find(&key("a", 1)).await.unwrap(), Some(known("two")));
    assert_eq!(catalogue.images(&album("a")).await.unwrap(), [image("two")]);
}

pub(crate) async fn forgotten_images_are_gone_with_every_content(world: World) {
    let catalogue = world.process().await.catalogue();
    for content in 0..6 {
        catalogue.record(&key("a", content), &known(&format!("i{}", content % 3))).await.unwrap();
    }
    catalogue.record(&key("b", 0), &known("i0")).await.unwrap();
    assert_eq!(catalogue.images(&album("a")).await.unwrap().len(), 3);
    let mut gone: Vec<_> = (100..600).map(|number| image(&format!("i{number}"))).collect();
    gone.extend([image("i0"), image("i1")]);
    catalogue.forget(&album("a"), &gone).await.unwrap();
    assert_eq!(catalogue.images(&album("a")).await.unwrap(), [image("i2")]);
    assert_eq!(catalogue.find(&key("a", 3)).await.unwrap(), None);
    assert_eq!(catalogue.find(&key("b", 0)).await.unwrap(), Some(known("i0")));
    catalogue.forget(&album("a"), &[]).await.unwrap();
}

pub(crate) async fn the_contents_of_images_are_told_in_their_album(world: World) {
    let catalogue = world.process().await.catalogue();
    for content in 0..6 {
        catalogue.record(&key("a", content), &known(&format!("i{}", content % 3))).await.unwrap();
    }
    catalogue.record(&key("b", 6), &known("i0")).await.unwrap();
    // More than one statement names.
    let mut asked: Vec<_> = (100..600).map(|number| image(&format!("i{number}"))).collect();
    asked.extend([image("i0"), image("i2")]);
    let mut held = catalogue.contents(&album("a"), &asked).await.unwrap();
    held.sort_by_key(|held| held.0);
    let expected = [(0, "i0"), (2, "i2"), (3, "i0"), (5, "i2")];
    let mut expected = expected.map(|(content, id)| (key("a", content).sha256, known(id)));
    expected.sort_by_key(|expected| expected.0);
    assert_eq!(held, expected);
    assert_eq!(catalogue.contents(&album("a"), &[]).await.unwrap(), []);
}

pub(crate) async fn a_name_with_a_nul_is_kept(world: World) {
    let catalogue = world.process().await.catalogue();
    let odd = Known { name: Some("a\0b".to_owned()), ..known("one") };
    catalogue.record(&key("a", 1), &odd).await.unwrap();
    let found = catalogue.find(&key("a", 1)).await.unwrap().unwrap();
    assert_eq!(found.name.as_deref(), Some("a\u{fffd}b"));
}
