//! The seven forms in which providers are spoken to: how each is opened, where its images go, and how a proxy tells its
//! requests apart.

use std::sync::Arc;

use polyptych_domain::{AlbumId, ImageLibrary, LibraryId};
use polyptych_providers::facebook::AppSecretProof;
use polyptych_providers::{
    Evotor, Facebook, Form as FacebookForm, Settings, YandexEncoding, YandexLive4, YandexV5, YandexV5Version,
};
use polyptych_transport::{Auth, Config, ConfigError};

use crate::picture::Side;
use crate::proxy::Seen;

/// What a request does, as far as a proxy can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Sends an image.
    Upload,
    /// Reads.
    Read,
    /// Deletes images.
    Delete,
}

/// What a client of a form writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// Every request is a document.
    Documents,
    /// An upload is a text; other requests have no body.
    Texts,
    /// An upload holds the file as it is; other requests have no body.
    Files,
}

/// The secret of the application that Facebook's calls are proved with.
pub const APP_SECRET: &str = "canary-a6b0f3e2917d4c58";

fn proving(settings: Settings) -> Settings {
    let proof = AppSecretProof::new(APP_SECRET.into());
    Settings { connection: settings.connection.with_signing(Arc::new(proof)), ..settings }
}

type Open = fn(Settings) -> Result<Arc<dyn ImageLibrary>, ConfigError>;

/// One form.
pub struct Form {
    /// Its name in tables.
    pub name: &'static str,
    /// Where the credential goes.
    pub auth: Auth,
    /// The album that images go to; `{}` stands for a number where an album holds one image.
    pub album: &'static str,
    /// The pictures that it takes.
    pub side: Side,
    /// Whether the HTTP status is the provider's code of an error, and all that a success needs.
    pub status_is_code: bool,
    /// Whether the provider keeps identical bytes once, so that an image may be sent once more.
    pub deduplicates: bool,
    /// Whether there is a call for the account's limits; else they are known from other answers.
    pub asks_for_quota: bool,
    /// What its requests hold.
    pub bodies: Bodies,
    /// First match wins, in method, path, `SOAPAction` and opening of the body.
    marks: &'static [(&'static str, Stage)],
    open: Open,
}

const V5_JSON: &[(&str, Stage)] = &[
    (r#""method":"add""#, Stage::Upload),
    (r#""method":"get""#, Stage::Read),
    (r#""method":"delete""#, Stage::Delete),
];
const V5_SOAP: &[(&str, Stage)] =
    &[("/adimages/add\"", Stage::Upload), ("/adimages/get\"", Stage::Read), ("/adimages/delete\"", Stage::Delete)];
const LIVE4_JSON: &[(&str, Stage)] = &[
    (r#""Action":"UploadRawData""#, Stage::Upload),
    (r#""Action":"Delete""#, Stage::Delete),
    (r#""Action":"Get"#, Stage::Read),
];
const LIVE4_SOAP: &[(&str, Stage)] =
    &[(">UploadRawData<", Stage::Upload), (">Delete<", Stage::Delete), (">Get", Stage::Read)];
/// A batch goes to the root of the version; the library sends deletions in it.
const FACEBOOK: &[(&str, Stage)] =
    &[("GET ", Stage::Read), ("DELETE ", Stage::Delete), ("/adimages ", Stage::Upload), ("POST ", Stage::Delete)];
const EVOTOR: &[(&str, Stage)] = &[("GET ", Stage::Read), ("DELETE ", Stage::Delete), ("POST ", Stage::Upload)];

/// All forms.
pub const FORMS: [Form; 7] = [
    Form {
        name: "v5 json",
        auth: Auth::Bearer,
        album: "self",
        side: Side::Regular,
        status_is_code: false,
        deduplicates: true,
        asks_for_quota: false,
        bodies: Bodies::Documents,
        marks: V5_JSON,
        open: |settings| Ok(Arc::new(YandexV5::new(settings, YandexEncoding::Json, YandexV5Version::V5)?)),
    },
    Form {
        name: "v5 soap",
        auth: Auth::Bearer,
        album: "self",
        side: Side::Regular,
        status_is_code: false,
        deduplicates: true,
        asks_for_quota: false,
        bodies: Bodies::Documents,
        marks: V5_SOAP,
        open: |settings| Ok(Arc::new(YandexV5::new(settings, YandexEncoding::Soap, YandexV5Version::V5)?)),
    },
    Form {
        name: "live4 json",
        auth: Auth::InBody,
        album: "self",
        side: Side::Regular,
        status_is_code: false,
        deduplicates: true,
        asks_for_quota: true,
        bodies: Bodies::Documents,
        marks: LIVE4_JSON,
        open: |settings| Ok(Arc::new(YandexLive4::new(settings, YandexEncoding::Json, "en")?)),
    },
    Form {
        name: "live4 soap",
        auth: Auth::InBody,
        album: "self",
        side: Side::Regular,
        status_is_code: false,
        deduplicates: true,
        asks_for_quota: true,
        bodies: Bodies::Documents,
        marks: LIVE4_SOAP,
        open: |settings| Ok(Arc::new(YandexLive4::new(settings, YandexEncoding::Soap, "en")?)),
    },
    Form {
        name: "facebook bytes",
        auth: Auth::Bearer,
        album: "1000000001",
        side: Side::Regular,
        status_is_code: false,
        deduplicates: true,
        asks_for_quota: false,
        bodies: Bodies::Texts,
        marks: FACEBOOK,
        open: |settings| Ok(Arc::new(Facebook::new(proving(settings), FacebookForm::Bytes, None)?)),
    },
    Form {
        name: "facebook form",
        auth: Auth::Bearer,
        album: "1000000001",
        side: Side::Regular,
        status_is_code: false,
        deduplicates: true,
        asks_for_quota: false,
        bodies: Bodies::Files,
        marks: FACEBOOK,
        open: |settings| Ok(Arc::new(Facebook::new(proving(settings), FacebookForm::Multipart, None)?)),
    },
    Form {
        name: "evotor",
        auth: Auth::Bearer,
        album: "20180413-2595-40E8-80CB-4646C05D81B6~5e46f8de-ec4f-4f87-85de-{}",
        side: Side::Till,
        status_is_code: true,
        deduplicates: false,
        asks_for_quota: false,
        bodies: Bodies::Files,
        marks: EVOTOR,
        open: |settings| Ok(Arc::new(Evotor::new(settings)?)),
    },
];

impl Form {
    /// What the request does; `None` for one that is none of this form's.
    pub fn stage(&self, seen: &Seen) -> Option<Stage> {
        let head = format!("{} {} {}", seen.method, seen.path.split('?').next().unwrap_or_default(), seen.soap_action);
        let mark = self.marks.iter().find(|(text, _)| head.contains(text) || seen.opens_with(text));
        mark.map(|(_, stage)| *stage)
    }

    /// The album for image `number`: where an album holds one image, each has its own.
    ///
    /// # Panics
    /// If the table holds no album, which a test would see.
    pub fn album(&self, number: u64) -> AlbumId {
        AlbumId::new(self.album.replace("{}", &format!("{number:012x}"))).expect("an album")
    }

    /// Whether each image has an album of its own.
    pub fn one_per_album(&self) -> bool {
        self.album.contains("{}")
    }

    /// A library that speaks in this form.
    ///
    /// # Panics
    /// If name or settings are unusable, which a test would see.
    pub fn open(&self, connection: Config) -> Arc<dyn ImageLibrary> {
        let id = LibraryId::new(self.name.replace(' ', "-")).expect("a name");
        (self.open)(Settings { id, default_album: None, connection }).expect("usable settings")
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
