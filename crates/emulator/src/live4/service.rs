//! Carrying out the image methods of Live 4, without regard to their encoding: who calls, for which logins, and what
//! all actions share. Images are those of v5: one library per login.

use std::sync::Arc;

use super::data::Data;
use super::fault::Fault;
use super::request::{Call, Page, read};
use super::{Received, associations, images, uploads};
use crate::exchange::Exchange;
use crate::settings::{Role, Token};
use crate::state::State;
use crate::yandex::account::{advertiser, own_login};
use crate::yandex::tasks;
use crate::yandex::texts::{Language, message};
use crate::yandex::upload::Refusal;

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
    let caller = Caller { state, token: &token, client: &client, language };
    exchange.ticket.describe(&received.method, None);
    let (operation, call) = read(received)?;
    if token.read_only && call.writes() {
        return Err(Fault::new(54, "The user may only read"));
    }
    let logins = match &call {
        // Items name their own logins.
        Call::Upload(items) | Call::UploadRawData(items) => {
            caller.logins(&items.first().map(|item| item.login.clone()).into_iter().collect::<Vec<_>>())?
        }
        // An ad tells whose it is.
        Call::Set(_) => vec![own_login(&token)],
        Call::CheckUploadStatus { logins, .. }
        | Call::Get { logins, .. }
        | Call::Delete { logins, .. }
        | Call::GetLimits { logins } => caller.logins(logins)?,
        Call::GetAssociations(wanted) => caller.logins(&wanted.logins)?,
    };
    let first = logins.first().cloned().unwrap_or_default();
    exchange.ticket.describe(&operation, Some(&first));
    let place = state.gate.enter(&first, state.live().yandex.concurrency);
    let _place = place.ok_or_else(|| Fault::new(506, "No more than five requests of a user at a time"))?;
    let (now, limits) = (state.now(), state.live());
    let method = operation.split('.').next().unwrap_or_default();
    if !state.daily.call(&own_login(&token), method, now, limits.yandex.live4_daily_calls) {
        return Err(Fault::new(56, "The method works once in ten minutes until the next day"));
    }
    exchange.begin(state, &operation, Some(&first)).await.map_err(Fault::scripted)?;
    let cost = limits.yandex.live4_item_points.saturating_mul(call.priced_items() as u64);
    if !state.daily.spend(&first, cost, now, limits.yandex.live4_daily_points) {
        return Err(Fault::new(152, "There are too few points for this call"));
    }
    tasks::settle(state);
    match call {
        Call::Upload(items) => Ok(uploads::begin(&caller, exchange, items)),
        Call::CheckUploadStatus { tasks, page, .. } => {
            Ok(uploads::list(&caller, &exchange.base, &logins, tasks.as_ref(), page))
        }
        Call::UploadRawData(items) => Ok(images::upload(&caller, exchange, items).await),
        Call::Get { hashes, assigned, page, .. } => {
            Ok(images::list(state, &exchange.base, &logins, hashes.as_ref(), assigned, page))
        }
        Call::Delete { hashes, .. } => images::delete(state, exchange, &first, &hashes),
        Call::GetLimits { .. } => Ok(images::limits(state, &logins)),
        Call::Set(bindings) => Ok(associations::set(&caller, exchange, &bindings)),
        Call::GetAssociations(wanted) => Ok(associations::list(state, &logins, &wanted)),
    }
}

/// Who calls.
pub(crate) struct Caller<'a> {
    pub(crate) state: &'a Arc<State>,
    pub(crate) token: &'a Token,
    /// The `Client-Login` header: not documented for v4, taken when the parameters name no login.
    client: &'a str,
    pub(crate) language: Language,
}

impl Caller<'_> {
    /// The login that a call or an item acts for; `named` may be empty.
    pub(crate) fn login(&self, named: &str) -> Result<String, Fault> {
        let named = match (self.token.role, named) {
            // An advertiser's Login and Logins are ignored.
            (Role::Advertiser, _) => "",
            (_, "") => self.client,
            (_, named) => named,
        };
        Ok(advertiser(&self.state.live(), self.token, named)?)
    }

    /// Whether the ads of this login are the caller's to change.
    pub(crate) fn may_act_for(&self, login: &str) -> bool {
        advertiser(&self.state.live(), self.token, login).is_ok_and(|allowed| allowed == login)
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

    /// An `Error` structure.
    pub(crate) fn error(&self, code: i64, detail: String) -> Data {
        Data::Struct(
            "Error",
            vec![
                ("FaultCode", Data::Int(code)),
                ("FaultString", Data::Text(message(code, self.language).to_owned())),
                ("FaultDetail", Data::Text(detail)),
            ],
        )
    }

    /// The `Error` structure of a refused picture: code and text are those of v5 (assumption, reference 11.8).
    pub(crate) fn refusal(&self, refusal: &Refusal) -> Data {
        self.error(refusal.code, refusal.details(self.language).to_owned())
    }

    /// Checks what both forms of upload have in common: the login, which is returned, a source and a name. Details have
    /// the published form with an index that counts from 0.
    pub(crate) fn check_item(
        &self,
        place: &str,
        source: (&str, &str),
        name: &str,
        login: &str,
    ) -> Result<String, Data> {
        let login = self.login(login).map_err(|fault| self.error(fault.code, fault.detail))?;
        let missing = |member: &str| self.error(71, format!("Field {place}.{member} must not be empty"));
        if source.1.trim().is_empty() {
            return Err(missing(source.0));
        }
        if name.trim().is_empty() {
            return Err(missing("Name"));
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(self.error(71, format!("Field {place}.Name is longer than {LONGEST_NAME} characters")));
        }
        Ok(login)
    }
}

/// An `AdImageActionResult` that holds one error.
pub(crate) fn failed(error: Data) -> Data {
    Data::Struct("AdImageActionResult", vec![("Errors", Data::List("Error", vec![error]))])
}

/// An `AdImageResponse`.
pub(crate) fn response(members: Vec<(&'static str, Data)>) -> Data {
    Data::Struct("AdImageResponse", members)
}

/// The list member and `TotalObjectsCount` of an answer: of all that was found, the page. An empty list is present, as
/// recorded of associations.
pub(crate) fn paged<T>(
    (member, of): (&'static str, &'static str),
    found: &[T],
    page: Page,
    row: impl Fn(&T) -> Data,
) -> Vec<(&'static str, Data)> {
    let rows = found.iter().skip(page.offset).take(page.limit).map(row).collect();
    vec![(member, Data::List(of, rows)), ("TotalObjectsCount", Data::Count(found.len()))]
}
