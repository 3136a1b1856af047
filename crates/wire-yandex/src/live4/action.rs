//! v4 Live has few methods, each with several actions; what a request does is in its parameters.

use polyptych_wire::Effect;
use polyptych_wire::json::WriteJson;
use polyptych_wire::soap::Operation;
use polyptych_wire::xml::{ReadXml, WriteXml};
use serde::de::DeserializeOwned;

use super::{AdImageAssociationRequest, AdImageAssociationResponse, AdImageRequest, AdImageResponse, operation};

/// Values of `Action`.
#[derive(Debug, Clone, Copy)]
pub enum Action {}

impl Action {
    /// `AdImage`: starts to fetch images by address. A repetition starts new tasks.
    pub const UPLOAD: &str = "Upload";
    /// `AdImage`: tells how uploads by address stand.
    pub const CHECK_UPLOAD_STATUS: &str = "CheckUploadStatus";
    /// `AdImage`: stores images that the request holds. A repetition costs again.
    pub const UPLOAD_RAW_DATA: &str = "UploadRawData";
    /// `AdImage`: deletes images, all or none. A repetition is refused with code 271 and changes nothing.
    pub const DELETE: &str = "Delete";
    /// `AdImage` and `AdImageAssociation`: lists.
    pub const GET: &str = "Get";
    /// `AdImage`: tells how many images an advertiser may hold. One report says that it no longer answers.
    pub const GET_LIMITS: &str = "GetLimits";
    /// `AdImageAssociation`: binds and unbinds. A repetition changes nothing more.
    pub const SET: &str = "Set";
}

/// What one call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Method and action, for spans and errors: `AdImage.Delete`.
    pub name: &'static str,
    /// What a repetition would do.
    pub effect: Effect,
}

/// Parameters that say by their action what they do.
pub trait ActionRequest: WriteXml + WriteJson {
    /// The method that takes them.
    type Operation: Operation<Request = Self, Response = Self::Response>;
    /// Its answer.
    type Response: ReadXml + DeserializeOwned;

    /// What the request does. An action that is not known here counts as a write.
    fn call(&self) -> Call;
}

const AD_IMAGE: &[(&str, Call)] = &[
    (Action::UPLOAD, Call { name: "AdImage.Upload", effect: Effect::Write }),
    (Action::CHECK_UPLOAD_STATUS, Call { name: "AdImage.CheckUploadStatus", effect: Effect::Safe }),
    (Action::UPLOAD_RAW_DATA, Call { name: "AdImage.UploadRawData", effect: Effect::Write }),
    (Action::DELETE, Call { name: "AdImage.Delete", effect: Effect::Idempotent }),
    (Action::GET, Call { name: "AdImage.Get", effect: Effect::Safe }),
    (Action::GET_LIMITS, Call { name: "AdImage.GetLimits", effect: Effect::Safe }),
];

const AD_IMAGE_ASSOCIATION: &[(&str, Call)] = &[
    (Action::SET, Call { name: "AdImageAssociation.Set", effect: Effect::Idempotent }),
    (Action::GET, Call { name: "AdImageAssociation.Get", effect: Effect::Safe }),
];

fn find<O: Operation>(calls: &[(&str, Call)], action: &str) -> Call {
    let known = calls.iter().find(|(name, _)| *name == action);
    known.map_or(Call { name: O::NAME, effect: Effect::Write }, |(_, call)| *call)
}

impl ActionRequest for AdImageRequest {
    type Operation = operation::AdImage;
    type Response = AdImageResponse;

    fn call(&self) -> Call {
        find::<Self::Operation>(AD_IMAGE, &self.action)
    }
}

impl ActionRequest for AdImageAssociationRequest {
    type Operation = operation::AdImageAssociation;
    type Response = AdImageAssociationResponse;

    fn call(&self) -> Call {
        find::<Self::Operation>(AD_IMAGE_ASSOCIATION, &self.action)
    }
}
