//! An image of one ad account copied to another by the provider. The hash is the same in every account (reference 1, pitfall 4), so
//! that a copy whose answer was lost is found by it, and identical bytes are kept once, so that one that is not there can
//! be asked for once more.

use polyptych_domain::{AlbumId, Applied, Error, ErrorKind, ImageId, Uploaded};
use polyptych_wire::rest::Operation;
use polyptych_wire_facebook::{CopyFrom, CreateAdImages};

use super::{Facebook, convert};
use crate::call::BadAnswer;
use crate::refusal::Subject;

impl Facebook {
    /// Copies, and finds out what became of a copy whose answer was lost.
    pub(super) async fn copy_to(&self, from: &AlbumId, to: &AlbumId, id: &ImageId) -> Result<Uploaded, Error> {
        let error = match self.copy_once(from, to, id).await {
            Ok(uploaded) => return Ok(uploaded),
            Err(error) => error,
        };
        if error.applied() == Applied::No {
            return Err(self.why_refused(error, from, id).await);
        }
        match self.find(to, id).await {
            Ok(image) => return Ok(Uploaded { found: true, ..image.into() }),
            Err(missing) if missing.kind() == ErrorKind::ImageNotFound && error.applied() == Applied::Unknown => {}
            Err(_) => return Err(error),
        }
        match self.copy_once(from, to, id).await {
            Ok(uploaded) => Ok(Uploaded { resent: 1, ..uploaded }),
            // A second failure leaves open what became of the first try.
            Err(second) if second.applied() == Applied::Yes => Err(second.with_resent(1)),
            Err(second) => Err(second.with_applied(Applied::Unknown).with_resent(1)),
        }
    }

    async fn copy_once(&self, from: &AlbumId, to: &AlbumId, id: &ImageId) -> Result<Uploaded, Error> {
        let call = self.line.call(to, Subject::Album, CreateAdImages::EFFECT);
        let source = CopyFrom::new(from.as_str(), id.as_str());
        let create = CreateAdImages::new(self.version.as_str(), to.as_str()).with_copy_from(source);
        let (created, answer) = self.send::<CreateAdImages>(&call, &create.request()).await?;
        let unreadable = |error: BadAnswer| call.unreadable(&answer, error);
        let image = created.into_single().ok_or_else(|| unreadable("not one image with a hash".into()))?;
        Ok(call.uploaded(convert::created(to, image).map_err(unreadable)?, &answer))
    }

    /// The provider refuses a copy of an image that is not there like any other request: one look tells.
    async fn why_refused(&self, error: Error, from: &AlbumId, id: &ImageId) -> Error {
        if error.kind() != ErrorKind::ProviderRefused {
            return error;
        }
        match self.find(from, id).await {
            Err(missing) if missing.kind() == ErrorKind::ImageNotFound => missing,
            _ => error,
        }
    }
}
