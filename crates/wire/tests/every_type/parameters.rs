//! What operations over plain HTTP make of their parameters, read back by parsers that are not ours: of addresses, of
//! forms in parts, of JSON.

use std::collections::BTreeMap;
use std::fmt::Debug;

use base64_simd::STANDARD;
use futures_executor::block_on;
use futures_util::TryStreamExt;
use percent_encoding::percent_decode_str;
use polyptych_wire::multipart::FilePart;
use polyptych_wire::{Blob, Request};
use proptest::prelude::{TestCaseError, prop_assert_eq};
use serde_json::Value;

use crate::every_type::checks::for_values;
use crate::every_type::json::{Manner, written};
use crate::every_type::{Draw, Sample, Shown};

/// A boundary that no drawn file holds.
pub(crate) const BOUNDARY: &str = "a-boundary-that-is-nowhere-else";

impl Sample for FilePart {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let media_type = ["image/png", "image/svg+xml", "application/vnd.x-y.z"][draw.below(3)].to_owned();
        Self { file_name: draw.text(), media_type, content: Blob::draw(draw) }
    }

    fn shown(&self) -> Shown {
        let media_type = self.media_type.clone();
        Shown::Record(vec![
            ("file_name", self.file_name.shown()),
            ("media_type", media_type.shown()),
            ("content", self.content.shown()),
        ])
    }
}

/// Name, file name, media type and base64 of a part.
type Part = (String, String, String, String);

/// Checks requests of arbitrary parameters. `path` names those that stand in it (`/{version}/act_{account}/x`); the
/// others stand in the query, in a JSON body or in a form, as the request's media type says. `joined` are lists that are
/// written with commas; other lists of a query are JSON, and those of a form are numbered.
pub(crate) fn check<T: Sample + Debug>(method: &str, path: &str, joined: &[&str], request: impl Fn(&T) -> Request) {
    for_values::<T>(false, |value| {
        let Shown::Record(members) = value.shown() else { panic!("parameters are a record") };
        let request = request(&value);
        prop_assert_eq!(request.method.as_str(), method);
        let (address, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let (in_path, others): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|(name, _)| path.contains(&format!("{{{name}}}")));
        prop_assert_eq!(decoded(address), filled(path, &in_path));
        let media_type = request.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let body = request.body.outgoing("");
        if media_type.is_some() {
            prop_assert_eq!(query, "");
        }
        match media_type.as_deref() {
            None => {
                prop_assert_eq!(body.len(), 0);
                let read: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                prop_assert_eq!(read, pairs(&others, joined));
            }
            Some("application/json") => {
                let bytes: Vec<_> = block_on(body.try_collect()).unwrap();
                let read: Value = serde_json::from_slice(&bytes.concat()).unwrap();
                prop_assert_eq!(Some(read), written(&Shown::Record(others), Manner::Strict));
            }
            Some(media_type) => {
                let boundary =
                    multer::parse_boundary(media_type).map_err(|error| TestCaseError::fail(error.to_string()))?;
                let read = block_on(read_parts(multer::Multipart::new(body, boundary)));
                prop_assert_eq!(read.map_err(|error| TestCaseError::fail(error.to_string()))?, parts(&others));
            }
        }
        Ok(())
    });
}

fn decoded(address: &str) -> Vec<String> {
    address.split('/').map(|segment| percent_decode_str(segment).decode_utf8().unwrap().into_owned()).collect()
}

fn filled(path: &str, members: &[(&'static str, Shown)]) -> Vec<String> {
    let texts: BTreeMap<_, _> = members.iter().map(|(name, shown)| (*name, scalar(shown))).collect();
    let fill = |segment: &str| match segment.split_once('{') {
        Some((before, name)) => format!("{before}{}", texts[name.trim_end_matches('}')]),
        None => segment.to_owned(),
    };
    path.split('/').map(fill).collect()
}

fn scalar(shown: &Shown) -> String {
    match shown {
        Shown::Scalar(_, text) => text.clone(),
        other => panic!("{other:?} is no scalar"),
    }
}

fn pairs(members: &[(&'static str, Shown)], joined: &[&str]) -> Vec<(String, String)> {
    let pair = |(name, shown): &(&'static str, Shown)| {
        let text = match shown {
            Shown::Absent => return None,
            Shown::List { items, .. } if items.is_empty() => return None,
            Shown::List { items, .. } if joined.contains(name) => {
                items.iter().map(scalar).collect::<Vec<_>>().join(",")
            }
            Shown::List { .. } => written(shown, Manner::Strict)?.to_string(),
            scalar_value => scalar(scalar_value),
        };
        Some(((*name).to_owned(), text))
    };
    members.iter().filter_map(pair).collect()
}

fn parts(members: &[(&'static str, Shown)]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (name, shown) in members {
        match shown {
            Shown::List { items, .. } => {
                let numbered = items.iter().enumerate().map(|(index, item)| part(&format!("{name}{index}"), item));
                parts.extend(numbered);
            }
            one => parts.push(part(name, one)),
        }
    }
    parts
}

fn part(name: &str, shown: &Shown) -> Part {
    let Shown::Record(members) = shown else { panic!("{shown:?} is no file") };
    let [file_name, media_type, content] = [0, 1, 2].map(|index| scalar(&members[index].1));
    (name.to_owned(), as_browsers_write(&file_name), media_type, content)
}

/// HTML, "multipart form data"; a backslash, which parsers read in more than one way, likewise, and other control
/// characters become a line below.
fn as_browsers_write(file_name: &str) -> String {
    let escaped = file_name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A").replace('\\', "%5C");
    escaped.replace(char::is_control, "_")
}

async fn read_parts(mut form: multer::Multipart<'_>) -> Result<Vec<Part>, multer::Error> {
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await? {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let (name, file_name) = (text(field.name()), text(field.file_name()));
        let media_type = field.content_type().map(ToString::to_string).unwrap_or_default();
        parts.push((name, file_name, media_type, STANDARD.encode_to_string(field.bytes().await?)));
    }
    Ok(parts)
}

/// Operations that the generated code has, in its order; each needs a check.
pub(crate) fn operations(generated: &str) -> Vec<&str> {
    let named = generated.lines().filter_map(|line| line.strip_prefix("impl Operation for "));
    named.filter_map(|rest| rest.split(' ').next()).collect()
}
