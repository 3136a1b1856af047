//! The XML reader beside roxmltree, a conforming parser that we did not write: where that one accepts a document, ours
//! must see the same elements and the same text, or refuse it by one of its own limits.

use polyptych_wire::xml::{Element, XmlError, XmlReader};
use roxmltree::{Document, Node};

/// An element's local name, `xsi:nil`, and the text before its first child.
type Seen = (String, String);

/// Any document.
pub fn xml(input: &[u8]) {
    let ours = walked(input);
    text_of_root(input);
    let Some(document) = std::str::from_utf8(input).ok().and_then(|text| Document::parse(text).ok()) else { return };
    let elements = document.descendants().filter(Node::is_element);
    let theirs: Vec<_> = elements.map(|node| (node.tag_name().name().to_owned(), leading_text(node))).collect();
    match ours {
        Ok(_) if has_carriage_return_beside_reference(input) => {}
        Ok(ours) => assert_eq!(ours, theirs),
        Err(XmlError::Limit { .. } | XmlError::Reference(_)) => {}
        Err(_) if has_empty_prefix(input) || has_declaration_in_pieces(input) || has_reference_beyond(input) => {}
        Err(error) => panic!("refused although well formed: {error}"),
    }
}

/// It is the end of a line as any other (XML 1.0, 2.11); roxmltree leaves it as it is.
fn has_carriage_return_beside_reference(input: &[u8]) -> bool {
    input.windows(2).any(|bytes| bytes == b";\r" || bytes == b"\r&")
}

/// `:Y` is no name where prefixes are used; roxmltree takes it for `Y`.
fn has_empty_prefix(input: &[u8]) -> bool {
    input.windows(3).any(|bytes| bytes.starts_with(b"<:") || bytes == b"</:")
}

/// No value of an XML declaration may hold its end (XML 1.0, 2.8); roxmltree lets it.
fn has_declaration_in_pieces(input: &[u8]) -> bool {
    let end = input.windows(2).position(|bytes| bytes == b"?>").unwrap_or_default();
    let declaration = input.get(..end).unwrap_or_default();
    let odd = |quote: u8| declaration.iter().filter(|byte| **byte == quote).count() % 2 == 1;
    odd(b'"') || odd(b'\'')
}

/// A reference has to be to a character (XML 1.0, 4.1); roxmltree reads one to a number beyond them as U+FFFD.
fn has_reference_beyond(input: &[u8]) -> bool {
    String::from_utf8_lossy(input).split("&#").skip(1).any(|rest| {
        let number = rest.split(';').next().unwrap_or_default();
        let number = match number.strip_prefix('x') {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        };
        number.is_ok_and(|number| char::from_u32(number).is_none())
    })
}

fn walked(input: &[u8]) -> Result<Vec<Seen>, XmlError> {
    let mut seen = Vec::new();
    let mut reader = XmlReader::new(input);
    walk(reader.root()?, &mut seen)?;
    reader.finish()?;
    Ok(seen)
}

/// The reader's own limit of depth bounds the recursion.
fn walk(mut element: Element<'_, '_>, seen: &mut Vec<Seen>) -> Result<(), XmlError> {
    let name = element.name().to_owned();
    let _ = element.is_nil();
    let place = seen.len();
    seen.push((name, String::new()));
    let (text, child) = element.text_or_child()?;
    if let (Some(seen), text) = (seen.get_mut(place), text) {
        seen.1 = text.into_owned();
    }
    if let Some(child) = child {
        walk(child, seen)?;
    }
    while let Some(child) = element.next_child()? {
        walk(child, seen)?;
    }
    Ok(())
}

/// Skips every child instead of reading it.
fn text_of_root(input: &[u8]) {
    if let Ok(mut root) = XmlReader::new(input).root()
        && let Err(error) = root.text()
    {
        drop(error.to_string());
    }
}

fn leading_text(node: Node<'_, '_>) -> String {
    let before = node.children().take_while(|child| !child.is_element()).filter(Node::is_text);
    before.filter_map(|text| text.text()).collect()
}
