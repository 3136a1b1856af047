//! `AdImage` of Live 4 on images themselves: `UploadRawData`, `Get`, `Delete` and `GetLimits`.

use std::collections::HashSet;
use std::sync::Arc;

use super::data::Data;
use super::fault::Fault;
use super::request::{Page, Upload};
use super::service::{Caller, failed, paged, response};
use crate::base64;
use crate::exchange::Exchange;
use crate::library::YandexImage;
use crate::lock::hold;
use crate::media::original_url;
use crate::state::State;
use crate::yandex::classes::Wanted;
use crate::yandex::quota::{capacity, utilized};
use crate::yandex::removal::{Kept, remove_all};
use crate::yandex::upload::{self, Refusal};

/// One result per item (assumption, reference 11.20).
pub(crate) async fn upload(caller: &Caller<'_>, exchange: &Exchange, items: Vec<Upload>) -> Data {
    let mut results = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        results.push(upload_one(caller, exchange, index, item).await.unwrap_or_else(failed));
    }
    response(vec![("ActionsResult", Data::List("AdImageActionResult", results))])
}

async fn upload_one(caller: &Caller<'_>, exchange: &Exchange, index: usize, item: Upload) -> Result<Data, Data> {
    let Upload { login, source, name } = item;
    let place = format!("AdImageRawData[{index}]");
    let login = caller.check_item(&place, ("RawData", &source), &name, &login)?;
    let most = caller.state.live().yandex.live4_raw_data_chars;
    if source.len() > most {
        return Err(caller.error(71, format!("Field {place}.RawData is longer than {most} characters")));
    }
    let refused = |refusal: Refusal| caller.refusal(&refusal);
    let bytes = base64::decode(source).ok_or_else(|| refused(Refusal::NO_PICTURE))?;
    let stored = upload::upload(caller.state, &exchange.ticket, &login, name, bytes, Wanted::NotFixed).await;
    let hash = stored.map_err(refused)?;
    Ok(Data::Struct("AdImageActionResult", vec![("AdImageHash", Data::Text(hash))]))
}

/// `TotalObjectsCount` counts what matches, not the page.
pub(crate) fn list(
    state: &State,
    base: &str,
    logins: &[String],
    hashes: Option<&HashSet<String>>,
    assigned: Option<bool>,
    page: Page,
) -> Data {
    let (now, lag) = (state.now(), state.live().yandex.associated_lag_millis);
    let library = hold(&state.library);
    let found: Vec<(&String, &Arc<YandexImage>, bool)> = logins
        .iter()
        .filter_map(|login| Some((login, library.yandex.get(login)?)))
        .flat_map(|(login, album)| album.iter().map(move |image| (login, image)))
        .filter(|(_, image)| hashes.is_none_or(|hashes| hashes.contains(&image.hash)))
        .map(|(login, image)| (login, image, library.ads.is_bound(login, &image.hash, now, lag)))
        .filter(|(_, _, bound)| assigned.is_none_or(|assigned| assigned == *bound))
        .collect();
    response(paged(("AdImages", "AdImage"), &found, page, |(login, image, bound)| {
        Data::Struct(
            "AdImage",
            vec![
                ("Login", Data::Text((*login).clone())),
                ("AdImageHash", Data::Text(image.hash.clone())),
                ("AdImageURL", Data::Text(original_url(base, "direct", &image.content.name))),
                ("Assigned", Data::Text(if *bound { "Yes" } else { "No" }.to_owned())),
                ("Name", Data::Text(image.name.clone())),
            ],
        )
    }))
}

/// All or nothing, the error at request level (assumption, reference 11.3).
pub(crate) fn delete(state: &State, exchange: &Exchange, login: &str, hashes: &[String]) -> Result<Data, Fault> {
    let removed = remove_all(state, login, hashes).map_err(|(hash, kept)| {
        let hash: String = hash.chars().take(64).collect();
        match kept {
            Kept::Unknown => Fault::new(271, format!("No image has the hash {hash}")),
            Kept::Bound => Fault::new(80, format!("An ad shows the image {hash}")),
            Kept::Shown => Fault::new(80, format!("The image {hash} has been shown")),
        }
    });
    let refused = removed.as_ref().err().map(|fault| fault.code.to_string());
    for hash in hashes {
        exchange.ticket.deleted(login, hash, refused.as_deref());
    }
    removed.map(|()| response(Vec::new()))
}

pub(crate) fn limits(state: &State, logins: &[String]) -> Data {
    let settings = state.live();
    let library = hold(&state.library);
    let number = |count: usize| Data::Int(i64::from(i32::try_from(count).unwrap_or(i32::MAX)));
    let limits = logins.iter().map(|login| {
        Data::Struct(
            "AdImageLimit",
            vec![
                ("Login", Data::Text(login.clone())),
                ("Capacity", number(capacity(&settings, &library, login))),
                ("Utilized", number(utilized(&library, login))),
            ],
        )
    });
    response(vec![("AdImageLimits", Data::List("AdImageLimit", limits.collect()))])
}
