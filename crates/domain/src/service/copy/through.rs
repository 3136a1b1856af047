//! Images that come from a library and go to another album through here: found in as few calls as the source takes, fetched
//! each in its turn, and then uploaded like any other.

use std::sync::Arc;

use futures_util::{FutureExt, TryStreamExt};

use super::{Part, Terms};
use crate::rules::has_extension;
use crate::service::batch::Source;
use crate::service::downloads::MOST_BYTES;
use crate::service::meter::Meters;
use crate::service::{Service, UploadCommand, located, wrong_number};
use crate::{
    AlbumId, AlbumName, Content, Cost, Error, ErrorKind, Format, Image, ImageId, ImageLibrary, ImageName, Spool,
};

impl Service {
    /// Looks where the pictures of an album are, in as few calls as its library takes; they are fetched later, each in its
    /// turn.
    pub(super) async fn fetched<T>(
        &self,
        from: &AlbumName,
        images: &[(ImageId, Vec<usize>)],
        terms: &Terms,
        meters: &Meters,
    ) -> Part<T> {
        let source = match self.library(&from.library) {
            Ok(source) => source,
            Err(error) => return Part::failed(images, &error),
        };
        let mut part = Part::default();
        for chunk in images.chunks(source.capabilities().page_size.max(1) as usize) {
            let ids: Vec<ImageId> = chunk.iter().map(|(id, _)| id.clone()).collect();
            let told = self.looked_for(source.as_ref(), &from.album, &ids, meters).await;
            let told = told.unwrap_or_else(|error| vec![Err(error); ids.len()]);
            for ((id, places), outcome) in chunk.iter().zip(told) {
                match outcome {
                    Ok(image) => {
                        let coming = Coming {
                            source: Arc::clone(source),
                            spool: Arc::clone(&self.spool),
                            name: ImageName { album: from.clone(), image: id.clone() },
                            image,
                            terms: terms.clone(),
                        };
                        part.work.push((Source::Coming(coming.fetch().boxed()), places.clone()));
                    }
                    Err(error) => part.settled.extend(places.iter().map(|place| (*place, Err(error.clone())))),
                }
            }
        }
        part
    }

    /// Reads images of an album. The catalogue forgets those that are not there.
    async fn looked_for(
        &self,
        source: &dyn ImageLibrary,
        album: &AlbumId,
        ids: &[ImageId],
        meters: &Meters,
    ) -> Result<Vec<Result<Image, Error>>, Error> {
        let here = |error: Error| located(error, source, album);
        let (meter, prices) = (meters.of(source.id()), &source.capabilities().prices);
        let cost = Cost { calls: 1, points: prices.get.of(ids.len() as u64), bytes: 0 };
        let reserved = meter.reserve(album, cost).await.map_err(here)?;
        let told = source.get_many(album, ids).await;
        reserved.spend(cost);
        let told = told.and_then(|told| if told.len() == ids.len() { Ok(told) } else { Err(wrong_number("image")) });
        let told = told.inspect_err(|error| meter.stop(album, error)).map_err(here)?;
        let is_gone = |outcome: &Result<Image, Error>| {
            outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::ImageNotFound)
        };
        let gone: Vec<ImageId> =
            ids.iter().zip(&told).filter(|(_, outcome)| is_gone(outcome)).map(|(id, _)| id.clone()).collect();
        self.forget(source, album, &gone).await.map_err(here)?;
        Ok(told.into_iter().map(|outcome| outcome.map_err(here)).collect())
    }
}

/// A picture that has to be fetched before it can be uploaded.
struct Coming {
    source: Arc<dyn ImageLibrary>,
    spool: Arc<dyn Spool>,
    name: ImageName,
    image: Image,
    terms: Terms,
}

impl Coming {
    async fn fetch(self) -> Result<UploadCommand, Error> {
        let content = self.content().await.map_err(|error| {
            let error = error.about(format_args!("the picture of {} cannot be fetched", self.name));
            located(error, self.source.as_ref(), &self.name.album.album)
        })?;
        let name = name(&self.image, &content).await;
        let Terms { target, fit, animation, replace, policy } = self.terms;
        Ok(UploadCommand {
            library: target.library,
            album: target.album,
            name,
            content,
            fit,
            animation,
            class: target.class,
            replace,
            policy,
        })
    }

    async fn content(&self) -> Result<Content, Error> {
        let picture = self.source.download(&self.name.album.album, &self.image, MOST_BYTES).await?;
        self.spool.keep(picture.pieces).await
    }
}

/// The name that a copy keeps: the source's, else its id, with an extension of what it is if it has none.
async fn name(image: &Image, content: &Content) -> String {
    let name = image.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(image.id.as_str());
    if Format::ALL.iter().any(|format| has_extension(name, *format)) {
        return name.to_owned();
    }
    // What cannot be read, or is no image, is refused for that when it is prepared.
    let first = content.source().chunks().try_next().await.ok().flatten().unwrap_or_default();
    match Format::sniff(&first) {
        Some(format) => format!("{name}.{}", format.extension()),
        None => name.to_owned(),
    }
}
