//! The albums of a Facebook library: the ad accounts that the token's user may see (edge `me/adaccounts`). The edge finds
//! nothing by name, so that pages are looked through here.

use polyptych_domain::{Album, AlbumId, AlbumQuery, Error, Page, PageRequest};
use polyptych_wire::rest::Operation;
use polyptych_wire_facebook::{AdAccount, ListAdAccounts};

use super::{CAPABILITIES, Facebook, convert};
use crate::call::BadAnswer;

const FIELDS: [&str; 5] = ["account_id", "name", "account_status", "business_name", "business"];

/// `account_status` of an account that can be used.
const ACTIVE: u64 = 1;

/// Calls at most for one page of ours.
const CALLS: usize = 10;

impl Facebook {
    /// Ad accounts, as far as a bounded number of calls tells.
    pub(super) async fn list_accounts(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        let mut found = Page { items: Vec::new(), next: page.after.clone() };
        for _ in 0..CALLS {
            let call = self.line.call_of_all(ListAdAccounts::EFFECT);
            let mut list = ListAdAccounts::new(self.version.as_str()).with_fields(FIELDS);
            list.limit = Some(page.size.min(CAPABILITIES.page_size).into());
            list.after = found.next.take();
            let (accounts, answer) = self.send::<ListAdAccounts>(&call, &list.request()).await?;
            let unreadable = |error: BadAnswer| call.unreadable(&answer, error);
            let albums: Result<Vec<_>, _> = accounts.data.into_iter().map(album).collect();
            let albums = albums.map_err(unreadable)?;
            found.items.extend(albums.into_iter().filter(|album| query.finds(album)));
            found.next = convert::next(accounts.paging).map_err(unreadable)?;
            if found.next.is_some() && found.next == list.after {
                return Err(unreadable(BadAnswer::from("the list does not advance")));
            }
            if found.next.is_none() || !found.items.is_empty() {
                break;
            }
        }
        Ok(found)
    }
}

fn album(account: AdAccount) -> Result<Album, BadAnswer> {
    let number = account.account_id.ok_or_else(|| BadAnswer::from("an ad account without a number"))?;
    let id = AlbumId::new(number.as_str()).map_err(|error| BadAnswer(error.to_string()))?;
    let business = account.business.and_then(|business| business.name);
    Ok(Album {
        name: account.name,
        owner: business.or(account.business_name).filter(|name| !name.is_empty()),
        active: account.account_status.map(|status| status == ACTIVE),
        ..Album::new(id)
    })
}
