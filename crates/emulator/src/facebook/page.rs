//! Pages of an edge: which rows a request asks for, their cursors, and the links to the pages beside (reference 5).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::cursor;
use super::error::GraphError;
use super::params::Params;
use crate::settings::FacebookSettings;

/// An edge that is read: the call that reads it, its own path, and its parameters (those of the request, or the
/// arguments of a nested field).
pub(super) struct Edge<'a> {
    pub(super) call: &'a Call,
    pub(super) path: String,
    pub(super) params: &'a Params,
}

impl Edge<'_> {
    /// `data`, `paging` and, when asked for, `summary`. `mark` is the text behind a row's cursor, `show` its object.
    /// A `limit` of 0 gives no rows and no paging.
    ///
    /// # Errors
    /// Error 100 for a limit that is no number and for a cursor of no row.
    pub(super) fn answer<T>(
        &self,
        settings: &FacebookSettings,
        found: &[T],
        total: usize,
        mark: impl Fn(&T) -> String,
        show: impl Fn(&T) -> Result<Value, GraphError>,
    ) -> Result<Value, GraphError> {
        let limit = self.params.number("limit")?;
        let limit = limit.map_or(settings.default_limit, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let limit = limit.min(settings.largest_limit.max(1));
        let (start, end) = self.cut(found, &mark, limit)?;
        let rows = found.get(start..end).unwrap_or_default();
        let mut answer = Map::new();
        answer.insert("data".to_owned(), rows.iter().map(show).collect::<Result<Value, _>>()?);
        if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
            let (before, after) = (cursor::encode(&mark(first)), cursor::encode(&mark(last)));
            let mut paging = Map::new();
            if end < found.len() {
                paging.insert("next".to_owned(), Value::from(self.link(limit, ("after", &after))));
            }
            if start > 0 {
                paging.insert("previous".to_owned(), Value::from(self.link(limit, ("before", &before))));
            }
            paging.insert("cursors".to_owned(), json!({ "before": before, "after": after }));
            answer.insert("paging".to_owned(), Value::Object(paging));
        }
        // `true`, `total_count` and `["total_count"]` were all seen.
        let summary = self.params.get("summary");
        if summary.is_some_and(|asked| asked == "true" || asked == "1" || asked.contains("total_count")) {
            answer.insert("summary".to_owned(), json!({ "total_count": total }));
        }
        Ok(Value::Object(answer))
    }

    /// The places of the page among the rows found.
    fn cut<T>(&self, found: &[T], mark: impl Fn(&T) -> String, limit: usize) -> Result<(usize, usize), GraphError> {
        let place = |cursor: &str| {
            let text = cursor::decode(cursor);
            text.and_then(|text| found.iter().position(|row| mark(row) == text))
                // A cursor dies with its row; the wording is the emulator's own.
                .ok_or_else(|| GraphError::invalid("(#100) The cursor is not valid, or its object is gone"))
        };
        if let Some(after) = self.params.given("after") {
            let start = place(after)? + 1;
            return Ok((start, start.saturating_add(limit).min(found.len())));
        }
        if let Some(before) = self.params.given("before") {
            let end = place(before)?;
            return Ok((end.saturating_sub(limit), end));
        }
        Ok((0, limit.min(found.len())))
    }

    /// The URL of another page; it holds the access token, as the real one does.
    fn link(&self, limit: usize, (direction, cursor): (&str, &str)) -> String {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut query = Vec::new();
        for (name, value) in &self.params.pairs {
            if !matches!(name.as_str(), "access_token" | "limit" | "after" | "before" | "method") {
                query.push(format!("{}={}", encode(name), encode(value.as_str())));
            }
        }
        if let Some(token) = self.call.token() {
            query.push(format!("access_token={}", encode(token)));
        }
        query.push(format!("limit={limit}"));
        query.push(format!("{direction}={}", encode(cursor)));
        format!("{}{}?{}", self.call.base, self.path, query.join("&"))
    }
}
