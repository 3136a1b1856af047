//! The `fields` parameter: names, nested fields in braces, and arguments of nested edges such as `adimages.limit(5){hash}`
//! (reference 6.1). It reads the text and knows no node.

use super::error::GraphError;
use super::params::Params;

/// How deep fields may nest, how many there may be, and how long the text may be; all assumptions.
const DEEPEST: usize = 8;
const MOST: usize = 1_000;
const LONGEST: usize = 65_536;

/// A field that was asked for.
#[derive(Debug, Default, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    /// `.limit(5)` and the like.
    pub(super) arguments: Params,
    /// The fields in braces; empty without braces.
    pub(super) fields: Vec<Field>,
}

impl Field {
    /// A plain field.
    pub(super) fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// The fields of a request, or `usual` when it names none. A JSON list is taken beside the comma list. A name that comes
/// twice counts once.
///
/// # Errors
/// 2500 when the text cannot be read.
pub(super) fn asked(params: &Params, usual: &[&str]) -> Result<Vec<Field>, GraphError> {
    let joined = params.list("fields[]").map(|names| names.join(","));
    let text = match (params.given("fields"), &joined) {
        (Some(text), _) if text.starts_with('[') => params.list("fields").unwrap_or_default().join(","),
        (Some(text), _) => text.to_owned(),
        (None, Some(joined)) => joined.clone(),
        (None, None) => return Ok(usual.iter().map(|name| Field::plain(name)).collect()),
    };
    if text.len() > LONGEST {
        return Err(GraphError::syntax("the list of fields is too long"));
    }
    let mut reader = Reader { rest: &text, count: 0 };
    let fields = reader.fields(0)?;
    if reader.rest.is_empty() { Ok(fields) } else { Err(GraphError::syntax("unexpected end of fields")) }
}

struct Reader<'a> {
    rest: &'a str,
    count: usize,
}

impl Reader<'_> {
    fn take(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word.to_owned()
    }

    fn fields(&mut self, depth: usize) -> Result<Vec<Field>, GraphError> {
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let name = self.word();
            if !name.is_empty() {
                let field = self.field(name, depth)?;
                if !fields.iter().any(|known| known.name == field.name) {
                    fields.push(field);
                }
            }
            if !self.take(',') {
                return Ok(fields);
            }
        }
    }

    fn field(&mut self, name: String, depth: usize) -> Result<Field, GraphError> {
        self.count += 1;
        if self.count > MOST || depth >= DEEPEST {
            return Err(GraphError::syntax("too many fields"));
        }
        let mut field = Field::plain(&name);
        while self.take('.') {
            let name = self.word();
            if name.is_empty() || !self.take('(') {
                return Err(GraphError::syntax("an argument has the form .name(value)"));
            }
            let Some((value, rest)) = self.rest.split_once(')') else {
                return Err(GraphError::syntax("an argument is not closed"));
            };
            if field.arguments.pairs.len() >= 32 {
                return Err(GraphError::syntax("too many arguments"));
            }
            field.arguments.pairs.push((name, value.trim().into()));
            self.rest = rest;
        }
        if self.take('{') {
            field.fields = self.fields(depth + 1)?;
            if !self.take('}') {
                return Err(GraphError::syntax("a brace is not closed"));
            }
        }
        self.rest = self.rest.trim_start();
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Field>, GraphError> {
        asked(&Params { pairs: vec![("fields".to_owned(), text.into())], files: Vec::new() }, &[])
    }

    #[test]
    fn nested_fields_and_arguments_are_read() {
        let fields = read("id, owner_business{id,name},adimages.limit(5).hashes([\"a\",\"b\"]){hash},id").unwrap();
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["id", "owner_business", "adimages"]);
        assert_eq!(fields[1].fields.len(), 2);
        assert_eq!(fields[2].arguments.get("limit"), Some("5"));
        assert_eq!(fields[2].arguments.list("hashes").unwrap().len(), 2);
    }

    #[test]
    fn fields_that_cannot_be_read_are_an_error() {
        for text in ["a{b", "a}", "a.limit", "a.limit(5", "a b", "{a}", &"a{".repeat(100), &"a,".repeat(40_000)] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("[\"a\",\"b\"]").unwrap().len(), 2);
        assert_eq!(read(",a,").unwrap().len(), 1);
    }
}
