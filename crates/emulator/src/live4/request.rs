//! The calls of Live 4's image methods: their shape tables by method and action, and reading a checked value.

use std::collections::HashSet;

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
    optional("StatusAdImageModerate", Kind::List(&Kind::Word(&["New", "Pending", "Yes", "No"]))),
    optional("AdIDS", Kind::List(&Kind::Long)),
    optional("CampaignIDS", Kind::List(&Kind::Long)),
    optional("Limit", Kind::Long),
    optional("Offset", Kind::Long),
];
static REASON: [Member; 2] = [optional("Type", Kind::Text), optional("Text", Kind::Text)];
/// `Set` looks at the first two; toolkits send the others of the type as nil.
static ASSOCIATION_ITEM: [Member; 6] = [
    optional("AdID", Kind::Long),
    optional("AdImageHash", Kind::Text),
    optional("Login", Kind::Text),
    optional("CampaignID", Kind::Long),
    optional("StatusAdImageModerate", Kind::Text),
    optional("ModerateRejectionReasons", Kind::List(&Kind::Struct(&REASON))),
];
static ASSOCIATION: [Member; 3] = [
    required("Action", Kind::Text),
    optional("SelectionCriteria", Kind::Struct(&ASSOCIATION_SELECTION)),
    optional("AdImageAssociations", Kind::List(&Kind::Struct(&ASSOCIATION_ITEM))),
];

/// The most items of `UploadRawData`.
const MOST_RAW: usize = 10;
/// The most items of every other list, and the most objects of an answer.
const MOST_ITEMS: usize = 10_000;
/// The most logins of `Get` and `CheckUploadStatus`.
const MOST_LOGINS: usize = 10;
/// The most logins of `GetLimits`.
const MOST_LIMIT_LOGINS: usize = 1_000;

/// The documented actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Upload,
    CheckUploadStatus,
    UploadRawData,
    Get,
    Delete,
    GetLimits,
    Set,
    GetAssociations,
}

const ACTIONS: [(&str, &str, Action); 8] = [
    ("AdImage", "Upload", Action::Upload),
    ("AdImage", "CheckUploadStatus", Action::CheckUploadStatus),
    ("AdImage", "UploadRawData", Action::UploadRawData),
    ("AdImage", "Get", Action::Get),
    ("AdImage", "Delete", Action::Delete),
    ("AdImage", "GetLimits", Action::GetLimits),
    ("AdImageAssociation", "Set", Action::Set),
    ("AdImageAssociation", "Get", Action::GetAssociations),
];

/// A picture to upload; `source` is its base64 text or its URL. Empty texts are reported per item.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) login: String,
    pub(crate) source: String,
    pub(crate) name: String,
}

/// The image that an ad is to show.
#[derive(Debug)]
pub(crate) struct Binding {
    /// Absent: reported per item.
    pub(crate) ad: Option<i64>,
    /// Absent: none.
    pub(crate) hash: Option<String>,
}

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

/// Which associations are asked for; an absent set is no filter.
#[derive(Debug)]
pub(crate) struct Associations {
    pub(crate) logins: Vec<String>,
    pub(crate) hashes: Option<HashSet<String>>,
    pub(crate) statuses: Option<HashSet<String>>,
    pub(crate) ads: Option<HashSet<i64>>,
    pub(crate) campaigns: Option<HashSet<i64>>,
    pub(crate) page: Page,
}

/// A call that fits its schema.
#[derive(Debug)]
pub(crate) enum Call {
    Upload(Vec<Upload>),
    CheckUploadStatus { logins: Vec<String>, tasks: Option<HashSet<i64>>, page: Page },
    UploadRawData(Vec<Upload>),
    Get { logins: Vec<String>, hashes: Option<HashSet<String>>, assigned: Option<bool>, page: Page },
    Delete { logins: Vec<String>, hashes: Vec<String> },
    GetLimits { logins: Vec<String> },
    Set(Vec<Binding>),
    GetAssociations(Associations),
}

impl Call {
    /// Whether it changes anything.
    pub(crate) fn writes(&self) -> bool {
        matches!(self, Self::Upload(_) | Self::UploadRawData(_) | Self::Delete { .. } | Self::Set(_))
    }

    /// How many items it has that cost points.
    pub(crate) fn priced_items(&self) -> usize {
        match self {
            Self::Upload(items) | Self::UploadRawData(items) => items.len(),
            Self::Set(bindings) => bindings.len(),
            Self::CheckUploadStatus { .. }
            | Self::Get { .. }
            | Self::Delete { .. }
            | Self::GetLimits { .. }
            | Self::GetAssociations(_) => 0,
        }
    }
}

/// The name of a call for the journal, such as `AdImage.Get`, and the call itself.
///
/// # Errors
/// 55 for a method that does not exist here; 71 and 9 for parameters, 8 and 18 for pages.
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
    let (_, _, known) = documented.ok_or_else(|| Fault::invalid("Field Action has a value that is not allowed"))?;
    let call = match known {
        Action::Upload => Call::Upload(read_uploads(param, ("AdImageURLData", MOST_ITEMS), "URL")?),
        Action::UploadRawData => Call::UploadRawData(read_uploads(param, ("AdImageRawData", MOST_RAW), "RawData")?),
        Action::Set => Call::Set(read_bindings(param)?),
        selecting => read_selection(*selecting, param)?,
    };
    Ok((format!("{method}.{action}"), call))
}

fn read_items(
    param: &mut Map<String, Value>,
    (member, most): (&str, usize),
) -> Result<impl Iterator<Item = Map<String, Value>> + use<>, Fault> {
    let items = take_list(param, member).unwrap_or_default();
    if items.is_empty() {
        return Err(Fault::invalid(format!("Field {member} must not be empty")));
    }
    at_most(member, items.len(), most)?;
    Ok(items.into_iter().filter_map(|item| match item {
        Value::Object(item) => Some(item),
        _ => None,
    }))
}

fn at_most(member: &str, count: usize, most: usize) -> Result<(), Fault> {
    if count > most {
        return Err(Fault::invalid(format!("Field {member} can contain no more than {most} items")));
    }
    Ok(())
}

fn read_uploads(mut param: Map<String, Value>, list: (&str, usize), source: &str) -> Result<Vec<Upload>, Fault> {
    let items = read_items(&mut param, list)?.map(|mut item| Upload {
        login: take_text(&mut item, "Login"),
        source: take_text(&mut item, source),
        name: take_text(&mut item, "Name"),
    });
    Ok(items.collect())
}

fn read_bindings(mut param: Map<String, Value>) -> Result<Vec<Binding>, Fault> {
    let items = read_items(&mut param, ("AdImageAssociations", MOST_ITEMS))?.map(|mut item| Binding {
        ad: long(&item, "AdID"),
        // An empty text is taken for none, as SOAP cannot tell them apart.
        hash: Some(take_text(&mut item, "AdImageHash")).filter(|hash| !hash.is_empty()),
    });
    Ok(items.collect())
}

/// The list members of a selection; an empty list is no filter, as SOAP cannot tell it from an absent one.
struct Criteria(Map<String, Value>);

impl Criteria {
    fn texts(&mut self, member: &str, most: usize) -> Result<Option<Vec<String>>, Fault> {
        let texts = take_texts(&mut self.0, member).filter(|texts| !texts.is_empty());
        at_most(member, texts.as_ref().map_or(0, Vec::len), most)?;
        Ok(texts)
    }

    fn longs(&mut self, member: &str) -> Result<Option<HashSet<i64>>, Fault> {
        let longs = take_list(&mut self.0, member).filter(|longs| !longs.is_empty());
        at_most(member, longs.as_ref().map_or(0, Vec::len), MOST_ITEMS)?;
        Ok(longs.map(|longs| longs.iter().filter_map(Value::as_i64).collect()))
    }

    fn page(&self) -> Result<Page, Fault> {
        let number = |name: &str, default: usize| match long(&self.0, name) {
            None => Some(default),
            Some(number) => usize::try_from(number).ok(),
        };
        let limit = number("Limit", MOST_ITEMS).filter(|limit| (1..=MOST_ITEMS).contains(limit));
        let limit = limit.ok_or_else(|| Fault::new(8, format!("Limit must be from 1 to {MOST_ITEMS}")))?;
        let offset = number("Offset", 0).ok_or_else(|| Fault::new(18, "Offset must not be negative"))?;
        Ok(Page { limit, offset })
    }
}

fn read_selection(action: Action, mut param: Map<String, Value>) -> Result<Call, Fault> {
    let mut criteria = Criteria(take_object(&mut param, "SelectionCriteria"));
    let most_logins = if action == Action::GetLimits { MOST_LIMIT_LOGINS } else { MOST_LOGINS };
    let logins = criteria.texts("Logins", most_logins)?.unwrap_or_default();
    let hashes = criteria.texts("AdImageHashes", MOST_ITEMS)?;
    Ok(match action {
        Action::GetLimits => Call::GetLimits { logins },
        Action::Delete if logins.len() > 1 => {
            return Err(Fault::invalid("Field Logins must contain exactly one login"));
        }
        Action::Delete => {
            let hashes = hashes.ok_or_else(|| Fault::invalid("Field AdImageHashes must not be empty"))?;
            Call::Delete { logins, hashes }
        }
        Action::CheckUploadStatus => {
            let tasks = criteria.longs("AdImageUploadTaskIDS")?;
            Call::CheckUploadStatus { logins, tasks, page: criteria.page()? }
        }
        Action::GetAssociations => Call::GetAssociations(Associations {
            logins,
            hashes: hashes.map(HashSet::from_iter),
            statuses: criteria.texts("StatusAdImageModerate", MOST_ITEMS)?.map(HashSet::from_iter),
            ads: criteria.longs("AdIDS")?,
            campaigns: criteria.longs("CampaignIDS")?,
            page: criteria.page()?,
        }),
        Action::Get | Action::Upload | Action::UploadRawData | Action::Set => {
            let assigned = criteria.texts("Assigned", MOST_ITEMS)?.unwrap_or_default();
            let (yes, no) = (assigned.iter().any(|word| word == "Yes"), assigned.iter().any(|word| word == "No"));
            // Both words, or none, are no filter.
            let assigned = (yes != no).then_some(yes);
            let hashes = hashes.map(HashSet::from_iter);
            Call::Get { logins, hashes, assigned, page: criteria.page()? }
        }
    })
}
