//! Choices for the Graph API.

use std::fmt;

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

/// The key of a copied image in the answer (Facebook reference 16.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyKey {
    /// The name of the source image.
    Name,
    /// The hash.
    Hash,
    /// The word `bytes`.
    Bytes,
}

/// The app's access to the Marketing API, as usage headers name it, and how long an account is blocked whose score is used
/// up (Facebook reference 10.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessTier {
    /// `development_access`, 300 seconds.
    Development,
    /// `standard_access`, 60 seconds.
    Standard,
}

/// An app's secret; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecret(String);

impl AppSecret {
    /// A secret of this text.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AppSecret(…)")
    }
}

/// Settings of the Graph API.
#[derive(Debug, Clone)]
pub struct FacebookSettings {
    /// The versions served, oldest first. Default v25.0 and v26.0.
    pub versions: Vec<(u32, u32)>,
    /// What a call to an older version gets. Default [`ExpiredVersions::Upgraded`], as the real service does where an
    /// endpoint has not changed (reference 3.1); the image edge has not.
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
    pub hourly_calls: u64,
    /// Score per ad account and 300 seconds that `X-Ad-Account-Usage` takes as 100 %: a read scores 1, a write 3. Default
    /// 9,000 (reference 10.2).
    pub account_score: u64,
    /// Calls of the app and hour that `X-App-Usage` takes as 100 %. Default 100,000; the real limit follows from the app's
    /// users (reference 10.2).
    pub app_hourly_calls: u64,
    /// The tier that usage headers name. Default [`AccessTier::Standard`].
    pub access_tier: AccessTier,
    /// Whether calls beyond a limit are refused; a refused call counts too. Default false: headers report only.
    pub enforce_limits: bool,
    /// Code for a call beyond `hourly_calls`: 4, 17, 32, 341, 613, 80000, 80003 or 80004. Default 80004.
    pub hourly_limit_code: i64,
    /// Code for a call of an account whose score is used up. Default 17, with subcode 2446079; 613 has 1487742.
    pub score_limit_code: i64,
    /// Code for a call beyond `app_hourly_calls`. Default 4.
    pub app_limit_code: i64,
    /// HTTP status of code 4. Default 403 (reference 16.17).
    pub app_limit_status: u16,
    /// The app's secret; with it a proof that comes along is checked. Default absent: proofs are ignored.
    pub app_secret: Option<AppSecret>,
    /// Whether a call without a proof is refused, once there is a secret. Default false.
    pub require_proof: bool,
    /// The key of a copied image in the answer. Default [`CopyKey::Name`] (reference 16.8).
    pub copy_key: CopyKey,
    /// Whether `fields` of an upload choose what its answer holds. Default false (reference 16.15).
    pub read_after_write: bool,
    /// Whether `image_id` alone suffices to delete. Default false: `hash` is required (reference 16.12).
    pub delete_by_image_id: bool,
    /// Subcode of error 100 for deleting an image that a creative uses. Default absent (reference 16.1).
    pub in_use_subcode: Option<u32>,
    /// Whether the success of an operation that others of its batch refer to is answered `null`, unless
    /// `omit_response_on_success` says otherwise. Default true (general knowledge).
    pub batch_omits_referred: bool,
}

impl Default for FacebookSettings {
    fn default() -> Self {
        Self {
            versions: vec![(25, 0), (26, 0)],
            expired_versions: ExpiredVersions::Upgraded,
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
            app_hourly_calls: 100_000,
            access_tier: AccessTier::Standard,
            enforce_limits: false,
            hourly_limit_code: 80_004,
            score_limit_code: 17,
            app_limit_code: 4,
            app_limit_status: 403,
            app_secret: None,
            require_proof: false,
            copy_key: CopyKey::Name,
            read_after_write: false,
            delete_by_image_id: false,
            in_use_subcode: None,
            batch_omits_referred: true,
        }
    }
}
