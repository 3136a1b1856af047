//! The example of docs/sync.md, the schema of manifests, and everything that can be wrong with one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use polyptych::domain::{AlbumId, Fit, LibraryId, Manifest, ManifestMistake, PictureSource, Sha256};
use polyptych::manifest::{self, ManifestFile, Syntax};

fn validator() -> Validator {
    let schema = serde_json::to_value(manifest::schema()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn example() -> String {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sync.md")).unwrap();
    page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

fn resolve(text: &str) -> Result<Manifest, Vec<ManifestMistake>> {
    let id = |library: &str| LibraryId::new(library).unwrap();
    let album = |album: &str| AlbumId::new(album).unwrap();
    let defaults = BTreeMap::from([
        (id("facebook"), album("1000000001")),
        (id("yandex-v5"), album("self")),
        (id("evotor"), album("s~p")),
    ]);
    let files = BTreeMap::from([(PathBuf::from("pictures/summer.png"), (Sha256::of(b"summer"), 6))]);
    ManifestFile::parse(text, Syntax::Toml).unwrap().resolve(&defaults, &files)
}

#[test]
fn the_example_of_the_page_is_accepted_by_the_schema_and_means_what_the_page_says() {
    let text = example();
    validator().validate(&toml::from_str::<serde_json::Value>(&text).unwrap()).unwrap();
    let manifest = resolve(&text).unwrap();
    let [summer, till] = manifest.pictures.as_slice() else { panic!("{manifest:?}") };
    assert_eq!((summer.key.as_str(), summer.name.as_deref()), ("summer", Some("summer.png")));
    assert_eq!(summer.source, PictureSource::Kept { sha256: Sha256::of(b"summer"), len: 6 });
    assert!(matches!(till.source, PictureSource::Url { .. }) && matches!(till.fit, Fit::Cover { .. }));
    let albums: Vec<_> = manifest
        .albums
        .iter()
        .map(|album| {
            let wish = &album.pictures[0];
            (album.album.to_string(), wish.picture.as_str(), wish.class.as_deref(), album.delete_others)
        })
        .collect();
    let expected = [
        ("libraries/evotor/albums/s~p", "till", None, true),
        ("libraries/facebook/albums/1000000001", "summer", None, false),
        ("libraries/yandex-v5/albums/another-login", "summer", Some("WIDE"), false),
        ("libraries/yandex-v5/albums/self", "summer", None, false),
    ];
    assert_eq!(albums, expected.map(|(album, picture, class, others)| (album.to_owned(), picture, class, others)));
}

#[test]
fn json_says_the_same_as_toml() {
    let json = toml::from_str::<serde_json::Value>(&example()).unwrap().to_string();
    assert_eq!(ManifestFile::parse(&json, Syntax::Json), ManifestFile::parse(&example(), Syntax::Toml));
    assert_eq!(Syntax::of(Path::new("a/b.JSON")), Syntax::Json);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let mistakes = resolve(
        "[pictures.a]\nfile = \"none.png\"\nalbums = [\"facebook\", \"facebook/1000000001\"]\n\
         [pictures.b]\nalbums = [\"Nowhere\", \"other\"]\n\
         [pictures.c]\nurl = \"ftp://a.test/x\"\nalbums = []\n\
         [pictures.d]\nurl = \"https://a.test/x.png\"\nbackground = \"white\"\nalbums = []\n\
         [albums.nobody]\n",
    );
    let places: Vec<_> = mistakes.unwrap_err().into_iter().map(|mistake| mistake.place).collect();
    let expected = [
        "albums.nobody",
        "pictures.a.file",
        "pictures.a.albums[1]",
        "pictures.b.file",
        "pictures.b.albums[0]",
        "pictures.b.albums[1]",
        "pictures.c.url",
        "pictures.d.background",
    ];
    assert_eq!(places, expected);
    // What the whole is wrong about shows when its parts are right.
    let nameless = resolve("[pictures.a]\nurl = \"https://a.test/\"\nalbums = []\n").unwrap_err();
    assert_eq!(nameless[0].place, "pictures[0].name");
}

#[test]
fn what_the_parser_refuses_the_schema_refuses_and_the_place_is_told() {
    for (text, place) in [
        ("", "line 1, column 1"),
        ("[pictures.a]\nfile = \"a.png\"\n", "line 1, column 1"),
        ("[pictures.a]\nalbums = [1]\n", "line 2, column"),
        ("[pictures.a]\nalbums = []\nfits = \"none\"\n", "line 3, column 1"),
        ("[pictures.a]\nalbums = []\nfit = \"stretch\"\n", "line 3, column 7"),
        ("[pictures.a]\nalbums = [{ album = \"x\" }]\n", "line 2, column"),
        ("[pictures]\n[albums.x]\ndelete = true\n", "line 3, column 1"),
    ] {
        let value: serde_json::Value = toml::from_str(text).unwrap();
        assert!(!validator().is_valid(&value), "the schema accepts\n{text}");
        let mistake = ManifestFile::parse(text, Syntax::Toml).unwrap_err();
        assert!(mistake.place.starts_with(place), "{mistake}");
        assert!(ManifestFile::parse(&value.to_string(), Syntax::Json).is_err());
    }
}

/// The file that `cargo xtask codegen` keeps.
#[test]
fn the_stored_schema_is_the_one_that_the_types_have() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/exported/manifest.schema.json");
    let stored: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(stored, serde_json::to_value(manifest::schema()).unwrap());
}
