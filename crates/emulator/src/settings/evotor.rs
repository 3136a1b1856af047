//! Choices for Evotor Cloud.

/// Settings of Evotor Cloud.
#[derive(Debug, Clone)]
pub struct EvotorSettings {
    /// The stores that exist (letter case is ignored), each with its products; a store without products has all.
    /// Default empty: every store and product exists.
    pub stores: Vec<(String, Vec<String>)>,
    /// `user_id` of every image: two digits, `-`, fifteen digits.
    pub user_id: String,
    /// The most bytes of a picture. Default 5,242,800 (documented so).
    pub largest_picture: usize,
    /// HTTP status for a picture above that: 400 or 413. Default 400 with `validation_failed` (reference 10.1).
    pub too_large_status: u16,
    /// The most bytes of a request body; beyond it HTTP 413. Default 16 MiB (reference 10.8).
    pub body_cap: usize,
    /// Side of the picture in pixels. Default 300.
    pub side: u32,
    /// Whether both sides must equal `side`, or may be at most that. Default true (reference 10.7).
    pub exact_side: bool,
    /// HTTP status for a second image of a product: 400 or 409. Default 400 (reference 10.2).
    pub occupied_status: u16,
    /// Whether deleting an absent image is answered 204 instead of 404. Default false (reference 10.17).
    pub delete_absent_succeeds: bool,
    /// Whether `DELETE …/images` deletes all images of a product; else 405. Default false (reference 10.18).
    pub delete_all: bool,
    /// Stores or products per page. Default 1,000 (reference 1.5).
    pub page_size: usize,
    /// Whether a product shows its image in `images`. Default false (reference 10.20).
    pub embed_images: bool,
    /// Requests per token and interval; one more is answered 429. Default 100,000 (reference 10.13).
    pub rate_limit: u64,
    /// Length of the interval in seconds. Default 1,800 (reference 10.15).
    pub rate_seconds: u32,
}

impl Default for EvotorSettings {
    fn default() -> Self {
        Self {
            stores: Vec::new(),
            user_id: "01-000000000000001".to_owned(),
            largest_picture: 5_242_800,
            too_large_status: 400,
            body_cap: 16 << 20,
            side: 300,
            exact_side: true,
            occupied_status: 400,
            delete_absent_succeeds: false,
            delete_all: false,
            page_size: 1_000,
            embed_images: false,
            rate_limit: 100_000,
            rate_seconds: 1_800,
        }
    }
}
