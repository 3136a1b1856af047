//! Who is called for: Yandex takes at most five requests at once per advertiser, through whichever API and library they
//! come. An advertiser is known by login; the token's own, which `self` stands for, is told by configuration or by the
//! provider's answers. Until then the credential stands for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use polyptych_domain::AlbumId;
use polyptych_transport::{Limit, Response};
use polyptych_wire_yandex::headers;

use crate::yandex::{SELF, login};

/// Requests at once per advertiser (v5 reference 8.3, Live 4 reference 4).
const AT_ONCE: usize = 5;

/// The logins behind credentials, as far as they are known. The libraries of one process share them, so that what a v5
/// library learns counts for a v4 Live library of the same credential.
#[derive(Debug, Clone, Default)]
pub struct YandexLogins(Arc<Mutex<HashMap<String, String>>>);

impl YandexLogins {
    fn find(&self, credential: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(credential).cloned()
    }

    fn learn(&self, credential: &str, login: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(credential.to_owned(), login.to_owned());
    }
}

/// How a Yandex library knows its advertisers.
#[derive(Debug, Clone, Default)]
pub struct YandexIdentity {
    /// What tells the library's credential from others: the name of its place, never the credential. Libraries with the
    /// same one are taken to have the same login. Empty where there is no name: the library's own id stands for it.
    pub credential: String,
    /// The login of the credential; absent where it is to be learnt.
    pub login: Option<String>,
    /// What the libraries of the process have learnt.
    pub logins: YandexLogins,
    /// Logins of the advertisers that an agency's credential is configured to serve; empty where none is named.
    pub clients: Vec<String>,
}

impl YandexIdentity {
    /// The login of the credential, as far as it is known.
    pub(crate) fn own_login(&self) -> Option<String> {
        self.login.clone().or_else(|| self.logins.find(&self.credential))
    }

    /// The limits that calls for `album` count under, in the same order for all libraries. Calls for the credential's own
    /// login count under the credential, too, so that those from before and after it became known are counted together.
    pub(crate) fn limits(&self, album: &AlbumId) -> Vec<Limit> {
        let limit = |kind: &str, name: &str| Limit { key: format!("yandex:{kind}:{name}"), at_once: AT_ONCE };
        match login(album) {
            Some(login) => vec![limit("login", &login.to_ascii_lowercase())],
            None => {
                let login = self.own_login().map(|login| limit("login", &login.to_ascii_lowercase()));
                [limit("credential", &self.credential)].into_iter().chain(login).collect()
            }
        }
    }

    /// The one spelling of an album: logins have no case, and `self` is the credential's login where configuration tells
    /// it. What is learnt on the way does not count, since an album keeps its spelling.
    pub(crate) fn canonical(&self, album: &AlbumId) -> AlbumId {
        let named = login(album).or(self.login.as_deref()).map(str::to_ascii_lowercase);
        let told = named.filter(|login| login != SELF).and_then(|login| AlbumId::new(login).ok());
        told.unwrap_or_else(|| album.clone())
    }

    /// The login whose images an album has, as far as it is known by now.
    pub(crate) fn known_as(&self, album: &AlbumId) -> Option<AlbumId> {
        let named = login(album).map(str::to_owned).or_else(|| self.own_login())?.to_ascii_lowercase();
        AlbumId::new(named).ok().filter(|login| login.as_str() != SELF)
    }

    /// Learns the credential's login from an answer to a call for it.
    pub(crate) fn learn(&self, album: &AlbumId, answer: &Response) {
        if login(album).is_none()
            && self.login.is_none()
            && let Some(login) = headers::units_used_login(&answer.headers)
            && self.logins.find(&self.credential).as_deref() != Some(login)
        {
            self.logins.learn(&self.credential, login);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(identity: &YandexIdentity, album: &str) -> Vec<String> {
        identity.limits(&AlbumId::new(album).unwrap()).into_iter().map(|limit| limit.key).collect()
    }

    #[test]
    fn an_album_has_one_spelling_that_what_is_learnt_does_not_change() {
        let known = YandexIdentity { login: Some("Ads-Login".to_owned()), ..YandexIdentity::default() };
        let unknown = YandexIdentity { credential: "env T".to_owned(), ..YandexIdentity::default() };
        unknown.logins.learn("env T", "ads-login");
        let spelt =
            |identity: &YandexIdentity, album: &str| identity.canonical(&AlbumId::new(album).unwrap()).to_string();
        for (album, with_login, without) in
            [("self", "ads-login", "self"), ("ADS-login", "ads-login", "ads-login"), ("Client", "client", "client")]
        {
            assert_eq!((spelt(&known, album), spelt(&unknown, album)), (with_login.to_owned(), without.to_owned()));
        }
    }

    #[test]
    fn an_album_is_known_by_its_login_once_that_was_learnt() {
        let identity = YandexIdentity { credential: "env T".to_owned(), ..YandexIdentity::default() };
        let known = |album: &str| identity.known_as(&AlbumId::new(album).unwrap()).map(|login| login.to_string());
        assert_eq!((known("self"), known("SELF"), known("Ads-Login")), (None, None, Some("ads-login".to_owned())));
        identity.logins.learn("env T", "Ads-Login");
        assert_eq!(known("self").as_deref(), Some("ads-login"));
    }

    #[test]
    fn libraries_of_one_login_count_under_one_key() {
        let logins = YandexLogins::default();
        let identity = |credential: &str, login: Option<&str>| YandexIdentity {
            credential: credential.to_owned(),
            login: login.map(str::to_owned),
            logins: logins.clone(),
            clients: Vec::new(),
        };
        let (v5, live4, other) =
            (identity("env T", None), identity("env T", None), identity("env U", Some("Ads-Login")));
        assert_eq!(keys(&v5, "self"), ["yandex:credential:env T"]);
        logins.learn("env T", "ads-login");
        assert_eq!(keys(&live4, "self"), ["yandex:credential:env T", "yandex:login:ads-login"]);
        assert_eq!(keys(&other, "self"), ["yandex:credential:env U", "yandex:login:ads-login"]);
        assert_eq!(keys(&v5, "client"), ["yandex:login:client"]);
        assert_eq!(keys(&v5, "ADS-login"), ["yandex:login:ads-login"]);
    }
}
