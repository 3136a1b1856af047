//! A picture in the place of another. The provider has no call for it: the old one is deleted, then the new one uploaded.
//! The old picture is fetched before, and put back where the upload fails; without it nothing is deleted.

use futures_util::TryStreamExt;
use polyptych_domain::{AlbumId, Applied, Content, Error, ErrorKind, Format, Image, Upload, Uploaded};

use super::{Evotor, Product};
use crate::picture;

/// The most bytes of an old picture. The provider takes 5,242,800.
const MOST_BYTES: u64 = 8 << 20;

/// Statuses of a picture that is no longer there: there is nothing to put back.
const GONE: [u16; 2] = [404, 410];

/// What stands in the way.
#[derive(Debug)]
struct Old {
    image: Image,
    /// Its picture, to be put back; absent where it is served no longer.
    picture: Option<Upload>,
}

/// A replacement that can be carried out.
#[derive(Debug)]
struct Replacement {
    library: Evotor,
    album: AlbumId,
    old: Vec<Old>,
    upload: Upload,
}

impl Evotor {
    /// Deletes what stands in the way, then uploads. From the deletion on it goes to its end, though nobody may wait for it
    /// any more: given up in between, it would leave the product without a picture.
    pub(super) async fn replace(&self, album: &AlbumId, old: Vec<Image>, upload: &Upload) -> Result<Uploaded, Error> {
        let mut kept = Vec::with_capacity(old.len());
        for image in old {
            kept.push(self.keep(album, image).await?);
        }
        let work = Replacement { library: self.clone(), album: album.clone(), old: kept, upload: upload.clone() };
        match tokio::spawn(async move { work.run().await }).await {
            Ok(outcome) => outcome,
            Err(cause) => {
                let message = "the replacement was cut off: look whether the product has a picture";
                let error = self.line.error(album, ErrorKind::Internal, message);
                Err(error.with_applied(Applied::Unknown).with_source(cause))
            }
        }
    }

    /// Fetches an old picture.
    async fn keep(&self, album: &AlbumId, image: Image) -> Result<Old, Error> {
        match self.fetch_picture(album, &image).await {
            Ok(picture) => Ok(Old { image, picture: Some(picture) }),
            Err(error) if status(&error).is_some_and(|status| GONE.contains(&status)) => {
                Ok(Old { image, picture: None })
            }
            Err(error) => {
                let message = format!(
                    "nothing was changed, since the old picture could not be put back if the upload failed; delete it to do \
                     without: {}",
                    error.message()
                );
                Err(self.line.error(album, error.kind(), message).with_source(error))
            }
        }
    }

    async fn fetch_picture(&self, album: &AlbumId, image: &Image) -> Result<Upload, Error> {
        let fetched = picture::open(&self.line, album, image, MOST_BYTES).await?;
        let mut bytes = Vec::new();
        let mut pieces = fetched.pieces;
        while let Some(piece) = pieces.try_next().await? {
            bytes.extend_from_slice(&piece);
        }
        let format = Format::sniff(&bytes).unwrap_or(Format::Png);
        let name = format!("picture.{}", format.extension());
        Ok(Upload { name, format, class: None, content: Content::from_bytes(bytes), replace: false })
    }
}

fn status(error: &Error) -> Option<u16> {
    error.provider_error()?.http_status
}

impl Replacement {
    async fn run(&self) -> Result<Uploaded, Error> {
        let (library, album) = (&self.library, &self.album);
        let product = library.product(album)?;
        for (deleted, old) in self.old.iter().enumerate() {
            match library.remove(album, product, &old.image.id).await {
                Ok(_) => {}
                // Someone else was faster; the place is free.
                Err(error) if error.kind() == ErrorKind::ImageNotFound => {}
                Err(error) if deleted == 0 && error.applied() == Applied::No => return Err(error),
                Err(error) => return Err(self.after(product, "was not sent", error).await),
            }
        }
        match library.settled(album, product, &self.upload).await {
            Ok(uploaded) => Ok(uploaded),
            Err(error) if error.applied() == Applied::Yes => Err(error),
            Err(error) if error.applied() == Applied::No => Err(self.after(product, "was not stored", error).await),
            Err(error) => Err(self.after(product, "may not have been stored", error).await),
        }
    }

    /// The failure of a replacement that has gone past a deletion: puts the old picture back and says what there is now.
    /// What "applied" would be true of neither picture, so that it is unknown unless the old one was never touched.
    async fn after(&self, product: Product<'_>, new: &str, error: Error) -> Error {
        let (untouched, old) = self.put_back(product).await;
        let message = format!("the new picture {new}, and {old}: {}", error.message());
        let applied = if untouched && new == "was not sent" { Applied::No } else { Applied::Unknown };
        let mut told = self.library.line.error(&self.album, error.kind(), message).with_applied(applied);
        if let Some(words) = error.provider_error() {
            told = told.with_provider_error(words.clone());
        }
        told.with_source(error)
    }

    /// Sees to it that the product has its old picture: whether that was there all along, and what is known of it, in words.
    async fn put_back(&self, product: Product<'_>) -> (bool, String) {
        let (library, album) = (&self.library, &self.album);
        // A look that fails is no reason to leave the product empty: it holds one picture, and refuses another.
        let there = library.fetch(album, product).await.unwrap_or_default();
        if there.iter().any(|image| self.old.iter().any(|old| old.image.id == image.id)) {
            return (true, "the old one is still there".to_owned());
        }
        if !there.is_empty() {
            return (false, "the product has another one by now".to_owned());
        }
        let Some(picture) = self.old.iter().rev().find_map(|old| old.picture.as_ref()) else {
            return (false, "the old one, which was served no longer, is gone".to_owned());
        };
        match library.settled(album, product, picture).await {
            Ok(uploaded) => (false, format!("the old one was put back as {}", uploaded.image.id)),
            Err(error) if error.applied() == Applied::No => {
                (false, format!("the old one is lost, since it could not be put back ({})", error.message()))
            }
            Err(error) => (false, format!("the old one may not have been put back ({})", error.message())),
        }
    }
}
