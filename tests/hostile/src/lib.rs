//! What every decoder promises of any bytes: it answers or refuses, never panics, and what it read is what was there.
//!
//! Each function takes one input and panics when a promise is broken. The tests of this crate call them with damaged
//! seeds; the targets under `tests/fuzz` call them with whatever libFuzzer thinks of. Nothing here touches a network.

mod corpus;
mod emulator;
mod evotor;
mod facebook;
mod headers;
mod json;
mod names;
mod pictures;
mod xml;
mod yandex;

pub use corpus::{reference, seeds};
pub use emulator::{emulator_control, emulator_form, emulator_json, emulator_soap};
pub use evotor::evotor;
pub use facebook::{facebook, facebook_batch};
pub use headers::headers;
pub use names::names;
pub use pictures::{fit, inspect, verify};
pub use xml::xml;
pub use yandex::{live4_json, live4_soap, v5_json, v5_soap};

/// An entry point.
pub type Entry = fn(&[u8]);

/// Every entry point by its name, which is that of its fuzz target and of its folder of seeds.
pub const TARGETS: &[(&str, Entry)] = &[
    ("v5_json", v5_json),
    ("v5_soap", v5_soap),
    ("live4_json", live4_json),
    ("live4_soap", live4_soap),
    ("facebook", facebook),
    ("facebook_batch", facebook_batch),
    ("evotor", evotor),
    ("xml", xml),
    ("headers", headers),
    ("inspect", inspect),
    ("verify", verify),
    ("fit", fit),
    ("names", names),
    ("emulator_json", emulator_json),
    ("emulator_soap", emulator_soap),
    ("emulator_form", emulator_form),
    ("emulator_control", emulator_control),
];
