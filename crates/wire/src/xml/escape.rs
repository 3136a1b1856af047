//! The characters that markup is made of: how they are written as text, and what a reference stands for.

use std::borrow::Cow;

/// The entities that XML defines (4.6).
const ENTITIES: [(char, &str); 5] = [('<', "lt"), ('>', "gt"), ('&', "amp"), ('\'', "apos"), ('"', "quot")];

/// Escapes text for element content and attribute values. A carriage return is escaped, too, since a reader would make a line
/// feed of it.
pub fn escape(text: &str) -> Cow<'_, str> {
    let (mut escaped, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['<', '>', '&', '\'', '"', '\r']) {
        let (plain, from) = rest.split_at(at);
        let mut from = from.chars();
        escaped.reserve(rest.len() + "&quot;".len());
        escaped.push_str(plain);
        escaped.push('&');
        let entity = from.next().and_then(|c| ENTITIES.iter().find(|(character, _)| *character == c));
        escaped.push_str(entity.map_or("#13", |(_, name)| name));
        escaped.push(';');
        rest = from.as_str();
    }
    if escaped.is_empty() {
        return Cow::Borrowed(text);
    }
    escaped.push_str(rest);
    Cow::Owned(escaped)
}

/// The character that a reference of this name (what stands between `&` and `;`) is for; `None` if XML defines none.
pub(super) fn resolve(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return ENTITIES.iter().find(|(_, entity)| *entity == name).map(|(character, _)| *character);
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    let signed = digits.starts_with('+');
    let code = u32::from_str_radix(digits, radix).ok().filter(|code| *code != 0 && !signed)?;
    char::from_u32(code)
}
