//! The ad accounts that exist, and the creatives that use their images. None is made by an API call: tests seed them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use serde_json::{Map, Value};

use crate::album::Album;
use crate::lock::hold;
use crate::seed::{SeedFault, SeedKind, members, text};

/// The most seeded accounts, and the most bound creatives.
const MOST: usize = 100_000;

/// What a seed of an account may hold; `id` is the number, with or without `act_`.
const MEMBERS: [(&str, SeedKind); 11] = [
    ("id", SeedKind::Text),
    ("name", SeedKind::Text),
    ("account_status", SeedKind::Number),
    ("currency", SeedKind::Text),
    ("timezone_name", SeedKind::Text),
    ("amount_spent", SeedKind::Text),
    ("balance", SeedKind::Text),
    ("business_name", SeedKind::Text),
    ("business_id", SeedKind::Text),
    ("created_time", SeedKind::Text),
    ("owner", SeedKind::Text),
];

/// An ad account.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AdAccount {
    /// The number, without `act_`.
    pub(crate) id: String,
    /// Seeded members, `id` not among them.
    pub(crate) members: Map<String, Value>,
}

impl AdAccount {
    /// An account with usual members: active (status 1), US dollars, and a name made of the number.
    ///
    /// # Errors
    /// When `id`, less `act_`, is not a number of 1 to 32 digits.
    pub(crate) fn new(id: &str) -> Result<Self, SeedFault> {
        let id = id.strip_prefix("act_").unwrap_or(id);
        if !is_number(id) {
            return Err(SeedFault::Member("id".to_owned()));
        }
        let usual = [
            ("name", Value::from(format!("Account {id}"))),
            ("account_status", Value::from(1)),
            ("currency", Value::from("USD")),
            ("timezone_name", Value::from("America/Los_Angeles")),
        ];
        let members = usual.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self { id: id.to_owned(), members })
    }

    /// An account from a JSON object: `id`, and any of `name`, `account_status`, `currency`, `timezone_name`,
    /// `amount_spent`, `balance`, `business_id`, `business_name`, `created_time`, `owner`.
    ///
    /// # Errors
    /// When a member is unknown or of another kind, or the id is not a number.
    pub(crate) fn read(seed: &Value) -> Result<Self, SeedFault> {
        let mut given = members(seed, &MEMBERS)?;
        let mut account = Self::new(&text(&given, "id")?)?;
        given.remove("id");
        account.members.extend(given);
        Ok(account)
    }
}

/// Whether a text can be an account's number.
pub(crate) fn is_number(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Debug, Default)]
struct Book {
    accounts: Album<AdAccount>,
    /// By account and hash.
    creatives: HashMap<(String, String), BTreeSet<String>>,
    bound: usize,
}

/// The seeded accounts. While there is none, every number is an account.
#[derive(Debug, Default)]
pub(crate) struct Accounts(Mutex<Book>);

impl Accounts {
    /// The accounts of the settings; ids that are no numbers are left out.
    pub(crate) fn new(ids: &[String]) -> Self {
        let accounts = Self::default();
        accounts.reset(ids);
        accounts
    }

    /// Forgets all that was seeded but the accounts of the settings.
    pub(crate) fn reset(&self, ids: &[String]) {
        let mut book = Book::default();
        for account in ids.iter().take(MOST).filter_map(|id| AdAccount::new(id).ok()) {
            book.accounts.insert(account.id.clone(), account);
        }
        *hold(&self.0) = book;
    }

    /// Seeds an account; one of the same number is replaced.
    ///
    /// # Errors
    /// [`SeedFault::Full`].
    pub(crate) fn add(&self, account: AdAccount) -> Result<(), SeedFault> {
        let mut book = hold(&self.0);
        if book.accounts.len() >= MOST && book.accounts.get(&account.id).is_none() {
            return Err(SeedFault::Full);
        }
        book.accounts.insert(account.id.clone(), account);
        Ok(())
    }

    /// Says that a creative uses the image of this hash, whether or not the account has such an image yet.
    ///
    /// # Errors
    /// When `account` or `creative` is no number, or too many are bound.
    pub(crate) fn bind(&self, account: &str, hash: &str, creative: &str) -> Result<(), SeedFault> {
        let account = account.strip_prefix("act_").unwrap_or(account);
        for (name, number) in [("account", account), ("creative", creative)] {
            if !is_number(number) {
                return Err(SeedFault::Member(name.to_owned()));
            }
        }
        if hash.is_empty() || hash.len() > 200 {
            return Err(SeedFault::Member("hash".to_owned()));
        }
        let mut book = hold(&self.0);
        if book.bound >= MOST {
            return Err(SeedFault::Full);
        }
        let key = (account.to_owned(), hash.to_owned());
        let new = book.creatives.entry(key).or_default().insert(creative.to_owned());
        book.bound += usize::from(new);
        Ok(())
    }

    /// The creatives that use an image.
    pub(crate) fn creatives(&self, account: &str, hash: &str) -> Vec<String> {
        let book = hold(&self.0);
        let bound = book.creatives.get(&(account.to_owned(), hash.to_owned()));
        bound.map(|creatives| creatives.iter().cloned().collect()).unwrap_or_default()
    }

    /// Whether there is such an account.
    pub(crate) fn exists(&self, account: &str) -> bool {
        let book = hold(&self.0);
        is_number(account) && (book.accounts.len() == 0 || book.accounts.get(account).is_some())
    }

    /// The account of this number: the seeded one, or, while none is seeded, one with usual members.
    pub(crate) fn get(&self, account: &str) -> Option<AdAccount> {
        let book = hold(&self.0);
        match book.accounts.get(account) {
            Some(account) => Some(account.clone()),
            None if book.accounts.len() == 0 => AdAccount::new(account).ok().filter(|new| new.id == account),
            None => None,
        }
    }

    /// The numbers of all seeded accounts, in the order in which they were seeded.
    pub(crate) fn seeded(&self) -> Vec<String> {
        hold(&self.0).accounts.iter().map(|account| account.id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_number_is_an_account_until_one_is_seeded() {
        let accounts = Accounts::default();
        assert!(accounts.exists("7") && !accounts.exists("act_7") && !accounts.exists(""));
        let seed = json!({ "id": "act_5", "name": "Five", "account_status": 2 });
        accounts.add(AdAccount::read(&seed).unwrap()).unwrap();
        assert!(accounts.exists("5") && !accounts.exists("7"));
        assert_eq!(accounts.get("5").unwrap().members["name"], "Five");
        assert_eq!((accounts.get("7"), accounts.seeded()), (None, vec!["5".to_owned()]));
        accounts.reset(&["9".to_owned()]);
        assert!(accounts.exists("9") && !accounts.exists("5"));
    }

    #[test]
    fn seeds_with_unknown_or_wrong_members_are_refused() {
        for (seed, member) in [
            (json!({ "name": "x" }), "id"),
            (json!({ "id": "x" }), "id"),
            (json!({ "id": "5", "colour": "red" }), "colour"),
            (json!({ "id": "5", "name": 5 }), "name"),
            (json!([]), "(the object itself)"),
        ] {
            assert_eq!(AdAccount::read(&seed), Err(SeedFault::Member(member.to_owned())), "{seed}");
        }
        let accounts = Accounts::default();
        assert!(accounts.bind("act_1", "h", "x").is_err());
        accounts.bind("act_1", "h", "12").unwrap();
        assert_eq!(accounts.creatives("1", "h"), ["12"]);
    }
}
