//! Lines of JSON pointers, so that a place in a JSON schema can be opened like one in XML. It reads well-formed JSON; in
//! anything else it finds nothing.

/// The line on which the value at `pointer` starts, from 1; `None` if there is none.
pub fn line_of(json: &[u8], pointer: &str) -> Option<usize> {
    let mut reader = Reader { json, at: 0 };
    reader.space();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        match reader.next()? {
            b'{' => reader.member(&step)?,
            b'[' => reader.element(step.parse().ok()?)?,
            _ => return None,
        }
    }
    reader.peek()?;
    Some(1 + json.get(..reader.at)?.iter().filter(|byte| **byte == b'\n').count())
}

struct Reader<'j> {
    json: &'j [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Goes to the value of the member, from just inside an object.
    fn member(&mut self, name: &str) -> Option<()> {
        loop {
            self.space();
            let start = self.at;
            self.text()?;
            let key: String = serde_json::from_slice(self.json.get(start..self.at)?).ok()?;
            self.space();
            (self.next()? == b':').then_some(())?;
            self.space();
            if key == name {
                return Some(());
            }
            self.value()?;
            self.comma()?;
        }
    }

    /// Goes to an element, from just inside a list.
    fn element(&mut self, index: usize) -> Option<()> {
        for _ in 0..index {
            self.space();
            self.value()?;
            self.comma()?;
        }
        self.space();
        (self.peek()? != b']').then_some(())
    }

    fn comma(&mut self) -> Option<()> {
        self.space();
        (self.next()? == b',').then_some(())
    }

    fn text(&mut self) -> Option<()> {
        (self.next()? == b'"').then_some(())?;
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    /// Goes past a value. Depth is a count, so that no input can exhaust the stack.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.space();
            match self.peek()? {
                b'"' => self.text()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let start = self.at;
                    while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
                        self.at += 1;
                    }
                    (self.at > start).then_some(())?;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::line_of;

    const JSON: &[u8] = br#"{
  "a \"{": [1, {"x": -1.5e3}, [], "]}\\"],
  "paths": {
    "/a~b": {"get": null,
      "put": [
        true,
        {"deep": {}}
      ]}
  }
}"#;

    #[test]
    fn each_pointer_has_the_line_of_its_value() {
        let cases = [
            ("", Some(1)),
            ("/a \"{/1/x", Some(2)),
            ("/a \"{/3", Some(2)),
            ("/paths", Some(3)),
            ("/paths/~1a~0b/get", Some(4)),
            ("/paths/~1a~0b/put", Some(5)),
            ("/paths/~1a~0b/put/1/deep", Some(7)),
            ("/a \"{/4", None),
            ("/paths/none", None),
            ("/a \"{/x", None),
            ("/paths/~1a~0b/get/more", None),
        ];
        for (pointer, line) in cases {
            assert_eq!(line_of(JSON, pointer), line, "{pointer}");
        }
    }

    #[test]
    fn what_is_not_json_has_no_places() {
        for text in ["", "{", "{\"a\"", "{\"a\":", "[[[", "{\"b\": x y, \"a\": 1}", "{\"b\" 1}", "\"a"] {
            assert_eq!(line_of(text.as_bytes(), "/a"), None, "{text}");
        }
    }
}
