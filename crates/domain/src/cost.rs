//! What calls cost: the price list of a library, what work has cost, and how much it may cost. Counted by us from what is
//! sent and from outcomes; the provider's own count is the library's [`Quota`](crate::Quota).

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

use crate::{Evidence, LibraryId};

/// The price of a call: so much for the call, and so much for each image in it that succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Price {
    /// Points for the call itself.
    pub call: u64,
    /// Points for each image of the call that succeeds.
    pub image: u64,
}

impl Price {
    /// Points of a call with so many images, all of which succeed.
    pub fn of(self, images: u64) -> u64 {
        self.call.saturating_add(self.image.saturating_mul(images))
    }
}

/// What a provider charges, in points. Zero throughout where it charges none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// An upload.
    pub upload: Price,
    /// A reading by id or a page of a list.
    pub get: Price,
    /// A deletion.
    pub delete: Price,
    /// An image of a call that is refused, in place of its price.
    pub refused_image: u64,
    /// A call that is refused as a whole.
    pub refused_call: u64,
    /// How sure this is.
    pub evidence: Evidence,
    /// Where it is written: reference section.
    pub source: &'static str,
}

impl Prices {
    /// No points at all.
    pub const fn none(source: &'static str) -> Self {
        const FREE: Price = Price { call: 0, image: 0 };
        Self {
            upload: FREE,
            get: FREE,
            delete: FREE,
            refused_image: 0,
            refused_call: 0,
            evidence: Evidence::Documented,
            source,
        }
    }

    /// What an upload of so many images costs at least, if it is not refused as a whole.
    pub fn least_of_upload(&self, images: u64) -> u64 {
        Price { call: self.upload.call, image: self.upload.image.min(self.refused_image) }.of(images)
    }

    /// The most that an upload of so many images may cost, however it ends.
    pub fn most_of_upload(&self, images: u64) -> u64 {
        let dearest = Price { call: self.upload.call, image: self.upload.image.max(self.refused_image) };
        dearest.of(images).max(self.refused_call)
    }
}

/// What work costs or has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Calls to the library. What it does inside of one (tries, looks for a lost answer) is not told apart.
    pub calls: u64,
    /// Points by the price list.
    pub points: u64,
    /// Bytes of images, before any encoding.
    pub bytes: u64,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            points: self.points.saturating_add(other.points),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Cost {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(other.calls),
            points: self.points.saturating_sub(other.points),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

/// What work costs or has cost, by library.
pub type Costs = BTreeMap<LibraryId, Cost>;

/// The most that work may cost, over all libraries together. Absent means without a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Budget {
    /// Calls.
    pub calls: Option<u64>,
    /// Points.
    pub points: Option<u64>,
    /// Bytes of images.
    pub bytes: Option<u64>,
}

impl Budget {
    /// Whether there is any limit.
    pub fn is_limited(&self) -> bool {
        *self != Self::default()
    }

    /// Whether so much may be spent in all.
    pub fn allows(&self, cost: Cost) -> bool {
        let within = |limit: Option<u64>, value| limit.is_none_or(|limit| value <= limit);
        within(self.calls, cost.calls) && within(self.points, cost.points) && within(self.bytes, cost.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_costs_between_its_cheapest_and_its_dearest_end() {
        let prices = Prices {
            upload: Price { call: 20, image: 20 },
            refused_image: 20,
            refused_call: 50,
            ..Prices::none("this test")
        };
        assert_eq!([1, 3].map(|images| prices.most_of_upload(images)), [50, 80]);
        assert_eq!([1, 3].map(|images| prices.least_of_upload(images)), [40, 80]);
        let cheap = Prices { refused_image: 5, ..prices };
        assert_eq!([1, 3].map(|images| cheap.least_of_upload(images)), [25, 35]);
    }

    #[test]
    fn a_budget_holds_for_each_kind_of_cost() {
        let cost = Cost { calls: 2, points: 80, bytes: 10 };
        assert!(Budget::default().allows(cost));
        assert!(Budget { calls: Some(2), points: Some(80), bytes: Some(10) }.allows(cost));
        assert!(!Budget { bytes: Some(9), ..Budget::default() }.allows(cost));
        assert!(!Budget { points: Some(79), ..Budget::default() }.allows(cost));
        assert!(!Budget { calls: Some(1), ..Budget::default() }.allows(cost));
    }
}
