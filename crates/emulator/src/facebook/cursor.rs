//! Paging cursors in their true form (reference 5.2): base64 of `account:hash`, with `Z`, `+`, `/` and `=` escaped by
//! `Z` and a letter.

const ESCAPES: [(char, char); 4] = [('A', 'Z'), ('B', '+'), ('C', '/'), ('D', '=')];

/// The cursor of a text.
pub(super) fn encode(text: &str) -> String {
    let plain = base64_simd::STANDARD.encode_to_string(text);
    let mut cursor = String::with_capacity(plain.len() + 8);
    for letter in plain.chars() {
        match ESCAPES.iter().find(|(_, escaped)| *escaped == letter) {
            Some((sign, _)) => cursor.extend(['Z', *sign]),
            None => cursor.push(letter),
        }
    }
    cursor
}

/// The text of a cursor; `None` for anything that no text encodes to.
pub(super) fn decode(cursor: &str) -> Option<String> {
    let mut plain = String::with_capacity(cursor.len());
    let mut letters = cursor.chars();
    while let Some(letter) = letters.next() {
        if letter == 'Z' {
            let sign = letters.next()?;
            plain.push(ESCAPES.iter().find(|(known, _)| *known == sign)?.1);
        } else {
            plain.push(letter);
        }
    }
    String::from_utf8(base64_simd::STANDARD.decode_to_vec(plain).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_cursors_decode_and_encode_to_themselves() {
        for (cursor, text) in [
            (
                "MTAxNTIzMzU3NjY5ODcwMDM6ZADhmYzYxMzY2MmZAiNWVmNmNmNWZAiOWQxZAmU3NzkzMTUZD",
                "10152335766987003:d8fc613662fb5ef6cf5fb9d1fe779315",
            ),
            ("MAZDZD", "0"),
        ] {
            assert_eq!(decode(cursor).as_deref(), Some(text));
            assert_eq!(encode(text), cursor);
        }
        assert_eq!(decode("B"), None);
        assert_eq!(decode("ZE"), None);
    }
}
