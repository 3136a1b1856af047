//! The stores that exist and their products. None is made by an API call: tests seed them.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Map, Value};

use crate::album::Album;
use crate::lock::hold;
use crate::seed::{SeedFault, SeedKind, members, text};

/// The most seeded stores, and the most seeded products of all stores.
const MOST: usize = 100_000;

/// What a seed of a store may hold.
const STORE: [(&str, SeedKind); 4] =
    [("id", SeedKind::Text), ("name", SeedKind::Text), ("address", SeedKind::Text), ("unpaid", SeedKind::Flag)];

/// What a seed of a product may hold: the members of products in the reference's section 8.
const PRODUCT: [(&str, SeedKind); 14] = [
    ("id", SeedKind::Text),
    ("name", SeedKind::Text),
    ("code", SeedKind::Text),
    ("article_number", SeedKind::Text),
    ("barcodes", SeedKind::Texts),
    ("parent_id", SeedKind::Text),
    ("type", SeedKind::Text),
    ("price", SeedKind::Number),
    ("cost_price", SeedKind::Number),
    ("quantity", SeedKind::Number),
    ("measure_name", SeedKind::Text),
    ("tax", SeedKind::Text),
    ("allow_to_sell", SeedKind::Flag),
    ("description", SeedKind::Text),
];

/// A store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Store {
    /// In upper case.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: String,
    /// Whether calls for this store are answered 402.
    pub(crate) unpaid: bool,
}

impl Store {
    /// A store named by its id.
    ///
    /// # Errors
    /// When the id is empty or has more than 200 characters.
    pub(crate) fn new(id: &str) -> Result<Self, SeedFault> {
        if id.is_empty() || id.chars().count() > 200 {
            return Err(SeedFault::Member("id".to_owned()));
        }
        Ok(Self { id: id.to_uppercase(), name: id.to_owned(), address: String::new(), unpaid: false })
    }

    /// A store from a JSON object: `id`, and any of `name`, `address` and `unpaid`.
    ///
    /// # Errors
    /// When a member is unknown or of another kind, or the id is missing.
    pub(crate) fn read(seed: &Value) -> Result<Self, SeedFault> {
        let given = members(seed, &STORE)?;
        let mut store = Self::new(&text(&given, "id")?)?;
        let word = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
        store.name = word("name").unwrap_or(store.name);
        store.address = word("address").unwrap_or_default();
        store.unpaid = given.get("unpaid").and_then(Value::as_bool).unwrap_or_default();
        Ok(store)
    }
}

/// A product of a store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Product {
    pub(crate) id: String,
    /// All seeded members but `id`.
    pub(crate) members: Map<String, Value>,
    /// When it was seeded, in Unix milliseconds.
    pub(crate) updated: i64,
}

impl Product {
    /// A product on sale, named by its id.
    ///
    /// # Errors
    /// When the id is empty or has more than 200 characters.
    pub(crate) fn new(id: &str, updated: i64) -> Result<Self, SeedFault> {
        if id.is_empty() || id.chars().count() > 200 {
            return Err(SeedFault::Member("id".to_owned()));
        }
        let usual = [
            ("name", Value::from(id)),
            ("type", Value::from("NORMAL")),
            ("price", Value::from(0)),
            ("measure_name", Value::from("шт")),
            ("tax", Value::from("NO_VAT")),
            ("allow_to_sell", Value::from(true)),
        ];
        let members = usual.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self { id: id.to_owned(), members, updated })
    }

    /// A product from a JSON object: `id`, and any of `name`, `code`, `article_number`, `barcodes`, `parent_id`, `type`,
    /// `price`, `cost_price`, `quantity`, `measure_name`, `tax`, `allow_to_sell` and `description`.
    ///
    /// # Errors
    /// When a member is unknown or of another kind, or the id is missing.
    pub(crate) fn read(seed: &Value, updated: i64) -> Result<Self, SeedFault> {
        let mut given = members(seed, &PRODUCT)?;
        let mut product = Self::new(&text(&given, "id")?, updated)?;
        given.remove("id");
        product.members.extend(given);
        Ok(product)
    }
}

#[derive(Debug)]
struct Shelf {
    store: Store,
    products: Album<Product>,
}

#[derive(Debug, Default)]
struct Book {
    stores: Album<Shelf>,
    products: usize,
}

/// The seeded stores. While there is none, every store exists; a store without products has all.
#[derive(Debug, Default)]
pub(crate) struct Shops(Mutex<Book>);

impl Shops {
    /// The stores of the settings; ids that cannot be are left out.
    pub(crate) fn new(stores: &[(String, Vec<String>)], now: i64) -> Self {
        let shops = Self::default();
        shops.reset(stores, now);
        shops
    }

    /// Forgets all that was seeded but the stores of the settings.
    pub(crate) fn reset(&self, stores: &[(String, Vec<String>)], now: i64) {
        *hold(&self.0) = Book::default();
        for (id, products) in stores {
            let Ok(store) = Store::new(id) else { continue };
            if self.add_store(store).is_err() {
                continue;
            }
            for product in products.iter().filter_map(|product| Product::new(product, now).ok()) {
                // A seed of the settings beyond the most is left out like one of a wrong id.
                let _ = self.add_product(id, product);
            }
        }
    }

    /// Seeds a store; one of the same id is replaced and keeps its products.
    ///
    /// # Errors
    /// [`SeedFault::Full`].
    pub(crate) fn add_store(&self, store: Store) -> Result<(), SeedFault> {
        let mut book = hold(&self.0);
        if let Some(shelf) = book.stores.get_mut(&store.id) {
            shelf.store = store;
            return Ok(());
        }
        if book.stores.len() >= MOST {
            return Err(SeedFault::Full);
        }
        book.stores.insert(store.id.clone(), Shelf { store, products: Album::default() });
        Ok(())
    }

    /// Seeds a product of a seeded store; one of the same id is replaced.
    ///
    /// # Errors
    /// [`SeedFault::Orphan`] for a store that is not seeded, [`SeedFault::Full`].
    pub(crate) fn add_product(&self, store: &str, product: Product) -> Result<(), SeedFault> {
        let mut book = hold(&self.0);
        let full = book.products >= MOST;
        let orphan = || SeedFault::Orphan(format!("store {store}"));
        let shelf = book.stores.get_mut(&store.to_uppercase()).ok_or_else(orphan)?;
        let new = shelf.products.get(&product.id).is_none();
        if full && new {
            return Err(SeedFault::Full);
        }
        shelf.products.insert(product.id.clone(), product);
        book.products += usize::from(new);
        Ok(())
    }

    /// The store of this id, in upper case: the seeded one, or, while none is seeded, one named by its id.
    pub(crate) fn store(&self, id: &str) -> Option<Store> {
        let book = hold(&self.0);
        match book.stores.get(id) {
            Some(shelf) => Some(shelf.store.clone()),
            None if book.stores.len() == 0 => Store::new(id).ok(),
            None => None,
        }
    }

    /// The product of this id in a store, under the same rules.
    pub(crate) fn product(&self, store: &str, id: &str) -> Option<Product> {
        let book = hold(&self.0);
        let open = |id: &str| Product::new(id, 0).ok();
        match book.stores.get(store) {
            Some(shelf) if shelf.products.len() == 0 => open(id),
            Some(shelf) => shelf.products.get(id).cloned(),
            None if book.stores.len() == 0 => open(id),
            None => None,
        }
    }

    /// All stores, in the order in which they were seeded; while none is, those of `used`.
    pub(crate) fn stores(&self, used: impl FnOnce() -> BTreeSet<String>) -> Vec<Store> {
        let book = hold(&self.0);
        if book.stores.len() == 0 {
            drop(book);
            return used().iter().filter_map(|id| Store::new(id).ok()).collect();
        }
        book.stores.iter().map(|shelf| shelf.store.clone()).collect()
    }

    /// All products of a store, in the order in which they were seeded; while none is, those of `used`.
    pub(crate) fn products(&self, store: &str, used: impl FnOnce() -> BTreeSet<String>) -> Vec<Product> {
        let book = hold(&self.0);
        match book.stores.get(store) {
            Some(shelf) if shelf.products.len() > 0 => shelf.products.iter().cloned().collect(),
            _ => {
                drop(book);
                used().iter().filter_map(|id| Product::new(id, 0).ok()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_store_and_product_exists_until_one_is_seeded() {
        let shops = Shops::default();
        assert!(shops.store("A").is_some() && shops.product("A", "p").is_some());
        shops.add_store(Store::read(&json!({ "id": "b", "name": "Shop", "unpaid": true })).unwrap()).unwrap();
        assert!(shops.store("A").is_none() && shops.product("A", "p").is_none());
        assert_eq!(shops.store("B").map(|store| (store.name, store.unpaid)), Some(("Shop".to_owned(), true)));
        assert!(shops.product("B", "any").is_some());
        let product = Product::read(&json!({ "id": "p", "barcodes": ["1"], "price": 2.5 }), 5).unwrap();
        shops.add_product("b", product).unwrap();
        assert!(shops.product("B", "any").is_none());
        assert_eq!(shops.product("B", "p").unwrap().members["price"], 2.5);
        shops.reset(&[("c".to_owned(), vec!["q".to_owned()])], 0);
        assert_eq!(shops.stores(BTreeSet::new).len(), 1);
        assert_eq!(shops.products("C", BTreeSet::new)[0].id, "q");
    }

    #[test]
    fn seeds_without_a_home_or_of_a_wrong_form_are_refused() {
        let shops = Shops::default();
        let product = Product::read(&json!({ "id": "p" }), 0).unwrap();
        assert_eq!(shops.add_product("x", product), Err(SeedFault::Orphan("store x".to_owned())));
        assert!(Product::read(&json!({ "id": "p", "barcodes": [1] }), 0).is_err());
        assert!(Store::read(&json!({ "name": "no id" })).is_err());
    }
}
