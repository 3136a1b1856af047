//! The ads that images are bound to. The APIs of images cannot create ads, so tests seed them; which image an ad shows
//! is then changed by seeding too, or by `AdImageAssociation` of Live 4. It knows no protocol and checks no token.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::album::Album;
use crate::library::{Library, YandexImage};
use crate::lock::hold;
use crate::state::State;

/// The most ads of all advertisers together.
const MOST_ADS: usize = 100_000;

/// The kind of an ad, in the words of v5's Ads service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdKind {
    /// Text and image: the only kind that Live 4 binds and lists.
    #[default]
    #[serde(rename = "TEXT_AD")]
    Text,
    /// An image of a fixed size.
    #[serde(rename = "IMAGE_AD")]
    Image,
    /// Text made from a site.
    #[serde(rename = "DYNAMIC_TEXT_AD")]
    DynamicText,
    /// Of a mobile application.
    #[serde(rename = "MOBILE_APP_AD")]
    MobileApp,
}

/// Where an ad is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AdStatus {
    /// Not sent to moderation yet.
    #[default]
    Draft,
    /// Waits for moderation.
    Moderation,
    /// Passed moderation.
    Accepted,
    /// Did not pass moderation.
    Rejected,
    /// Its image can no longer be changed.
    Archived,
}

/// What moderation says of an ad's image, in the words of Live 4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageStatus {
    /// Not sent to moderation yet.
    #[default]
    New,
    /// Waits for moderation.
    Pending,
    /// Accepted.
    Yes,
    /// Rejected.
    No,
}

impl ImageStatus {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Pending => "Pending",
            Self::Yes => "Yes",
            Self::No => "No",
        }
    }
}

/// Why moderation rejected an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// What the reason is about, in the provider's word.
    pub r#type: String,
    /// The reason, for people.
    pub text: String,
}

/// An ad of Yandex Direct. As JSON only `campaign` must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ad {
    /// Positive and unique among all advertisers; 0 or absent: the next free number.
    #[serde(default)]
    pub id: i64,
    /// From 1 to 2,147,483,647.
    pub campaign: i64,
    /// Absent: 0, in no group.
    #[serde(default)]
    pub ad_group: i64,
    /// Its kind.
    #[serde(default)]
    pub r#type: AdKind,
    /// Where it is in its life.
    #[serde(default)]
    pub status: AdStatus,
    /// The hash of the image that it shows; an image of the same advertiser.
    #[serde(default)]
    pub image: Option<String>,
    /// What moderation says of its image; means something only while there is one.
    #[serde(default)]
    pub image_status: ImageStatus,
    /// Why its image was rejected.
    #[serde(default)]
    pub rejections: Vec<Rejection>,
    /// Whether its image has been shown to somebody: Live 4 never deletes such an image, even when it is unbound.
    #[serde(default)]
    pub shown: bool,
}

/// Why ads were not seeded or changed; nothing was done then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdFault {
    /// The number is negative, or another ad has it.
    BadId,
    /// The campaign is not a positive 32-bit number, or the group is negative.
    BadPlace,
    /// The advertiser has no ad of this number.
    NoAd,
    /// The advertiser has no image of this hash.
    NoImage,
    /// The emulator holds as many ads as it takes.
    TooMany,
}

impl AdFault {
    /// The reason in words.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::BadId => "id is negative or another ad's",
            Self::BadPlace => "campaign must be a positive 32-bit number, and ad_group not negative",
            Self::NoAd => "the advertiser has no such ad",
            Self::NoImage => "the advertiser has no image of this hash",
            Self::TooMany => "the emulator holds as many ads as it takes",
        }
    }
}

#[derive(Debug, Default)]
struct Account {
    ads: BTreeMap<i64, Ad>,
    /// How many ads show an image, by hash.
    bound: HashMap<String, usize>,
    /// When the last ad let go of an image, by hash.
    freed: HashMap<String, i64>,
    shown: HashSet<String>,
}

impl Account {
    fn hold_image(&mut self, hash: &str, shown: bool) {
        *self.bound.entry(hash.to_owned()).or_default() += 1;
        if shown {
            self.shown.insert(hash.to_owned());
        }
    }

    fn free_image(&mut self, hash: &str, now: i64) {
        let Some(count) = self.bound.get_mut(hash) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.bound.remove(hash);
            self.freed.insert(hash.to_owned(), now);
        }
    }
}

/// The ads of all advertisers.
#[derive(Debug, Default)]
pub(crate) struct Ads {
    accounts: HashMap<String, Account>,
    owners: HashMap<i64, String>,
    last: i64,
}

impl Ads {
    /// The ads of an advertiser, by number.
    pub(crate) fn of(&self, login: &str) -> impl Iterator<Item = &Ad> {
        self.accounts.get(login).into_iter().flat_map(|account| account.ads.values())
    }

    /// One ad of an advertiser.
    pub(crate) fn get(&self, login: &str, id: i64) -> Option<&Ad> {
        self.accounts.get(login)?.ads.get(&id)
    }

    /// Whose an ad is.
    pub(crate) fn owner(&self, id: i64) -> Option<&str> {
        self.owners.get(&id).map(String::as_str)
    }

    /// How many ads an advertiser has.
    pub(crate) fn count(&self, login: &str) -> usize {
        self.accounts.get(login).map_or(0, |account| account.ads.len())
    }

    /// Whether an ad shows the image, or did so less than `lag` milliseconds before `now`.
    pub(crate) fn is_bound(&self, login: &str, hash: &str, now: i64, lag: i64) -> bool {
        self.accounts.get(login).is_some_and(|account| {
            account.bound.contains_key(hash)
                || account.freed.get(hash).is_some_and(|freed| now.saturating_sub(*freed) < lag)
        })
    }

    /// Whether the image was ever shown.
    pub(crate) fn was_shown(&self, login: &str, hash: &str) -> bool {
        self.accounts.get(login).is_some_and(|account| account.shown.contains(hash))
    }

    /// Forgets what is known of an image that was deleted.
    pub(crate) fn forget_image(&mut self, login: &str, hash: &str) {
        if let Some(account) = self.accounts.get_mut(login) {
            account.freed.remove(hash);
            account.shown.remove(hash);
        }
    }

    /// Gives an ad another image, or none. An ad that shows this image already stays as it is.
    pub(crate) fn show(&mut self, login: &str, id: i64, hash: Option<&str>, now: i64) -> Result<(), AdFault> {
        let account = self.accounts.get_mut(login).ok_or(AdFault::NoAd)?;
        let ad = account.ads.get_mut(&id).ok_or(AdFault::NoAd)?;
        if ad.image.as_deref() == hash {
            return Ok(());
        }
        // An accepted ad sends its new image to moderation; any other one takes it along later (reference 3.7).
        let accepted = ad.status == AdStatus::Accepted;
        ad.image_status = if accepted { ImageStatus::Pending } else { ImageStatus::New };
        ad.rejections.clear();
        ad.shown = false;
        let old = std::mem::replace(&mut ad.image, hash.map(str::to_owned));
        if let Some(hash) = hash {
            account.hold_image(hash, false);
        }
        if let Some(old) = old {
            account.free_image(&old, now);
        }
        Ok(())
    }

    fn free_id(&mut self) -> i64 {
        loop {
            self.last += 1;
            if !self.owners.contains_key(&self.last) {
                return self.last;
            }
        }
    }

    fn insert(&mut self, login: &str, ad: Ad) {
        self.owners.insert(ad.id, login.to_owned());
        let account = self.accounts.entry(login.to_owned()).or_default();
        if let Some(hash) = &ad.image {
            account.hold_image(&hash.clone(), ad.shown);
        }
        account.ads.insert(ad.id, ad);
    }
}

/// Adds ads to an advertiser, all or none, and tells their numbers. The login is taken in lower case; an image that an
/// ad names must be in the advertiser's library already.
///
/// # Errors
/// See [`AdFault`].
pub(crate) fn seed(state: &State, login: &str, ads: Vec<Ad>) -> Result<Vec<i64>, AdFault> {
    let login = login.to_lowercase();
    let mut library = hold(&state.library);
    let Library { yandex, ads: known, .. } = &mut *library;
    if known.owners.len().saturating_add(ads.len()) > MOST_ADS {
        return Err(AdFault::TooMany);
    }
    let mut given = HashSet::new();
    for ad in &ads {
        if ad.id < 0 || (ad.id > 0 && (known.owners.contains_key(&ad.id) || !given.insert(ad.id))) {
            return Err(AdFault::BadId);
        }
        check(ad, yandex.get(&login))?;
    }
    // Those with numbers first, so that a free number is free for certain.
    let mut ids = vec![0; ads.len()];
    let (numbered, free): (Vec<_>, Vec<_>) = ads.into_iter().enumerate().partition(|(_, ad)| ad.id > 0);
    for (place, mut ad) in numbered.into_iter().chain(free) {
        if ad.id == 0 {
            ad.id = known.free_id();
        }
        if let Some(id) = ids.get_mut(place) {
            *id = ad.id;
        }
        known.insert(&login, ad);
    }
    Ok(ids)
}

/// Replaces an ad by another of the same number, or takes it away when `ad` is absent; its image is bound or freed
/// accordingly.
///
/// # Errors
/// [`AdFault::NoAd`], [`AdFault::BadPlace`] and [`AdFault::NoImage`].
pub(crate) fn replace(state: &State, login: &str, id: i64, ad: Option<Ad>) -> Result<(), AdFault> {
    let login = login.to_lowercase();
    let now = state.now();
    let mut library = hold(&state.library);
    let Library { yandex, ads: known, .. } = &mut *library;
    if let Some(ad) = &ad {
        check(ad, yandex.get(&login))?;
    }
    let account = known.accounts.get_mut(&login).ok_or(AdFault::NoAd)?;
    let old = account.ads.remove(&id).ok_or(AdFault::NoAd)?;
    known.owners.remove(&id);
    if let Some(ad) = ad {
        known.insert(&login, Ad { id, ..ad });
    }
    if let (Some(hash), Some(account)) = (old.image, known.accounts.get_mut(&login)) {
        account.free_image(&hash, now);
    }
    Ok(())
}

fn check(ad: &Ad, album: Option<&Album<Arc<YandexImage>>>) -> Result<(), AdFault> {
    if !(1..=i64::from(i32::MAX)).contains(&ad.campaign) || ad.ad_group < 0 {
        return Err(AdFault::BadPlace);
    }
    match &ad.image {
        Some(hash) if album.and_then(|album| album.get(hash)).is_none() => Err(AdFault::NoImage),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::digest::sha256;
    use crate::picture::Picture;
    use crate::settings::Settings;

    fn state_with_image(login: &str, hash: &str) -> State {
        let state = State::new(Settings::default());
        let picture = Picture { format: image::ImageFormat::Png, width: 1, height: 1 };
        let mut library = hold(&state.library);
        let content = library.keep(sha256(b"a"), &Bytes::from("a"), picture, 1).unwrap();
        let image = Arc::new(YandexImage {
            hash: hash.to_owned(),
            name: "a".to_owned(),
            class: "REGULAR",
            subtype: "NONE".to_owned(),
            content,
        });
        library.yandex.entry(login.to_owned()).or_default().insert(hash.to_owned(), image);
        drop(library);
        state
    }

    fn ad(json: &str) -> Ad {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ads_are_seeded_all_or_none_and_numbered_when_they_have_no_number() {
        let state = state_with_image("me", "h");
        let good = ad(r#"{"campaign":7,"image":"h"}"#);
        for (bad, fault) in [
            (r#"{"id":-1,"campaign":7}"#, AdFault::BadId),
            (r#"{"campaign":0}"#, AdFault::BadPlace),
            (r#"{"campaign":2147483648}"#, AdFault::BadPlace),
            (r#"{"campaign":7,"ad_group":-1}"#, AdFault::BadPlace),
            (r#"{"campaign":7,"image":"other"}"#, AdFault::NoImage),
        ] {
            assert_eq!(seed(&state, "ME", vec![good.clone(), ad(bad)]), Err(fault), "{bad}");
        }
        assert_eq!(hold(&state.library).ads.count("me"), 0);
        assert_eq!(seed(&state, "ME", vec![good, ad(r#"{"id":1,"campaign":7}"#)]), Ok(vec![2, 1]));
        assert_eq!(seed(&state, "other", vec![ad(r#"{"id":2,"campaign":7}"#)]), Err(AdFault::BadId));
    }

    #[test]
    fn an_image_is_bound_as_long_as_one_ad_shows_it_and_for_the_lag_after() {
        let state = state_with_image("me", "h");
        seed(&state, "me", vec![ad(r#"{"campaign":7,"image":"h"}"#), ad(r#"{"campaign":7,"image":"h","shown":true}"#)])
            .unwrap();
        let bound = |lag: i64, later: i64| hold(&state.library).ads.is_bound("me", "h", state.now() + later, lag);
        replace(&state, "me", 1, Some(ad(r#"{"campaign":8}"#))).unwrap();
        assert!(bound(0, 0));
        replace(&state, "me", 2, None).unwrap();
        assert_eq!((bound(0, 0), bound(10, 9), bound(10, 10)), (false, true, false));
        assert!(hold(&state.library).ads.was_shown("me", "h"));
        assert_eq!(replace(&state, "me", 2, None), Err(AdFault::NoAd));
        assert_eq!(hold(&state.library).ads.of("me").map(|ad| (ad.id, ad.campaign)).collect::<Vec<_>>(), [(1, 8)]);
    }

    #[test]
    fn an_accepted_ad_sends_its_new_image_to_moderation() {
        let state = state_with_image("me", "h");
        seed(&state, "me", vec![ad(r#"{"campaign":7,"status":"ACCEPTED"}"#), ad(r#"{"campaign":7}"#)]).unwrap();
        let mut library = hold(&state.library);
        library.ads.show("me", 1, Some("h"), 0).unwrap();
        library.ads.show("me", 2, Some("h"), 0).unwrap();
        let statuses: Vec<_> = library.ads.of("me").map(|ad| ad.image_status).collect();
        assert_eq!(statuses, [ImageStatus::Pending, ImageStatus::New]);
        assert_eq!(library.ads.show("other", 1, None, 0), Err(AdFault::NoAd));
    }
}
