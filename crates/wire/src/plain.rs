//! Whether a text can be written as it is, and how far one was. Most texts can, hashes above all, so that many bytes are looked at
//! in one step; whatever may not be plain is left to the escapers and to the reader of escapes, which look at each character. It
//! never writes anything.

/// Bytes that are looked at without a branch, as the compiler does with the registers that it has for such.
const STEP: usize = 16;

/// Whether `text` stands between the quotes of a JSON string as it is (RFC 8259, 7).
#[inline]
pub(crate) fn in_json(text: &str) -> bool {
    none(text, |byte| (byte < b' ') | (byte == b'"') | (byte == b'\\'))
}

/// Where what may stand between the quotes of a JSON string as it is ends, from a place on: at a quote, at a backslash, at a
/// control character, or where the bytes end.
#[inline]
pub(crate) fn end_in_json(bytes: &[u8], from: usize) -> usize {
    const HALF: usize = STEP / 2;
    let mut at = from;
    while let Some(step) = bytes.get(at..).and_then(<[u8]>::first_chunk::<STEP>) {
        let (Some(first), Some(last)) = (step.first_chunk(), step.last_chunk()) else { break };
        let (first, last) = (special_in_json(first), special_in_json(last));
        if first != 0 {
            return at + first.trailing_zeros() as usize / 8;
        }
        if last != 0 {
            return at + HALF + last.trailing_zeros() as usize / 8;
        }
        at += STEP;
    }
    last_end_in_json(bytes, at)
}

/// The same for what is shorter than a step.
#[cold]
#[inline(never)]
fn last_end_in_json(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| (*byte < b' ') | matches!(byte, b'"' | b'\\')).unwrap_or(rest.len())
}

/// The lowest bit that is set is in the first byte that is not plain; none is set if all are. Flipping the second bit makes the
/// quote and the control characters, and no others, smaller than all of ASCII that is plain.
#[inline(always)]
fn special_in_json(bytes: &[u8; 8]) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(*bytes);
    let quote_or_control = (word ^ (EACH * 2)).wrapping_sub(EACH * 0x21);
    let backslash = (word ^ (EACH * 0x5c)).wrapping_sub(EACH);
    (quote_or_control | backslash) & !word & (EACH << 7)
}

/// Whether `text` stands in XML, be it text or the value of an attribute, as it is. White space other than blanks is not
/// plain, nor is what may be the beginning of U+FFFE and U+FFFF, which XML 1.0 (2.2) does not have.
#[cfg(feature = "xml")]
#[inline]
pub(crate) fn in_xml(text: &str) -> bool {
    // `&` and `'` differ in one bit, and so do `<` and `>`.
    let pairs = |byte: u8| (byte & !1 == b'&') | (byte & !2 == b'<');
    none(text, |byte| (byte < b' ') | (byte == b'"') | pairs(byte) | (byte == 0xef))
}

/// Whether no byte is one of those. The last step overlaps the one before; a short text is filled up with blanks.
#[inline(always)]
fn none(text: &str, special: impl Fn(u8) -> bool) -> bool {
    let any = |bytes: &[u8; STEP]| bytes.iter().fold(false, |any, byte| any | special(*byte));
    let mut rest = text.as_bytes();
    let Some(last) = rest.last_chunk() else {
        let mut filled = [b' '; STEP];
        filled.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        return !any(&filled);
    };
    while let Some((bytes, more)) = rest.split_first_chunk() {
        if any(bytes) {
            return false;
        }
        rest = more;
    }
    !any(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What serde_json leaves as it is.
    fn json_leaves(text: &str) -> bool {
        serde_json::to_string(text).is_ok_and(|written| written.get(1..written.len() - 1) == Some(text))
    }

    /// What quick-xml leaves as it is, and every reader of XML 1.0, too.
    #[cfg(feature = "xml")]
    fn xml_leaves(text: &str) -> bool {
        quick_xml::escape::escape(text) == text
            && !text.chars().any(|c| c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}'))
    }

    #[test]
    fn every_character_is_seen_as_the_escapers_see_it_wherever_it_stands() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let maybe_lacking = ('\u{f000}'..='\u{ffff}').contains(&c);
            // In one place all of Unicode; in each place of three steps what has to be told apart there.
            let places = if c.is_ascii() || ('\u{fff0}'..='\u{10010}').contains(&c) { 0..=49 } else { 3..=3 };
            for before in places {
                let text = format!("{:a<before$}{c}{:b<1$}", "", before % 7);
                assert_eq!(in_json(&text), json_leaves(&text), "{text:?}");
                #[cfg(feature = "xml")]
                match in_xml(&text) {
                    true => assert!(xml_leaves(&text), "{text:?}"),
                    false => assert!(maybe_lacking || !xml_leaves(&text), "{text:?} is looked at in vain"),
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_seen_as_the_escapers_see_it(text in any::<String>()) {
            prop_assert_eq!(in_json(&text), json_leaves(&text));
            #[cfg(feature = "xml")]
            prop_assert!(!in_xml(&text) || xml_leaves(&text));
        }
    }
}
