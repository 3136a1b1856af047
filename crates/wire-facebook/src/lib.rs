//! Images of ad accounts in Facebook's Graph API, as requests and answers. It does no I/O, knows no token and decides
//! nothing: an operation makes a [`polyptych_wire::Request`], and [`decode`] reads what came back.
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

mod created;
mod error;

#[rustfmt::skip]
mod generated {
    pub(crate) mod adimages;
    pub(crate) mod errors;
}

pub use error::{Answer, DecodeError, GraphError, decode};
pub use generated::adimages::{
    AdImage, AdImagePage, AdImageStatus, Business, CopyFrom, CreateAdImages, CreatedAdImage, CreatedAdImages, Cursors,
    DeleteAdImage, GetAdImage, ListAdImages, Paging, Success, Summary, UploadAdImage,
};
pub use generated::errors::ERRORS;

/// The version of the Graph API that this crate is made for; goes into the path of every request.
pub const DEFAULT_VERSION: &str = "v26.0";
