//! Answers of Live 4 as typed data, with members in the order of the WSDL. Each form writes it in its own way.

use serde_json::{Map, Value};

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    Text(String),
    Int(i64),
    /// A number that may need 64 bits.
    Long(i64),
    /// A count that JSON writes as a string (recorded).
    Count(usize),
    /// Items of the named type.
    List(&'static str, Vec<Data>),
    /// A structure of the named type.
    Struct(&'static str, Vec<(&'static str, Data)>),
}

/// The members of the answer types that may be absent, all in the order of the WSDL. The schema knows no optional
/// members, only nil ones, and strict readers hold it to that.
const MEMBERS: [(&str, &[&str]); 5] = [
    ("AdImageResponse", &["AdImages", "AdImageUploads", "ActionsResult", "AdImageLimits", "TotalObjectsCount"]),
    (
        "AdImageUpload",
        &["Login", "AdImageHash", "AdImageURL", "SourceURL", "Name", "Error", "AdImageUploadTaskID", "Status"],
    ),
    ("AdImageAssociationActionResult", &["Warnings", "Errors", "AdID"]),
    ("AdImageActionResult", &["Warnings", "Errors", "AdImageUploadTaskID", "AdImageHash"]),
    ("AdImageAssociationResponse", &["ActionsResult", "AdImageAssociations", "TotalObjectsCount"]),
];

/// All members of a type in the order of the WSDL, when some of them may be absent.
pub(crate) fn all_members(of: &str) -> Option<&'static [&'static str]> {
    MEMBERS.iter().find(|(name, _)| *name == of).map(|(_, members)| *members)
}

impl Data {
    /// The JSON form.
    pub(crate) fn to_json(&self, count_as_text: bool) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Int(number) | Self::Long(number) => Value::from(*number),
            Self::Count(count) if count_as_text => Value::String(count.to_string()),
            Self::Count(count) => Value::from(*count),
            Self::List(_, items) => items.iter().map(|item| item.to_json(count_as_text)).collect(),
            Self::Struct(_, members) => {
                let members = members.iter();
                Value::Object(
                    members
                        .map(|(name, value)| ((*name).to_owned(), value.to_json(count_as_text)))
                        .collect::<Map<_, _>>(),
                )
            }
        }
    }
}
