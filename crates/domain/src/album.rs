//! What a library says about an album, and how albums are searched for.

use crate::AlbumId;

/// An album that the credential of a library reaches. A field is absent where the provider does not tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Album {
    /// Its id, in its one spelling.
    pub id: AlbumId,
    /// Its name: of a product (Evotor), of an ad account (Facebook), the login behind `self` (Yandex).
    pub name: Option<String>,
    /// What it belongs to, for people: a store (Evotor), a business (Facebook).
    pub owner: Option<String>,
    /// Codes by which people know it: the shop's code and the article number of a product (Evotor).
    pub codes: Vec<String>,
    /// Barcodes of the product, as digits (Evotor).
    pub barcodes: Vec<String>,
    /// Whether it can be used: an ad account that is active (Facebook), a product that may be sold (Evotor).
    pub active: Option<bool>,
}

impl Album {
    /// An album of which only the id is known.
    pub fn new(id: AlbumId) -> Self {
        Self { id, name: None, owner: None, codes: Vec::new(), barcodes: Vec::new(), active: None }
    }
}

/// Which albums are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlbumQuery {
    words: Vec<String>,
}

impl AlbumQuery {
    /// Albums whose id, code or barcode is `text`, and those in whose name or owner's name each word of it is found. The
    /// case of letters does not matter. A text without a word means all albums.
    pub fn new(text: &str) -> Self {
        Self { words: text.split_whitespace().map(str::to_lowercase).collect() }
    }

    /// Whether all albums are wanted.
    pub fn is_all(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether this album is wanted.
    pub fn finds(&self, album: &Album) -> bool {
        if let [word] = self.words.as_slice() {
            let labels = album.codes.iter().chain(&album.barcodes).map(String::as_str);
            if labels.chain([album.id.as_str()]).any(|label| label.trim().to_lowercase() == *word) {
                return true;
            }
        }
        let names = [&album.name, &album.owner].map(|name| name.as_deref().unwrap_or_default().to_lowercase());
        self.words.iter().all(|word| names.iter().any(|name| name.contains(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milk() -> Album {
        Album {
            name: Some("Молоко Домик 3,2%".to_owned()),
            owner: Some("Shop on Lenin street".to_owned()),
            codes: vec!["42".to_owned(), "ART-7".to_owned()],
            barcodes: vec!["4607011234567".to_owned()],
            ..Album::new(AlbumId::new("S~p").unwrap())
        }
    }

    #[test]
    fn an_album_is_found_by_words_of_its_names_and_by_whole_labels() {
        for (text, found) in [
            ("", true),
            ("  ", true),
            ("молоко", true),
            ("МОЛ 3,2", true),
            ("молоко lenin", true),
            ("молоко gogol", false),
            ("42", true),
            ("4", false),
            ("art-7", true),
            ("4607011234567", true),
            ("460701123456", false),
            ("42 art-7", false),
            ("s~p", true),
        ] {
            assert_eq!(AlbumQuery::new(text).finds(&milk()), found, "{text}");
        }
    }

    #[test]
    fn an_album_without_a_name_is_found_by_its_id_only() {
        let bare = Album::new(AlbumId::new("self").unwrap());
        assert!(AlbumQuery::new("Self").finds(&bare) && !AlbumQuery::new("x").finds(&bare));
        assert!(AlbumQuery::default().finds(&bare) && AlbumQuery::default().is_all());
    }
}
