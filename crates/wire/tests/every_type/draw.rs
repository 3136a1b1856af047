//! Values out of bytes: shorter bytes make simpler values, so that what fails shrinks.

use proptest::prelude::{Strategy, any};

/// Records within records, at most.
const DEPTH: usize = 5;

/// Texts that writers and readers tend to spoil.
const PIECES: &[&str] = &[
    "a",
    "Z9",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "<",
    ">",
    "&",
    "&amp;",
    "&#13;",
    "]]>",
    "<![CDATA[",
    "\"",
    "'",
    "\\",
    "/",
    "?",
    "#",
    "%2F",
    "+",
    "{",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "ё",
    "картинка",
    "漢",
    "\u{301}",
    "\u{200b}",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    "🖼",
];

/// Characters that JSON carries and XML cannot.
const CONTROLS: &[&str] = &["\0", "\u{1}", "\u{1b}", "\u{fffe}", "\u{ffff}"];

/// Bytes to make a value of.
pub(crate) fn entropy() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..400)
}

/// A source of choices.
pub(crate) struct Draw<'b> {
    bytes: std::slice::Iter<'b, u8>,
    depth: usize,
    controls: bool,
    invented: bool,
}

impl<'b> Draw<'b> {
    /// Choices from `bytes`, then always the first choice. `controls` lets texts hold what XML cannot carry.
    pub(crate) fn new(bytes: &'b [u8], controls: bool) -> Self {
        Self { bytes: bytes.iter(), depth: 0, controls, invented: true }
    }

    /// Enums hold no values but those of the schema.
    pub(crate) fn named_only(self) -> Self {
        Self { invented: false, ..self }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or_default()
    }

    /// A choice of `choices`.
    pub(crate) fn below(&mut self, choices: usize) -> usize {
        usize::from(self.byte()) % choices
    }

    /// Whether optional members may be there at this depth.
    pub(crate) fn goes_on(&self) -> bool {
        self.depth <= DEPTH
    }

    /// A value within the one being made.
    pub(crate) fn deeper<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let made = make(self);
        self.depth -= 1;
        made
    }

    pub(crate) fn text(&mut self) -> String {
        let length = self.below(5);
        let piece = |draw: &mut Self| {
            let choices = PIECES.len() + if draw.controls { CONTROLS.len() } else { 0 };
            let choice = draw.below(choices);
            PIECES.iter().chain(CONTROLS).nth(choice).copied().unwrap_or_default()
        };
        (0..length).map(|_| piece(self)).collect()
    }

    /// A value of an enum: one of `named`, or one that nobody has named.
    pub(crate) fn enum_value(&mut self, named: &[&str]) -> String {
        let choice = self.below(named.len() + usize::from(self.invented));
        named.get(choice).map_or_else(|| format!("INVENTED{}", self.text()), |value| (*value).to_owned())
    }
}
