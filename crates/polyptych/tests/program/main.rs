//! The program and the library as those who use them meet them. One program for all of it, since each that links them takes its
//! time to build; apart are what is told of a whole process (`operations`) and what kills others (`crash`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod cli;
mod client;
mod config;
mod examples;
mod help;
mod manifest;
#[cfg(unix)]
mod running;
#[cfg(unix)]
mod session;
mod shutdown;
mod state;
mod support;
#[cfg(unix)]
mod terminal;
mod tls;
