//! Images that share a call: neighbours in one album, as many as the library takes at a time. Each has an outcome of its own.

use std::pin::Pin;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::Service;
use super::batch::Settled;
use super::known::Stored;
use super::meter::Meter;
use super::put::{Landed, Ready, Turn, holds_one, key};
use super::sending::{Outgoing, Told, send};
use super::twins::Twin;
use crate::{AlbumId, Applied, Error, ImageLibrary};

/// An image that is not known to be in its album.
pub(super) struct Missing {
    pub(super) place: usize,
    pub(super) album: AlbumId,
    pub(super) ready: Ready,
}

/// An image once it was checked and looked up.
pub(super) enum Seen {
    Settled(usize, Box<Result<(Ready, Stored), Error>>),
    Twin(Twin),
    Missing(Missing),
}

/// What one call is for, and what was found to need none on the way.
#[derive(Default)]
pub(super) struct Step {
    pub(super) settled: Vec<Settled<(Ready, Stored)>>,
    pub(super) twins: Vec<Twin>,
    pub(super) group: Vec<Missing>,
}

impl Service {
    /// Sends a group, save what others are sending; then does those by themselves.
    pub(super) async fn take_group(
        &self,
        library: &dyn ImageLibrary,
        group: Vec<Missing>,
        meter: &Meter,
    ) -> Vec<(Missing, Result<Stored, Error>, u64)> {
        let Some(album) = group.first().map(|missing| missing.album.clone()) else { return Vec::new() };
        let (mut done, mut mine, mut others) = (Vec::with_capacity(group.len()), Vec::new(), Vec::new());
        for missing in group {
            let key = key(library, &missing.album, &missing.ready);
            // What takes the place of another is no matter of groups.
            let flight = if holds_one(library) { None } else { self.flights.try_lead(key.clone()) };
            match flight {
                Some(flight) => mine.push((missing, key, flight)),
                None => others.push(missing),
            }
        }
        let (mut claimed, mut outgoing) = (Vec::with_capacity(mine.len()), Vec::with_capacity(mine.len()));
        for (missing, key, flight) in mine {
            match self.claimed(library, &key, &missing.ready).await {
                // An earlier upload is looked for one by one.
                Ok(Some(Turn::Ours(held))) if held.earlier().is_some() => {
                    held.end(Applied::Unknown).await;
                    others.push(missing);
                }
                Ok(Some(Turn::Ours(held))) => {
                    outgoing.push(Outgoing { upload: missing.ready.upload.clone(), held });
                    claimed.push((missing, key, flight));
                }
                Ok(Some(Turn::Known(stored))) => done.push((missing, Ok(stored), 0)),
                // Another process is at it; nothing is held while it is waited for.
                Ok(None) => others.push(missing),
                Err(error) => done.push((missing, Err(error), 0)),
            }
        }
        let told = send(library, &album, &outgoing, meter).await;
        for (((missing, key, flight), Outgoing { held, .. }), told) in claimed.into_iter().zip(outgoing).zip(told) {
            let Told { outcome: Some(outcome), points } = told else {
                held.lose();
                others.push(missing);
                continue;
            };
            let outcome = self.landed(library, &key, &missing.ready, outcome, held).await;
            flight.land(Landed { terms: missing.ready.terms(), outcome: outcome.clone() });
            done.push((missing, outcome, points));
        }
        for missing in others {
            let meter = meter.apart();
            let outcome = self.put(library, &missing.album, &missing.ready, &meter).await;
            done.push((missing, outcome, meter.points()));
        }
        done
    }
}

/// Forms groups of neighbours in one album, of at most so many images and bytes; an image that is larger goes alone.
pub(super) fn grouped<'s>(seen: BoxStream<'s, Seen>, most: usize, most_bytes: u64) -> BoxStream<'s, Step> {
    stream::unfold(seen.peekable(), move |mut seen| async move {
        let (mut step, mut bytes) = (Step::default(), 0u64);
        loop {
            let fits = |next: &Seen| match (next, step.group.first()) {
                (Seen::Missing(next), Some(first)) => {
                    let together = bytes.saturating_add(next.ready.sent.bytes);
                    step.group.len() < most && next.album == first.album && together <= most_bytes
                }
                _ => true,
            };
            match Pin::new(&mut seen).next_if(fits).await {
                Some(Seen::Settled(place, outcome)) => step.settled.push((place, *outcome)),
                Some(Seen::Twin(twin)) => step.twins.push(twin),
                Some(Seen::Missing(missing)) => {
                    bytes = bytes.saturating_add(missing.ready.sent.bytes);
                    step.group.push(missing);
                }
                None if step.group.is_empty() && step.settled.is_empty() && step.twins.is_empty() => return None,
                None => return Some((step, seen)),
            }
        }
    })
    .boxed()
}
