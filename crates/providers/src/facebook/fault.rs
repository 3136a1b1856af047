//! Errors of the Graph API. The body decides, whatever the status.

use polyptych_domain::Error;
use polyptych_transport::Response;
use polyptych_wire::fault::Level;
use polyptych_wire_facebook::{Answer, DecodeError, GraphError};

use crate::call::Call;
use crate::opening;
use crate::refusal::Refusal;

/// Every error of the Graph API is about a whole request.
pub(super) const LEVEL: Level = Level::Request;

/// The answer of an operation, or the domain's error.
pub(super) fn answer<T>(call: &Call<'_>, answer: &Response, read: Result<Answer<T>, DecodeError>) -> Result<T, Error> {
    match read {
        Ok(Answer::Success(value)) => Ok(value),
        Ok(Answer::Refused(error)) => Err(call.refused(LEVEL, refusal(*error, answer.status.as_u16()), answer)),
        Err(error @ DecodeError::Unreadable { .. }) => {
            Err(call.undecoded(answer, opening::of_json(&answer.body), error))
        }
        Err(DecodeError::Status { .. }) => Err(call.foreign(answer)),
    }
}

/// A batch that ran out of time: some of its requests may have been done.
const BATCH_TIMEOUT: i64 = 960;

/// The error as a refusal. One that comes with a failing status is the provider's failure, whether it says so or not.
pub(super) fn refusal(error: GraphError, status: u16) -> Refusal {
    let user = Refusal::joined(
        error.error_user_title.as_deref().unwrap_or_default(),
        error.error_user_msg.as_deref().unwrap_or_default(),
    );
    Refusal {
        code: error.code,
        subcode: error.error_subcode,
        name: None,
        message: Refusal::joined(error.message.as_deref().unwrap_or_default(), &user),
        request_id: error.fbtrace_id.map(String::from),
        transient: error.is_transient == Some(true)
            || status >= 500
            || error.code == Some(BATCH_TIMEOUT)
            // An error of the API has a code, or a failing status; one with neither comes from something before it.
            || (error.code.is_none() && status < 300),
    }
}
