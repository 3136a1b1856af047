//! Bars on standard error, where that is a terminal that people look at.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report::Format;

// Bars end before the line does: where they fill it, the terminal's `^C` would begin another one.
const BYTES: &str = "{msg} {bar:24} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";
const UNKNOWN: &str = "{msg} {binary_bytes} {binary_bytes_per_sec}";
const ITEMS: &str = "{msg} {bar:24} {pos}/{len} {per_sec} {eta}";
const TICK: Duration = Duration::from_millis(100);

/// A bar of `length` bytes, 0 where nobody knows how many come; with nothing to say where output is for programs.
pub(crate) fn bytes(format: Format, what: &'static str, length: u64) -> ProgressBar {
    bar(format, what, length, if length == 0 { UNKNOWN } else { BYTES })
}

/// A bar of `length` items.
pub(crate) fn items(format: Format, what: &'static str, length: u64) -> ProgressBar {
    bar(format, what, length, ITEMS)
}

fn bar(format: Format, what: &'static str, length: u64, template: &str) -> ProgressBar {
    let target = match format {
        Format::Table => ProgressDrawTarget::stderr(),
        Format::Json => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if !bar.is_hidden() {
        bar.enable_steady_tick(TICK);
    }
    bar
}
