//! Why a bucket cannot be used, and what to do about it.

use http::StatusCode;

use super::BucketHttpError;

/// What stands in the way, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BucketProblem {
    /// There is no such bucket.
    #[error("there is no bucket of this name; create it, or mend the name, the endpoint or the region")]
    Missing,
    /// The keys were good once.
    #[error("its keys have expired; renew them")]
    Expired,
    /// The server does not know the access key.
    #[error("its server does not know the access key; is it the key of another account or server?")]
    UnknownKey,
    /// The signature is not what the server computes.
    #[error(
        "its server refuses the signature; the secret key does not belong to the access key, or it holds something else"
    )]
    WrongSecret,
    /// The keys are good, and not for this.
    #[error("its keys may not do this; allow them to list the bucket, and to get, put and delete objects")]
    Denied,
    /// The bucket is elsewhere.
    #[error("it is in another region; set the region to the bucket's")]
    Region,
    /// A signature is good for a quarter of an hour.
    #[error("the clock of this machine and that of the bucket's server differ too much; set this machine's")]
    Clock,
    /// There are no keys to sign with.
    #[error("there are no keys to sign requests with")]
    NoKeys,
    /// Nobody answers.
    #[error("its server does not answer; is the endpoint right, and is it up?")]
    Unreachable,
    /// Something else; the source says what.
    #[error("its server does not do what is asked of it")]
    Other,
}

/// What is known by the codes of S3's error answers.
const CODES: &[(&str, BucketProblem)] = &[
    ("NoSuchBucket", BucketProblem::Missing),
    ("ExpiredToken", BucketProblem::Expired),
    ("TokenRefreshRequired", BucketProblem::Expired),
    ("InvalidAccessKeyId", BucketProblem::UnknownKey),
    ("InvalidToken", BucketProblem::UnknownKey),
    ("SignatureDoesNotMatch", BucketProblem::WrongSecret),
    ("AccessDenied", BucketProblem::Denied),
    ("AllAccessDisabled", BucketProblem::Denied),
    ("PermanentRedirect", BucketProblem::Region),
    ("TemporaryRedirect", BucketProblem::Region),
    ("AuthorizationHeaderMalformed", BucketProblem::Region),
    ("IllegalLocationConstraintException", BucketProblem::Region),
    ("RequestTimeTooSkewed", BucketProblem::Clock),
];

impl BucketProblem {
    /// Reads it from the causes of an error.
    pub(crate) fn of(error: &object_store::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(refusal) = error.downcast_ref::<Refusal>() {
                return refusal.problem();
            }
            if error.is::<BucketHttpError>() {
                return Self::Unreachable;
            }
            if error.is::<NoKeys>() {
                return Self::NoKeys;
            }
            cause = error.source();
        }
        Self::Other
    }
}

/// An answer that says no.
#[derive(Debug, thiserror::Error)]
#[error("the bucket's server answered with status {}{}", status.as_u16(), code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: Option<String>,
}

impl Refusal {
    fn problem(&self) -> BucketProblem {
        let code = self.code.as_deref().unwrap_or_default();
        if let Some((_, problem)) = CODES.iter().find(|(known, _)| *known == code) {
            return *problem;
        }
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => BucketProblem::Denied,
            StatusCode::NOT_FOUND => BucketProblem::Missing,
            status if status.is_redirection() => BucketProblem::Region,
            _ => BucketProblem::Other,
        }
    }
}

/// The place of keys gave none.
#[derive(Debug, thiserror::Error)]
#[error("the bucket's keys cannot be read")]
pub(super) struct NoKeys(#[source] pub(super) Box<dyn std::error::Error + Send + Sync>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_is_told_by_the_code_or_else_by_the_status() {
        for (status, code, problem) in [
            (404, Some("NoSuchBucket"), BucketProblem::Missing),
            (400, Some("ExpiredToken"), BucketProblem::Expired),
            (403, Some("InvalidAccessKeyId"), BucketProblem::UnknownKey),
            (403, Some("SignatureDoesNotMatch"), BucketProblem::WrongSecret),
            (403, Some("RequestTimeTooSkewed"), BucketProblem::Clock),
            (403, Some("SomethingNew"), BucketProblem::Denied),
            (403, None, BucketProblem::Denied),
            (301, None, BucketProblem::Region),
            (400, None, BucketProblem::Other),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Refusal { status, code: code.map(str::to_owned) }.problem(), problem, "{status} {code:?}");
        }
    }
}
