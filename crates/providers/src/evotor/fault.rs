//! Errors of Evotor Cloud. The status decides and is the code of the table; the body, where there is one, names and
//! explains the error.

use polyptych_domain::Error;
use polyptych_transport::Response;
use polyptych_wire::fault::Level;
use polyptych_wire_evotor::{Answer, DecodeError, Refusal as Refused};

use crate::call::Call;
use crate::refusal::Refusal;

/// The answer of an operation, or the domain's error.
pub(super) fn answer<T>(call: &Call<'_>, answer: &Response, read: Result<Answer<T>, DecodeError>) -> Result<T, Error> {
    match read {
        // A deletion is answered without a body, so that a gateway's page under a success must be told apart here.
        Ok(Answer::Success(_)) if answer.body.trim_ascii_start().starts_with(b"<") => Err(call.foreign(answer)),
        Ok(Answer::Success(value)) => Ok(value),
        Ok(Answer::Refused(refused)) => Err(call.refused(Level::Request, refusal(refused), answer)),
        Err(error) if answer.body.trim_ascii_start().starts_with(b"{") => Err(call.unreadable(answer, error)),
        Err(_) => Err(call.foreign(answer)),
    }
}

pub(super) fn refusal(refused: Refused) -> Refusal {
    let code = Some(refused.status.into());
    let Some(error) = refused.error else { return Refusal { code, ..Refusal::default() } };
    let violations: Vec<_> = error
        .violations
        .iter()
        .map(|violation| {
            let subject = violation.subject.as_deref().unwrap_or_default();
            Refusal::joined(subject, violation.reason.as_deref().unwrap_or_default())
        })
        .collect();
    let place = Refusal::joined(error.value.as_deref().unwrap_or_default(), &violations.join("; "));
    let message = Refusal::joined(error.message.as_deref().unwrap_or_default(), &place);
    Refusal { code, message, name: error.code.filter(|name| !name.is_empty()), ..Refusal::default() }
}
