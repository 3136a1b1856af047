//! What is wrong with a configuration: all of it at once, each with its place. A mistake is taken out of the document, and
//! the rest is looked at again, until nothing is left to object to. What a setting holds is not repeated where it could be
//! a token.
//!
//! The file and what was given beside it are read as one text: each document behind those before it, so that a place
//! in the text tells where something was written.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, Given};

/// More than anybody mends in one go; the rest shows when these are mended.
const MAX_MISTAKES: usize = 100;

const NO_TOKEN_HERE: &str =
    "a token is never written here, only where it is: { env = \"NAME\" } or { file = \"PATH\" }";

const HASHES_HERE: &str = "keys are a list of hashes; `polyptych keygen` makes a key and prints its hash";

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the file.
    File {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// In the environment variable of this name.
    Variable(String),
    /// In this option of the command line.
    Option(String),
    /// Nowhere: it is missing.
    Nowhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { line, column } => write!(f, "line {line}, column {column}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Option(option) => write!(f, "option {option}"),
            Self::Nowhere => f.write_str("configuration"),
        }
    }
}

/// One thing that is wrong in a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What is wrong, in one line; never a token.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The keys that lead to an entry, from the root.
type Path = Vec<String>;

/// Reads a configuration: a file, where there is one, and what was given beside it. `object` is asked about what could be
/// read and tells the entry that it does not accept. With a file, at least one library must be named.
pub(super) fn examine(
    file: Option<&str>,
    given: &Given,
    object: impl Fn(&Config) -> Option<(Path, String)>,
) -> Result<Config, Vec<Mistake>> {
    let schema = serde_json::to_value(super::schema()).unwrap_or_default();
    let layers = given.layers(&schema);
    let mut source = Source { file, ends: Vec::new() };
    let mut end = file.map_or(0, |text| text.len() + 1);
    let mut documents = Vec::new();
    for layer in &layers {
        documents.push(format!("{:end$}{}", "", layer.text));
        end = end + layer.text.len() + 1;
        source.ends.push((end, layer.place.clone()));
    }
    let (mut root, errors) = DeTable::parse_recoverable(file.unwrap_or_default());
    if !errors.is_empty() {
        let mistakes = errors.iter().take(MAX_MISTAKES);
        return Err(mistakes.map(|error| source.mistake(error.span(), error.message())).collect());
    }
    for (document, layer) in documents.iter().zip(&layers) {
        let mistake = |error: toml::de::Error| vec![source.mistake(error.span(), error.message())];
        let read = DeTable::parse(document).map_err(mistake)?;
        if let Some(path) = &layer.replaces {
            remove(root.get_mut(), path);
        }
        merge(root.get_mut(), read.into_inner());
    }
    let mut document = Document { source, root, taken: Vec::new(), mistakes: Vec::new() };
    while document.mistakes.len() < MAX_MISTAKES {
        let went_on = match Config::deserialize(toml::Deserializer::from(document.root.clone())) {
            Err(error) => document.refuse(&error),
            Ok(config) => match object(&config).or_else(|| document.out_of_range(&schema)) {
                Some((path, message)) => document.take(path, &message),
                None if !document.mistakes.is_empty() => false,
                None if file.is_some() && config.libraries.is_empty() => {
                    let message = "it names no library; add a section [libraries.NAME]";
                    return Err(vec![document.source.mistake(None, message)]);
                }
                None => return Ok(config),
            },
        };
        if !went_on {
            break;
        }
    }
    document.mistakes.sort();
    Err(document.mistakes)
}

/// Puts the entries of a later table over those of an earlier one, tables entry by entry.
fn merge<'t>(table: &mut DeTable<'t>, later: DeTable<'t>) {
    for (key, value) in later {
        if let (Some(DeValue::Table(_)), DeValue::Table(_)) =
            (table.get(key.get_ref().as_ref()).map(Spanned::get_ref), value.get_ref())
        {
            if let (Some(DeValue::Table(table)), DeValue::Table(later)) =
                (table.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut), value.into_inner())
            {
                merge(table, later);
            }
            continue;
        }
        // The place of the key that is there is that of the earlier one.
        table.remove(key.get_ref().as_ref());
        table.insert(key, value);
    }
}

/// What was read: the file, and behind it the settings that were given beside it.
struct Source<'t> {
    file: Option<&'t str>,
    /// Where each of them ends, and where it was written.
    ends: Vec<(usize, Place)>,
}

impl Source<'_> {
    fn mistake(&self, span: Option<Range<usize>>, message: &str) -> Mistake {
        Mistake { place: self.place(span), message: message.lines().collect::<Vec<_>>().join(" ") }
    }

    fn place(&self, span: Option<Range<usize>>) -> Place {
        let start = span.map_or(0, |span| span.start);
        match self.file {
            Some(text) if start <= text.len() => {
                let before = text.get(..start).unwrap_or(text);
                let line_start = before.rfind('\n').map_or(0, |end| end + 1);
                let column = before[line_start..].chars().count() + 1;
                Place::File { line: before.matches('\n').count() + 1, column }
            }
            _ => {
                let found = self.ends.iter().find(|(end, _)| start < *end).map(|(_, place)| place.clone());
                found.unwrap_or(Place::Nowhere)
            }
        }
    }
}

struct Document<'t> {
    source: Source<'t>,
    root: Spanned<DeTable<'t>>,
    taken: Vec<Path>,
    mistakes: Vec<Mistake>,
}

impl Document<'_> {
    /// Takes out what could not be read. Whether there is something left to look at.
    fn refuse(&mut self, error: &toml::de::Error) -> bool {
        let path = error.span().map(|span| entry_at(self.root.get_ref(), span.start)).unwrap_or_default();
        if path.is_empty() {
            self.mistakes.push(self.source.mistake(error.span(), error.message()));
            return false;
        }
        let taken: Vec<&str> =
            self.taken.iter().filter_map(|taken| Some(taken.strip_prefix(&*path)?.first()?.as_str())).collect();
        let missing = error.message().strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        let messages: Vec<String> = match missing {
            Some(first) => {
                let present = table_at(self.root.get_ref(), &path);
                let absent = |key: &&str| !taken.contains(key) && present.is_none_or(|table| !table.contains_key(*key));
                let demanded = if matches!(path.as_slice(), [section, _] if section == "libraries") {
                    demanded_of_a_library()
                } else {
                    vec![first.to_owned()]
                };
                demanded.iter().map(String::as_str).filter(absent).map(|key| format!("missing field `{key}`")).collect()
            }
            // What is left of an entry that lost a part is not what its author wrote.
            None if !taken.is_empty() => Vec::new(),
            None if path.get(2).is_some_and(|key| key == "token" || key == "app_secret") => {
                vec![NO_TOKEN_HERE.to_owned()]
            }
            None if path.first().is_some_and(|key| key == "clients")
                && path.get(2).is_some_and(|key| key == "keys") =>
            {
                vec![HASHES_HERE.to_owned()]
            }
            None => vec![format!("{}: {}", path.join("."), error.message())],
        };
        let mistakes = messages.iter().map(|message| self.source.mistake(error.span(), message));
        self.mistakes.extend(mistakes);
        remove(self.root.get_mut(), &path);
        self.taken.push(path);
        true
    }

    /// Takes out an entry, or the innermost that is there of those that hold it.
    fn take(&mut self, mut path: Path, message: &str) -> bool {
        while !path.is_empty() {
            if let Some(span) = remove(self.root.get_mut(), &path) {
                self.mistakes.push(self.source.mistake(Some(span), message));
                self.taken.push(path);
                return true;
            }
            path.pop();
        }
        self.mistakes.push(self.source.mistake(None, message));
        false
    }

    /// The first number that its schema does not allow.
    fn out_of_range(&self, schema: &Value) -> Option<(Path, String)> {
        out_of_range(schema, schema, self.root.get_ref())
    }
}

/// The innermost entry whose key or value lies at that place; nothing if it is the document itself.
fn entry_at(table: &DeTable<'_>, place: usize) -> Path {
    let mut found = Path::new();
    for (key, value) in table.iter() {
        let mut path = vec![key.get_ref().to_string()];
        let inner = value.get_ref().as_table().map(|table| entry_at(table, place)).unwrap_or_default();
        if inner.is_empty() && !covers(key.span(), place) && !covers(value.span(), place) {
            continue;
        }
        path.extend(inner);
        if path.len() > found.len() {
            found = path;
        }
    }
    found
}

fn table_at<'d, 't>(table: &'d DeTable<'t>, path: &[String]) -> Option<&'d DeTable<'t>> {
    path.iter().try_fold(table, |table, key| table.get(key.as_str())?.get_ref().as_table())
}

/// The parser names only the first field that is missing.
fn demanded_of_a_library() -> Vec<String> {
    let schema = super::schema();
    let required = schema.pointer("/$defs/LibraryConfig/required").and_then(|required| required.as_array());
    required.into_iter().flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect()
}

fn covers(span: Range<usize>, place: usize) -> bool {
    span.contains(&place) || (span.is_empty() && span.start == place)
}

/// Removes an entry; the place of its key, if it was there.
fn remove(table: &mut DeTable<'_>, path: &[String]) -> Option<Range<usize>> {
    match path {
        [] => None,
        [key] => table.remove_entry(key.as_str()).map(|(key, _)| key.span()),
        [key, rest @ ..] => match table.get_mut(key.as_str())?.get_mut() {
            toml::de::DeValue::Table(table) => remove(table, rest),
            _ => None,
        },
    }
}

/// The first number below a table that the schema does not allow there.
fn out_of_range(schema: &Value, node: &Value, table: &DeTable<'_>) -> Option<(Path, String)> {
    let resolved = |node: &'_ Value| -> Value {
        let target =
            node.get("$ref").and_then(Value::as_str).and_then(|path| schema.pointer(path.trim_start_matches('#')));
        target.unwrap_or(node).clone()
    };
    table.iter().find_map(|(key, value)| {
        let key = key.get_ref().as_ref();
        let own =
            node.get("properties").and_then(|fields| fields.get(key)).or_else(|| node.get("additionalProperties"))?;
        let found = match value.get_ref() {
            DeValue::Table(table) => out_of_range(schema, &resolved(own), table),
            DeValue::Integer(number) => {
                let number = i128::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()?;
                let bound = |name: &str| own.get(name).and_then(Value::as_i64);
                let (least, most) = (bound("minimum")?, bound("maximum").unwrap_or(i64::MAX));
                let wrong = number < least.into() || number > most.into();
                let range = if most == i64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
                wrong.then(|| (Path::new(), format!("`{key}` must be {range}")))
            }
            _ => None,
        };
        found.map(|(mut path, message)| {
            path.insert(0, key.to_owned());
            (path, message)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let found = examine(Some(text), &Given::default(), crate::libraries::objection).unwrap_err();
        found.iter().map(Mistake::to_string).collect()
    }

    #[test]
    fn every_mistake_is_told_once_with_its_place() {
        let text = "\
[libraries.ads]
provider = \"facebook\"
endpont = \"https://example.com\"
encoding = \"soap\"
token = { env = \"T\" }
version = \"26\"

[libraries.direct]
provider = \"myspace\"
language = 7

[libraries.Till]
provider = \"evotor\"
token = { file = \"t\" }
default_album = \"\"

[serve]
";
        let found = mistakes(text);
        let expected = [
            ("line 3, column 1: ", "`endpont`"),
            ("line 4, column 1: ", "does not speak the encoding `soap`"),
            ("line 6, column 1: ", "its version `26`"),
            ("line 8, column 1: ", "missing field `token`"),
            ("line 9, column 12: ", "`myspace`"),
            ("line 10, column 12: ", "invalid type: integer `7`"),
            ("line 12, column 12: ", "library id `Till`"),
            ("line 17, column 2: ", "`serve`"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, (place, what)) in found.iter().zip(expected) {
            assert!(found.starts_with(place) && found.contains(what), "{found} is not {place}{what}");
        }
    }

    #[test]
    fn a_consequence_of_a_mistake_is_no_mistake_of_its_own() {
        let library = |token: &str| format!("[libraries.a]\nprovider = \"facebook\"\n{token}\n");
        for token in ["token = { fixed = \"canary\" }", "token = \"canary\"", "token = { env = 1 }", "token = {}"] {
            let found = mistakes(&library(token));
            assert_eq!(found.len(), 1, "{token}: {found:?}");
            assert!(found[0].contains("a token is never written here"), "{token}: {found:?}");
            assert!(!found[0].contains("canary"), "{found:?}");
        }
        let found = mistakes(&library("").replace("facebook", "myspace"));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_document_that_is_no_toml_is_told_with_every_place() {
        let found = mistakes("libraries = [\na b\n\"");
        assert!(!found.is_empty() && found.iter().all(|mistake| mistake.starts_with("line ")), "{found:?}");
        assert_eq!(mistakes("").len(), 1);
        assert_eq!(mistakes("libraries = 1").len(), 1);
    }

    #[test]
    fn columns_are_counted_in_characters() {
        let found = mistakes("libraries = { \"ёлка\" = 1 }");
        assert!(found[0].starts_with("line 1, column 24: "), "{found:?}");
    }

    #[test]
    fn the_number_of_mistakes_is_bounded() {
        let text: String = (0..1000).map(|number| format!("key{number} = 1\n")).collect();
        assert_eq!(mistakes(&text).len(), MAX_MISTAKES);
    }
}
