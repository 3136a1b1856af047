//! The gRPC services of Polyptych: proto in, domain called, proto out, every failure as one status of one table.
//!
//! This layer keeps the protocol: message order, sizes, deadlines, page tokens, statuses. It never decides about images
//! and never talks to a provider; that is [`polyptych_domain::Service`].

mod answers;
mod association_service;
mod audit_service;
pub mod auth;
mod caller;
mod calls;
mod convert;
mod deadline;
mod image_service;
mod library_service;
mod operations;
mod page_token;
mod progress;
mod publish_service;
mod receiving;
mod repeats;
mod server;
mod settings;
mod spool;
mod status;
mod tls;
mod trial;
mod work;
mod workers;

pub use server::{Facade, FacadeError};
pub use settings::Settings;
pub use spool::Spool;
pub use status::{ERROR_DOMAIN, Reason, errors_page};
pub use tls::{ClientAuthorities, Tls, TlsConnection, TlsFiles};
pub use work::Work;
pub use workers::WorkerPool;
