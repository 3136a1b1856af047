//! What is wrong with a configuration file: all of it at once, each with its place. A mistake is taken out of the
//! document, and the rest is looked at again, until nothing is left to object to. What a setting holds is not repeated
//! where it could be a token.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use super::Config;

/// More than anybody mends in one go; the rest shows when these are mended.
const MAX_MISTAKES: usize = 100;

const NO_TOKEN_HERE: &str =
    "a token is never written here, only where it is: { env = \"NAME\" } or { file = \"PATH\" }";

const HASHES_HERE: &str = "keys are a list of hashes; `polyptych keygen` makes a key and prints its hash";

/// One thing that is wrong in a configuration file, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in one line; never a token.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// The keys that lead to an entry, from the root.
type Path = Vec<String>;

/// Reads a configuration. `object` is asked about what could be read and tells the entry that it does not accept.
pub(super) fn examine(text: &str, object: impl Fn(&Config) -> Option<(Path, String)>) -> Result<Config, Vec<Mistake>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mistakes = errors.iter().take(MAX_MISTAKES);
        return Err(mistakes.map(|error| mistake(text, error.span(), error.message())).collect());
    }
    let mut document = Document { text, root, taken: Vec::new(), mistakes: Vec::new() };
    while document.mistakes.len() < MAX_MISTAKES {
        let went_on = match Config::deserialize(toml::Deserializer::from(document.root.clone())) {
            Err(error) => document.refuse(&error),
            Ok(config) => match object(&config) {
                Some((path, message)) => document.take(path, &message),
                None if !document.mistakes.is_empty() => false,
                None if config.libraries.is_empty() => {
                    return Err(vec![mistake(text, None, "it names no library; add a section [libraries.NAME]")]);
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

struct Document<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
    taken: Vec<Path>,
    mistakes: Vec<Mistake>,
}

impl Document<'_> {
    /// Takes out what could not be read. Whether there is something left to look at.
    fn refuse(&mut self, error: &toml::de::Error) -> bool {
        let path = error.span().map(|span| entry_at(self.root.get_ref(), span.start)).unwrap_or_default();
        if path.is_empty() {
            self.mistakes.push(mistake(self.text, error.span(), error.message()));
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
        self.mistakes.extend(messages.iter().map(|message| mistake(self.text, error.span(), message)));
        remove(self.root.get_mut(), &path);
        self.taken.push(path);
        true
    }

    /// Takes out an entry, or the innermost that is there of those that hold it.
    fn take(&mut self, mut path: Path, message: &str) -> bool {
        while !path.is_empty() {
            if let Some(span) = remove(self.root.get_mut(), &path) {
                self.mistakes.push(mistake(self.text, Some(span), message));
                self.taken.push(path);
                return true;
            }
            path.pop();
        }
        self.mistakes.push(mistake(self.text, None, message));
        false
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

fn mistake(text: &str, span: Option<Range<usize>>, message: &str) -> Mistake {
    let start = span.map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Mistake {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message: message.lines().collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let found = examine(text, crate::libraries::objection).unwrap_err();
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
