//! A request together with what its call is about: account, limits, deadline.

use std::time::Duration;

use polyptych_wire::Request;

use crate::Limit;

/// One call: a request and what the layers above the single try need to know of it. A `&Request` is a call without
/// account, limit and deadline.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// What is sent, in every try the same.
    pub request: &'a Request,
    /// Whose quotas and whose retry budget it draws on: a login, an ad account. Never written to a span or a metric.
    pub account: Option<&'a str>,
    /// What it costs at least, in the unit of gauges of [`crate::Pace::Covered`]; 0 where nothing is charged.
    pub price: u64,
    /// Limits of calls at once that it counts under; a place is taken for each try.
    pub limits: Vec<Limit>,
    /// When it is given up, from the start of the call, waits and all tries included.
    pub deadline: Option<Duration>,
    /// The largest answer that is read, in bytes, before and after inflation; `None` for the library's.
    pub max_response_bytes: Option<u64>,
}

impl<'a> Call<'a> {
    /// A call without account, limit and deadline.
    pub fn new(request: &'a Request) -> Self {
        Self { request, account: None, price: 0, limits: Vec::new(), deadline: None, max_response_bytes: None }
    }

    /// Names the account whose quotas and retry budget it draws on.
    #[must_use]
    pub fn with_account(mut self, account: &'a str) -> Self {
        self.account = Some(account);
        self
    }

    /// Says what it costs at least: it is not sent while the last answer told that less is left.
    #[must_use]
    pub fn with_price(mut self, price: u64) -> Self {
        self.price = price;
        self
    }

    /// Counts it under `key`, of which at most `at_once` calls are under way in the [`crate::Limits`] of the process.
    #[must_use]
    pub fn with_limit(mut self, key: impl Into<String>, at_once: usize) -> Self {
        self.limits.push(Limit { key: key.into(), at_once });
        self
    }

    /// Gives it up `time` after its start.
    #[must_use]
    pub fn with_deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Sets the largest answer that is read, in bytes.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: u64) -> Self {
        self.max_response_bytes = Some(bytes);
        self
    }
}

impl<'a> From<&'a Request> for Call<'a> {
    fn from(request: &'a Request) -> Self {
        Self::new(request)
    }
}
