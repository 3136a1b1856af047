//! SPDX licence expressions, as far as manifests use them: identifiers, `AND`, `OR`, `WITH` and parentheses, and the
//! old `/` for `OR`.

use std::collections::BTreeSet;

/// Whether an expression can be satisfied with the allowed licences alone; `None` if it is not an expression.
///
/// A licence with an exception is allowed by its whole name, `Apache-2.0 WITH LLVM-exception`, or by the licence alone,
/// since an exception only permits more.
pub(super) fn allows(expression: &str, allowed: &BTreeSet<String>) -> Option<bool> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let value = any(&mut words, allowed)?;
    words.next().is_none().then_some(value)
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut value = all(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        value |= all(words, allowed)?;
    }
    Some(value)
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut value = one(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        value &= one(words, allowed)?;
    }
    Some(value)
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    match words.next()? {
        "(" => {
            let value = any(words, allowed)?;
            words.next_if_eq(&")").map(|_| value)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        license => {
            let alone = allowed.contains(license);
            if words.next_if_eq(&"WITH").is_none() {
                return Some(alone);
            }
            let exception = words.next()?;
            Some(alone || allowed.contains(&format!("{license} WITH {exception}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn expressions_are_read_as_spdx_says() {
        let allowed = ["MIT", "Apache-2.0", "Zlib"].map(str::to_owned).into();
        let cases = [
            ("MIT", Some(true)),
            ("GPL-3.0", Some(false)),
            ("GPL-3.0 OR MIT", Some(true)),
            ("MIT/GPL-3.0", Some(true)),
            ("GPL-3.0 AND MIT", Some(false)),
            ("GPL-3.0 AND MIT OR Zlib", Some(true)),
            ("(MIT OR GPL-3.0) AND Zlib", Some(true)),
            ("(MIT OR GPL-3.0) AND ISC", Some(false)),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", Some(true)),
            ("MIT OR", None),
            ("(MIT", None),
            ("MIT Zlib", None),
            ("", None),
        ];
        for (expression, expected) in cases {
            assert_eq!(allows(expression, &allowed), expected, "{expression}");
        }
    }
}
