//! `[log]` and `[traces]`: what the server tells of its work. Plain data.

use schemars::JsonSchema;
use serde::Deserialize;

/// What is logged, and how. It goes to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogSection {
    /// Lines for people, or JSON for machines; `text` by default.
    pub format: Option<LogFormat>,
    /// What is logged: a level such as `info`, or levels by part, such as `warn,polyptych_facade=debug`. Absent means what
    /// `RUST_LOG` says, else `info`.
    pub level: Option<String>,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where traces are sent, by OTLP over gRPC.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TracesSection {
    /// The collector, such as `http://127.0.0.1:4317`; absent means that nothing is sent.
    pub endpoint: Option<String>,
    /// The share of traces to send that no caller has decided about, 0 to 1; 1 by default.
    #[schemars(range(min = 0, max = 1))]
    pub ratio: Option<f64>,
}
