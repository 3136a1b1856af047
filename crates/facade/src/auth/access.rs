//! Who the clients are and what each may do: the table that a server decides by. It is made of a configuration, and made
//! anew when that changes; nothing in it is a secret.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use polyptych_domain::ClientId;
use subtle::{Choice, ConditionallySelectable};

use super::certificate::CertificateName;
use super::files::{FileError, Kept, Source};
use super::jwks::KeySet;
use super::jwt::{self, TokenError, TokenRules};
use super::keys::KeyHash;
use super::rate::{Meter, Rate};
use super::{Patterns, Rights};
use crate::caller::Caller;

/// A client: how it is known, what it may do, where, and how much of it.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its name, for operations, events and limits.
    pub id: ClientId,
    /// The hashes of its keys; several while one takes the place of another.
    pub keys: Vec<KeyHash>,
    /// Names of its certificates.
    pub certificates: Vec<CertificateName>,
    /// Subjects of its tokens, as their issuer writes them.
    pub subjects: Vec<String>,
    /// The libraries that it may use.
    pub libraries: Patterns,
    /// What it may do there.
    pub rights: Rights,
    /// How much at once.
    pub rate: Rate,
}

/// Whose tokens are accepted.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// What a token must say.
    pub rules: TokenRules,
    /// Its public keys, a JSON Web Key Set; read again when the file changes.
    pub keys_file: PathBuf,
}

/// Who may read the description of the API, which is the same for everybody and holds nothing of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reflection {
    /// Anybody.
    #[default]
    Open,
    /// Clients.
    Clients,
    /// Nobody: the service is not there.
    Off,
}

/// Why a table of clients cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The keys of the issuer cannot be used.
    #[error("tokens cannot be verified")]
    Keys(#[source] FileError),
    /// Two clients would be known by the same key, certificate or subject.
    #[error("the clients `{first}` and `{second}` are known by the same {what}")]
    Ambiguous {
        /// One of them.
        first: ClientId,
        /// The other one.
        second: ClientId,
        /// `key`, `certificate` or `subject`.
        what: &'static str,
    },
}

/// The clients of a server.
pub struct Access {
    clients: Vec<Known>,
    issuer: Option<(TokenRules, Kept<KeySet>)>,
    reflection: Reflection,
}

/// A client in the table, and what it has used.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) client: Client,
    /// It, as what answers its calls sees it.
    pub(super) caller: Caller,
    pub(super) meter: Arc<Meter>,
}

impl Access {
    /// A table of these clients; without any nobody may do anything. Reads the keys of the issuer, which blocks.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn new(clients: Vec<Client>, issuer: Option<Issuer>, reflection: Reflection) -> Result<Self, AccessError> {
        for (place, second) in clients.iter().enumerate() {
            for first in clients.iter().take(place) {
                let same = |what| AccessError::Ambiguous { first: first.id.clone(), second: second.id.clone(), what };
                if first.keys.iter().any(|key| second.keys.iter().any(|other| key.is(other).into())) {
                    return Err(same("key"));
                }
                if first.certificates.iter().any(|name| second.certificates.contains(name)) {
                    return Err(same("certificate"));
                }
                if first.subjects.iter().any(|subject| second.subjects.contains(subject)) {
                    return Err(same("subject"));
                }
            }
        }
        let issuer = issuer.map(|Issuer { rules, keys_file }| {
            let path = keys_file.clone();
            let parse = move |contents: &[Vec<u8>]| {
                let content = contents.first().map(Vec::as_slice).unwrap_or_default();
                KeySet::parse(content).map_err(|error| FileError::content(&path, error))
            };
            Ok((rules, Kept::open(vec![keys_file], parse)?))
        });
        let issuer = issuer.transpose().map_err(AccessError::Keys)?;
        let known = |client: Client| {
            let caller = Caller::new(client.id.clone(), client.libraries.clone(), client.rights);
            let meter = Arc::new(Meter::new(client.rate));
            Known { client, caller, meter }
        };
        Ok(Self { clients: clients.into_iter().map(known).collect(), issuer, reflection })
    }

    /// This table, in which clients that `before` knows, too, have used of their limits what they have used there.
    pub(super) fn after(mut self, before: &Self) -> Self {
        for known in &mut self.clients {
            let same = |old: &&Known| old.client.id == known.client.id && old.meter.rate() == known.meter.rate();
            if let Some(old) = before.clients.iter().find(same) {
                known.meter = Arc::clone(&old.meter);
            }
        }
        self
    }

    pub(super) fn reflection(&self) -> Reflection {
        self.reflection
    }

    /// The client of a key. Every key of the table is looked at, whichever it is, so that the time tells nothing.
    pub(super) fn by_key(&self, key: &str) -> Option<&Known> {
        let shown = KeyHash::of(key);
        let (mut place, mut found) = (0_u64, Choice::from(0));
        for (at, known) in (0_u64..).zip(&self.clients) {
            for key in &known.client.keys {
                let same = key.is(&shown);
                place.conditional_assign(&at, same);
                found |= same;
            }
        }
        let place = usize::try_from(place).ok()?;
        bool::from(found).then(|| self.clients.get(place)).flatten()
    }

    /// The one client that names of a certificate belong to; none where they belong to several, since it would be chance which.
    pub(super) fn by_certificate(&self, names: &[CertificateName]) -> Option<&Known> {
        let named = |known: &&Known| known.client.certificates.iter().any(|name| names.contains(name));
        let mut found = self.clients.iter().filter(named);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The client of a token's subject; `None` if the token is good and the subject is not known.
    pub(super) fn by_token(&self, token: &str, now: Timestamp) -> Result<Option<&Known>, TokenError> {
        let Some((rules, keys)) = &self.issuer else { return Ok(None) };
        let subject = jwt::subject(rules, &keys.value(), token, now)?;
        Ok(self.clients.iter().find(|known| known.client.subjects.contains(&subject)))
    }

    /// Looks at the keys of the issuer again.
    pub(super) fn reload(&self) -> Result<bool, FileError> {
        self.issuer.as_ref().map_or(Ok(false), |(_, keys)| keys.reload())
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let clients = self.clients.iter().map(|known| &known.client.id);
        f.debug_set().entries(clients).finish()
    }
}
