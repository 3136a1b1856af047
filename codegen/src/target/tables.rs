//! Tables of all providers: what their error codes mean.

use super::{Target, input};
use crate::emit::{format, header, tables};
use crate::source::tables::parse_errors;
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
];

const YANDEX_V5: &str = "crates/wire-yandex/src/generated/errors_v5.rs";
const YANDEX_LIVE4: &str = "crates/wire-yandex/src/generated/errors_live4.rs";
const FACEBOOK: &str = "crates/wire-facebook/src/generated/errors.rs";
const EVOTOR: &str = "crates/wire-evotor/src/generated/errors.rs";

fn errors(inputs: &Inputs, path: &str, api: &str, file: &str) -> Result<Output, Errors> {
    let rows = parse_errors(path, input(inputs, path)?)?;
    let body = format(tables::errors(&rows, &format!("What the error codes of {api} mean.")), path)?;
    let text = header::seal(inputs, &[path], &body)?;
    Ok(Output::from([(file.to_owned(), text.into_bytes())]))
}
