//! Protocol buffer sources, compiled in memory: no protoc and no include path. Well-known imports come from the
//! compiler, every other import must be a stored input.

use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::prost_types::FileDescriptorSet;

use crate::ir::Origin;
use crate::{Error, ErrorKind, Inputs};

/// Compiled files with their imports, dependencies first.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The files, with comments.
    pub files: FileDescriptorSet,
    /// The same as an encoded `google.protobuf.FileDescriptorSet`.
    pub encoded: Vec<u8>,
}

/// Compiles the inputs at `paths`, relative to `schemas/`; imports are written in the same way.
///
/// # Errors
/// [`ErrorKind::MissingInput`] if an input is not there, [`ErrorKind::Syntax`] if one does not compile.
pub fn compile(inputs: &Inputs, paths: &[&str]) -> Result<Compiled, Error> {
    for path in paths {
        crate::target::input(inputs, path)?;
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(Stored(inputs.clone()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_source_info(true).include_imports(true);
    for path in paths {
        compiler.open_file(path).map_err(|error| located(path, &error))?;
    }
    Ok(Compiled { files: compiler.file_descriptor_set(), encoded: compiler.encode_file_descriptor_set() })
}

/// The stored inputs as the compiler's only files.
struct Stored(Inputs);

impl FileResolver for Stored {
    fn resolve_path(&self, path: &std::path::Path) -> Option<String> {
        path.to_str().filter(|path| self.0.contains_key(*path)).map(str::to_owned)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let content = self.0.get(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        let source = std::str::from_utf8(content).map_err(protox::Error::new)?;
        File::from_source(name, source)
    }
}

/// The compiler's error with its place, which only its `Debug` form tells, as `file:line:column: message`.
fn located(path: &str, error: &protox::Error) -> Error {
    let file = error.file().unwrap_or(path).to_owned();
    let text = format!("{error:?}");
    let told = text.strip_prefix(&format!("{file}:")).and_then(|rest| rest.split_once(": "));
    let (place, detail) = match told {
        Some((place, detail)) => (place.to_owned(), detail.to_owned()),
        None => (String::new(), error.to_string()),
    };
    Error::new(ErrorKind::Syntax, &Origin { file, place }, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(files: &[(&str, &str)]) -> Inputs {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn imports_are_resolved_among_the_inputs_and_the_well_known_files() {
        let inputs = inputs(&[
            ("a/one.proto", "syntax = \"proto3\"; package a; import \"a/two.proto\"; message One { Two two = 1; }"),
            (
                "a/two.proto",
                "syntax = \"proto3\"; package a; import \"google/protobuf/timestamp.proto\"; \
                 message Two { google.protobuf.Timestamp at = 1; }",
            ),
        ]);
        let compiled = compile(&inputs, &["a/one.proto"]).unwrap();
        let names: Vec<_> = compiled.files.file.iter().map(|file| file.name()).collect();
        assert_eq!(names, ["google/protobuf/timestamp.proto", "a/two.proto", "a/one.proto"]);
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        let inputs = inputs(&[("a.proto", "syntax = \"proto3\";\nmessage A {\n  Missing b = 1;\n}\n")]);
        let error = compile(&inputs, &["a.proto"]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Syntax);
        assert_eq!((error.origin.file.as_str(), error.origin.place.as_str()), ("a.proto", "3:3"));
        assert!(error.detail.contains("Missing"), "{error}");
    }

    #[test]
    fn a_missing_import_is_an_error_of_the_importing_file() {
        let inputs = inputs(&[("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n")]);
        let error = compile(&inputs, &["a.proto"]).unwrap_err();
        assert_eq!(error.origin.file, "a.proto");
        assert!(error.detail.contains("b.proto"), "{error}");
    }
}
