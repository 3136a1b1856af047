//! What the transport has read of a provider's limits, as the domain's quota.

use jiff::Timestamp;
use polyptych_domain::{Gauge, QuotaSource, Unit};
use polyptych_transport::Gauge as Read;

/// The gauge as the domain's. `at` is when the answer came that told it.
pub(crate) fn gauge(read: &Read, unit: Unit, at: Timestamp) -> Gauge {
    let name = match &read.holder {
        Some(holder) => format!("{}({holder})", read.name),
        None => read.name.to_string(),
    };
    Gauge {
        name,
        unit,
        used: read.used,
        left: read.left,
        limit: read.limit,
        resets: read.resets_in.and_then(|time| at.checked_add(time).ok()),
        read: at,
        source: QuotaSource::LastAnswer,
    }
}
