//! The gRPC services of Polyptych: proto in, domain called, proto out, every failure as one status of one table.
//!
//! This layer keeps the protocol: message order, sizes, deadlines, page tokens, statuses. It never decides about images
//! and never talks to a provider; that is [`polyptych_domain::Service`].

mod answers;
mod arriving;
mod association_service;
mod audit_service;
pub mod auth;
mod caller;
mod calls;
mod connections;
mod convert;
mod deadline;
mod health;
mod image_service;
mod library_service;
mod load;
mod lookout;
mod observed;
mod operations;
mod page_token;
mod patience;
mod progress;
mod publish_service;
mod receiving;
mod repeats;
mod routes;
mod served;
mod server;
mod settings;
mod spool;
mod status;
mod tls;
mod trial;
mod web;

pub use observed::{Adopt, Join, UNTRACED};
pub use polyptych_domain::Work;
pub use server::{Facade, FacadeError, Live};
pub use settings::Settings;
pub use spool::Spool;
pub use status::{ERROR_DOMAIN, Reason, code_name, errors_page};
pub use tls::{ClientAuthorities, Tls, TlsConnection, TlsFiles};
