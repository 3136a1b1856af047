//! One image that satisfies the rules into one album, never twice: what is known to be there is not sent, and of several
//! who bring the same content at once only one sends it.

use super::claimed::{Held, Looked, look_first, still_unknown};
use super::known::{Asked, Stored};
use super::meter::Meter;
use super::prepare::Prepared;
use super::sending::has_arrived;
use super::{PAUSE, Sent, Service, UploadReceipt, wrong_number};
use crate::{
    AlbumId, AlbumName, Applied, ContentKey, Cost, Error, ErrorKind, ImageLibrary, Prices, Sha256, Upload, Uploaded,
};

/// How far an upload may rely on what is known of an album.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadPolicy {
    /// An image that the catalogue knows is not sent.
    #[default]
    Reuse,
    /// An image that the catalogue knows is not sent either, if the provider says that it is still there.
    Verify,
    /// It is sent whatever is known. The provider may still keep identical bytes once, under the first name.
    Force,
}

/// An image on its way into an album, and under which terms.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(super) upload: Upload,
    pub(super) sent: Sent,
    pub(super) policy: UploadPolicy,
}

impl Ready {
    pub(super) fn new(prepared: Prepared, replace: bool, policy: UploadPolicy) -> Self {
        let Prepared { name, class, content, sent } = prepared;
        let upload = Upload { name, format: sent.format, class, content, replace };
        Self { upload, sent, policy }
    }

    /// What may be known of it.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { class: self.upload.class.as_deref(), policy: self.policy }
    }

    /// What makes two uploads into one album ask for the same.
    pub(super) fn terms(&self) -> Terms {
        let (class, replace) = (self.upload.class.clone(), self.upload.replace);
        Terms { sha256: self.sent.sha256, policy: self.policy, class, replace }
    }

    pub(super) fn receipt(self, library: &dyn ImageLibrary, stored: Stored) -> UploadReceipt {
        let album = AlbumName { library: library.id().clone(), album: stored.image.album.clone() };
        let Stored { image, found, resent, reused, request_id, unrecorded } = stored;
        UploadReceipt { album, image, sent: self.sent, found, resent, reused, request_id, unrecorded }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    sha256: Sha256,
    policy: UploadPolicy,
    class: Option<String>,
    replace: bool,
}

/// What a claim is good for.
pub(super) enum Turn<'s> {
    /// Nothing has to be sent.
    Known(Stored),
    /// It may be sent.
    Ours(Held<'s>),
}

/// What an upload leaves to those who brought the same content meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Landed {
    pub(super) terms: Terms,
    pub(super) outcome: Result<Stored, Error>,
}

impl Landed {
    /// The outcome for one who waited; `None` where it asks for something else, or the failure is none of its own, and it
    /// has to try by itself.
    pub(super) fn for_follower(&self, terms: &Terms) -> Option<Result<Stored, Error>> {
        let suits = terms.sha256 == self.terms.sha256 && (terms.class.is_none() || terms.class == self.terms.class);
        match &self.outcome {
            // It has just been sent, which is more than any policy asks for.
            Ok(stored) if !stored.reused && suits => {
                Some(Ok(Stored { reused: true, request_id: None, ..stored.clone() }))
            }
            Err(error) if !is_of_the_content(error) => None,
            outcome => (*terms == self.terms).then(|| outcome.clone()),
        }
    }
}

/// Whether whoever sends the same would fail with this too. Not so where a budget did not suffice, which is the sender's
/// own, or where the others of a call stood in the way: then no provider has said anything against this image.
fn is_of_the_content(error: &Error) -> bool {
    let unsaid = error.kind() == ErrorKind::ProviderRefused && error.provider_error().is_none();
    error.kind() != ErrorKind::BudgetSpent && !unsaid
}

/// The content of an upload in its album.
pub(super) fn key(library: &dyn ImageLibrary, album: &AlbumId, ready: &Ready) -> ContentKey {
    let album = AlbumName { library: library.id().clone(), album: library.canonical(album) };
    ContentKey { album, sha256: ready.sent.sha256 }
}

/// Whether its albums hold one image each.
pub(super) fn holds_one(library: &dyn ImageLibrary) -> bool {
    library.rules().images_per_album == Some(1)
}

/// What one at a time sends, here and in all processes: a content into its album; anything into an album that holds one
/// image, since one would else delete what the other has just put there.
fn lane(library: &dyn ImageLibrary, key: &ContentKey) -> ContentKey {
    match holds_one(library) {
        true => ContentKey::anything(key.album.clone()),
        false => key.clone(),
    }
}

/// What a call for uploads has cost, by its outcomes.
pub(super) fn points(prices: &Prices, images: u64, outcome: &Result<Vec<Result<Uploaded, Error>>, Error>) -> u64 {
    match outcome {
        Ok(outcomes) => {
            let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count() as u64;
            let stored = images.saturating_sub(refused);
            prices.upload.of(stored).saturating_add(prices.refused_image.saturating_mul(refused))
        }
        Err(error) if error.applied() != Applied::No => prices.most_of_upload(images),
        Err(error) if error.provider_error().is_some() => prices.refused_call,
        Err(_) => 0,
    }
}

/// What a call for one upload has cost.
pub(super) fn points_of_one<T>(prices: &Prices, outcome: &Result<T, Error>) -> u64 {
    match outcome {
        Ok(_) => prices.upload.of(1),
        Err(error) => points(prices, 1, &Err(error.clone())),
    }
}

impl Service {
    /// Puts one image into one album, or waits for another who is doing so.
    pub(super) async fn put(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        ready: &Ready,
        meter: &Meter,
    ) -> Result<Stored, Error> {
        let (key, terms) = (key(library, album, ready), ready.terms());
        loop {
            let flight = self.flights.join(lane(library, &key)).await;
            match flight.left() {
                Some(landed) => {
                    if let Some(outcome) = landed.for_follower(&terms) {
                        return outcome;
                    }
                }
                None => {
                    let outcome = self.put_alone(library, album, &key, ready, meter).await;
                    flight.land(Landed { terms, outcome: outcome.clone() });
                    return outcome;
                }
            }
        }
    }

    async fn put_alone(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        key: &ContentKey,
        ready: &Ready,
        meter: &Meter,
    ) -> Result<Stored, Error> {
        loop {
            if let Some(stored) = self.known(library, album, key, ready.asked(), meter).await? {
                return Ok(stored);
            }
            match self.claimed(library, key, ready).await? {
                Some(Turn::Known(stored)) => return Ok(stored),
                Some(Turn::Ours(held)) => {
                    if let Some(outcome) = self.put_claimed(library, album, key, ready, (held, meter)).await {
                        return outcome;
                    }
                }
                None => self.pauses.pause(PAUSE).await,
            }
        }
    }

    /// The claim on an upload; `None` where another process has it.
    ///
    /// # Errors
    /// If the store fails; nothing was sent.
    pub(super) async fn claimed(
        &self,
        library: &dyn ImageLibrary,
        key: &ContentKey,
        ready: &Ready,
    ) -> Result<Option<Turn<'_>>, Error> {
        let Some(held) = self.claim(&lane(library, key)).await? else { return Ok(None) };
        // Between the look and the claim, another process may have landed.
        match self.known_meanwhile(key, ready.asked()).await? {
            Some(stored) => {
                held.end(Applied::No).await;
                Ok(Some(Turn::Known(stored)))
            }
            None => Ok(Some(Turn::Ours(held))),
        }
    }

    /// Uploads under a claim; `None` where it was lost, or only served to find out what became of an earlier upload.
    async fn put_claimed(
        &self,
        library: &dyn ImageLibrary,
        album: &AlbumId,
        key: &ContentKey,
        ready: &Ready,
        (held, meter): (Held<'_>, &Meter),
    ) -> Option<Result<Stored, Error>> {
        let earlier = held.earlier().cloned();
        let mut resent = 0;
        if let Some(intent) = &earlier {
            let paid = meter.pay_reading(album, &library.capabilities().prices).await;
            let looked = match paid.map_err(|error| error.with_applied(Applied::Unknown)) {
                Ok(()) => look_first(library, album, &ready.upload, intent).await,
                Err(error) => Err(error),
            };
            match looked {
                Ok(Looked::Send { resent: times }) => resent = times,
                Ok(Looked::There(image)) => {
                    let uploaded = Uploaded { found: true, ..Uploaded::from(*image) };
                    let class = intent.class.clone();
                    let suits = ready.upload.class.is_none() || ready.upload.class == class;
                    let stored = self.stored(library, key, class, uploaded, held).await;
                    return suits.then_some(Ok(stored));
                }
                Err(error) => {
                    held.end(error.applied()).await;
                    return Some(Err(error));
                }
            }
        }
        let unknown = |error: Error| if resent > 0 { still_unknown(error, 0) } else { error };
        let (prices, bytes) = (&library.capabilities().prices, ready.sent.bytes);
        let reserved = match meter.reserve(album, Cost { calls: 1, points: prices.most_of_upload(1), bytes }).await {
            Ok(reserved) => reserved,
            Err(error) => {
                let error = unknown(error);
                held.end(error.applied()).await;
                return Some(Err(error));
            }
        };
        match held.sending(&ready.upload).await {
            Ok(true) => {}
            Ok(false) => {
                reserved.spend(Cost::default());
                held.lose();
                return None;
            }
            Err(error) => {
                reserved.spend(Cost::default());
                return Some(Err(unknown(error)));
            }
        }
        let displaced = match self.displace(library, key, &ready.upload).await {
            Ok(displaced) => displaced,
            Err(error) => {
                reserved.spend(Cost::default());
                let error = unknown(error);
                held.end(error.applied()).await;
                return Some(Err(error));
            }
        };
        let told = library.upload(album, std::slice::from_ref(&ready.upload)).await;
        let told = told.and_then(|told| if told.len() == 1 { Ok(told) } else { Err(wrong_number("upload")) });
        let arrived = told.as_ref().err().is_none_or(has_arrived);
        let points = points(prices, 1, &told);
        reserved.spend(Cost { calls: u64::from(arrived), points, bytes: if arrived { bytes } else { 0 } });
        let outcome = match told {
            Ok(mut told) => told.pop().unwrap_or_else(|| Err(wrong_number("upload"))),
            Err(error) => {
                meter.stop(album, &error);
                Err(error)
            }
        };
        let outcome = match outcome {
            Ok(uploaded) => Ok(Uploaded { resent: uploaded.resent.saturating_add(resent), ..uploaded }),
            Err(error) if resent > 0 => Err(still_unknown(error, resent)),
            Err(error) => Err(error),
        };
        if outcome.as_ref().is_err_and(|error| error.applied() == Applied::No) {
            self.restore(&key.album, displaced).await;
        }
        Some(self.landed(library, key, ready, outcome, held).await)
    }

    /// Ends an upload and its claim.
    pub(super) async fn landed(
        &self,
        library: &dyn ImageLibrary,
        key: &ContentKey,
        ready: &Ready,
        outcome: Result<Uploaded, Error>,
        held: Held<'_>,
    ) -> Result<Stored, Error> {
        match outcome {
            Ok(uploaded) => Ok(self.stored(library, key, ready.upload.class.clone(), uploaded, held).await),
            Err(error) => {
                held.end(error.applied()).await;
                Err(error)
            }
        }
    }
}
