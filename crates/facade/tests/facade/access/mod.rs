//! Who may do what: clients of every kind, libraries that they may use, may not use and that are not there, and every method
//! of the API.

pub(crate) mod clients;
mod hidden;
mod limits;
mod matrix;
mod secrets;
mod wire;
