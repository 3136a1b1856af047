//! The albums of an Evotor library: the products of all stores, store by store. The provider finds nothing by name, so that
//! pages are looked through here, a bounded number of calls at a time.

use polyptych_domain::{Album, AlbumId, AlbumQuery, Error, ErrorKind, Page, PageRequest};
use polyptych_wire::rest::Operation;
use polyptych_wire_evotor::{ListProducts, ListStores, Paging, Product, Store, StoreList};
use serde::{Deserialize, Serialize};

use super::Evotor;
use crate::call::BadAnswer;

/// Calls at most for one page of ours.
const CALLS: usize = 10;

/// Where a list goes on. Empty texts and 0 stand for the beginning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Place(
    /// Cursor of the page of stores.
    String,
    /// The store of that page whose products come next.
    String,
    /// Cursor of the page of its products.
    String,
    /// Products of that page that are done with.
    usize,
);

impl Place {
    fn parse(cursor: &str) -> Option<Self> {
        serde_json::from_str(cursor).ok()
    }
}

impl Evotor {
    /// Products, as far as a bounded number of calls tells.
    pub(super) async fn list_products(&self, query: &AlbumQuery, page: &PageRequest) -> Result<Page<Album>, Error> {
        let mut place = match &page.after {
            None => Place::default(),
            Some(cursor) => Place::parse(cursor).ok_or_else(|| self.outdated())?,
        };
        let (size, mut left, mut items) = (page.size as usize, CALLS, Vec::new());
        let ended = |items| Ok(Page { items, next: None });
        loop {
            let stores = self.stores(&place.0).await?;
            left = left.saturating_sub(1);
            let after_stores = next(stores.paging);
            let mut stores = stores.items.into_iter().peekable();
            if !place.1.is_empty() {
                while stores.next_if(|store| store.id.as_deref() != Some(place.1.as_str())).is_some() {}
                if stores.peek().is_none() {
                    return Err(self.outdated());
                }
            }
            while let Some(store) = stores.peek() {
                let read = self.products(store, &place, query, size - items.len()).await?;
                left = left.saturating_sub(1);
                items.extend(read.found);
                place.1 = store.id.clone().unwrap_or_default();
                match (read.done, read.next) {
                    (Some(done), _) => place.3 = done,
                    (None, Some(next)) => (place.2, place.3) = (next, 0),
                    (None, None) => {
                        stores.next();
                        let Some(following) = stores.peek() else { break };
                        place = Place(place.0, following.id.clone().unwrap_or_default(), String::new(), 0);
                    }
                }
                if items.len() >= size || left == 0 {
                    return Ok(Page { items, next: Some(self.written(&place)?) });
                }
            }
            match after_stores {
                None => return ended(items),
                Some(next) if next == place.0 => return Err(self.outdated()),
                Some(next) => place = Place(next, String::new(), String::new(), 0),
            }
            if items.len() >= size || left == 0 {
                return Ok(Page { items, next: Some(self.written(&place)?) });
            }
        }
    }

    async fn stores(&self, cursor: &str) -> Result<StoreList, Error> {
        let call = self.line.call_of_all(ListStores::EFFECT);
        let list = if cursor.is_empty() { ListStores::default() } else { ListStores::default().with_cursor(cursor) };
        let (stores, answer) = self.send::<ListStores>(&call, &list.request()).await?;
        if stores.items.iter().any(|store| store.id.as_deref().is_none_or(str::is_empty)) {
            return Err(call.unreadable(&answer, BadAnswer::from("a store without an id")));
        }
        Ok(stores)
    }

    /// At most `room` products of the store that are wanted, of the page that `place` names if it is in this store.
    async fn products(&self, store: &Store, place: &Place, query: &AlbumQuery, room: usize) -> Result<Read, Error> {
        let id = store.id.as_deref().unwrap_or_default();
        let (cursor, skipped) = if place.1 == id { (place.2.as_str(), place.3) } else { ("", 0) };
        let call = self.line.call_of_all(ListProducts::EFFECT).at_cost_of(id);
        let list = ListProducts::new(id);
        let list = if cursor.is_empty() { list } else { list.with_cursor(cursor) };
        let (products, answer) = self.send::<ListProducts>(&call, &list.request()).await?;
        let unreadable = |error: BadAnswer| call.unreadable(&answer, error);
        let next = next(products.paging);
        if next.is_some() && next.as_deref() == Some(cursor) {
            return Err(unreadable(BadAnswer::from("the list does not advance")));
        }
        let mut found = Vec::new();
        for (place, product) in products.items.into_iter().enumerate().skip(skipped) {
            if found.len() == room {
                return Ok(Read { found, done: Some(place), next });
            }
            let album = album(store, product).map_err(unreadable)?;
            if query.finds(&album) {
                found.push(album);
            }
        }
        Ok(Read { found, done: None, next })
    }

    fn written(&self, place: &Place) -> Result<String, Error> {
        let failed = |error| Error::new(ErrorKind::Internal, "the page token cannot be written").with_source(error);
        serde_json::to_string(place).map_err(|error| self.here(failed(error)))
    }

    fn outdated(&self) -> Error {
        let message = "the page token is not one of this library, or the list has changed; begin it anew";
        self.here(Error::new(ErrorKind::InvalidArgument, message))
    }

    fn here(&self, error: Error) -> Error {
        error.with_library(&self.line.library, self.line.provider)
    }
}

/// What was read of a page of products.
struct Read {
    found: Vec<Album>,
    /// How many of the page are done with, where there was no room for the rest.
    done: Option<usize>,
    next: Option<String>,
}

fn next(paging: Option<Paging>) -> Option<String> {
    paging.and_then(|paging| paging.next_cursor).filter(|cursor| !cursor.is_empty())
}

fn album(store: &Store, product: Product) -> Result<Album, BadAnswer> {
    let id = product.id.ok_or_else(|| BadAnswer::from("a product without an id"))?;
    let store_id = store.id.as_deref().unwrap_or_default();
    let id = AlbumId::new(format!("{store_id}~{id}")).map_err(|error| BadAnswer(error.to_string()))?;
    let codes = [product.code, product.article_number].into_iter().flatten().filter(|code| !code.is_empty());
    Ok(Album {
        name: product.name,
        owner: store.name.clone(),
        codes: codes.collect(),
        barcodes: product.barcodes,
        active: product.allow_to_sell,
        ..Album::new(id)
    })
}
