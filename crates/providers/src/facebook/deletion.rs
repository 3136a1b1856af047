//! Deletions: one as a call of its own, many in batches. What a batch did not get to is sent in another one, a bounded
//! number of times; a refusal is explained by the image itself.

use std::time::Duration;

use polyptych_domain::{AlbumId, Applied, Confirmed, Error, ErrorKind, Image, ImageId};
use polyptych_transport::Response;
use polyptych_wire::fault::Class;
use polyptych_wire::rest::Operation;
use polyptych_wire_facebook::{Batch, BatchAnswer, BatchCall, BatchEntry, DecodeError, DeleteAdImage, Success, decode};

use super::{Facebook, fault, reading};
use crate::call::{BadAnswer, Call, deleted};
use crate::places::Places;
use crate::refusal::{Refusal, Subject};

/// Batches of one deletion at most, however many tries a call may have.
const ROUNDS: usize = 3;

/// No file is attached, so that nothing can hold it.
const BOUNDARY: &str = "batch";

impl Facebook {
    pub(super) async fn remove(&self, account: &AlbumId, id: &ImageId) -> Result<Confirmed, Error> {
        let call = self.line.call(account, Subject::Image, DeleteAdImage::EFFECT);
        let request = self.deletion(account, id).request();
        let outcome = match self.send::<DeleteAdImage>(&call, &request).await {
            Ok((told, answer)) => believed(&call, &told, &answer).map(|()| call.confirmed(&answer)),
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if error.kind() == ErrorKind::ProviderRefused => {
                let found = self.held(account, &[id]).await.ok();
                deleted(Err(self.explained(account, id, found.as_deref(), error)))
            }
            outcome => deleted(outcome),
        }
    }

    /// At most as many as fit into one batch.
    pub(super) async fn remove_many(
        &self,
        account: &AlbumId,
        ids: &[ImageId],
    ) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        let mut places = Places::new(ids);
        // Whether an image may have been deleted by a batch whose answer does not tell.
        let mut unsure = vec![false; places.len()];
        let mut waiting = places.all();
        let mut rounds = self.line.transport.rounds(DeleteAdImage::NAME, Some(account.as_str()));
        for round in 1.. {
            let entries = match self.run(account, &places.ids(&waiting)).await {
                Ok(entries) => entries,
                Err(error) if places.is_untouched() && waiting.len() == places.len() => return Err(error),
                Err(error) => {
                    for place in &waiting {
                        let unsure = unsure.get(*place).copied().unwrap_or_default();
                        places.set_all(&[*place], &Err(unsure_of(error.clone(), unsure)));
                    }
                    break;
                }
            };
            let (mut again, mut hint) = (Vec::new(), None);
            for (place, entry) in waiting.iter().zip(entries) {
                let Some(unsure) = unsure.get_mut(*place) else { continue };
                if entry.again {
                    again.push(*place);
                    hint = hint.max(entry.hint);
                }
                let outcome = entry.outcome.map_err(|error| unsure_of(error, *unsure));
                *unsure |= entry.unsure;
                places.set_all(&[*place], &deleted(outcome));
            }
            waiting = again;
            if waiting.is_empty() || round == ROUNDS || !rounds.next(hint).await {
                break;
            }
        }
        self.explain(account, &mut places).await;
        Ok(places.outcomes())
    }

    /// Deletes in one batch: one entry for each id.
    async fn run(&self, account: &AlbumId, ids: &[&ImageId]) -> Result<Vec<Entry>, Error> {
        let call = self.line.call(account, Subject::Image, DeleteAdImage::EFFECT);
        let mut batch = Batch::new(self.version.as_str());
        for id in ids {
            let entry = BatchCall::new(&self.deletion(account, id).request());
            let pushed = entry.and_then(|entry| batch.push(entry.without_version()));
            pushed.map_err(|error| call.unmade(error))?;
        }
        let request = batch.request(BOUNDARY).map_err(|error| call.unmade(error))?;
        let answer = call.execute(&request).await?;
        let entries = match batch.decode(answer.status.as_u16(), &answer.body) {
            // A list is the answer to a batch, though not the one that was expected.
            Err(error @ DecodeError::Unreadable { .. }) if answer.body.trim_ascii_start().starts_with(b"[") => {
                return Err(call.unclear(&answer, error));
            }
            read => fault::answer(&call, &answer, read)?,
        };
        Ok(entries.into_iter().map(|entry| Entry::read(&call, &answer, entry)).collect())
    }

    fn deletion(&self, account: &AlbumId, id: &ImageId) -> DeleteAdImage {
        DeleteAdImage::new(self.version.as_str(), account.as_str(), id.as_str())
    }

    /// Those of the images that the account holds.
    async fn held(&self, account: &AlbumId, ids: &[&ImageId]) -> Result<Vec<Image>, Error> {
        let list = self.list_of(account).with_hashes(ids.iter().map(|id| id.as_str())).with_limit(ids.len() as u64);
        Ok(self.fetch(account, list).await?.items)
    }

    async fn explain(&self, account: &AlbumId, places: &mut Places<'_>) {
        let refused = places.failed(ErrorKind::ProviderRefused);
        if refused.is_empty() {
            return;
        }
        let ids: Vec<_> = refused.iter().flat_map(|(place, _)| places.ids(&[*place])).collect();
        let found = self.held(account, &ids).await.ok();
        for ((place, error), id) in refused.into_iter().zip(ids) {
            let outcome = deleted(Err(self.explained(account, id, found.as_deref(), error)));
            places.set_all(&[place], &outcome);
        }
    }

    /// Why a deletion was refused. Neither the error for an unknown hash nor the one for an image in use is documented,
    /// so that the account was asked for the image; if that told nothing, the provider's error stands.
    fn explained(&self, account: &AlbumId, id: &ImageId, found: Option<&[Image]>, refused: Error) -> Error {
        let Some(found) = found else { return refused };
        let (kind, message) = match found.iter().find(|image| image.id == *id) {
            None => (ErrorKind::ImageNotFound, "the album holds no such image"),
            Some(image) if image.in_use == Some(true) => (ErrorKind::ImageInUse, "a creative uses the image"),
            Some(_) => return refused,
        };
        let words = refused.provider_error().cloned().unwrap_or_default();
        let applied = refused.applied();
        let told = self.line.error(account, kind, message).with_applied(applied);
        told.with_provider_error(words).with_source(refused)
    }
}

/// What one entry of a batch came to.
struct Entry {
    outcome: Result<Confirmed, Error>,
    /// Whether another batch may do it.
    again: bool,
    /// Whether it may have been done all the same.
    unsure: bool,
    /// How long the provider asks to wait before.
    hint: Option<Duration>,
}

impl Entry {
    fn read(call: &Call<'_>, answer: &Response, entry: BatchEntry) -> Self {
        let BatchEntry::Answered(entry) = entry else {
            let error = call.unclear(answer, BadAnswer::from("the batch ended before the request did"));
            return Self { outcome: Err(error), again: true, unsure: true, hint: None };
        };
        let inner = within(answer, &entry);
        let outcome = fault::answer(call, &inner, decode::<DeleteAdImage>(entry.code, entry.body.as_bytes()))
            .and_then(|told| believed(call, &told, &inner))
            .map(|()| call.confirmed(answer));
        let verdict = reading::judge(&inner);
        let class = verdict.class.filter(|_| outcome.is_err());
        let again = matches!(class, Some(Class::Backoff | Class::UnknownOutcome | Class::Throttle));
        let hint = reading::wait(&verdict, &[entry.usage()]);
        let outcome = outcome.map_err(|error| if hint.is_some() { error.with_retry_after(hint) } else { error });
        Self { outcome, again, unsure: again && !verdict.refused, hint }
    }
}

/// The answer to one request of a batch as if it had come alone.
fn within(answer: &Response, entry: &BatchAnswer) -> Response {
    let headers = entry.headers.iter().filter_map(|header| {
        let name = http::HeaderName::try_from(&header.name).ok()?;
        Some((name, http::HeaderValue::try_from(&header.value).ok()?))
    });
    // A status that is none says as little as one that neither succeeds nor refuses.
    let status = http::StatusCode::from_u16(entry.code).unwrap_or(http::StatusCode::CONTINUE);
    answer.within(status, headers.collect(), entry.body.clone().into())
}

/// A success is believed only where the answer says so.
fn believed(call: &Call<'_>, told: &Success, answer: &Response) -> Result<(), Error> {
    match told.success {
        Some(true) => Ok(()),
        Some(false) => {
            let message = "success: false".to_owned();
            Err(call.refused(fault::LEVEL, Refusal { message, ..Refusal::default() }, answer))
        }
        None => Err(call.unclear(answer, BadAnswer::from("no `success` in the answer"))),
    }
}

/// A refusal proves nothing about a try before it.
fn unsure_of(error: Error, unsure: bool) -> Error {
    match error.applied() {
        Applied::No if unsure => error.with_applied(Applied::Unknown),
        _ => error,
    }
}
