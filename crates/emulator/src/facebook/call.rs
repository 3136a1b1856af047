//! One operation of the Graph API: what its path names, its parameters, and the few headers that matter. A request of its
//! own and an entry of a batch become the same thing here.

use http::Method;

use super::error::GraphError;
use super::params::Params;
use super::version;
use crate::exchange::{Exchange, segments};

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The root: a batch, or several objects by `ids`.
    Root,
    /// The images of an ad account, by the account's part of the path.
    Images(String),
    /// The ad accounts of a user.
    Accounts(String),
    /// An object, by its id.
    Node(String),
    /// No path of the emulated graph.
    Unknown,
}

/// An operation.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// As it stands in the URL, with the version.
    pub(super) path: String,
    /// The version's part of the path; empty without one.
    pub(super) version: String,
    pub(super) target: Target,
    pub(super) params: Params,
    pub(super) authorization: String,
    pub(super) if_none_match: String,
    pub(super) accept: String,
    /// Where handed-out URLs begin.
    pub(super) base: String,
}

impl Call {
    /// The operation that a request asks for.
    ///
    /// # Errors
    /// When the body is not of the form that its type says; the operation without parameters comes along.
    pub(super) fn read(exchange: &Exchange) -> Result<Self, (Box<Self>, GraphError)> {
        let query = exchange.head.uri.query().unwrap_or_default();
        let mut call = Self {
            method: exchange.method().clone(),
            path: String::new(),
            version: String::new(),
            target: Target::Unknown,
            params: Params::default(),
            authorization: exchange.header("authorization").to_owned(),
            if_none_match: exchange.header("if-none-match").to_owned(),
            accept: exchange.header("accept").to_owned(),
            base: exchange.base.clone(),
        };
        call.set_path(exchange.head.uri.path());
        let media_type = exchange.media_type();
        match Params::read(query, &media_type, exchange.header("content-type"), &exchange.body) {
            Ok(params) => {
                call.params = params;
                call.override_method();
                Ok(call)
            }
            Err(error) => Err((Box::new(call), error)),
        }
    }

    /// Sets the path and what it names.
    pub(super) fn set_path(&mut self, path: &str) {
        let path = path.trim_end_matches('/');
        self.path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let parts = segments(path);
        let mut parts: Vec<&str> = parts.iter().map(AsRef::as_ref).filter(|part| !part.is_empty()).collect();
        self.version = match parts.first() {
            Some(first) if version::parse(first).is_some() => parts.remove(0).to_owned(),
            _ => String::new(),
        };
        self.target = match parts.as_slice() {
            [] => Target::Root,
            [account, "adimages"] => Target::Images((*account).to_owned()),
            [user, "adaccounts"] => Target::Accounts((*user).to_owned()),
            [node] => Target::Node((*node).to_owned()),
            _ => Target::Unknown,
        };
    }

    /// Lets `method=` stand for the method of the request line.
    pub(super) fn override_method(&mut self) {
        let over = self.params.get("method").map(str::to_ascii_uppercase);
        self.method = match over.as_deref() {
            Some("GET") => Method::GET,
            Some("POST") => Method::POST,
            Some("DELETE") => Method::DELETE,
            _ => return,
        };
    }

    /// The method in lower case, as messages and the journal name it.
    pub(super) fn verb(&self) -> String {
        self.method.as_str().to_ascii_lowercase()
    }

    /// The number of the ad account that the path names, if it names one.
    pub(super) fn account(&self) -> Option<&str> {
        match &self.target {
            Target::Images(account) => account.strip_prefix("act_"),
            Target::Node(id) => id.strip_prefix("act_").or_else(|| id.split_once(':').map(|(account, _)| account)),
            _ => None,
        }
    }

    /// The name of the operation in the journal.
    pub(super) fn operation(&self) -> String {
        let verb = self.verb();
        match (&self.target, verb.as_str()) {
            (Target::Root, "post") => "batch".to_owned(),
            (Target::Root, verb) => format!("objects.{verb}"),
            (Target::Images(_), "get") => "adimages.list".to_owned(),
            (Target::Images(_), "post") => "adimages.create".to_owned(),
            (Target::Images(_), verb) => format!("adimages.{verb}"),
            (Target::Accounts(_), "get") => "adaccounts.list".to_owned(),
            (Target::Accounts(_), verb) => format!("adaccounts.{verb}"),
            (Target::Node(id), verb) if id.starts_with("act_") => format!("adaccount.{verb}"),
            (Target::Node(id), verb) if id.contains(':') => format!("adimage.{verb}"),
            (Target::Node(_), verb) => format!("object.{verb}"),
            (Target::Unknown, verb) => format!("unknown.{verb}"),
        }
    }

    /// The token, from a parameter or from `Authorization` with `Bearer` or `OAuth`.
    pub(super) fn token(&self) -> Option<&str> {
        if let Some(token) = self.params.get("access_token").filter(|token| !token.is_empty()) {
            return Some(token);
        }
        let (scheme, token) = self.authorization.split_once(' ')?;
        let known = ["bearer", "oauth"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        Some(token.trim()).filter(|token| known && !token.is_empty())
    }
}
