//! The emulator driven over its router and over a socket, compared with the reference data where it holds something.

// Clippy allows unwrap inside test functions only; this crate holds nothing but tests and their helpers.
#![allow(clippy::unwrap_used)]

mod compression;
mod control;
mod evotor;
mod facebook;
mod facebook_accounts;
mod facebook_batch;
mod facebook_sdk;
mod facebook_upload;
mod faults;
mod harness;
mod hostile;
mod live4;
mod live4_associations;
mod live4_uploads;
mod malformed;
mod setup;
mod yandex_bulk;
mod yandex_malformed;
mod yandex_schemas;
mod yandex_v5_json;
mod yandex_v5_refusals;
mod yandex_v5_soap;
