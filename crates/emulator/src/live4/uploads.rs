//! Uploads by URL of Live 4: `Upload` begins tasks, `CheckUploadStatus` tells how they stand.

use std::collections::HashSet;
use std::sync::Arc;

use super::data::Data;
use super::request::{Page, Upload};
use super::service::{Caller, failed, paged, response};
use crate::exchange::Exchange;
use crate::lock::hold;
use crate::media::original_url;
use crate::settings::Settings;
use crate::yandex::fetch::{Address, start};
use crate::yandex::quota::is_full;
use crate::yandex::tasks::{End, Task};
use crate::yandex::texts;
use crate::yandex::upload::Refusal;

/// The most characters of a URL: an assumption, no limit is known.
const LONGEST_URL: usize = 2_048;

/// Begins one task per item; items are independent.
pub(crate) fn begin(caller: &Caller<'_>, exchange: &Exchange, items: Vec<Upload>) -> Data {
    let results = items.into_iter().enumerate().map(|(index, item)| match begin_one(caller, exchange, index, item) {
        Ok(task) => Data::Struct("AdImageActionResult", vec![("AdImageUploadTaskID", Data::Int(task))]),
        Err(error) => failed(error),
    });
    response(vec![("ActionsResult", Data::List("AdImageActionResult", results.collect()))])
}

fn begin_one(caller: &Caller<'_>, exchange: &Exchange, index: usize, item: Upload) -> Result<i64, Data> {
    let Upload { login, source, name } = item;
    let place = format!("AdImageURLData[{index}]");
    let login = caller.check_item(&place, ("URL", &source), &name, &login)?;
    let url = source.trim();
    if url.chars().count() > LONGEST_URL {
        return Err(caller.error(71, format!("Field {place}.URL is longer than {LONGEST_URL} characters")));
    }
    let address = Address::parse(url);
    let address = address.ok_or_else(|| caller.error(71, format!("Field {place}.URL is not an address of HTTP")))?;
    let state = caller.state;
    let settings = state.live();
    let mut library = hold(&state.library);
    // A pending task takes a place in the library (reference 3.6).
    if is_full(&settings, &library, &login) {
        return Err(caller.refusal(&Refusal::FULL));
    }
    let now = state.now();
    let due = now.saturating_add(settings.yandex.upload_task_millis);
    let begun = library.tasks.begin(&login, url, name, now, due);
    let (id, claim) = begun.ok_or_else(|| caller.refusal(&Refusal::new(7001, texts::MEMORY)))?;
    drop(library);
    start(Arc::clone(state), login, (id, claim), exchange.base.clone(), address);
    Ok(id)
}

/// The tasks of these logins, oldest first.
pub(crate) fn list(caller: &Caller<'_>, base: &str, logins: &[String], ids: Option<&HashSet<i64>>, page: Page) -> Data {
    let settings = caller.state.live();
    let library = hold(&caller.state.library);
    let found: Vec<&Task> = library
        .tasks
        .iter()
        .filter(|task| logins.contains(&task.login))
        .filter(|task| ids.is_none_or(|ids| ids.contains(&task.id)))
        .collect();
    response(paged(("AdImageUploads", "AdImageUpload"), &found, page, |task| row(caller, &settings, base, task)))
}

/// A pending task has no hash, URL or error yet (published by others).
fn row(caller: &Caller<'_>, settings: &Settings, base: &str, task: &Task) -> Data {
    let mut members = vec![("Login", Data::Text(task.login.clone()))];
    if let Some(End::Done { hash, content }) = &task.end {
        members.push(("AdImageHash", Data::Text(hash.clone())));
        members.push(("AdImageURL", Data::Text(original_url(base, "direct", content))));
    }
    members.push(("SourceURL", Data::Text(task.url.clone())));
    members.push(("Name", Data::Text(task.name.clone())));
    if let Some(End::Failed(refusal)) = &task.end {
        members.push(("Error", caller.refusal(refusal)));
    }
    let status = match &task.end {
        None => "Pending",
        Some(End::Done { .. }) => &settings.yandex.upload_done_status,
        Some(End::Failed(_)) => "Error",
    };
    members.push(("AdImageUploadTaskID", Data::Int(task.id)));
    members.push(("Status", Data::Text(status.to_owned())));
    Data::Struct("AdImageUpload", members)
}
