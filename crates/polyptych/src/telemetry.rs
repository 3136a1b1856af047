//! What the program says of its work: its log on standard error, and traces where they are configured. What is logged and
//! traced is for others to decide; no secret gets this far.

mod lines;
#[cfg(feature = "otlp")]
mod otlp;
mod queue;

use std::io::IsTerminal;

use anyhow::{Context, Result};
use polyptych::config::{LogFormat, LogSection};
use polyptych::{Config, Reload};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use crate::telemetry::lines::Lines;
use crate::telemetry::queue::{Queue, Written};

/// What `RUST_LOG` is for programs: the level where none is configured.
const VARIABLE: &str = "RUST_LOG";

/// What a server logs unless something else is configured.
const LEVEL: &str = "info";

/// Logs for a command that ends by itself: warnings, unless `RUST_LOG` says otherwise.
pub(crate) fn plain() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(coloured()).with_writer(std::io::stderr).init();
}

/// Whether the log is read by someone who sees colours and has not declined them (<https://no-color.org>).
fn coloured() -> bool {
    let declined = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !declined
}

/// The log and the traces of a server. A thread writes the lines, as many at once as wait for it; dropped, all are written.
pub(crate) struct Telemetry {
    level: reload::Handle<EnvFilter, Registry>,
    _written: Written,
    #[cfg(feature = "otlp")]
    traces: Option<otlp::Traces>,
}

impl Telemetry {
    /// Begins to log and to trace as configured. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// If the collector's address cannot be used, this program was built without traces, or no thread can be started.
    pub(crate) fn start(config: &Config) -> Result<Self> {
        let (filter, level) = reload::Layer::new(filter(&config.log)?);
        let (log, written) = Queue::start(std::io::stderr()).context("the log cannot be written")?;
        let lines = match config.log.format.unwrap_or_default() {
            LogFormat::Text => tracing_subscriber::fmt::layer().with_ansi(coloured()).with_writer(log).boxed(),
            LogFormat::Json => Lines::new(log).boxed(),
        };
        let registry = tracing_subscriber::registry().with(lines.with_filter(filter));
        #[cfg(feature = "otlp")]
        {
            let (traces, layer) = otlp::Traces::start(&config.traces)?.unzip();
            registry.with(layer).init();
            Ok(Self { level, _written: written, traces })
        }
        #[cfg(not(feature = "otlp"))]
        {
            anyhow::ensure!(config.traces.endpoint.is_none(), "this program was built without traces (feature `otlp`)");
            registry.init();
            Ok(Self { level, _written: written })
        }
    }

    /// How calls are joined to the traces of their callers.
    pub(crate) fn adopt(&self) -> Option<polyptych::facade::Adopt> {
        #[cfg(feature = "otlp")]
        return self.traces.as_ref().map(otlp::Traces::adopt);
        #[cfg(not(feature = "otlp"))]
        None
    }

    /// The level, which follows the configuration.
    pub(crate) fn level(&self) -> Box<dyn Reload> {
        Box::new(Level(self.level.clone()))
    }

    /// Sends what is left of the traces.
    pub(crate) async fn stop(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
    }
}

struct Level(reload::Handle<EnvFilter, Registry>);

impl Reload for Level {
    fn prepare(&self, config: &Config) -> Result<Box<dyn FnOnce() + Send>> {
        let (filter, level) = (filter(&config.log)?, self.0.clone());
        Ok(Box::new(move || {
            if let Err(error) = level.reload(filter) {
                tracing::error!(%error, "the level of the log cannot be changed");
            }
        }))
    }
}

fn filter(log: &LogSection) -> Result<EnvFilter> {
    let usual = || std::env::var(VARIABLE).ok().filter(|level| !level.is_empty());
    let level = log.level.clone().or_else(usual).unwrap_or_else(|| LEVEL.to_owned());
    Ok(EnvFilter::try_new(level)?)
}
