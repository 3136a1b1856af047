//! Choices for the Graph API.

/// What a call to an expired version gets (Facebook reference 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredVersions {
    /// Error 2635.
    Refused,
    /// The oldest usable version's answer, with `X-Ad-Api-Version-Warning`.
    Upgraded,
}

/// What deleting an unknown hash gets (Facebook reference 16.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownHash {
    /// Error 100.
    Refused,
    /// `{"success":true}`.
    Success,
}

/// Settings of the Graph API.
#[derive(Debug, Clone)]
pub struct FacebookSettings {
    /// The versions served, oldest first. Default v25.0 and v26.0.
    pub versions: Vec<(u32, u32)>,
    /// What a call to an older version gets. Default [`ExpiredVersions::Refused`].
    pub expired_versions: ExpiredVersions,
    /// The numeric ids of the ad accounts that exist. Default empty: every account exists.
    pub accounts: Vec<String>,
    /// The most bytes of a request body; beyond it HTTP 413. Default 64 MiB.
    pub body_cap: usize,
    /// The most bytes of a picture. Default 31,457,280, the 30 MB of the Ads Guide (reference 16.3).
    pub largest_picture: usize,
    /// Subcode of error 100 for a picture that is too large. Default 1487411 (reference 16.2).
    pub too_large_subcode: u32,
    /// Images per page when `limit` is absent. Default 25 (reference 16.10).
    pub default_limit: usize,
    /// The most images per page; a larger `limit` is lowered to it. Default 1,000 (reference 16.10).
    pub largest_limit: usize,
    /// What deleting an unknown hash gets. Default [`UnknownHash::Refused`] (reference 16.18).
    pub unknown_hash: UnknownHash,
    /// Whether a file's name must have a known picture extension and at most 100 characters, else 100/1487411.
    /// Default true (reference 16.24).
    pub check_file_names: bool,
    /// Whether a file part without `Content-Type` fails with 100/1487411. Default false (reference 16.21).
    pub require_part_type: bool,
    /// Whether `name` beside `bytes` becomes the image's name; the key of the answer stays `bytes`. Default true
    /// (reference 16.16).
    pub name_with_bytes: bool,
    /// Whether the `name` filter of the list minds letter case. Default false (reference 16.9; it finds substrings).
    pub name_filter_case: bool,
    /// HTTP status of error 190. Default 400 (reference 16.17).
    pub bad_token_status: u16,
    /// Days until the `oe` of a picture URL. Default 5 (reference 16.22). The emulator serves the URL as long as the
    /// image exists.
    pub url_days: u32,
    /// Calls per ad account and hour that the usage headers take as 100 %. Default 100,000 (reference 10.2).
    /// Nothing is throttled.
    pub hourly_calls: u64,
    /// Score per ad account that `X-Ad-Account-Usage` takes as 100 %. Default 9,000 (reference 10.2).
    pub account_score: u64,
}

impl Default for FacebookSettings {
    fn default() -> Self {
        Self {
            versions: vec![(25, 0), (26, 0)],
            expired_versions: ExpiredVersions::Refused,
            accounts: Vec::new(),
            body_cap: 64 << 20,
            largest_picture: 30 << 20,
            too_large_subcode: 1_487_411,
            default_limit: 25,
            largest_limit: 1_000,
            unknown_hash: UnknownHash::Refused,
            check_file_names: true,
            require_part_type: false,
            name_with_bytes: true,
            name_filter_case: false,
            bad_token_status: 400,
            url_days: 5,
            hourly_calls: 100_000,
            account_score: 9_000,
        }
    }
}
