//! What an account may do and what shows its images, as proto messages.

use polyptych_domain::{AlbumName, Association, Gauge, ImageName, Moderation, Quota, QuotaSource, Unit};
use polyptych_proto::v1;

use super::time;

/// The limits of an album's account.
pub(crate) fn quota(album: &AlbumName, quota: Quota) -> v1::Quota {
    v1::Quota { name: format!("{album}/quota"), gauges: quota.gauges.into_iter().map(gauge).collect() }
}

fn gauge(gauge: Gauge) -> v1::Gauge {
    use v1::gauge::{Source, Unit as Told};
    let unit = match gauge.unit {
        Unit::Points => Told::Points,
        Unit::Calls => Told::Calls,
        Unit::Images => Told::Images,
        Unit::Percent => Told::Percent,
        Unit::Seconds => Told::Seconds,
    };
    let source = match gauge.source {
        QuotaSource::Asked => Source::Asked,
        QuotaSource::LastAnswer => Source::LastAnswer,
    };
    v1::Gauge {
        display_name: gauge.name,
        unit: unit.into(),
        used: gauge.used,
        left: gauge.left,
        limit: gauge.limit,
        reset_time: gauge.resets.map(time),
        read_time: Some(time(gauge.read)),
        source: source.into(),
    }
}

/// An image of `album` and what shows it.
pub(crate) fn association(album: &AlbumName, association: Association) -> v1::Association {
    use v1::association::Moderation as Told;
    let (moderation, state) = match association.moderation {
        None => (Told::Unspecified, String::new()),
        Some(Moderation::Unchecked) => (Told::Unchecked, String::new()),
        Some(Moderation::Pending) => (Told::Pending, String::new()),
        Some(Moderation::Accepted) => (Told::Accepted, String::new()),
        Some(Moderation::Rejected) => (Told::Rejected, String::new()),
        Some(Moderation::Other(state)) => (Told::Other, state),
    };
    v1::Association {
        image: ImageName { album: album.clone(), image: association.image }.to_string(),
        advertisement: association.ad.map(|ad| ad.to_string()).unwrap_or_default(),
        campaign: association.campaign.unwrap_or_default(),
        moderation: moderation.into(),
        moderation_state: state,
        rejections: association.rejections,
    }
}
