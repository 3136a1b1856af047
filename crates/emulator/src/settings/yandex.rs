//! Choices for the two Yandex Direct APIs.

use std::time::Duration;

use serde::Deserialize;

/// What the owner of a token is to Yandex Direct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An advertiser: another `Client-Login` is refused (8800), `Login` and `Logins` of Live 4 are ignored.
    Advertiser,
    /// An agency: a client login is required by v5 (8000) and by Live 4 (71).
    Agency,
    /// Takes a client login when one is given and acts for itself otherwise. Not a role of the real service: a
    /// convenience of the emulator, and the default.
    #[default]
    Either,
}

/// What becomes of `ImageData` that is not base64 (v5 reference 13.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadBase64 {
    /// The whole request fails with 8000.
    Request,
    /// The item fails with 5004.
    Item,
}

/// The form of Live 4 SOAP replies (Live 4 reference 6.3, 6.5 and 11.22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoapStyle {
    /// As recorded: SOAP::Lite's type namespace, the return element named after its type, members by alphabet.
    Recorded,
    /// As the WSDL says: `return`, types in the namespace `API`, members in schema order, absent ones nil.
    Wsdl,
}

/// Settings of Yandex Direct v5 and Live 4.
#[derive(Debug, Clone)]
pub struct YandexSettings {
    /// Role of the owners of unlisted tokens. Default [`Role::Either`].
    pub role: Role,
    /// The logins that exist. Default empty: every login exists.
    pub logins: Vec<String>,
    /// Points that an advertiser starts with and may hold at most; a 24th of them comes back every hour. Default
    /// 160,000, as seen in the sandbox (v5 reference 8.2).
    pub daily_points: u64,
    /// The most images of an advertiser without ads; each ad adds two. Default 1,000, as documented. At the quota an
    /// item fails with 7001 (v5 reference 13.18).
    pub image_quota: usize,
    /// For how long an image still counts as bound after the last ad let go of it, in milliseconds of the emulator's
    /// clock. Default 0; 23,000 to 64,000 were measured (v5 reference 13.24).
    pub associated_lag_millis: i64,
    /// How long an upload by URL takes at least, in milliseconds of the emulator's clock; it also takes as long as the
    /// picture needs to be fetched. Default 0 (Live 4 reference 11.24).
    pub upload_task_millis: i64,
    /// How long a task that has ended is remembered, in milliseconds since its begin. Default one day.
    pub upload_task_kept_millis: i64,
    /// Status of an upload task that succeeded. Default `Done` (Live 4 reference 11.1).
    pub upload_done_status: String,
    /// Error code of a task whose picture could not be fetched. Default 5004 (Live 4 reference 11.7).
    pub upload_fetch_code: i64,
    /// The hosts, as `host` (any port) or `host:port`, that pictures are fetched from over plain HTTP, besides the
    /// emulator's own picture URLs. Default empty.
    pub fetch_hosts: Vec<String>,
    /// The most time for one picture to be fetched in; real time. Default 30 s.
    pub fetch_timeout: Duration,
    /// The most requests at once of an advertiser; one more is answered 506. Default 5.
    pub concurrency: usize,
    /// The most bytes of a request body; beyond it the connection gets HTTP 413. Default 256 MiB (v5 reference 13.3:
    /// the true limit is unknown; ten Live 4 pictures of 20,000,000 characters must pass).
    pub body_cap: usize,
    /// What becomes of `ImageData` that is not base64. Default [`BadBase64::Request`] (v5 reference 13.4).
    pub bad_base64: BadBase64,
    /// Code of a whole-request error for an empty input array: 7000 or 8000. Default 7000 (v5 reference 13.20).
    pub empty_array_code: i64,
    /// How far a WIDE picture's ratio may be from 16:9. Default 0.005 (v5 reference 13.10).
    pub wide_tolerance: f64,
    /// Whether v5 SOAP insists on namespaces as its schema does: the body's root in the service namespace, its
    /// children in none. Default true; what the real service does is not recorded.
    pub strict_namespaces: bool,
    /// Whether Live 4 JSON takes the token of `Authorization` when the body has none. Default false (Live 4
    /// reference 11.15).
    pub live4_header_token: bool,
    /// The most characters of a Live 4 `RawData`. Default 20,000,000 (Live 4 reference 11.17).
    pub live4_raw_data_chars: usize,
    /// The calls of one Live 4 method that a user has for a day; then it works once in ten minutes, and is 56 else.
    /// Default 50,000 (Live 4 reference 4).
    pub live4_daily_calls: u64,
    /// The points of Live 4 that an advertiser has for a day; 152 for a call that costs more than are left. Default
    /// 32,000, as recorded in the sandbox (Live 4 reference 4).
    pub live4_daily_points: u64,
    /// The points of Live 4 that each item of `Upload`, `UploadRawData` and `Set` costs, taken or refused. Default 0: the
    /// true prices are unknown (Live 4 reference 11.10).
    pub live4_item_points: u64,
    /// The form of Live 4 SOAP replies. Default [`SoapStyle::Recorded`] (Live 4 reference 11.22).
    pub live4_soap_style: SoapStyle,
    /// Whether Live 4 writes `TotalObjectsCount` as a JSON string. Default true, as recorded (Live 4 reference 11.21).
    pub live4_count_as_text: bool,
}

impl Default for YandexSettings {
    fn default() -> Self {
        Self {
            role: Role::Either,
            logins: Vec::new(),
            daily_points: 160_000,
            image_quota: 1_000,
            associated_lag_millis: 0,
            upload_task_millis: 0,
            upload_task_kept_millis: 24 * 3_600_000,
            upload_done_status: "Done".to_owned(),
            upload_fetch_code: 5004,
            fetch_hosts: Vec::new(),
            fetch_timeout: Duration::from_secs(30),
            concurrency: 5,
            body_cap: 256 << 20,
            bad_base64: BadBase64::Request,
            empty_array_code: 7000,
            wide_tolerance: 0.005,
            strict_namespaces: true,
            live4_header_token: false,
            live4_raw_data_chars: 20_000_000,
            live4_daily_calls: 50_000,
            live4_daily_points: 32_000,
            live4_item_points: 0,
            live4_soap_style: SoapStyle::Recorded,
            live4_count_as_text: true,
        }
    }
}
