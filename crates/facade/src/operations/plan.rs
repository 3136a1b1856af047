//! A plan as the message that its operation answers.

use std::collections::HashMap;

use polyptych_domain::{AlbumName, AlbumPlan, ImageName, KeepReason, Kept, Objection, Plan, PlanStep, Service};
use polyptych_proto::v1;
use v1::kept_image::Reason;
use v1::sync_step::Step;

use super::describe::Failures;
use crate::convert;
use crate::status::Fields;

/// Steps and kept images that are told; with them, and as many objections, an answer fits into what clients take.
const TOLD: usize = 10_000;

pub(super) fn plan(service: &Service, plan: &Plan) -> v1::SyncPlan {
    let mut failures = Failures::default();
    let places: HashMap<_, _> =
        (0..).zip(&plan.manifest.pictures).map(|(place, picture)| (&picture.key, place)).collect();
    let objections = plan.objections.iter().map(|objection| {
        let place: usize = places.get(&objection.picture).copied().unwrap_or_default();
        told_objection(objection, place, &mut failures)
    });
    v1::SyncPlan {
        steps: plan.steps.iter().map(step).collect(),
        kept: plan.kept.iter().take(TOLD.saturating_sub(plan.steps.len())).map(kept).collect(),
        objections: objections.collect(),
        albums: albums(plan),
        costs: convert::costs(service, &plan.costs),
    }
}

fn step(step: &PlanStep) -> v1::SyncStep {
    let step = match step {
        PlanStep::Upload { album, picture, class, sent, replace, .. } => Step::Upload(v1::SyncUpload {
            parent: album.to_string(),
            key: picture.clone(),
            image_class: class.clone().unwrap_or_default(),
            sent: Some(convert::sent(sent)),
            replace: *replace,
        }),
        PlanStep::Delete { album, image, name } => {
            let image = ImageName { album: album.clone(), image: image.clone() };
            Step::Deletion(v1::SyncDeletion { name: image.to_string(), display_name: name.clone().unwrap_or_default() })
        }
    };
    v1::SyncStep { step: Some(step) }
}

fn kept(kept: &Kept) -> v1::KeptImage {
    let reason = match kept.reason {
        KeepReason::Wanted => Reason::Wanted,
        KeepReason::InUse => Reason::InUse,
        KeepReason::Objection => Reason::Objection,
    };
    let name = ImageName { album: kept.album.clone(), image: kept.image.clone() };
    v1::KeptImage { name: name.to_string(), key: kept.picture.clone().unwrap_or_default(), reason: reason.into() }
}

fn told_objection(objection: &Objection, place: usize, failures: &mut Failures) -> v1::SyncObjection {
    let field = |name: &str| format!("manifest.pictures[{place}].{name}");
    let (name, content) = (field("display_name"), field("source"));
    let fields = Fields { argument: "manifest.albums", name: &name, class: "manifest.albums", content: &content };
    v1::SyncObjection {
        parent: objection.album.to_string(),
        key: objection.picture.clone(),
        error: Some(failures.status(&objection.failure, fields)),
    }
}

fn albums(plan: &Plan) -> Vec<v1::PlannedAlbum> {
    let planned = |AlbumPlan { album, images, .. }: &AlbumPlan| v1::PlannedAlbum {
        parent: album.to_string(),
        images: convert::bytes(*images),
        ..v1::PlannedAlbum::default()
    };
    let mut albums: Vec<_> = plan.albums.iter().map(planned).collect();
    let places: HashMap<&AlbumName, usize> = plan.albums.iter().map(|planned| &planned.album).zip(0..).collect();
    let mut count = |album: &AlbumName, part: fn(&mut v1::PlannedAlbum) -> &mut i64| {
        if let Some(planned) = places.get(album).and_then(|place| albums.get_mut(*place)) {
            *part(planned) += 1;
        }
    };
    for step in &plan.steps {
        count(
            step.album(),
            match step {
                PlanStep::Upload { .. } => |planned| &mut planned.uploads,
                PlanStep::Delete { .. } => |planned| &mut planned.deletions,
            },
        );
    }
    plan.kept.iter().for_each(|kept| count(&kept.album, |planned| &mut planned.kept));
    plan.objections.iter().for_each(|objection| count(&objection.album, |planned| &mut planned.objections));
    albums
}
