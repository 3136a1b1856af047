use super::*;
use crate::{Animation, Fit, PictureUrl, Sha256};

fn picture(key: &str, name: Option<&str>) -> ManifestPicture {
    ManifestPicture {
        key: key.to_owned(),
        name: name.map(str::to_owned),
        source: PictureSource::Kept { sha256: Sha256::of(key.as_bytes()), len: 1 },
        fit: Fit::None,
        animation: Animation::Refuse,
    }
}

fn album(name: &str, wishes: &[&str]) -> ManifestAlbum {
    let pictures = wishes.iter().map(|wish| Wish { picture: (*wish).to_owned(), class: None }).collect();
    ManifestAlbum { album: format!("libraries/a/albums/{name}").parse().unwrap(), pictures, delete_others: false }
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let at = |url: &str| PictureSource::Url { url: PictureUrl::new(url).unwrap() };
    let manifest = Manifest {
        pictures: vec![
            picture("a", Some("a.png")),
            picture("a", Some(" ")),
            picture("", Some("b.png")),
            ManifestPicture { source: at("https://pictures.test/"), ..picture("c", None) },
            ManifestPicture { source: at("https://pictures.test/d.png"), ..picture("d", None) },
            ManifestPicture {
                source: PictureSource::Kept { sha256: Sha256::of(b""), len: 0 },
                ..picture("e", Some("e"))
            },
        ],
        albums: vec![album("one", &["a", "x", "a"]), album("two", &[]), album("one", &["d"])],
    };
    let mistakes: Vec<_> = manifest.mistakes().iter().map(ToString::to_string).collect();
    assert_eq!(
        mistakes,
        [
            "pictures[1].key: `a` is the key of pictures[0], too",
            "pictures[1].name: it is blank or holds characters that cannot be sent",
            "pictures[2].key: it is empty",
            "pictures[3].name: the picture needs a name: its address does not end in one",
            "pictures[5].source: the picture is empty",
            "albums[0].pictures[1]: there is no picture `x`",
            "albums[0].pictures[2]: `a` is wanted twice in this album",
            "albums[2].album: it is that of albums[0], too",
        ]
    );
    assert!(manifest.checked().unwrap_err().to_string().contains("albums[0].pictures[1]"));
}

#[test]
fn the_number_of_mistakes_is_bounded() {
    let manifest = Manifest { pictures: (0..1000).map(|_| picture("", None)).collect(), albums: Vec::new() };
    assert_eq!(manifest.mistakes().len(), 100);
}

#[test]
fn a_manifest_survives_being_stored() {
    let manifest = Manifest { pictures: vec![picture("a", Some("a.png"))], albums: vec![album("one", &["a"])] };
    let text = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    assert_eq!(manifest.blobs(), [Sha256::of(b"a")]);
}
