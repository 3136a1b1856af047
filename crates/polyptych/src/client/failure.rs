//! Why a call or an item failed, as the API tells it, and what to do next.

use std::error::Error;
use std::iter::successors;

use polyptych::facade::code_name;
use polyptych::proto::v1;
use serde::Serialize;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, RpcStatusExt, StatusExt, pb};

/// Why something failed. Serialised as `error` of a line of `--json`; a field that is not known is left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Failure {
    /// The gRPC status: `INVALID_ARGUMENT`.
    pub(crate) code: &'static str,
    /// Why, from the list in docs/errors.md: `RULES_VIOLATED`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    /// For people.
    pub(crate) message: String,
    /// `provider`, `provider_code`, `provider_subcode`, `request_id`, `library`, `album` and `applied`, as far as known.
    #[serde(flatten)]
    metadata: std::collections::BTreeMap<String, String>,
    /// What is wrong with which field or rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) violations: Vec<Violation>,
    /// When to come back, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<f64>,
    /// Whether it was the connection that failed, or whoever is at its other end is no façade.
    #[serde(skip)]
    broken: bool,
}

/// What is wrong with a field or by a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Violation {
    /// The field of the request, or the rule.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) description: String,
}

impl Failure {
    /// Whether the provider's state may have been changed although it failed.
    pub(crate) fn applied(&self) -> &str {
        self.metadata.get("applied").map_or("", String::as_str)
    }

    /// What may help; absent where the message says all there is to say.
    pub(crate) fn help(&self) -> Option<&'static str> {
        let known = HELP.iter().find(|(reason, _)| *reason == self.reason).map(|(_, help)| *help);
        known.or(self.broken.then_some("see that a façade runs at the endpoint, which is https:// where it speaks TLS"))
    }

    /// The violations that the message does not tell.
    pub(crate) fn news(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| !self.message.contains(&violation.description))
    }

    /// What happened to `item`, without the library where that names it already.
    pub(crate) fn of(&self, item: &str) -> String {
        let told = self.to_string();
        let library = self.metadata.get("library").filter(|library| item.contains(library.as_str()));
        let rest = library.and_then(|library| told.strip_prefix(library)).and_then(|rest| rest.strip_prefix(": "));
        rest.map(str::to_owned).unwrap_or(told)
    }

    /// In one word: the reason, or the status where no reason is given.
    pub(crate) fn word(&self) -> &str {
        if self.reason.is_empty() { self.code } else { &self.reason }
    }

    fn new(code: Code, message: &str, details: &ErrorDetails) -> Self {
        let info = details.error_info();
        let fields = details.bad_request().map(|request| request.field_violations.as_slice()).unwrap_or_default();
        Self {
            code: code_name(code),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: message.to_owned(),
            metadata: info.map(|info| info.metadata.clone().into_iter().collect()).unwrap_or_default(),
            violations: fields
                .iter()
                .map(|field| Violation { field: field.field.clone(), description: field.description.clone() })
                .collect(),
            retry_after_seconds: details
                .retry_info()
                .and_then(|info| info.retry_delay)
                .map(|delay| delay.as_secs_f64()),
            broken: false,
        }
    }
}

/// What to do about a reason.
const HELP: [(&str, &str); 11] = [
    ("RULES_VIOLATED", "`polyptych check` tells the nearest fit; `--fit contain` or `--fit cover` makes it"),
    ("ALBUM_OCCUPIED", "`--replace` deletes the image that is there first"),
    ("ALBUM_NOT_FOUND", "see the album's spelling; `polyptych libraries` tells the default albums"),
    ("LIBRARY_NOT_FOUND", "`polyptych libraries` lists those there are"),
    ("CREDENTIAL_REFUSED", "renew the library's token where its configuration says that it is; no restart is needed"),
    ("IMAGE_IN_USE", "take it out of its advertisements first"),
    ("IMAGE_TOO_LARGE", "make the file smaller before it is sent"),
    ("BUDGET_SPENT", "`--max-points` and `--max-calls` say what it may cost; what was done is not done again"),
    ("PLAN_OUTDATED", "make a new plan"),
    ("QUOTA_EXHAUSTED", "`polyptych quota` tells what is left, and until when"),
    ("REQUEST_RUNNING", "wait for the first request to end"),
];

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        let mut failure = Self::new(status.code(), status.message(), &status.get_error_details());
        // What a façade says has a reason.
        let by_connection = matches!(status.code(), Code::Unknown | Code::Internal | Code::Unavailable);
        failure.broken = failure.reason.is_empty() && by_connection;
        // Of a connection that breaks the message tells little; its causes do, such as that the façade wants a certificate.
        for cause in successors(status.source(), |cause| (*cause).source()).map(ToString::to_string) {
            if !failure.message.contains(&cause) {
                failure.message = format!("{}: {cause}", failure.message);
            }
        }
        failure
    }
}

impl From<&pb::Status> for Failure {
    fn from(status: &pb::Status) -> Self {
        Self::new(Code::from(status.code), &status.message, &status.get_error_details())
    }
}

impl From<&v1::RuleViolation> for Violation {
    fn from(violation: &v1::RuleViolation) -> Self {
        let v1::RuleViolation { rule, image_class, limit, found } = violation;
        let class = if image_class.is_empty() { String::new() } else { format!("{image_class}: ") };
        Self { field: rule.clone(), description: format!("{class}{found}; allowed: {limit}") }
    }
}

impl std::fmt::Display for Failure {
    /// One line: what happened, the reason, what the provider calls it, and whether something may have changed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        let mut notes = vec![self.word().to_owned()];
        for (key, label) in
            [("provider", ""), ("provider_code", "code "), ("provider_subcode", "subcode "), ("request_id", "request ")]
        {
            notes.extend(self.metadata.get(key).map(|value| format!("{label}{value}")));
        }
        match self.applied() {
            "yes" => notes.push("it was done all the same".to_owned()),
            "unknown" => notes.push("it may have been done: look before repeating".to_owned()),
            _ => {}
        }
        notes.extend(self.retry_after_seconds.map(|seconds| format!("again in {seconds:.0} s")));
        write!(f, " ({})", notes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_with_what_the_provider_calls_it_and_whether_it_was_done() {
        let metadata = [("provider", "facebook"), ("provider_code", "2"), ("request_id", "A1"), ("applied", "unknown")];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let details = ErrorDetails::with_error_info("PROVIDER_REFUSED", "polyptych", metadata);
        let failure = Failure::from(&Status::with_error_details(Code::Internal, "it failed", details));
        assert_eq!(
            failure.to_string(),
            "it failed (PROVIDER_REFUSED, facebook, code 2, request A1, it may have been done: look before repeating)"
        );
        let json = serde_json::to_value(&failure).unwrap();
        assert_eq!((json["applied"].as_str(), json["code"].as_str()), (Some("unknown"), Some("INTERNAL")));
    }

    #[test]
    fn the_library_is_not_told_twice() {
        let details = ErrorDetails::with_error_info("RULES_VIOLATED", "polyptych", [("library".into(), "ads".into())]);
        let failure = Failure::from(&Status::with_error_details(Code::InvalidArgument, "ads: too small", details));
        assert_eq!(failure.of("a.png to ads/1"), "too small (RULES_VIOLATED)");
        assert_eq!(failure.of("a.png"), "ads: too small (RULES_VIOLATED)");
    }
}
