//! What shows an image at its provider: which advertisement, and what moderation says of it there. Images are bound to
//! advertisements that exist; nothing here makes one.

use std::fmt;

use crate::ImageId;

/// The advertisement (Yandex) or the creative (Facebook) that shows an image, as its provider numbers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdId(String);

impl AdId {
    /// Keeps a number of 1 to 20 digits; `None` for any other text.
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let is_number = (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(Self(id))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AdId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An image and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The image that is shown.
    pub image: ImageId,
    /// What shows it; absent where the provider tells only that something does (Yandex Direct v5).
    pub ad: Option<AdId>,
    /// The campaign of the advertisement; absent where the provider does not tell it.
    pub campaign: Option<String>,
    /// What moderation says of the image in this place; absent where the provider does not tell it.
    pub moderation: Option<Moderation>,
    /// Why moderation refused it, in the provider's words; empty unless it did.
    pub rejections: Vec<String>,
}

impl Association {
    /// An image that something shows, of which nothing else is known.
    pub fn new(image: ImageId) -> Self {
        Self { image, ad: None, campaign: None, moderation: None, rejections: Vec::new() }
    }
}

/// What moderation says of an image in an advertisement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moderation {
    /// It has not been looked at.
    Unchecked,
    /// It is being looked at.
    Pending,
    /// It may be shown.
    Accepted,
    /// It may not be shown.
    Rejected,
    /// A state that is not known here, in the provider's word.
    Other(String),
}

/// Which associations are wanted: those that meet both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssociationFilter {
    /// Of these images; empty means of any.
    pub images: Vec<ImageId>,
    /// Of these advertisements; empty means of any.
    pub ads: Vec<AdId>,
}

/// What an advertisement is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociationChange {
    /// The advertisement.
    pub ad: AdId,
    /// The image that takes the place of any other; absent means none.
    pub image: Option<ImageId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertisement_is_known_by_a_number() {
        for (text, taken) in
            [("7", true), ("451154649000", true), ("", false), ("-1", false), ("7a", false), ("１", false)]
        {
            assert_eq!(AdId::new(text).is_some(), taken, "{text}");
        }
        assert!(AdId::new("9".repeat(20)).is_some() && AdId::new("9".repeat(21)).is_none());
    }
}
