//! What a provider still lets an account do: points, calls and room, all in one shape. It never decides to wait.

use jiff::Timestamp;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Points, which calls cost (Yandex Direct v5).
    Points,
    /// Calls in an interval (Evotor).
    Calls,
    /// Images that an album holds (Yandex Direct v4 Live).
    Images,
    /// Percent of a limit that the provider does not name (Facebook).
    Percent,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// Stable name: `points`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Calls => "calls",
            Self::Images => "images",
            Self::Percent => "percent",
            Self::Seconds => "seconds",
        }
    }
}

/// Where a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaSource {
    /// A call that asked for it: as fresh as [`Gauge::read`] says.
    Asked,
    /// The answer to the last call of any kind, which told it by the way.
    LastAnswer,
}

/// One figure. Its numbers are 0 or more; absent where the provider does not tell them.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// What is limited, in the provider's words: `Units`, `X-App-Usage.call_count`, `AdImageLimits`.
    pub name: String,
    /// Of what the numbers count.
    pub unit: Unit,
    /// Used so far.
    pub used: Option<f64>,
    /// Left now.
    pub left: Option<f64>,
    /// Most that there is.
    pub limit: Option<f64>,
    /// When the provider counts anew, or takes calls again.
    pub resets: Option<Timestamp>,
    /// When the provider said so.
    pub read: Timestamp,
    /// How we learnt it.
    pub source: QuotaSource,
}

/// What is known of an account's limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quota {
    /// The figures, ordered by name. Empty until an answer has told one.
    pub gauges: Vec<Gauge>,
}

impl Quota {
    /// The figure of this name.
    pub fn gauge(&self, name: &str) -> Option<&Gauge> {
        self.gauges.iter().find(|gauge| gauge.name == name)
    }
}
