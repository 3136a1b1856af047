//! What the image methods of Live 4 do, without regard to their encoding. Images are those of v5: one library per login.

use std::collections::HashSet;
use std::sync::Arc;

use super::Received;
use super::data::Data;
use super::fault::Fault;
use super::request::{Call, Page, RawItem, read};
use crate::base64;
use crate::exchange::Exchange;
use crate::library::YandexImage;
use crate::lock::hold;
use crate::media::original_url;
use crate::settings::{Role, Token};
use crate::state::State;
use crate::yandex::account::advertiser;
use crate::yandex::classes::Wanted;
use crate::yandex::texts::{Language, message};
use crate::yandex::upload::{Refusal, remove_all, upload};

/// The most characters of an image's name (assumption from v5, reference 11.18).
const LONGEST_NAME: usize = 255;

/// Carries a call out.
///
/// # Errors
/// The request-level error; nothing was done then.
pub(crate) async fn perform(state: &Arc<State>, exchange: &Exchange, received: Received) -> Result<Data, Fault> {
    let language = received.language;
    let token = state.live().token(&received.token);
    let token = token.ok_or_else(|| Fault::new(53, "The OAuth token is missing or not valid"))?;
    if token.expired {
        return Err(Fault::new(53, "The OAuth token has expired"));
    }
    let client = exchange.header("client-login").to_owned();
    let caller = Caller { state, token: &token, client: &client };
    exchange.ticket.describe(&received.method, None);
    let (operation, call) = read(received)?;
    if token.read_only && matches!(call, Call::UploadRawData(_) | Call::Delete { .. }) {
        return Err(Fault::new(54, "The user may only read"));
    }
    let logins = match &call {
        // Items name their own logins.
        Call::UploadRawData(items) => {
            caller.logins(&items.first().map(|item| item.login.clone()).into_iter().collect::<Vec<_>>())?
        }
        Call::Get { logins, .. }
        | Call::Delete { logins, .. }
        | Call::GetLimits { logins }
        | Call::AssociationGet { logins } => caller.logins(logins)?,
    };
    let first = logins.first().cloned().unwrap_or_default();
    exchange.ticket.describe(&operation, Some(&first));
    let place = state.gate.enter(&first, state.live().yandex.concurrency);
    let _place = place.ok_or_else(|| Fault::new(506, "No more than five requests of a user at a time"))?;
    exchange.begin(state, &operation, Some(&first)).await.map_err(Fault::scripted)?;
    match call {
        Call::UploadRawData(items) => {
            let mut results = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                results.push(upload_one(&caller, exchange, index, item, language).await);
            }
            Ok(response(vec![("ActionsResult", Data::List("AdImageActionResult", results))]))
        }
        Call::Get { hashes, assigned, page, .. } => {
            Ok(list(state, &exchange.base, &logins, hashes.as_deref(), assigned, page))
        }
        Call::Delete { hashes, .. } => delete(state, exchange, &first, &hashes),
        Call::GetLimits { .. } => Ok(limits(state, &logins)),
        Call::AssociationGet { .. } => Ok(Data::Struct(
            "AdImageAssociationResponse",
            vec![
                ("AdImageAssociations", Data::List("AdImageAssociation", Vec::new())),
                ("TotalObjectsCount", Data::Count(0)),
            ],
        )),
    }
}

/// Who calls.
struct Caller<'a> {
    state: &'a Arc<State>,
    token: &'a Token,
    /// The `Client-Login` header: not documented for v4, taken when the parameters name no login.
    client: &'a str,
}

impl Caller<'_> {
    fn login(&self, named: &str) -> Result<String, Fault> {
        let named = match (self.token.role, named) {
            // An advertiser's Login and Logins are ignored.
            (Role::Advertiser, _) => "",
            (_, "") => self.client,
            (_, named) => named,
        };
        Ok(advertiser(&self.state.live(), self.token, named)?)
    }

    fn logins(&self, named: &[String]) -> Result<Vec<String>, Fault> {
        if named.is_empty() || self.token.role == Role::Advertiser {
            return Ok(vec![self.login("")?]);
        }
        let mut logins = Vec::with_capacity(named.len());
        for name in named {
            let login = self.login(name)?;
            if !logins.contains(&login) {
                logins.push(login);
            }
        }
        Ok(logins)
    }
}

/// One result per item (assumption, reference 11.20). Details of what is missing have the published form with an index
/// that counts from 0.
async fn upload_one(caller: &Caller<'_>, exchange: &Exchange, index: usize, item: RawItem, language: Language) -> Data {
    let RawItem { login, data, name } = item;
    let most = caller.state.settings.yandex.live4_raw_data_chars;
    let missing = |member: &str| format!("Field AdImageRawData[{index}].{member} must not be empty");
    let login = match caller.login(&login) {
        Ok(login) => login,
        Err(fault) => return failed(fault.code, language, fault.detail),
    };
    if data.is_empty() {
        return failed(71, language, missing("RawData"));
    }
    if name.trim().is_empty() {
        return failed(71, language, missing("Name"));
    }
    if name.chars().count() > LONGEST_NAME {
        let detail = format!("Field AdImageRawData[{index}].Name is longer than {LONGEST_NAME} characters");
        return failed(71, language, detail);
    }
    if data.len() > most {
        return failed(71, language, format!("Field AdImageRawData[{index}].RawData is longer than {most} characters"));
    }
    // Code and text for bad pictures are those of v5 (assumption, reference 11.8).
    let refused = |refusal: Refusal| failed(refusal.code, language, refusal.details(language).to_owned());
    let Some(bytes) = base64::decode(data) else { return refused(Refusal::NO_PICTURE) };
    match upload(caller.state, &exchange.ticket, &login, name, bytes, Wanted::NotFixed).await {
        Ok(hash) => Data::Struct("AdImageActionResult", vec![("AdImageHash", Data::Text(hash))]),
        Err(refusal) => refused(refusal),
    }
}

fn failed(code: i64, language: Language, detail: String) -> Data {
    let error = Data::Struct(
        "Error",
        vec![
            ("FaultCode", Data::Int(code)),
            ("FaultString", Data::Text(message(code, language).to_owned())),
            ("FaultDetail", Data::Text(detail)),
        ],
    );
    Data::Struct("AdImageActionResult", vec![("Errors", Data::List("Error", vec![error]))])
}

fn response(members: Vec<(&'static str, Data)>) -> Data {
    Data::Struct("AdImageResponse", members)
}

/// `TotalObjectsCount` counts what matches, not the page. Empty lists are present, as recorded of associations.
fn list(
    state: &State,
    base: &str,
    logins: &[String],
    hashes: Option<&[String]>,
    assigned: Option<bool>,
    page: Page,
) -> Data {
    let wanted: Option<HashSet<&str>> = hashes.map(|hashes| hashes.iter().map(String::as_str).collect());
    let library = hold(&state.library);
    let found: Vec<(&String, &YandexImage)> = logins
        .iter()
        .filter_map(|login| Some((login, library.yandex.get(login)?)))
        .flat_map(|(login, album)| album.iter().map(move |image| (login, image)))
        .filter(|(_, image)| wanted.as_ref().is_none_or(|wanted| wanted.contains(image.hash.as_str())))
        // Nothing is ever bound to an ad.
        .filter(|_| assigned != Some(true))
        .collect();
    let rows = found.iter().skip(page.offset).take(page.limit).map(|(login, image)| {
        Data::Struct(
            "AdImage",
            vec![
                ("Login", Data::Text((*login).clone())),
                ("AdImageHash", Data::Text(image.hash.clone())),
                ("AdImageURL", Data::Text(original_url(base, "direct", &image.content.sha))),
                ("Assigned", Data::Text("No".to_owned())),
                ("Name", Data::Text(image.name.clone())),
            ],
        )
    });
    let rows = rows.collect();
    response(vec![("AdImages", Data::List("AdImage", rows)), ("TotalObjectsCount", Data::Count(found.len()))])
}

/// All or nothing, the error at request level (assumption, reference 11.3).
fn delete(state: &State, exchange: &Exchange, login: &str, hashes: &[String]) -> Result<Data, Fault> {
    let removed = remove_all(state, login, hashes);
    let refused = removed.is_err().then_some("271");
    for hash in hashes {
        exchange.ticket.deleted(login, hash, refused);
    }
    removed.map_err(|hash| {
        Fault::new(271, format!("No image has the hash {}", hash.chars().take(64).collect::<String>()))
    })?;
    Ok(response(Vec::new()))
}

fn limits(state: &State, logins: &[String]) -> Data {
    let library = hold(&state.library);
    let capacity = i64::try_from(state.live().yandex.image_quota).unwrap_or(i64::MAX);
    let limits = logins.iter().map(|login| {
        let used = library.yandex.get(login).map_or(0, crate::album::Album::len);
        Data::Struct(
            "AdImageLimit",
            vec![
                ("Login", Data::Text(login.clone())),
                ("Capacity", Data::Int(capacity)),
                ("Utilized", Data::Int(i64::try_from(used).unwrap_or(i64::MAX))),
            ],
        )
    });
    response(vec![("AdImageLimits", Data::List("AdImageLimit", limits.collect()))])
}
