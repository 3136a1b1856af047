//! What an operation says in the end, and whether it is true.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use polyptych_proto::longrunning::{Operation, operation};
use polyptych_proto::v1;
use prost::Message;
use tonic_types::pb;
use v1::deletion_outcome::Result as Deletion;
use v1::sync_outcome::Result as Step;
use v1::upload_outcome::Result as Upload;

use crate::asked::{Asked, Item, Request};
use crate::emulator::{Deleted, Key};

/// What an operation says of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The picture is there.
    Stored {
        /// SHA-256 of what was sent; absent where the provider fetched it by itself.
        sent: Option<String>,
        /// Whether nothing was sent.
        reused: bool,
        /// Whether it was found by looking.
        found: bool,
        /// How often it was sent once more.
        resent: u64,
    },
    /// The image is gone.
    Deleted,
    /// It failed, or nobody knows.
    Failed(String),
    /// Nothing.
    Nothing,
}

/// How far an operation is: when it was made and last changed, in microseconds since the Unix epoch.
///
/// # Errors
/// If the operation does not say so.
pub fn times(operation: &Operation) -> Result<(i64, i64)> {
    let metadata = operation.metadata.as_ref().context("an operation without metadata")?;
    let metadata = v1::OperationMetadata::decode(metadata.value.as_slice()).context("metadata of another type")?;
    let micros = |time: Option<prost_types::Timestamp>| {
        time.map(|time| time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000).context("an operation without a time")
    };
    Ok((micros(metadata.create_time)?, micros(metadata.update_time)?))
}

/// What an operation that has ended says of its items.
///
/// # Errors
/// If it has failed as a whole, or does not answer in its type.
pub fn items(request: &Request, operation: &Operation) -> Result<Vec<Told>> {
    let response = match &operation.result {
        Some(operation::Result::Response(response)) => response.value.as_slice(),
        Some(operation::Result::Error(status)) => bail!("it failed as a whole: {}", status.message),
        None => bail!("it has no result"),
    };
    let uploads = |outcomes: Vec<v1::UploadOutcome>| outcomes.into_iter().map(upload).collect();
    Ok(match request {
        Request::Publish(..) => uploads(v1::PublishResponse::decode(response)?.outcomes),
        Request::Import(_) => uploads(v1::ImportImagesResponse::decode(response)?.outcomes),
        Request::Copy(_) => uploads(v1::CopyImagesResponse::decode(response)?.outcomes),
        Request::Sync(_) => v1::SyncResponse::decode(response)?.outcomes.into_iter().map(step).collect(),
        Request::Delete(_) => {
            let outcomes = v1::DeleteImagesResponse::decode(response)?.outcomes;
            outcomes.into_iter().map(|outcome| deletion(outcome.result)).collect()
        }
    })
}

fn stored(upload: v1::UploadImageResponse) -> Told {
    Told::Stored {
        sent: upload.sent.map(|sent| sent.sha256),
        reused: upload.reused,
        found: upload.found,
        resent: u64::try_from(upload.resent).unwrap_or_default(),
    }
}

fn step(outcome: v1::SyncOutcome) -> Told {
    match outcome.result {
        Some(Step::Upload(upload)) => stored(upload),
        Some(Step::Deleted(())) => Told::Deleted,
        Some(Step::Error(status)) => Told::Failed(failure(&status)),
        None => Told::Nothing,
    }
}

fn upload(outcome: v1::UploadOutcome) -> Told {
    match outcome.result {
        Some(Upload::Upload(upload)) => stored(upload),
        Some(Upload::Error(status)) => Told::Failed(failure(&status)),
        None => Told::Nothing,
    }
}

fn deletion(result: Option<Deletion>) -> Told {
    match result {
        Some(Deletion::Deleted(())) => Told::Deleted,
        Some(Deletion::Error(status)) => Told::Failed(failure(&status)),
        None => Told::Nothing,
    }
}

fn failure(status: &pb::Status) -> String {
    format!("code {}: {}", status.code, status.message)
}

/// What comparing came to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Items that were told as they are.
    pub true_items: u64,
    /// Items that were found by looking.
    pub found: u64,
    /// Items that were sent once more, which was told.
    pub resent: u64,
    /// Uploads that were applied a second time, and told.
    pub told_twice: u64,
    /// Uploads that were applied a second time without being told.
    pub twice: Vec<String>,
    /// Items that are told wrongly, or not done although nothing but the server broke.
    pub wrong: Vec<String>,
}

/// Compares what an operation says with what the emulator has written down. Nothing but servers breaks in these runs, so
/// everything asked for has to be done.
pub fn compare(
    asked: &Asked,
    operation: &Operation,
    applied: &BTreeMap<Key, u64>,
    deleted: &BTreeMap<Deleted, u64>,
) -> Comparison {
    let (mut comparison, verb) = (Comparison::default(), asked.request.verb());
    let told = match items(&asked.request, operation) {
        Ok(told) => told,
        Err(error) => {
            comparison.wrong.push(format!("{verb} {}: {error:#}", operation.name));
            return comparison;
        }
    };
    if told.len() != asked.items.len() {
        let wrong = format!("{verb} {}: {} outcomes for {} items", operation.name, told.len(), asked.items.len());
        comparison.wrong.push(wrong);
    }
    for (place, (item, told)) in asked.items.iter().zip(&told).enumerate() {
        let at = format!("{verb} {} item {place}", operation.name);
        match (item, told) {
            (Item::Stored { library, album, asked }, Told::Stored { sent, reused, found, resent }) => {
                let sha256 = sent.as_ref().unwrap_or(asked).clone();
                let key = Key { library: (*library).to_owned(), album: album.clone(), sha256 };
                comparison.found += u64::from(*found);
                comparison.resent += resent;
                match applied.get(&key).copied().unwrap_or_default() {
                    0 => comparison.wrong.push(format!("{at}: told to be in {album}, and it never came there")),
                    _ if *reused => comparison.wrong.push(format!("{at}: told to have been in {album} before")),
                    1 => comparison.true_items += 1,
                    times if times - 1 <= *resent => {
                        comparison.told_twice += times - 1;
                        comparison.true_items += 1;
                    }
                    times => comparison.twice.push(format!("{at}: applied {times} times in {album}, {resent} told")),
                }
            }
            (Item::Deleted(image), Told::Deleted) => match deleted.get(image).copied().unwrap_or_default() {
                0 => comparison.wrong.push(format!("{at}: told to be gone, and it was never deleted")),
                _ => comparison.true_items += 1,
            },
            (_, told) => comparison.wrong.push(format!("{at}: {told:?}")),
        }
    }
    comparison
}
