//! The albums of a Yandex library: the logins that configuration names. Neither image API tells which advertisers a token
//! may serve, so that nothing is sent.

use polyptych_domain::{Album, AlbumId, AlbumQuery, Error, ErrorKind, Page, PageRequest};

use crate::call::Line;
use crate::yandex::advertiser::YandexIdentity;
use crate::yandex::{FOREIGN_TOKEN, SELF, parse_offset};

/// The default album, or the token's own where there is none, and then the configured clients; each once.
pub(crate) fn configured(
    line: &Line,
    identity: &YandexIdentity,
    default_album: Option<&AlbumId>,
    query: &AlbumQuery,
    page: &PageRequest,
) -> Result<Page<Album>, Error> {
    let foreign = || Error::new(ErrorKind::InvalidArgument, FOREIGN_TOKEN).with_library(&line.library, line.provider);
    let start = parse_offset(page).and_then(|offset| usize::try_from(offset).ok()).ok_or_else(foreign)?;
    let size = page.size as usize;
    let albums = albums(identity, default_album);
    let mut found = albums.iter().filter(|album| query.finds(album)).skip(start);
    let items: Vec<_> = found.by_ref().take(size).cloned().collect();
    let next = found.next().is_some().then(|| start.saturating_add(size).to_string());
    Ok(Page { items, next })
}

fn albums(identity: &YandexIdentity, default_album: Option<&AlbumId>) -> Vec<Album> {
    let own = default_album.cloned().or_else(|| AlbumId::new(SELF).ok());
    let clients = identity.clients.iter().filter_map(|login| AlbumId::new(login.as_str()).ok());
    let mut known = Vec::new();
    let mut albums = Vec::new();
    for id in own.into_iter().chain(clients) {
        let canonical = identity.canonical(&id);
        if known.contains(&canonical) {
            continue;
        }
        known.push(canonical);
        let name = if id.as_str() == SELF { identity.own_login() } else { None };
        albums.push(Album { name, ..Album::new(id) });
    }
    albums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_album_is_listed_once_however_it_is_spelt() {
        let identity = YandexIdentity {
            login: Some("Agency".to_owned()),
            clients: ["client-a", "CLIENT-A", "agency", "client-b"].map(str::to_owned).into(),
            ..YandexIdentity::default()
        };
        let listed = |default: Option<&str>| -> Vec<_> {
            let default = default.map(|id| AlbumId::new(id).unwrap());
            let albums = albums(&identity, default.as_ref()).into_iter();
            albums.map(|album| (album.id.to_string(), album.name)).collect()
        };
        let [a, b] = ["client-a", "client-b"].map(|id| (id.to_owned(), None));
        assert_eq!(listed(None), [("self".to_owned(), Some("Agency".to_owned())), a.clone(), b.clone()]);
        assert_eq!(listed(Some("client-b")), [b, a, ("agency".to_owned(), None)]);
    }
}
