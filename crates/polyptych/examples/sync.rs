//! Albums brought to what a manifest wants, by a plan that is shown first.
//!
//! ```sh
//! cargo run -p polyptych --example sync --no-default-features --features yandex,facebook
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use polyptych::domain::{Budget, Content, ItemOutcome};
use polyptych::manifest::{ManifestFile, Syntax};
use polyptych::{Client, emulated};
use polyptych_emulator::Emulator;

const MANIFEST: &str = r#"
[pictures.summer]
file = "pictures/landscape.jpg"
albums = ["facebook", "yandex-v5"]

[pictures.mark]
file = "pictures/mark.png"
albums = ["facebook/1000000002"]

[albums.facebook]
delete_others = true
"#;

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let client = Client::open(&emulated::config(&emulator.base_url()))?;

    let file = ManifestFile::parse(MANIFEST, Syntax::Toml)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut pictures, mut digests) = (Vec::new(), BTreeMap::new());
    for path in file.files() {
        let content = Content::from_bytes(std::fs::read(folder.join(path))?);
        digests.insert(path.to_owned(), (content.sha256(), content.len()));
        pictures.push(content);
    }
    let defaults =
        client.libraries().filter_map(|library| Some((library.id().clone(), library.default_album()?.clone())));
    let manifest = file.resolve(&defaults.collect(), &digests).map_err(|mistakes| format!("{mistakes:?}"))?;

    let sync = client.plan_sync(&manifest, pictures.clone()).await?;
    for step in &sync.plan().steps {
        println!("{step:?}");
    }
    let outcomes = sync.apply(Budget::default()).await?;
    assert_eq!(outcomes.len(), 3);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, ItemOutcome::Stored(_))));

    // Nothing is left to do, and what was planned before is out of date.
    assert!(client.plan_sync(&manifest, pictures).await?.plan().is_empty());
    match sync.apply(Budget::default()).await {
        Err(error) => println!("{error}"),
        Ok(_) => return Err("a plan was carried out twice".into()),
    }
    Ok(())
}
