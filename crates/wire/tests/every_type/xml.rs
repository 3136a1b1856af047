//! A writer of XML beside the one under test, and a comparison of XML that was written with what the schema says.

use roxmltree::Node;

use crate::every_type::Shown;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As the schema says: what is absent is not there.
    Strict,
    /// As services may also do: prefixes, types, absent members as `xsi:nil`, text in sections and references, elements
    /// that nobody knows, comments, and the members in reverse.
    Sloppy,
}

const SLOPPY_START: &str = "<!-- c --><NobodyKnows a='1'><a><item>1</item></a>text</NobodyKnows>";

/// A document whose root is the value.
pub(crate) fn document(shown: &Shown, manner: Manner) -> String {
    let mut out = String::from("<r xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:p='urn:p'>");
    content(&mut out, shown, manner);
    out.push_str("</r>");
    out
}

fn content(out: &mut String, shown: &Shown, manner: Manner) {
    match shown {
        Shown::Scalar(_, text) if manner == Manner::Sloppy => out.push_str(&in_pieces(text)),
        Shown::Scalar(_, text) => out.push_str(&in_references(text)),
        Shown::Record(members) => {
            let mut pieces: Vec<String> = Vec::new();
            for (wire, member) in members {
                let mut piece = String::new();
                place(&mut piece, wire, member, manner);
                pieces.push(piece);
            }
            if manner == Manner::Sloppy {
                out.push_str(SLOPPY_START);
                pieces.reverse();
            }
            out.push_str(&pieces.join(if manner == Manner::Sloppy { "\n  " } else { "" }));
        }
        Shown::List { items, .. } => items.iter().for_each(|item| place(out, "item", item, manner)),
        Shown::Absent | Shown::Map(_) => panic!("XML has no place for {shown:?}"),
    }
}

fn place(out: &mut String, wire: &str, shown: &Shown, manner: Manner) {
    match shown {
        Shown::Absent if manner == Manner::Sloppy => out.push_str(&format!("<p:{wire} xsi:nil='true'/>")),
        Shown::Absent => {}
        Shown::List { items, wrapped: false, .. } => items.iter().for_each(|item| place(out, wire, item, manner)),
        Shown::List { items, kept: false, .. } if items.is_empty() && manner == Manner::Strict => {}
        _ => {
            let (prefix, attributes) = match manner {
                Manner::Strict => ("", ""),
                Manner::Sloppy => ("p:", " xsi:type='p:X' id='i'"),
            };
            out.push_str(&format!("<{prefix}{wire}{attributes}>"));
            content(out, shown, manner);
            out.push_str(&format!("</{prefix}{wire}>"));
        }
    }
}

/// Every character that is not a letter or a digit as a reference.
fn in_references(text: &str) -> String {
    let reference = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) };
    text.chars().map(reference).collect()
}

/// Characters in turn as a section, by a reference, and beside a comment.
fn in_pieces(text: &str) -> String {
    let piece = |(index, c): (usize, char)| match index % 3 {
        // A section would have its line ends made one, and its end read.
        0 if !matches!(c, '\r' | ']' | '>') => format!("<![CDATA[{c}]]>"),
        1 => format!("&#x{:X};<!-- - -->", u32::from(c)),
        _ => in_references(&c.to_string()),
    };
    text.chars().enumerate().map(piece).collect()
}

/// Whether the content of `node` is `shown`, with nothing more and in that order; the first difference if it is not.
pub(crate) fn agrees(node: Node<'_, '_>, shown: &Shown) -> Result<(), String> {
    let at = node.tag_name().name();
    match shown {
        Shown::Scalar(_, text) => {
            let found: String = node.children().filter_map(|child| child.text()).collect();
            let plain = node.children().all(|child| child.is_text());
            if plain && found == *text { Ok(()) } else { Err(format!("{at}: {found:?} is not {text:?}")) }
        }
        Shown::Record(members) => {
            let mut expected = Vec::new();
            for (wire, member) in members {
                match member {
                    Shown::Absent => {}
                    Shown::List { items, wrapped: false, .. } => {
                        expected.extend(items.iter().map(|item| (*wire, item)))
                    }
                    Shown::List { items, kept: false, .. } if items.is_empty() => {}
                    member => expected.push((*wire, member)),
                }
            }
            children(node, &expected)
        }
        Shown::List { items, .. } => children(node, &items.iter().map(|item| ("item", item)).collect::<Vec<_>>()),
        Shown::Absent | Shown::Map(_) => panic!("XML has no place for {shown:?}"),
    }
}

fn children(node: Node<'_, '_>, expected: &[(&str, &Shown)]) -> Result<(), String> {
    let names: Vec<_> = node.children().map(|child| child.tag_name().name()).collect();
    let wanted: Vec<_> = expected.iter().map(|(wire, _)| *wire).collect();
    if names != wanted {
        return Err(format!("{}: {names:?} is not {wanted:?}", node.tag_name().name()));
    }
    node.children().zip(expected).try_for_each(|(child, (_, shown))| agrees(child, shown))
}

/// Every text in a value.
pub(crate) fn texts(shown: &Shown) -> Vec<&str> {
    match shown {
        Shown::Absent | Shown::Map(_) => Vec::new(),
        Shown::Scalar(_, text) => vec![text],
        Shown::Record(members) => members.iter().flat_map(|(_, member)| texts(member)).collect(),
        Shown::List { items, .. } => items.iter().flat_map(texts).collect(),
    }
}
