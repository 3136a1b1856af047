//! The calls of Live 4's image methods: their shape tables by method and action, and reading a checked value.

use serde_json::{Map, Value};

use super::fault::Fault;
use super::{Param, Received};
use crate::shape::{Kind, Member, check, long, optional, required, take_list, take_object, take_text, take_texts};
use crate::soap::value::{Lists, object};

static RAW: [Member; 3] =
    [optional("Login", Kind::Text), optional("RawData", Kind::Text), optional("Name", Kind::Text)];
static URL: [Member; 3] = [optional("Login", Kind::Text), optional("URL", Kind::Text), optional("Name", Kind::Text)];
static SELECTION: [Member; 6] = [
    optional("Logins", Kind::List(&Kind::Text)),
    optional("AdImageHashes", Kind::List(&Kind::Text)),
    optional("AdImageUploadTaskIDS", Kind::List(&Kind::Long)),
    optional("Assigned", Kind::List(&Kind::Word(&["Yes", "No"]))),
    optional("Limit", Kind::Long),
    optional("Offset", Kind::Long),
];
static IMAGE: [Member; 4] = [
    required("Action", Kind::Text),
    optional("SelectionCriteria", Kind::Struct(&SELECTION)),
    optional("AdImageRawData", Kind::List(&Kind::Struct(&RAW))),
    optional("AdImageURLData", Kind::List(&Kind::Struct(&URL))),
];
static ASSOCIATION_SELECTION: [Member; 7] = [
    optional("Logins", Kind::List(&Kind::Text)),
    optional("AdImageHashes", Kind::List(&Kind::Text)),
    optional("StatusAdImageModerate", Kind::List(&Kind::Text)),
    optional("AdIDS", Kind::List(&Kind::Long)),
    optional("CampaignIDS", Kind::List(&Kind::Long)),
    optional("Limit", Kind::Long),
    optional("Offset", Kind::Long),
];
static ASSOCIATION_ITEM: [Member; 2] = [optional("AdID", Kind::Long), optional("AdImageHash", Kind::Text)];
static ASSOCIATION: [Member; 3] = [
    required("Action", Kind::Text),
    optional("SelectionCriteria", Kind::Struct(&ASSOCIATION_SELECTION)),
    optional("AdImageAssociations", Kind::List(&Kind::Struct(&ASSOCIATION_ITEM))),
];

/// The most items of `UploadRawData`.
const MOST_RAW: usize = 10;
/// The most hashes of a call, and the most images of an answer.
const MOST_HASHES: usize = 10_000;
/// The most logins of `Get`.
const MOST_LOGINS: usize = 10;
/// The most logins of `GetLimits`.
const MOST_LIMIT_LOGINS: usize = 1_000;

/// What is emulated: method, action, and the name for the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    UploadRawData,
    Get,
    Delete,
    GetLimits,
    AssociationGet,
}

/// Every documented action; those without an [`Action`] are not emulated.
const ACTIONS: [(&str, &str, Option<Action>); 8] = [
    ("AdImage", "UploadRawData", Some(Action::UploadRawData)),
    ("AdImage", "Get", Some(Action::Get)),
    ("AdImage", "Delete", Some(Action::Delete)),
    ("AdImage", "GetLimits", Some(Action::GetLimits)),
    ("AdImage", "Upload", None),
    ("AdImage", "CheckUploadStatus", None),
    ("AdImageAssociation", "Get", Some(Action::AssociationGet)),
    ("AdImageAssociation", "Set", None),
];

/// A picture to upload. Empty texts are reported per item.
#[derive(Debug)]
pub(crate) struct RawItem {
    pub(crate) login: String,
    pub(crate) data: String,
    pub(crate) name: String,
}

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

/// A call that fits its schema.
#[derive(Debug)]
pub(crate) enum Call {
    UploadRawData(Vec<RawItem>),
    Get { logins: Vec<String>, hashes: Option<Vec<String>>, assigned: Option<bool>, page: Page },
    Delete { logins: Vec<String>, hashes: Vec<String> },
    GetLimits { logins: Vec<String> },
    AssociationGet { logins: Vec<String> },
}

/// The name of a call for the journal, such as `AdImage.Get`, and the call itself.
///
/// # Errors
/// 55 for a method that does not exist here and for documented actions that are not emulated; 71 and 9 for parameters.
pub(crate) fn read(received: Received) -> Result<(String, Call), Fault> {
    let method = received.method;
    let members = match method.as_str() {
        "AdImage" => &IMAGE[..],
        "AdImageAssociation" => &ASSOCIATION[..],
        _ => return Err(Fault::new(55, "The emulator has the methods AdImage and AdImageAssociation only")),
    };
    let value = match received.param {
        Param::Json(value) => value,
        Param::Soap(Some(element)) => object(element, members, Lists::Wrapped),
        Param::Soap(None) => Value::Null,
    };
    if value.is_null() {
        return Err(Fault::invalid("Field param must not be empty"));
    }
    check(&value, members)?;
    let Value::Object(mut param) = value else { return Err(Fault::invalid("Field param must be a structure")) };
    let action = take_text(&mut param, "Action");
    let documented = ACTIONS.iter().find(|(of, name, _)| *of == method && *name == action);
    let operation = format!("{method}.{}", action.chars().take(40).collect::<String>());
    let call = match documented {
        None => return Err(Fault::invalid("Field Action has a value that is not allowed")),
        Some((_, _, None)) => return Err(Fault::new(55, format!("{operation} is not emulated"))),
        Some((_, _, Some(Action::UploadRawData))) => read_upload(param)?,
        Some((_, _, Some(action))) => read_selection(*action, param)?,
    };
    Ok((operation, call))
}

fn read_upload(mut param: Map<String, Value>) -> Result<Call, Fault> {
    let items = take_list(&mut param, "AdImageRawData").unwrap_or_default();
    if items.is_empty() {
        return Err(Fault::invalid("Field AdImageRawData must not be empty"));
    }
    if items.len() > MOST_RAW {
        return Err(Fault::invalid(format!("Field AdImageRawData can contain no more than {MOST_RAW} items")));
    }
    let items = items.into_iter().filter_map(|item| match item {
        Value::Object(mut item) => Some(RawItem {
            login: take_text(&mut item, "Login"),
            data: take_text(&mut item, "RawData"),
            name: take_text(&mut item, "Name"),
        }),
        _ => None,
    });
    Ok(Call::UploadRawData(items.collect()))
}

fn read_selection(action: Action, mut param: Map<String, Value>) -> Result<Call, Fault> {
    let mut criteria = take_object(&mut param, "SelectionCriteria");
    let logins = take_texts(&mut criteria, "Logins").unwrap_or_default();
    let hashes = take_texts(&mut criteria, "AdImageHashes").filter(|hashes| !hashes.is_empty());
    if hashes.as_ref().is_some_and(|hashes| hashes.len() > MOST_HASHES) {
        return Err(Fault::invalid(format!("Field AdImageHashes can contain no more than {MOST_HASHES} items")));
    }
    let most_logins = if action == Action::GetLimits { MOST_LIMIT_LOGINS } else { MOST_LOGINS };
    if logins.len() > most_logins {
        return Err(Fault::invalid(format!("Field Logins can contain no more than {most_logins} items")));
    }
    Ok(match action {
        Action::GetLimits => Call::GetLimits { logins },
        Action::Delete if logins.len() > 1 => {
            return Err(Fault::invalid("Field Logins must contain exactly one login"));
        }
        Action::Delete => {
            let hashes = hashes.ok_or_else(|| Fault::invalid("Field AdImageHashes must not be empty"))?;
            Call::Delete { logins, hashes }
        }
        Action::AssociationGet => {
            read_page(&criteria)?;
            Call::AssociationGet { logins }
        }
        Action::Get | Action::UploadRawData => {
            let assigned = take_texts(&mut criteria, "Assigned").unwrap_or_default();
            let (yes, no) = (assigned.iter().any(|word| word == "Yes"), assigned.iter().any(|word| word == "No"));
            // Both words, or none, are no filter.
            let assigned = (yes != no).then_some(yes);
            Call::Get { logins, hashes, assigned, page: read_page(&criteria)? }
        }
    })
}

fn read_page(criteria: &Map<String, Value>) -> Result<Page, Fault> {
    let number = |name: &str, default: usize| match long(criteria, name) {
        None => Some(default),
        Some(number) => usize::try_from(number).ok(),
    };
    let limit = number("Limit", MOST_HASHES).filter(|limit| (1..=MOST_HASHES).contains(limit));
    let limit = limit.ok_or_else(|| Fault::new(8, format!("Limit must be from 1 to {MOST_HASHES}")))?;
    let offset = number("Offset", 0).ok_or_else(|| Fault::new(18, "Offset must not be negative"))?;
    Ok(Page { limit, offset })
}
