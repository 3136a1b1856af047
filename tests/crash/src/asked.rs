//! What servers are asked for: operations of every kind, each request safe to repeat, and what has to be true once it has
//! ended. No content is asked for twice in one album, so that every second upload is one too many.

use anyhow::{Context, Result};
use bytes::Bytes;
use fastrand::Rng;
use polyptych_proto::v1;
use serde_json::json;
use v1::sync_picture::Source;

use crate::emulator::Deleted;
use crate::picture::{digest, picture};
use crate::world::{ACCOUNT, LIBRARIES, STORE, World};

/// What manifests call their pictures.
const KEYS: [&str; 2] = ["staged", "fetched"];

/// The place of Evotor, the last, which takes pictures of another size.
const EVOTOR: usize = LIBRARIES.len() - 1;

/// A request for an operation.
#[derive(Debug, Clone)]
pub enum Request {
    /// A picture into albums.
    Publish(v1::PublishMetadata, Bytes),
    /// Pictures from addresses.
    Import(v1::ImportImagesRequest),
    /// Images away.
    Delete(v1::DeleteImagesRequest),
    /// Images of one library into another.
    Copy(v1::CopyImagesRequest),
    /// Albums as a manifest wants them.
    Sync(Box<Sync>),
}

/// Albums as a manifest wants them: a plan, which is carried out.
#[derive(Debug, Clone)]
pub struct Sync {
    /// A file that the manifest names.
    pub file: Bytes,
    /// The manifest.
    pub manifest: v1::SyncManifest,
    /// Of the plan and of its application.
    pub request_id: String,
}

/// What has to be true of an item in the end.
#[derive(Debug, Clone)]
pub enum Item {
    /// A picture is in an album.
    Stored {
        /// The library as the emulator names it.
        library: &'static str,
        /// The album as the emulator names it.
        album: String,
        /// SHA-256 of the picture as it was asked for; what is sent may be fitted.
        asked: String,
    },
    /// An image is gone.
    Deleted(Deleted),
}

/// An operation that is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request.
    pub request: Request,
    /// Its items in order.
    pub items: Vec<Item>,
}

impl Sync {
    /// What makes the request for the plan safe to repeat.
    pub fn plan_id(&self) -> String {
        format!("plan-{}", self.request_id)
    }
}

impl Request {
    /// What it does, in a word.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Publish(..) => "publish",
            Self::Import(_) => "import",
            Self::Delete(_) => "delete",
            Self::Copy(_) => "copy",
            Self::Sync(_) => "sync",
        }
    }
}

/// Makes requests that have never been made before.
#[derive(Debug)]
pub struct Asking {
    random: Rng,
    made: u64,
}

impl Asking {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), made: 0 }
    }

    /// One operation of each kind.
    ///
    /// # Errors
    /// If the emulator cannot be given the images that are deleted and copied.
    pub async fn one_of_each(&mut self, world: &World) -> Result<Vec<Asked>> {
        let (publish, import) = (self.publish()?, self.import(world)?);
        Ok(vec![publish, import, self.delete(world).await?, self.copy(world).await?, self.sync(world).await?])
    }

    /// A picture into one album of each library.
    ///
    /// # Errors
    /// If the picture cannot be made.
    pub fn publish(&mut self) -> Result<Asked> {
        let number = self.random.u64(..);
        let picture = picture(number)?;
        let mut targets = Vec::new();
        let mut items = Vec::new();
        for library in 0..LIBRARIES.len() {
            let (parent, item) = self.target(library, digest(&picture))?;
            targets.push(v1::PublishTarget { parent, ..Default::default() });
            items.push(item);
        }
        let display_name = format!("{number}.png");
        let metadata = v1::PublishMetadata { display_name, targets, request_id: self.id(), ..Default::default() };
        Ok(Asked { request: Request::Publish(metadata, picture), items })
    }

    /// Other pictures into one album of each library that takes them as they are, two into the first. No fit is asked for, so
    /// that v4 Live fetches them by itself.
    ///
    /// # Errors
    /// If a picture cannot be made.
    pub fn import(&mut self, world: &World) -> Result<Asked> {
        let (mut sources, mut items) = (Vec::new(), Vec::new());
        for library in (0..EVOTOR).chain([0]) {
            let number = self.random.u64(..);
            let (parent, item) = self.target(library, digest(&picture(number)?))?;
            sources.push(v1::ImportSource { uri: world.origin.uri(number), parent, ..Default::default() });
            items.push(item);
        }
        let request = v1::ImportImagesRequest { sources, request_id: self.id(), ..Default::default() };
        Ok(Asked { request: Request::Import(request), items })
    }

    /// Images of three libraries away.
    ///
    /// # Errors
    /// If the emulator does not make them.
    pub async fn delete(&mut self, world: &World) -> Result<Asked> {
        let (mut names, mut items) = (Vec::new(), Vec::new());
        for (index, count) in [(0, 4), (2, 3), (4, 3)] {
            let library = LIBRARIES.get(index).context("no such library")?;
            for image in self.seed(world, library.there, count).await? {
                names.push(format!("libraries/{}/albums/{}/images/{}", library.id, library.album, image.1));
                items.push(Item::Deleted(image));
            }
        }
        let request = v1::DeleteImagesRequest { names, request_id: self.id(), ..Default::default() };
        Ok(Asked { request: Request::Delete(request), items })
    }

    /// Images of Facebook to Yandex.
    ///
    /// # Errors
    /// If the emulator does not make them.
    pub async fn copy(&mut self, world: &World) -> Result<Asked> {
        let target = LIBRARIES.get(1).context("no such library")?;
        let images = self.seed(world, ("facebook", ACCOUNT), 2).await?;
        let (library, album) = target.there;
        let item = |_: &Deleted| Item::Stored { library, album: album.to_owned(), asked: String::new() };
        let items = images.iter().map(item).collect();
        let names = images.iter().map(|(_, image)| format!("libraries/facebook/albums/{ACCOUNT}/images/{image}"));
        let parent = format!("libraries/{}", target.id);
        let request =
            v1::CopyImagesRequest { names: names.collect(), parent, request_id: self.id(), ..Default::default() };
        Ok(Asked { request: Request::Copy(request), items })
    }

    /// A file and a picture at an address into new albums of four libraries; what two of them hold before has to go.
    ///
    /// # Errors
    /// If a picture cannot be made, or the emulator does not make the images that go.
    pub async fn sync(&mut self, world: &World) -> Result<Asked> {
        let (file, fetched) = (picture(self.random.u64(..))?, self.random.u64(..));
        let digests = [digest(&file), digest(&picture(fetched)?)];
        let uri = Source::Uri(world.origin.uri(fetched));
        let picture = |key: &str, source| v1::SyncPicture {
            key: key.to_owned(),
            display_name: format!("{key}.png"),
            source: Some(source),
            fit: None,
        };
        let pictures = vec![picture(KEYS[0], Source::Sha256(digests[0].clone())), picture(KEYS[1], uri)];
        let (mut albums, mut items, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        // In the order of their ids, as the steps of the plan are.
        for (index, wanted, others) in [(EVOTOR, 0..1, 0), (4, 0..2, 3), (2, 0..1, 0), (0, 1..2, 2)] {
            let (parent, library, album) = self.new_album(index)?;
            if others > 0 {
                gone.extend(self.seed(world, (library, &album), others).await?.into_iter().map(Item::Deleted));
            }
            let wishes =
                KEYS[wanted.clone()].iter().map(|key| v1::SyncWish { key: (*key).to_owned(), ..Default::default() });
            albums.push(v1::SyncAlbum { parent, pictures: wishes.collect(), delete_others: true });
            let item = |asked: &String| Item::Stored { library, album: album.clone(), asked: asked.clone() };
            items.extend(digests[wanted].iter().map(item));
        }
        items.append(&mut gone);
        let manifest = v1::SyncManifest { pictures, albums };
        Ok(Asked { request: Request::Sync(Box::new(Sync { file, manifest, request_id: self.id() })), items })
    }

    /// An album that nobody has used before: its name, and the library and the album as the emulator names them.
    fn new_album(&mut self, library: usize) -> Result<(String, &'static str, String)> {
        let library = LIBRARIES.get(library).context("no such library")?;
        let (there, number) = (library.there.0, self.random.u64(..1 << 48));
        let album = match there {
            "evotor" => format!("{STORE}~5e46f8de-ec4f-4f87-85de-{number:012x}"),
            "facebook" => format!("2{number:015}"),
            _ => format!("sync-{number:012x}"),
        };
        Ok((format!("libraries/{}/albums/{album}", library.id), there, album))
    }

    /// An album of a library, which is new where it takes one image, and what has to be there.
    fn target(&mut self, library: usize, asked: String) -> Result<(String, Item)> {
        if library == EVOTOR {
            let (parent, library, album) = self.new_album(library)?;
            return Ok((parent, Item::Stored { library, album, asked }));
        }
        let library = LIBRARIES.get(library).context("no such library")?;
        let (there, album) = library.there;
        let item = Item::Stored { library: there, album: album.to_owned(), asked };
        Ok((format!("libraries/{}/albums/{}", library.id, library.album), item))
    }

    async fn seed(&mut self, world: &World, (library, album): (&str, &str), count: u64) -> Result<Vec<Deleted>> {
        self.made += 1;
        let name = format!("seeded-{}", self.made);
        let images = json!([{ "library": library, "album": album, "count": count, "name": name }]);
        world.control.setup(&json!({ "images": images })).await
    }

    fn id(&mut self) -> String {
        format!("{:016x}", self.random.u64(..))
    }
}
