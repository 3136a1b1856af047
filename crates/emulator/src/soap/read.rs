//! Reading XML into a tree. Documents with a DTD, too deep or of too many elements are refused; entities other than the
//! five of XML and character references are unknown.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// How deep elements may nest.
const DEEPEST: usize = 64;
/// How many attributes an element may have.
const MOST_ATTRIBUTES: usize = 64;
/// How many elements a document may have.
const MOST_ELEMENTS: usize = 200_000;

/// An element of a received document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// The name without its prefix.
    pub(crate) name: String,
    /// The namespace; empty when there is none.
    pub(crate) namespace: String,
    /// Whether the element says `nil="true"`.
    pub(crate) nil: bool,
    /// The `id` attribute of a multi-reference value.
    pub(crate) id: Option<String>,
    /// The `href` attribute, without its `#`.
    pub(crate) href: Option<String>,
    /// The text directly inside, white space kept.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first child of this local name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Takes the first child of this local name out.
    pub(crate) fn take_child(&mut self, name: &str) -> Option<Element> {
        let place = self.children.iter().position(|child| child.name == name)?;
        Some(self.children.swap_remove(place))
    }
}

/// Why a document was refused, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadXml(pub(crate) &'static str);

const MALFORMED: BadXml = BadXml("the XML is not well-formed");

/// The root element of a document.
///
/// # Errors
/// When the document is not UTF-8 or not well-formed, or passes a limit.
pub(crate) fn parse(document: &[u8]) -> Result<Element, BadXml> {
    let text = std::str::from_utf8(document).map_err(|_| BadXml("the XML is not UTF-8"))?;
    let mut reader = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    let mut root = None;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| MALFORMED)?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if open.len() == DEEPEST || elements > MOST_ELEMENTS {
                    return Err(BadXml("the XML is too deep or has too many elements"));
                }
                if open.is_empty() && root.is_some() {
                    return Err(MALFORMED);
                }
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.0.to_owned(),
                    ResolveResult::Unbound => String::new(),
                    ResolveResult::Unknown(_) => return Err(BadXml("the XML uses an undeclared prefix")),
                };
                open.push(element(&start, namespace)?);
            }
            Event::End(_) => {
                let done = open.pop().ok_or(MALFORMED)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(text) => add(&mut open, &text.xml10_content())?,
            Event::CData(text) => add(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let letter = match reference.resolve_char_ref().map_err(|_| MALFORMED)? {
                    Some(letter) => letter.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())
                        .ok_or(BadXml("the XML uses an undeclared entity"))?
                        .to_owned(),
                };
                add(&mut open, &letter)?;
            }
            Event::DocType(_) => return Err(BadXml("the XML has a document type declaration")),
            Event::Eof => break,
            Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(MALFORMED),
    }
}

fn element(start: &BytesStart<'_>, namespace: String) -> Result<Element, BadXml> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), namespace, ..Element::default() };
    // Without the check for doubles, whose cost grows with the square of their number.
    for (count, attribute) in start.attributes().with_checks(false).enumerate() {
        if count == MOST_ATTRIBUTES {
            return Err(BadXml("an XML element has too many attributes"));
        }
        let attribute = attribute.map_err(|_| MALFORMED)?;
        let value = attribute.value.as_ref();
        match attribute.key.local_name().as_ref() {
            "nil" | "null" => element.nil = matches!(value, "true" | "1"),
            "id" => element.id = Some(value.to_owned()),
            "href" => element.href = value.strip_prefix('#').map(str::to_owned),
            _ => {}
        }
    }
    Ok(element)
}

fn add(open: &mut [Element], text: &str) -> Result<(), BadXml> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(MALFORMED),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_joined_across_references_and_sections() {
        let root = parse(b"<a xmlns='n'>one &amp; <![CDATA[<two>]]>&#33;<b xmlns='' nil='1'/></a>").unwrap();
        assert_eq!((root.text.as_str(), root.namespace.as_str()), ("one & <two>!", "n"));
        assert!(root.child("b").is_some_and(|child| child.nil && child.namespace.is_empty()));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
        let wide = format!("<a {}/>", (0..65).map(|count| format!("b{count}='' ")).collect::<String>());
        let cases: [&[u8]; 8] = [
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            b"<a>&b;</a>",
            b"<a><b></a>",
            b"<a/><a/>",
            b"<p:a/>",
            b"\xff<a/>",
            deep.as_bytes(),
            wide.as_bytes(),
        ];
        for case in cases {
            assert!(parse(case).is_err(), "{:?}", String::from_utf8_lossy(case));
        }
    }
}
