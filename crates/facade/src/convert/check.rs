//! The answer of a check as proto messages.

use polyptych_domain::{Animation, CheckReport, ColourSpace, Fit, FitPlan, Inspection, Loss, Rgb, Sha256, Violation};
use polyptych_proto::v1;

use super::{bytes, count, pixels};

/// What a check found of the file with this digest.
pub(crate) fn report(report: CheckReport, sha256: Sha256) -> v1::CheckImageResponse {
    let rules = |violations: Vec<Violation>| violations.into_iter().map(violation).collect();
    v1::CheckImageResponse {
        found: report.found.map(|image| found(&image, sha256)),
        image_classes: report.classes.into_iter().map(str::to_owned).collect(),
        violations: rules(report.violations),
        advice: rules(report.advice),
        plan: report.plan.map(plan),
        obstacles: rules(report.obstacles),
    }
}

fn found(image: &Inspection, sha256: Sha256) -> v1::FoundImage {
    use v1::found_image::ColourSpace as Told;
    let colour_space = match image.colour {
        ColourSpace::Gray => Told::Gray,
        ColourSpace::Rgb => Told::Rgb,
        ColourSpace::Indexed => Told::Indexed,
        ColourSpace::Cmyk => Told::Cmyk,
    };
    v1::FoundImage {
        media_type: image.format.media_type().to_owned(),
        size: Some(pixels(image.pixels)),
        size_bytes: bytes(image.bytes),
        sha256: sha256.to_string(),
        frames: count(image.frames),
        alpha: image.alpha,
        bit_depth: image.bit_depth.into(),
        colour_space: colour_space.into(),
        icc_profile: image.profile,
        orientation: image.orientation.exif().into(),
    }
}

fn violation(violation: Violation) -> v1::RuleViolation {
    v1::RuleViolation {
        rule: violation.rule.into_owned(),
        image_class: violation.class.unwrap_or_default().into_owned(),
        limit: violation.limit,
        found: violation.found,
    }
}

fn plan(plan: FitPlan) -> v1::FitPlan {
    let summary = plan.to_string();
    let mut told = v1::FitPlan {
        image_class: plan.class.to_owned(),
        display_name: plan.name,
        losses: plan.losses.into_iter().map(|lost| loss(lost).into()).collect(),
        summary,
        ..v1::FitPlan::default()
    };
    if let Some(target) = plan.target {
        told.fit =
            mode(plan.fit).map(|mode| v1::Fit { mode: Some(mode), animation: animation(target.animation).into() });
        told.size = Some(pixels(target.pixels));
        told.media_types = target.formats.iter().map(|format| format.media_type().to_owned()).collect();
        told.max_bytes = bytes(target.max_bytes);
    }
    told
}

fn mode(fit: Fit) -> Option<v1::fit::Mode> {
    use v1::fit::Mode;
    match fit {
        Fit::None => None,
        Fit::Contain { background: Rgb([red, green, blue]) } => {
            let background = Some(u32::from_be_bytes([0, red, green, blue]));
            Some(Mode::Contain(v1::fit::Contain { background }))
        }
        Fit::Cover { focus } => Some(Mode::Cover(v1::fit::Cover { focus_x: Some(focus.x), focus_y: Some(focus.y) })),
        Fit::Exact => Some(Mode::Exact(v1::fit::Exact {})),
    }
}

fn animation(animation: Animation) -> v1::fit::Animation {
    match animation {
        Animation::Refuse => v1::fit::Animation::Refuse,
        Animation::FirstFrame => v1::fit::Animation::FirstFrame,
    }
}

fn loss(loss: Loss) -> v1::fit_plan::Loss {
    use v1::fit_plan::Loss as Told;
    match loss {
        Loss::Shrunk => Told::Shrunk,
        Loss::Enlarged => Told::Enlarged,
        Loss::Cropped => Told::Cropped,
        Loss::Padded => Told::Padded,
        Loss::Frames => Told::Frames,
        Loss::Transparency => Told::Transparency,
        Loss::Depth => Told::Depth,
        Loss::Inks => Told::Inks,
        Loss::Profile => Told::Profile,
        Loss::Compression => Told::Compression,
        Loss::Palette => Told::Palette,
    }
}
