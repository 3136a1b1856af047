//! Resource names: what was parsed is printed to a name that parses to the same.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use polyptych_domain::{AlbumName, ImageName, LibraryId};

/// Any text.
pub fn names(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    round::<AlbumName>(text);
    round::<ImageName>(text);
    if let Ok(id) = LibraryId::new(text) {
        assert_eq!(id.as_str(), text);
    }
}

fn round<N: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) {
    match text.parse::<N>() {
        Ok(name) => assert_eq!(name.to_string().parse::<N>().ok(), Some(name)),
        Err(error) => {
            let line = error.to_string();
            assert!(line.len() <= 2048, "an error repeats a long input");
        }
    }
}
