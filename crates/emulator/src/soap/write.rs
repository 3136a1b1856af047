//! Writing XML: elements are opened and closed by name, text is escaped, characters that XML cannot carry are replaced.

use std::fmt::Write as _;

/// A document under construction.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// Text that is markup already.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// `<name attributes>`; `attributes` are markup already and may be empty.
    pub(crate) fn open(&mut self, name: &str, attributes: &str) -> &mut Self {
        let gap = if attributes.is_empty() { "" } else { " " };
        // Writing into a String cannot fail.
        let _ = write!(self.0, "<{name}{gap}{attributes}>");
        self
    }

    /// `</name>`.
    pub(crate) fn close(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// Escaped text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#13;"),
                '\t' | '\n' => self.0.push(letter),
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.0.push('\u{fffd}'),
                other => self.0.push(other),
            }
        }
        self
    }

    /// An element that holds only text.
    pub(crate) fn leaf(&mut self, name: &str, attributes: &str, text: &str) -> &mut Self {
        self.open(name, attributes).text(text).close(name)
    }

    /// The document.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back_as_it_was_written() {
        let mut xml = Xml::default();
        xml.open("a", "b=\"c\"").leaf("d", "", "1 < 2 & \"3\"\r\n\u{1}").close("a");
        let read = super::super::read::parse(xml.into_string().as_bytes()).unwrap();
        assert_eq!(read.children[0].text, "1 < 2 & \"3\"\r\n\u{fffd}");
    }
}
