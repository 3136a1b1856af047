//! Which ad shows which image, by the method AdImageAssociation. It knows text-and-image ads only.

use std::collections::HashMap;

use polyptych_domain::{
    AdId, AlbumId, Association, AssociationChange, AssociationFilter, Confirmed, Error, ErrorKind, Moderation, Page,
    PageRequest,
};
use polyptych_wire_yandex::live4::{
    Action, ActionRequest, AdImageAssociation, AdImageAssociationRequest,
    AdImageAssociationSelectionCriteria as Criteria,
};

use super::{YandexLive4, fault};
use crate::call::BadAnswer;
use crate::refusal::Subject;
use crate::yandex::items::{self, matching};
use crate::yandex::{login, offset};
use polyptych_wire::fault::Level;

/// Associations that one call sets, and hashes or ads that one names, at most (reference 3.7, 3.8).
const MOST: u32 = 10_000;

impl YandexLive4 {
    pub(super) async fn list_associations(
        &self,
        album: &AlbumId,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<Page<Association>, Error> {
        self.line.check_batch(album, filter.images.len().max(filter.ads.len()), MOST)?;
        let start = offset(&self.line, album, page)?;
        let start = i32::try_from(start).map_err(|_| {
            self.line.error(album, ErrorKind::InvalidArgument, "the page token is not one of this library")
        })?;
        let mut ads = Vec::with_capacity(filter.ads.len());
        for ad in &filter.ads {
            ads.push(number(ad).ok_or_else(|| self.line.error(album, ErrorKind::InvalidArgument, OUT_OF_RANGE))?);
        }
        let criteria = Criteria::default()
            .with_logins(login(album))
            .with_ad_image_hashes(filter.images.iter().map(|image| image.as_str()))
            .with_ad_ids(ads)
            .with_limit(page.size.min(MOST) as i32)
            .with_offset(start);
        let params = AdImageAssociationRequest::new(Action::GET).with_selection_criteria(criteria);
        let call = self.line.call(album, Subject::Album, params.call().effect);
        let (response, answer) = self.send(&call, album, &params).await?;
        let told = response.ad_image_associations.len();
        let items: Result<Vec<_>, BadAnswer> =
            response.ad_image_associations.into_iter().filter_map(|item| association(item).transpose()).collect();
        let items = items.map_err(|error| call.unreadable(&answer, error))?;
        let end = i64::from(start) + told as i64;
        let more = response.total_objects_count.map_or(told >= page.size as usize, |total| end < i64::from(total));
        Ok(Page { items, next: (more && told > 0).then(|| end.to_string()) })
    }

    /// Sends the changes that can be sent in one call; the others have their outcome at once.
    pub(super) async fn change_associations(
        &self,
        album: &AlbumId,
        changes: &[AssociationChange],
    ) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        self.line.check_batch(album, changes.len(), MOST)?;
        let mut times = HashMap::<&AdId, usize>::new();
        for change in changes {
            *times.entry(&change.ad).or_default() += 1;
        }
        let mut outcomes = Vec::with_capacity(changes.len());
        let mut sent = Vec::with_capacity(changes.len());
        for (place, change) in changes.iter().enumerate() {
            let refused = |message| Err(self.line.error(album, ErrorKind::InvalidArgument, message));
            outcomes.push(match number(&change.ad) {
                // Nobody knows which of them the provider would take last.
                Some(_) if times.get(&change.ad).is_some_and(|times| *times > 1) => {
                    refused("the advertisement is named more than once")
                }
                Some(ad) => {
                    sent.push((place, ad, change));
                    Ok(Confirmed::default())
                }
                None => refused(OUT_OF_RANGE),
            });
        }
        if sent.is_empty() {
            return Ok(outcomes);
        }
        let items = sent.iter().map(|(_, ad, change)| match &change.image {
            Some(image) => AdImageAssociation::new(*ad).with_ad_image_hash(image.as_str()),
            None => AdImageAssociation::new(*ad),
        });
        let params = AdImageAssociationRequest::new(Action::SET).with_ad_image_associations(items);
        let call = self.line.call(album, Subject::Album, params.call().effect);
        let (response, answer) = self.send(&call, album, &params).await?;
        let results = matching(&call, &answer, response.actions_result, sent.len())?;
        if sent.iter().zip(&results).any(|((_, ad, _), result)| result.ad_id.is_some_and(|told| told != *ad)) {
            return Err(call.unclear(&answer, BadAnswer::from("the results are those of other advertisements")));
        }
        let item = call.about(Subject::Image);
        for ((place, ..), result) in sent.into_iter().zip(results) {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = match fault::refusal(&result.errors) {
                    Some(refusal) => Err(item.refused(Level::Item, refusal, &answer)),
                    None => Ok(item.confirmed(&answer)),
                };
            }
        }
        Ok(outcomes)
    }
}

const OUT_OF_RANGE: &str = "the advertisement's number is larger than any that the provider gives";

fn number(ad: &AdId) -> Option<i64> {
    ad.as_str().parse().ok()
}

/// A row of `Get`; `None` for an ad without an image.
fn association(item: AdImageAssociation) -> Result<Option<Association>, BadAnswer> {
    let Some(hash) = item.ad_image_hash.filter(|hash| !hash.is_empty()) else { return Ok(None) };
    let ad = item.ad_id.and_then(|ad| AdId::new(ad.to_string()));
    let ad = ad.ok_or_else(|| BadAnswer::from("an association without an ad"))?;
    let mut association = Association::new(items::id(Some(&hash))?);
    association.ad = Some(ad);
    association.campaign = item.campaign_id.map(|campaign| campaign.to_string());
    association.moderation = item.status_ad_image_moderate.filter(|status| !status.is_empty()).map(moderation);
    association.rejections = item
        .moderate_rejection_reasons
        .into_iter()
        .filter_map(|reason| reason.text.filter(|text| !text.is_empty()))
        .collect();
    Ok(Some(association))
}

/// The provider's word for a state of moderation (reference 3.8).
fn moderation(status: String) -> Moderation {
    match status.as_str() {
        "New" => Moderation::Unchecked,
        "Pending" => Moderation::Pending,
        "Yes" => Moderation::Accepted,
        "No" => Moderation::Rejected,
        _ => Moderation::Other(status),
    }
}
