//! Which libraries a client may use: ids in which `*` stands for any characters, or none.

/// A set of ids. Without a pattern it holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// The ids that fit at least one of `patterns`. Each is an id, or has `*` in place of any part of one: `ads-*`.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Every id.
    pub fn all() -> Self {
        Self::new(["*"])
    }

    /// Whether `id` is one of them.
    pub fn hold(&self, id: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, id))
    }
}

/// The parts between stars have to occur in their order; the first at the start, the last at the end. The leftmost
/// occurrence of each leaves the most for the rest.
fn fits(pattern: &str, id: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == id };
    let Some(id) = id.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut id) = id.strip_suffix(last) else { return false };
    for part in middle.split('*') {
        match id.split_once(part) {
            Some((_, after)) => id = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part() {
        for (pattern, fitting, others) in [
            ("ads", &["ads"][..], &["", "ad", "adss", "aads", "*"][..]),
            ("*", &["", "a", "ads-1"], &[]),
            ("ads-*", &["ads-", "ads-1", "ads-ads-"], &["ads", "xads-1"]),
            ("*-soap", &["-soap", "yandex-soap"], &["soap", "yandex-soap-1"]),
            ("a*a", &["aa", "aba", "aaa"], &["a", "ab", "ba"]),
            ("y*v5*soap", &["yv5soap", "yandex-v5-soap", "yv5v5soap"], &["yandex-soap", "yv5soa", "ysoapv5"]),
            ("**", &["", "a"], &[]),
            ("a**b*c", &["abc", "axxbyyc"], &["ac", "acb"]),
        ] {
            for id in fitting {
                assert!(fits(pattern, id), "{pattern} {id}");
            }
            for id in others {
                assert!(!fits(pattern, id), "{pattern} {id}");
            }
        }
    }

    #[test]
    fn without_a_pattern_nothing_fits() {
        assert!(!Patterns::default().hold("a"));
        assert!(Patterns::new(["b", "a*"]).hold("a"));
    }
}
