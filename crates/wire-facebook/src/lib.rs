//! Ad accounts and their images in Facebook's Graph API, as requests and answers, alone or in a [`Batch`]. It does no
//! I/O, knows no token and decides nothing: an operation makes a [`polyptych_wire::Request`], and [`decode`] reads what
//! came back.
//!
//! With the feature `schema` the types that travel as JSON derive `schemars::JsonSchema`.
//!
//! ```
//! use polyptych_wire_facebook::{Answer, DEFAULT_VERSION, ListAdImages, decode};
//!
//! let list = ListAdImages::new(DEFAULT_VERSION, "1000000001").with_fields(["hash", "name"]).with_limit(100);
//! assert_eq!(list.request().path, "/v26.0/act_1000000001/adimages?fields=hash%2Cname&limit=100");
//! let answer = decode::<ListAdImages>(200, br#"{"data":[{"hash":"a1","name":"cat.png"}]}"#)?;
//! let Answer::Success(page) = answer else { panic!("refused") };
//! assert_eq!(page.data[0].hash.as_deref(), Some("a1"));
//! # Ok::<(), polyptych_wire_facebook::DecodeError>(())
//! ```

mod batch;
mod created;
mod error;
mod usage;

#[rustfmt::skip]
mod generated {
    pub(crate) mod adimages;
    pub(crate) mod errors;
}

pub use batch::{Batch, BatchAnswer, BatchCall, BatchEntry, BatchError, BatchHeader, MAX_BATCH};
pub use error::{Answer, DecodeError, GraphError, decode};
pub use generated::adimages::{
    AdAccount, AdAccountPage, AdImage, AdImagePage, AdImageStatus, Business, CopyFrom, CreateAdImages, CreatedAdImage,
    CreatedAdImages, Cursors, DeleteAdImage, GetAdImage, ListAdAccounts, ListAdImages, Paging, Success, Summary,
    UploadAdImage, UploadAdImages,
};
pub use generated::errors::ERRORS;
pub use usage::{AccessTier, AdAccountUsage, AppUsage, BusinessUsage, InsightsUsage, Usage};

/// The version of the Graph API that this crate is made for; goes into the path of every request.
pub const DEFAULT_VERSION: &str = "v26.0";
