//! Named points at which a process ends as if it was killed, so that tests can have it die where it hurts. Crates name this
//! one under their feature `failpoints` alone: without that feature nothing of it is compiled in.
//!
//! It never does anything unless the environment says so, and it does nothing but end the process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable that says where to die: `NAME`, or `NAME:N` for the Nth time that the point is reached.
pub const VARIABLE: &str = "POLYPTYCH_FAILPOINT";

/// Every point that there is, in the order in which an upload comes by.
pub const POINTS: [&str; 5] = ["before-send", "mid-body", "after-answer", "after-record", "before-commit"];

/// Where to die, and how many more times to pass there before.
#[derive(Debug)]
struct Death {
    point: String,
    left: AtomicU64,
}

impl Death {
    /// Reads the variable. Text that names no point, or no positive number, is refused with `None`.
    fn read(text: &str) -> Option<Self> {
        let (point, nth) = text.split_once(':').unwrap_or((text, "1"));
        let left = nth.parse().ok().filter(|nth| *nth > 0)?;
        POINTS.contains(&point).then(|| Self { point: point.to_owned(), left: AtomicU64::new(left) })
    }

    /// Whether this passage is the one.
    fn strikes(&self, point: &str) -> bool {
        self.point == point && self.left.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

/// Ends the process without unwinding, flushing or dropping anything, if the environment names this point and this is the
/// time that it names. A variable that makes no sense ends the process, too, so that no test passes for a typing error.
pub fn reach(point: &str) {
    static DEATH: OnceLock<Option<Death>> = OnceLock::new();
    let death = DEATH.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        Some(Death::read(&text).unwrap_or_else(|| {
            eprintln!("{VARIABLE} must be NAME or NAME:N, with one of {}", POINTS.join(", "));
            std::process::abort()
        }))
    });
    if death.as_ref().is_some_and(|death| death.strikes(point)) {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_passage_of_the_named_point_strikes_and_no_other() {
        let death = Death::read("mid-body:2").expect("a point");
        let passages = ["before-send", "mid-body", "mid-body", "mid-body", "before-send"];
        assert_eq!(passages.map(|point| death.strikes(point)), [false, false, true, false, false]);
        assert!(Death::read("before-commit").expect("a point").strikes("before-commit"));
    }

    #[test]
    fn what_names_no_point_is_refused() {
        for text in ["", "nowhere", "mid-body:0", "mid-body:x", "mid-body:"] {
            assert!(Death::read(text).is_none(), "{text}");
        }
    }
}
