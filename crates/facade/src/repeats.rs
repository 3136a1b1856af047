//! Requests that callers may repeat: a `request_id` and a digest of everything else that was asked for. Calls that start an
//! operation leave the rest to the port of operations; all others carry their answers here.

use std::sync::Arc;

use polyptych_domain::{Begun, ClientId, Request, Requests, Sha256};
use prost::Message;
use tonic::{Code, Status};

use crate::status::{Fields, Reason, Refusal, SOON, failed};

const MAX_ID_BYTES: usize = 128;

/// What a caller may repeat: the request of `method` under `id`, if it gave one. `said` is the message without its id;
/// `content` the digest of the file that came with it.
///
/// # Errors
/// If the id is malformed; `field` is blamed.
pub(crate) fn request(
    field: &str,
    id: &str,
    method: &str,
    said: &impl Message,
    content: Option<Sha256>,
) -> Result<Option<Request>, Refusal> {
    if id.is_empty() {
        return Ok(None);
    }
    if id.len() > MAX_ID_BYTES || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::argument(field, "a request id has 1 to 128 visible ASCII characters"));
    }
    let mut bytes = format!("{method}\n").into_bytes();
    bytes.extend(content.iter().flat_map(|digest| digest.as_bytes()));
    // The fields of these messages are written in the order of their numbers, and none is a map.
    bytes.extend(said.encode_to_vec());
    Ok(Some(Request { id: id.to_owned(), digest: Sha256::of(&bytes) }))
}

/// A call that may be a repetition.
pub(crate) enum Repeatable<T> {
    /// It is to be carried out.
    Fresh(Attempt),
    /// It was carried out before: what was answered.
    Answered(T),
}

impl<T: Message + Default> Repeatable<T> {
    /// Looks whether this client has asked for this before.
    ///
    /// # Errors
    /// If the id was used for something else, the first one is not answered yet, or the store fails.
    pub(crate) async fn begin(
        requests: &Arc<dyn Requests>,
        client: ClientId,
        request: Option<Request>,
        field: &'static str,
    ) -> Result<Self, Status> {
        let Some(request) = request else { return Ok(Self::Fresh(Attempt(None))) };
        let begun = requests.begin(&client, &request).await.map_err(|error| failed(&error, Fields::of(field)))?;
        match begun {
            Begun::Fresh => {
                let requests = Arc::clone(requests);
                Ok(Self::Fresh(Attempt(Some(Open { requests, client, id: request.id }))))
            }
            Begun::Done(answer) => match T::decode(answer.as_slice()) {
                Ok(answer) => Ok(Self::Answered(answer)),
                Err(error) => {
                    tracing::error!(%error, "a kept answer cannot be read");
                    let message = "the answer to the first request of this id cannot be read";
                    Err(Refusal::new(Code::Internal, Reason::Internal, message).into())
                }
            },
            Begun::Running => {
                let message = "the first request of this id has not been answered yet; repeat it later";
                Err(Refusal::new(Code::Aborted, Reason::RequestRunning, message).with_retry_after(SOON).into())
            }
        }
    }
}

/// A call that is carried out. One that is dropped without an end, as when its caller goes, can be begun again.
pub(crate) struct Attempt(Option<Open>);

struct Open {
    requests: Arc<dyn Requests>,
    client: ClientId,
    id: String,
}

impl Attempt {
    /// Ends the call. An answer is kept for repetitions; after a failure they begin again.
    pub(crate) async fn end<T: Message>(mut self, outcome: &Result<T, Status>) {
        // Taken only when it is done: until then a drop abandons.
        let Some(Open { requests, client, id }) = &self.0 else { return };
        let kept = match outcome {
            Ok(answer) => requests.finish(client, id, &answer.encode_to_vec()).await,
            Err(_) => requests.abandon(client, id).await,
        };
        if let Err(error) = kept {
            // The call itself is done, and its caller is told so.
            tracing::error!(%error, "the answer to a request that may be repeated is not kept");
        }
        self.0 = None;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(Open { requests, client, id }) = self.0.take() {
            tokio::spawn(async move {
                if let Err(error) = requests.abandon(&client, &id).await {
                    tracing::error!(%error, "a request that was broken off cannot be repeated yet");
                }
            });
        }
    }
}
