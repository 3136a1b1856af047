//! The emulator driven over its router and over a socket, compared with the reference data where it holds something.

mod control;
mod evotor;
mod facebook;
mod harness;
mod live4;
mod yandex_v5_json;
mod yandex_v5_soap;
