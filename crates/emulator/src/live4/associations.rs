//! `AdImageAssociation` of Live 4: which text-and-image ad shows which image.

use std::collections::HashSet;

use super::data::Data;
use super::request::{Associations, Binding};
use super::service::{Caller, paged};
use crate::exchange::Exchange;
use crate::library::Library;
use crate::lock::hold;
use crate::state::State;
use crate::yandex::ads::{Ad, AdKind, AdStatus};

/// Binds and unbinds, each item on its own.
pub(crate) fn set(caller: &Caller<'_>, exchange: &Exchange, bindings: &[Binding]) -> Data {
    let mut library = hold(&caller.state.library);
    let results = bindings.iter().enumerate().map(|(index, binding)| {
        let mut members = Vec::new();
        let owner = binding.ad.and_then(|ad| library.ads.owner(ad)).unwrap_or_default().to_owned();
        let done = set_one(caller, &mut library, (index, &owner), binding);
        let refused = done.as_ref().err().map(|(code, _)| code.to_string());
        let ad = binding.ad.map(|ad| ad.to_string()).unwrap_or_default();
        exchange.ticket.associated(&owner, &ad, binding.hash.as_deref(), refused.as_deref());
        if let Err((code, detail)) = done {
            members.push(("Errors", Data::List("Error", vec![caller.error(code, detail)])));
        }
        members.extend(binding.ad.map(|ad| ("AdID", Data::Long(ad))));
        Data::Struct("AdImageAssociationActionResult", members)
    });
    let results = Data::List("AdImageAssociationActionResult", results.collect());
    Data::Struct("AdImageAssociationResponse", vec![("ActionsResult", results)])
}

/// Codes are assumptions but for 54, 156 and 271, whose meanings are known.
fn set_one(
    caller: &Caller<'_>,
    library: &mut Library,
    (index, owner): (usize, &str),
    binding: &Binding,
) -> Result<(), (i64, String)> {
    let place = format!("AdImageAssociations[{index}]");
    let id = binding.ad.ok_or_else(|| (71, format!("Field {place}.AdID must not be empty")))?;
    if owner.is_empty() {
        return Err((71, format!("Field {place}.AdID: there is no ad {id}")));
    }
    let allowed = caller.may_act_for(owner);
    let ad = library.ads.get(owner, id).filter(|_| allowed);
    let ad = ad.ok_or_else(|| (54, format!("The ad {id} is not of a client of the token's owner")))?;
    if ad.r#type != AdKind::Text {
        return Err((71, format!("Field {place}.AdID: the ad {id} is not of the kind text and image")));
    }
    if ad.status == AdStatus::Archived {
        return Err((156, format!("The ad {id} is archived")));
    }
    if let Some(hash) = &binding.hash {
        let hash: String = hash.chars().take(64).collect();
        let image = library.yandex.get(owner).and_then(|album| album.get(&hash));
        let image = image.ok_or_else(|| (271, format!("No image has the hash {hash}")))?;
        if !matches!(image.class, "REGULAR" | "WIDE") {
            return Err((71, format!("Field {place}.AdImageHash: ads of text and image do not take {}", image.class)));
        }
    }
    let now = caller.state.now();
    library
        .ads
        .show(owner, id, binding.hash.as_deref(), now)
        .map_err(|_| (71, format!("Field {place}.AdID: there is no ad {id}")))
}

/// The text-and-image ads that show an image (assumption: an ad without one has no association).
pub(crate) fn list(state: &State, logins: &[String], wanted: &Associations) -> Data {
    let within = |set: &Option<HashSet<i64>>, number: i64| set.as_ref().is_none_or(|set| set.contains(&number));
    let among = |set: &Option<HashSet<String>>, text: &str| set.as_ref().is_none_or(|set| set.contains(text));
    let library = hold(&state.library);
    let found: Vec<(&String, &Ad, &String)> = logins
        .iter()
        .flat_map(|login| library.ads.of(login).map(move |ad| (login, ad)))
        .filter_map(|(login, ad)| Some((login, ad, ad.image.as_ref()?)))
        .filter(|(_, ad, hash)| {
            ad.r#type == AdKind::Text
                && among(&wanted.hashes, hash)
                && among(&wanted.statuses, ad.image_status.word())
                && within(&wanted.ads, ad.id)
                && within(&wanted.campaigns, ad.campaign)
        })
        .collect();
    let rows = paged(("AdImageAssociations", "AdImageAssociation"), &found, wanted.page, |(login, ad, hash)| {
        let reasons = ad.rejections.iter().map(|reason| {
            let members = vec![("Type", Data::Text(reason.r#type.clone())), ("Text", Data::Text(reason.text.clone()))];
            Data::Struct("RejectReason", members)
        });
        Data::Struct(
            "AdImageAssociation",
            vec![
                ("AdID", Data::Long(ad.id)),
                ("AdImageHash", Data::Text((*hash).clone())),
                ("Login", Data::Text((*login).clone())),
                ("CampaignID", Data::Int(ad.campaign)),
                ("StatusAdImageModerate", Data::Text(ad.image_status.word().to_owned())),
                ("ModerateRejectionReasons", Data::List("RejectReason", reasons.collect())),
            ],
        )
    });
    Data::Struct("AdImageAssociationResponse", rows)
}
