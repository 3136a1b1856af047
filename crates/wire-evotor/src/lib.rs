//! Stores, products and their images in Evotor Cloud (version 2), as requests and answers. It does no I/O, knows no token
//! and decides nothing: an operation makes a [`polyptych_wire::Request`], and [`decode`] reads what came back.
//!
//! With the feature `schema` the types that travel as JSON derive `schemars::JsonSchema`.
//!
//! ```
//! use polyptych_wire_evotor::{Answer, ListProductImages, decode};
//!
//! let list = ListProductImages::new("20180413-2595-40E8-80CB-4646C05D81B6", "5e46f8de");
//! assert_eq!(list.request().path, "/stores/20180413-2595-40E8-80CB-4646C05D81B6/products/5e46f8de/images");
//! let Answer::Success(list) = decode::<ListProductImages>(200, br#"{"items":[],"paging":{}}"#)? else {
//!     panic!("refused")
//! };
//! assert!(list.items.is_empty());
//! # Ok::<(), polyptych_wire_evotor::DecodeError>(())
//! ```

mod error;
mod limits;

#[rustfmt::skip]
mod generated {
    pub(crate) mod errors;
    pub(crate) mod images;
}

pub use error::{Answer, DecodeError, Refusal, decode};
pub use generated::errors::ERRORS;
pub use generated::images::{
    DeleteProductImage, Error, GetProduct, GetProductImage, ListProductImages, ListProducts, ListStores, Paging,
    Product, ProductImage, ProductImageList, ProductImageMeta, ProductList, Store, StoreList, UploadProductImage,
    Violation,
};
pub use limits::{Moment, RateLimit};
