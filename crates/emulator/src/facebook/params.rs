//! The parameters of a Graph request, wherever they came: query, form, multipart text, JSON, all merged (reference 3.2).
//! A later one wins, the body over the query.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::error::GraphError;
use crate::exchange::Exchange;
use crate::multipart::{self, Part};

/// The most parameters of a request.
const MOST: usize = 20_000;

/// Parameters by name, in order, and file parts.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) files: Vec<Part>,
}

impl Params {
    /// Collects what a request brings. A body of an unknown type is ignored.
    ///
    /// # Errors
    /// When a body is not of the form that its type says.
    pub(crate) fn read(exchange: &Exchange) -> Result<Self, GraphError> {
        let mut params = Self::default();
        params.add_form(exchange.head.uri.query().unwrap_or_default());
        match exchange.media_type().as_str() {
            "application/x-www-form-urlencoded" => match std::str::from_utf8(&exchange.body) {
                Ok(form) => params.add_form(form.trim_end()),
                Err(_) => return Err(GraphError::invalid("(#100) The form is not UTF-8")),
            },
            "multipart/form-data" => {
                let parts = multipart::parts(exchange.header("content-type"), &exchange.body)
                    .map_err(|_| GraphError::invalid("(#100) The multipart body is malformed"))?;
                for part in parts {
                    if part.file_name.is_some() {
                        params.files.push(part);
                    } else {
                        let text = String::from_utf8_lossy(&part.content).into_owned();
                        params.pairs.push((part.name, text));
                    }
                }
            }
            "application/json" if !exchange.body.is_empty() => {
                let body: Value = serde_json::from_slice(&exchange.body)
                    .map_err(|_| GraphError::invalid("(#100) The JSON body is malformed"))?;
                let Value::Object(body) = body else {
                    return Err(GraphError::invalid("(#100) The JSON body must be an object"));
                };
                params.pairs.extend(body.into_iter().map(|(name, value)| match value {
                    Value::String(text) => (name, text),
                    other => (name, other.to_string()),
                }));
            }
            _ => {}
        }
        if params.pairs.len() > MOST {
            return Err(GraphError::invalid("(#100) Too many parameters"));
        }
        Ok(params)
    }

    fn add_form(&mut self, form: &str) {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.pairs.push((decode(name), decode(value)));
        }
    }

    /// The last value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Takes the last value of this name out.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.pairs.iter().rposition(|(known, _)| known == name)?;
        Some(self.pairs.swap_remove(place).1)
    }

    /// A list: `name=["a","b"]`, `name=['a']`, `name=a,b`, `name[]=a&name[]=b` or `name[0]=a`. `None` when absent.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        let mut found = false;
        let mut items = Vec::new();
        for (known, value) in &self.pairs {
            let Some(rest) = known.strip_prefix(name) else { continue };
            if rest.is_empty() {
                found = true;
                items.extend(split_list(value));
            } else if rest.starts_with('[') && rest.ends_with(']') {
                found = true;
                items.push(value.clone());
            }
        }
        found.then_some(items)
    }

    /// An unsigned number.
    ///
    /// # Errors
    /// Error 100 when the value is something else.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, GraphError> {
        match self.get(name) {
            None | Some("") => Ok(None),
            Some(text) => match text.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(GraphError::invalid(format!("(#100) Param {name} must be an unsigned integer"))),
            },
        }
    }

    /// A flag: `1` and `true` set it.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "true"))
    }
}

/// The method of a request, `method=` in place of that of the request line.
pub(crate) fn method(exchange: &Exchange, params: &Params) -> Method {
    let over = params.get("method").map(str::to_ascii_uppercase);
    match over.as_deref() {
        Some("GET") => Method::GET,
        Some("POST") => Method::POST,
        Some("DELETE") => Method::DELETE,
        _ => exchange.method().clone(),
    }
}

fn split_list(value: &str) -> Vec<String> {
    if let Ok(items) = serde_json::from_str::<Vec<String>>(value) {
        return items;
    }
    let inner = value.trim().trim_start_matches('[').trim_end_matches(']');
    let items = inner.split(',').map(|item| item.trim().trim_matches(['\'', '"']));
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn decode(text: &str) -> String {
    if text.contains('+') {
        return percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    }
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_every_form_that_clients_send() {
        for form in [
            "hashes=%5B%22a%22%2C%22b%22%5D",
            "hashes[]=a&hashes%5B%5D=b",
            "hashes=['a','b']",
            "hashes=a,b",
            "hashes[0]=a&hashes[1]=b",
        ] {
            let mut params = Params::default();
            params.add_form(form);
            assert_eq!(params.list("hashes"), Some(vec!["a".to_owned(), "b".to_owned()]), "{form}");
        }
        assert_eq!(Params::default().list("hashes"), None);
    }
}
