//! Tables of all providers: what their error codes mean, and what they accept as an image.

use super::{Target, input};
use crate::emit::{format, header, tables};
use crate::source::tables::{parse_errors, parse_rules};
use crate::{Errors, Inputs, Output};

/// The targets of these tables.
pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "yandex-direct-v5-errors",
        inputs: &["yandex-direct-v5/errors.toml"],
        folder: "crates/wire-yandex/src/generated",
        generate: |inputs| errors(inputs, "yandex-direct-v5/errors.toml", "Yandex Direct API v5", YANDEX_V5),
    },
    Target {
        name: "yandex-direct-live4-errors",
        inputs: &["yandex-direct-live4/errors.toml"],
        folder: "crates/wire-yandex/src/generated",
        generate: |inputs| errors(inputs, "yandex-direct-live4/errors.toml", "Yandex Direct API v4 Live", YANDEX_LIVE4),
    },
    Target {
        name: "facebook-errors",
        inputs: &["facebook/errors.toml"],
        folder: "crates/wire-facebook/src/generated",
        generate: |inputs| errors(inputs, "facebook/errors.toml", "the Graph API", FACEBOOK),
    },
    Target {
        name: "evotor-errors",
        inputs: &["evotor/errors.toml"],
        folder: "crates/wire-evotor/src/generated",
        generate: |inputs| errors(inputs, "evotor/errors.toml", "Evotor Cloud; the codes are HTTP statuses", EVOTOR),
    },
    Target { name: "rules", inputs: RULES_INPUTS, folder: "crates/providers/src/generated", generate: rules },
];

const YANDEX_V5: &str = "crates/wire-yandex/src/generated/errors_v5.rs";
const YANDEX_LIVE4: &str = "crates/wire-yandex/src/generated/errors_live4.rs";
const FACEBOOK: &str = "crates/wire-facebook/src/generated/errors.rs";
const EVOTOR: &str = "crates/wire-evotor/src/generated/errors.rs";

/// Name of the static, stored table and documentation of each set of rules.
const RULES: &[(&str, &str, &str)] = &[
    ("EVOTOR", "evotor/rules.toml", "What Evotor Cloud accepts as the image of a product."),
    ("FACEBOOK", "facebook/rules.toml", "What Facebook accepts as an image of an ad account."),
    ("YANDEX_LIVE4", "yandex-direct-live4/rules.toml", "What Yandex Direct API v4 Live accepts as an image."),
    ("YANDEX_V5", "yandex-direct-v5/rules.toml", "What Yandex Direct API v5 accepts as an image."),
];

const RULES_INPUTS: &[&str] =
    &["evotor/rules.toml", "facebook/rules.toml", "yandex-direct-live4/rules.toml", "yandex-direct-v5/rules.toml"];

/// One file with the rules of every provider.
fn rules(inputs: &Inputs) -> Result<Output, Errors> {
    let mut tables = Vec::new();
    let mut errors = Errors::default();
    for (name, path, doc) in RULES {
        match parse_rules(path, input(inputs, path)?) {
            Ok(rules) => tables.push((*name, *doc, rules)),
            Err(more) => errors.extend(more),
        }
    }
    errors.into_result(())?;
    let body = format(tables::rules(&tables), "evotor/rules.toml")?;
    let text = header::seal(inputs, RULES_INPUTS, &body)?;
    Ok(Output::from([("crates/providers/src/generated/rules.rs".to_owned(), text.into_bytes())]))
}

fn errors(inputs: &Inputs, path: &str, api: &str, file: &str) -> Result<Output, Errors> {
    let rows = parse_errors(path, input(inputs, path)?)?;
    let body = format(tables::errors(&rows, &format!("What the error codes of {api} mean.")), path)?;
    let text = header::seal(inputs, &[path], &body)?;
    Ok(Output::from([(file.to_owned(), text.into_bytes())]))
}
