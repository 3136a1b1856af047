//! Settings that come from elsewhere than the file: from environment variables and from the command line. Each becomes a
//! document of one setting, typed by the schema, so that files and these are judged by the same rules.

use std::ffi::OsString;

use serde_json::Value;

use super::check::Place;

/// What the names of variables begin with.
const PREFIX: &str = "POLYPTYCH_";

/// What separates the keys in the name of a variable. A variable without it is none of the settings.
const SEPARATOR: &str = "__";

/// Settings beside the file, later ones winning: the environment first, then the command line.
///
/// A variable is named after the keys of its setting: `POLYPTYCH_SERVER__LISTEN` is `server.listen`. Where the key is a name of
/// the user's own, `_` stands for `-`: `POLYPTYCH_LIBRARIES__MY_ADS__LANGUAGE` is `libraries.my-ads.language`. A text is
/// written as it is, all else as in the file: `true`, `5`, `["a", "b"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given(Vec<Setting>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    place: Place,
    keys: Vec<String>,
    value: String,
}

/// One setting as a document.
pub(super) struct Layer {
    pub(super) place: Place,
    pub(super) text: String,
    /// A table of which this setting replaces what was there: only one of its keys can be meant.
    pub(super) replaces: Option<Vec<String>>,
}

impl Given {
    /// The settings among the variables of an environment. One that is no text is passed on as far as it is, so that the
    /// setting is refused rather than overlooked.
    pub fn from_environment(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut settings: Vec<Setting> = variables
            .into_iter()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                let keys = name.strip_prefix(PREFIX).filter(|keys| keys.contains(SEPARATOR))?;
                let keys = keys.split(SEPARATOR).map(str::to_ascii_lowercase).collect();
                let value = value.to_string_lossy().into_owned();
                Some(Setting { place: Place::Variable(name), keys, value })
            })
            .collect();
        // The order of an environment is nobody's intention.
        settings.sort_by(|one, other| one.keys.cmp(&other.keys));
        Self(settings)
    }

    /// Adds a setting that `option` of the command line gives, such as `server.listen`. It wins over those before.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, key: &str, value: impl Into<String>) -> Self {
        let keys = key.split('.').map(str::to_owned).collect();
        self.0.push(Setting { place: Place::Option(option.into()), keys, value: value.into() });
        self
    }

    /// As documents, in their order. What a setting is written as is decided by its type in `schema`.
    pub(super) fn layers(&self, schema: &Value) -> Vec<Layer> {
        self.0.iter().map(|setting| setting.layer(schema)).collect()
    }
}

impl Setting {
    fn layer(&self, schema: &Value) -> Layer {
        let mut node = Some(resolved(schema, schema));
        let (mut keys, mut replaces) = (Vec::new(), None);
        for key in &self.keys {
            let inner = node.and_then(|node| inner(node, key));
            let key = match inner {
                Some((_, Kind::Named)) => key.replace('_', "-"),
                _ => key.clone(),
            };
            if node.is_some_and(is_choice) {
                replaces = Some(keys.clone());
            }
            keys.push(key);
            node = inner.map(|(inner, _)| resolved(schema, inner));
        }
        let value = match node.and_then(|node| node.get("type")).and_then(Value::as_str) {
            Some(kind) if kind != "string" && toml::de::DeValue::parse(&self.value).is_ok() => self.value.clone(),
            _ => quoted(&self.value),
        };
        let path: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        Layer { place: self.place.clone(), text: format!("{} = {value}", path.join(".")), replaces }
    }
}

/// How a key is found in a schema.
#[derive(Clone, Copy)]
enum Kind {
    Field,
    Named,
}

fn inner<'s>(node: &'s Value, key: &str) -> Option<(&'s Value, Kind)> {
    let field = |node: &'s Value| node.get("properties")?.get(key);
    if let Some(field) = field(node) {
        return Some((field, Kind::Field));
    }
    if let Some(named) = node.get("additionalProperties").filter(|named| named.is_object()) {
        return Some((named, Kind::Named));
    }
    let alternatives = node.get("oneOf").and_then(Value::as_array)?;
    alternatives.iter().find_map(field).map(|field| (field, Kind::Field))
}

/// Whether one of several tables is meant, which have no key in common.
fn is_choice(node: &Value) -> bool {
    let alternatives = node.get("oneOf").and_then(Value::as_array);
    alternatives.is_some_and(|all| all.iter().any(|one| one.get("properties").is_some()))
}

fn resolved<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    let target = node.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    target.and_then(|path| schema.pointer(path)).unwrap_or(node)
}

/// As a string of TOML. JSON's differs in one character.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(given: &Given) -> Vec<String> {
        let schema = serde_json::to_value(super::super::schema()).unwrap();
        given.layers(&schema).into_iter().map(|layer| layer.text).collect()
    }

    fn environment(variables: &[(&str, &str)]) -> Given {
        Given::from_environment(variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn a_variable_names_its_setting_and_the_schema_says_how_it_is_written() {
        let given = environment(&[
            ("POLYPTYCH_STATE__WORKERS", "0"),
            ("POLYPTYCH_FETCH__HOSTS", "[\"a.test\"]"),
            ("POLYPTYCH_LIBRARIES__MY_ADS__DEFAULT_ALBUM", "1000000001"),
            ("POLYPTYCH_LIBRARIES__MY_ADS__TOKEN__ENV", "TOKEN"),
            ("POLYPTYCH_LIBRARIES__MY_ADS__SANDBOX", "true"),
            ("POLYPTYCH_REQUIRE", "reference"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(
            texts(&given),
            [
                r#""fetch"."hosts" = ["a.test"]"#,
                r#""libraries"."my-ads"."default_album" = "1000000001""#,
                r#""libraries"."my-ads"."sandbox" = true"#,
                r#""libraries"."my-ads"."token"."env" = "TOKEN""#,
                r#""state"."workers" = 0"#,
            ]
        );
    }

    #[test]
    fn what_is_no_value_of_its_type_stays_a_text_and_cannot_become_another_setting() {
        let given = Given::default().with("--set", "state.workers", "4\n[libraries.a]").with("--set", "state.x", "1");
        let texts = texts(&given);
        assert_eq!(texts, [r#""state"."workers" = "4\n[libraries.a]""#, r#""state"."x" = "1""#]);
        for text in texts {
            toml::de::DeTable::parse(&text).unwrap();
        }
    }

    #[test]
    fn any_text_becomes_a_string() {
        for text in ["", "\"\\\u{7f}\u{0}\n", "ёлка ✓", "'''"] {
            let document = format!("a = {}", quoted(text));
            let read: toml::Table = toml::from_str(&document).unwrap();
            assert_eq!(read["a"].as_str(), Some(text));
        }
    }
}
