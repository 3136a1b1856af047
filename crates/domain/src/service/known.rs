//! What is known of contents in albums: looked up before anything is sent, and kept true by what becomes of it.

use super::Service;
use super::claimed::Held;
use super::meter::Meter;
use super::put::{UploadPolicy, holds_one};
use crate::{AlbumId, AlbumName, ContentKey, Error, ErrorKind, Image, ImageLibrary, Known, Sha256, Upload, Uploaded};

/// What somebody wants to know of a content, and how far it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The class that is asked for; absent means any.
    pub(super) class: Option<&'a str>,
    pub(super) policy: UploadPolicy,
}

/// An image that is in its album now.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) image: Image,
    pub(super) found: bool,
    pub(super) resent: u32,
    pub(super) reused: bool,
    pub(super) request_id: Option<String>,
    pub(super) unrecorded: Option<String>,
}

impl Stored {
    pub(super) fn image(&self) -> &Image {
        &self.image
    }

    /// Whether nothing was sent for it.
    pub(super) fn is_reused(&self) -> bool {
        self.reused
    }

    fn known(image: Image) -> Self {
        Self { image, found: false, resent: 0, reused: true, request_id: None, unrecorded: None }
    }
}

impl Service {
    /// What is known of a content, as far as the policy lets it count. `Verify` asks the provider where anything is known.
    ///
    /// # Errors
    /// If the catalogue cannot be read, the budget does not allow to ask, or the provider cannot tell. Nothing was changed.
    pub(super) async fn known(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        key: &ContentKey,
        asked: Asked<'_>,
        meter: &Meter,
    ) -> Result<Option<Stored>, Error> {
        if asked.policy == UploadPolicy::Force {
            return Ok(None);
        }
        let Some(known) = self.find(key, asked).await? else { return Ok(None) };
        if asked.policy == UploadPolicy::Reuse {
            return Ok(Some(remembered(key, known)));
        }
        meter.pay_reading(album, &library.capabilities().prices).await?;
        match library.get(album, &known.image).await {
            Ok(image) => {
                let told = Known { name: image.name.clone().or(known.name), ..known };
                let unrecorded = self.catalogue.record(key, &told).await.err().map(|error| error.to_string());
                Ok(Some(Stored { unrecorded, ..Stored::known(image) }))
            }
            Err(error) if error.kind() == ErrorKind::ImageNotFound => {
                self.catalogue.forget(&key.album, &[known.image]).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What the catalogue knows of a content, if it is of the class that is asked for.
    async fn find(&self, key: &ContentKey, asked: Asked<'_>) -> Result<Option<Known>, Error> {
        let known = self.catalogue.find(key).await?;
        Ok(known.filter(|known| asked.class.is_none() || asked.class == known.class.as_deref()))
    }

    /// What another has put there since it was looked for last.
    pub(super) async fn known_meanwhile(&self, key: &ContentKey, asked: Asked<'_>) -> Result<Option<Stored>, Error> {
        if asked.policy == UploadPolicy::Force {
            return Ok(None);
        }
        Ok(self.find(key, asked).await?.map(|known| remembered(key, known)))
    }

    /// Forgets what a replacement is about to delete: should it be cut off, or end with the old picture under a new id,
    /// nothing untrue is left behind. What was known is returned, for a replacement that comes to nothing.
    ///
    /// # Errors
    /// If the catalogue cannot be read or written; nothing was sent.
    pub(super) async fn displace(
        &self,
        library: &dyn ImageLibrary,
        key: &ContentKey,
        upload: &Upload,
    ) -> Result<Vec<(Sha256, Known)>, Error> {
        if !upload.replace || !holds_one(library) {
            return Ok(Vec::new());
        }
        let images = self.catalogue.images(&key.album).await?;
        let known = self.catalogue.contents(&key.album, &images).await?;
        self.catalogue.forget(&key.album, &images).await?;
        Ok(known)
    }

    /// Remembers again what was not replaced or deleted after all. What cannot be written is not known, which is no untruth.
    pub(super) async fn restore(&self, album: &AlbumName, displaced: Vec<(Sha256, Known)>) {
        for (sha256, known) in displaced {
            let key = ContentKey { album: album.clone(), sha256 };
            let _ = self.catalogue.record(&key, &known).await;
        }
    }

    /// Remembers an upload of this class. That the store fails does not undo it: the receipt tells.
    pub(super) async fn stored(
        &self,
        library: &dyn ImageLibrary,
        key: &ContentKey,
        class: Option<String>,
        uploaded: Uploaded,
        held: Held<'_>,
    ) -> Stored {
        let Uploaded { image, found, resent, request_id } = uploaded;
        let known = Known { image: image.id.clone(), name: image.name.clone(), class };
        let unrecorded = self.remember(library, key, &known, held).await.err().map(|error| error.to_string());
        Stored { image, found, resent, reused: false, request_id, unrecorded }
    }

    async fn remember(
        &self,
        library: &dyn ImageLibrary,
        key: &ContentKey,
        known: &Known,
        held: Held<'_>,
    ) -> Result<(), Error> {
        if holds_one(library) {
            let mut others = self.catalogue.images(&key.album).await?;
            others.retain(|other| *other != known.image);
            self.catalogue.forget(&key.album, &others).await?;
        }
        held.settle(key, known).await
    }
}

fn remembered(key: &ContentKey, known: Known) -> Stored {
    let Known { image, name, class } = known;
    Stored::known(Image { name, class, ..Image::new(key.album.album.clone(), image) })
}
