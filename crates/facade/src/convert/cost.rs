//! What work costs and may cost, as proto messages and back.

use polyptych_domain::{Budget, Cost, Costs, Evidence, LibraryId, Service};
use polyptych_proto::v1;
use v1::image_class::Evidence as Told;

use super::bytes;
use crate::status::Refusal;

/// How sure something is.
pub(super) fn evidence(evidence: Evidence) -> Told {
    match evidence {
        Evidence::Documented => Told::Documented,
        Evidence::Measured => Told::Measured,
        Evidence::Assumed => Told::Assumed,
    }
}

/// What work has cost, or would, by library.
pub(crate) fn costs(service: &Service, costs: &Costs) -> Vec<v1::Cost> {
    costs.iter().map(|(library, told)| cost(service, library, *told)).collect()
}

/// What work has cost in one library, with how sure that is as far as `service` may tell.
pub(crate) fn cost(service: &Service, library: &LibraryId, cost: Cost) -> v1::Cost {
    let prices = service.library(library).ok().map(|library| library.capabilities().prices);
    v1::Cost {
        library: format!("libraries/{library}"),
        calls: bytes(cost.calls),
        points: bytes(cost.points),
        sent_bytes: bytes(cost.bytes),
        evidence: prices.map_or(Told::Unspecified, |prices| evidence(prices.evidence)).into(),
    }
}

/// The most that work may cost, in the field `at`; absent means any amount.
///
/// # Errors
/// For a limit that is not above 0.
pub(crate) fn parse_budget(at: &str, budget: Option<v1::Budget>) -> Result<Budget, Refusal> {
    let v1::Budget { max_points, max_calls } = budget.unwrap_or_default();
    let limit = |field: &str, told: Option<i64>| match told.map(u64::try_from) {
        None => Ok(None),
        Some(Ok(limit)) if limit > 0 => Ok(Some(limit)),
        Some(_) => Err(Refusal::argument(&format!("{at}.{field}"), "a limit is above 0; leave it out for none")),
    };
    Ok(Budget { points: limit("max_points", max_points)?, calls: limit("max_calls", max_calls)?, bytes: None })
}

/// The most that work may cost; absent where that is any amount.
pub(crate) fn budget(budget: &Budget) -> Option<v1::Budget> {
    let told = v1::Budget { max_points: budget.points.map(bytes), max_calls: budget.calls.map(bytes) };
    (told != v1::Budget::default()).then_some(told)
}
