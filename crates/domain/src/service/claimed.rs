//! The claim under which an upload is sent, and what is done where an earlier holder of it died. A claim that is dropped
//! is abandoned, so that nobody waits for an upload that was given up.

use super::Service;
use crate::{
    AlbumId, Applied, Capability, Claim, Claimed, Claims, ContentKey, Error, ErrorKind, Found, Image, ImageLibrary,
    Intent, Known, Upload,
};

/// A claim of this upload.
pub(super) struct Held<'s> {
    claims: &'s dyn Claims,
    claim: Option<Claim>,
}

impl Held<'_> {
    /// What an earlier holder was about to send.
    pub(super) fn earlier(&self) -> Option<&Intent> {
        self.claim.as_ref()?.earlier.as_ref()
    }

    /// Keeps that the upload is about to be sent; `false` where the claim is another's by now.
    pub(super) async fn sending(&self, upload: &Upload) -> Result<bool, Error> {
        match &self.claim {
            Some(claim) => self.claims.sending(claim, &upload.name, upload.class.as_deref()).await,
            None => Ok(false),
        }
    }

    /// Ends the claim with a content that the album holds.
    pub(super) async fn settle(mut self, key: &ContentKey, known: &Known) -> Result<(), Error> {
        let Some(claim) = &self.claim else { return Ok(()) };
        self.claims.settle(claim, Some((key, known))).await?;
        self.claim = None;
        Ok(())
    }

    /// Ends the claim of an upload that came to nothing. Where it may have been applied all the same, or the store fails,
    /// whoever comes next looks first. So they do where the claim is on an album and was left before: what an earlier
    /// holder sent may be another content, of which this upload says nothing.
    pub(super) async fn end(mut self, applied: Applied) {
        let Some(claim) = &self.claim else { return };
        let is_open = claim.earlier.is_some() && claim.key.is_anything();
        let ended = match applied {
            Applied::No if !is_open => self.claims.settle(claim, None).await,
            Applied::No | Applied::Yes | Applied::Unknown => self.claims.leave(claim).await,
        };
        if ended.is_ok() {
            self.claim = None;
        }
    }

    /// Lets go of a claim that is another's by now.
    pub(super) fn lose(mut self) {
        self.claim = None;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(claim) = &self.claim {
            self.claims.abandon(claim);
        }
    }
}

/// What a look for an earlier upload means for this one.
pub(super) enum Looked {
    /// It is to be sent; so often, it may have been sent before.
    Send { resent: u32 },
    /// It is there.
    There(Box<Image>),
}

impl Service {
    /// The claim on what [`lane`](super::put::lane) tells; `None` where another process is at it.
    pub(super) async fn claim(&self, key: &ContentKey) -> Result<Option<Held<'_>>, Error> {
        let claims = self.claims.as_ref();
        Ok(match claims.claim(key).await? {
            Claimed::Ours(claim) => Some(Held { claims, claim: Some(claim) }),
            Claimed::Theirs => None,
        })
    }
}

/// Looks for what an earlier holder was about to send. It is sent once more only where it is not there, or where the
/// provider keeps identical bytes once.
///
/// # Errors
/// Where neither can be told; what was about to be sent may be there.
pub(super) async fn look_first(
    library: &dyn ImageLibrary,
    album: &AlbumId,
    upload: &Upload,
    intent: &Intent,
) -> Result<Looked, Error> {
    let earlier = Upload { name: intent.name.clone(), class: intent.class.clone(), ..upload.clone() };
    let found = library.look_for(album, &earlier, intent.since).await;
    match found.map_err(|error| error.with_applied(Applied::Unknown))? {
        Found::Image(image) => Ok(Looked::There(image)),
        Found::Absent => Ok(Looked::Send { resent: 0 }),
        Found::Unclear if library.capabilities().deduplicates != Capability::Absent => Ok(Looked::Send { resent: 1 }),
        Found::Unclear => {
            let message = "an earlier upload of the image was interrupted, and the album does not tell whether it was \
                           stored; nothing was sent";
            Err(Error::new(ErrorKind::AnswerUnreadable, message).with_applied(Applied::Unknown))
        }
    }
}

/// The failure of an upload that may have been applied by an earlier holder of its claim. Only one that is about the image
/// itself would have met that one as well.
pub(super) fn still_unknown(error: Error, resent: u32) -> Error {
    let of_the_image = matches!(error.kind(), ErrorKind::RulesViolated | ErrorKind::CorruptImage);
    let applied = match error.applied() {
        Applied::No if !of_the_image => Applied::Unknown,
        applied => applied,
    };
    let resent = resent.saturating_add(error.resent());
    error.with_applied(applied).with_resent(resent)
}
