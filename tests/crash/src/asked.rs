//! What servers are asked for: operations of every kind, each request safe to repeat, and what has to be true once it has
//! ended. No content is asked for twice in one album, so that every second upload is one too many.

use anyhow::{Context, Result};
use bytes::Bytes;
use polyptych_proto::v1;
use serde_json::json;

use crate::emulator::Deleted;
use crate::picture::{digest, picture};
use crate::random::Random;
use crate::world::{ACCOUNT, LIBRARIES, STORE, World};

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

impl Request {
    /// What it does, in a word.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Publish(..) => "publish",
            Self::Import(_) => "import",
            Self::Delete(_) => "delete",
            Self::Copy(_) => "copy",
        }
    }
}

/// Makes requests that have never been made before.
#[derive(Debug)]
pub struct Asking {
    random: Random,
    made: u64,
}

impl Asking {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), made: 0 }
    }

    /// One operation of each kind.
    ///
    /// # Errors
    /// If the emulator cannot be given the images that are deleted and copied.
    pub async fn one_of_each(&mut self, world: &World) -> Result<Vec<Asked>> {
        Ok(vec![self.publish()?, self.import(world)?, self.delete(world).await?, self.copy(world).await?])
    }

    /// A picture into one album of each library.
    ///
    /// # Errors
    /// If the picture cannot be made.
    pub fn publish(&mut self) -> Result<Asked> {
        let number = self.random.bits();
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
            let number = self.random.bits();
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

    /// An album of a library, which is new where it takes one image, and what has to be there.
    fn target(&mut self, library: usize, asked: String) -> Result<(String, Item)> {
        let library = LIBRARIES.get(library).context("no such library")?;
        let (there, album) = library.there;
        if there != "evotor" {
            let item = Item::Stored { library: there, album: album.to_owned(), asked };
            return Ok((format!("libraries/{}/albums/{}", library.id, library.album), item));
        }
        let album = format!("{STORE}~5e46f8de-ec4f-4f87-85de-{:012x}", self.random.below(1 << 48));
        Ok((format!("libraries/{}/albums/{album}", library.id), Item::Stored { library: there, album, asked }))
    }

    async fn seed(
        &mut self,
        world: &World,
        (library, album): (&'static str, &'static str),
        count: u64,
    ) -> Result<Vec<Deleted>> {
        self.made += 1;
        let name = format!("seeded-{}", self.made);
        let images = json!([{ "library": library, "album": album, "count": count, "name": name }]);
        world.control.setup(&json!({ "images": images })).await
    }

    fn id(&mut self) -> String {
        format!("{:016x}", self.random.bits())
    }
}
