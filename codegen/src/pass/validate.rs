//! What must hold before anything is emitted; an error here names the schema line instead of breaking generated code.

use crate::ir::{Api, Field, Scalar, TypeDef, TypeKind, TypeName, TypeRef};
use crate::{Error, ErrorKind, Errors};

/// Runs the checks.
///
/// # Errors
/// For each name that is not an identifier and each image that an answer would hold.
pub fn run(api: &Api) -> Result<(), Errors> {
    let mut errors = Errors::default();
    for (name, def) in &api.types {
        check(&mut errors, is_identifier(&def.rust_name), def, || format!("`{name}` has no name in Rust"));
        match &def.kind {
            TypeKind::Struct { fields, .. } => {
                for field in fields {
                    check_field(&mut errors, name, def, field);
                }
            }
            TypeKind::Enum { values } => {
                check(&mut errors, !values.is_empty(), def, || format!("`{name}` has no values"));
                for value in values {
                    let named = is_identifier(&value.rust_name);
                    check(&mut errors, named, def, || format!("`{}` of `{name}` has no name in Rust", value.wire));
                }
            }
            TypeKind::Alias(_) => {}
        }
    }
    errors.into_result(())
}

fn check_field(errors: &mut Errors, name: &TypeName, def: &TypeDef, field: &Field) {
    let wire = &field.wire;
    check(errors, is_identifier(&field.rust_name), def, || format!("`{wire}` of `{name}` has no name in Rust"));
    check(errors, !(def.usage.response && is_image(&field.ty)), def, || {
        format!("`{wire}` of `{name}` is an image in an answer, which is not supported")
    });
    let file = matches!(core(&field.ty), TypeRef::Scalar(Scalar::File));
    check(errors, !file, def, || format!("`{wire}` of `{name}` is a file, which only a form carries"));
    let bytes = matches!(core(&field.ty), TypeRef::Scalar(Scalar::Bytes));
    check(errors, !bytes, def, || format!("`{wire}` of `{name}` is bytes, which are a whole body only"));
    let text =
        matches!(core(&field.ty), TypeRef::Scalar(Scalar::String)) || matches!(core(&field.ty), TypeRef::Named(_));
    check(errors, !field.inline || text, def, || format!("`{wire}` of `{name}` is not text, so it cannot be inline"));
}

fn check(errors: &mut Errors, holds: bool, def: &TypeDef, detail: impl FnOnce() -> String) {
    if !holds {
        errors.push(Error::new(ErrorKind::Unsupported, &def.origin, detail()));
    }
}

fn core(ty: &TypeRef) -> &TypeRef {
    match ty {
        TypeRef::List(item) | TypeRef::Map(item) => core(item),
        core => core,
    }
}

fn is_image(ty: &TypeRef) -> bool {
    matches!(core(ty), TypeRef::Scalar(Scalar::Base64 | Scalar::Base64Text | Scalar::File))
}

fn is_identifier(name: &str) -> bool {
    syn::parse_str::<syn::Ident>(name).is_ok() || syn::parse_str::<syn::Ident>(&format!("r#{name}")).is_ok()
}
