//! What the wire types say of themselves and what they write, judged by the providers' stored schemas as read here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod derived;
mod encoded;
#[path = "../../../../crates/wire/tests/every_type/mod.rs"]
mod every_type;
#[path = "../../../../crates/wire-evotor/tests/wire/every_type_evotor.rs"]
mod every_type_evotor;
#[path = "../../../../crates/wire-facebook/tests/wire/every_type_facebook.rs"]
mod every_type_facebook;
#[path = "../../../../crates/wire-yandex/tests/wire/every_type_live4.rs"]
mod every_type_live4;
#[path = "../../../../crates/wire-yandex/tests/wire/every_type_v5.rs"]
mod every_type_v5;
mod round_trips;
mod stated;
mod written;
