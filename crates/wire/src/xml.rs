//! XML: a writer into a [`crate::Body`] and a pull reader of scoped elements.
//!
//! Names are matched by their local part; DTDs are refused; depth, attributes and text are capped; text that arrives
//! in several events (entities, CDATA) is joined.

mod escape;
mod reader;
mod token;
mod value;
mod writer;

pub use escape::escape;
pub use reader::{Element, XmlReader};
pub use value::{read_items, read_number};
pub use writer::{Tag, XmlWriter};

/// Writes a value as the content (attributes and children) of the element that the caller has opened, in schema order.
pub trait WriteXml {
    /// Appends the content.
    fn write_xml(&self, writer: &mut XmlWriter);
}

/// Reads a value from the content of an element. Children may come in any order; unknown ones are skipped.
pub trait ReadXml: Sized {
    /// Consumes the element's content.
    ///
    /// # Errors
    /// If the XML is not well formed, breaks a limit, or a child's text is not of its type.
    fn read_xml(element: &mut Element<'_, '_>) -> Result<Self, XmlError>;
}

/// Why XML could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not well-formed XML.
    #[error("xml is not well formed at byte {at}: {detail}")]
    Syntax {
        /// Byte offset.
        at: u64,
        /// What the parser says.
        detail: String,
    },
    /// The document ended before its root element did, or holds none.
    #[error("xml ended at byte {at} before its root element did")]
    Truncated {
        /// Byte offset.
        at: u64,
    },
    /// A document type declaration or an entity that only a DTD could define.
    #[error("xml holds a document type declaration or the entity `{0}`, which is refused")]
    Dtd(String),
    /// A limit was exceeded.
    #[error("xml exceeds the limit of {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An element refers to another one by `href` (SOAP 1.1, 5.4.1) instead of holding its value. References are not
    /// followed; to read such an element as empty would lose its value in silence.
    #[error("element `{0}` refers to another part of the document, which is not supported")]
    Reference(String),
    /// The text of an element is not of its type.
    #[error("element `{element}` does not hold {expected}")]
    Value {
        /// Local name of the element.
        element: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A required element is missing.
    #[error("xml has no element `{0}`")]
    Missing(&'static str),
    /// Text to be written holds a character that XML 1.0 cannot carry.
    #[error("text holds the character U+{0:04X}, which xml cannot carry")]
    Character(u32),
}

impl From<Box<XmlError>> for XmlError {
    fn from(error: Box<XmlError>) -> Self {
        *error
    }
}
