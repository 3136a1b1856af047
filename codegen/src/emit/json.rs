//! JSON writers of request types, member by member: as serde would write them, but an image stays a reference.

use proc_macro2::TokenStream;
use quote::quote;

use super::shape::{Holder, Model, Shape, ident};
use crate::ir::{TypeDef, TypeKind};

/// Emits `WriteJson` of every record that goes out.
pub fn emit(model: &Model<'_>) -> TokenStream {
    let impls = model.api.types.values().filter(|def| def.usage.request).map(|def| match &def.kind {
        TypeKind::Struct { .. } => writer(model, def),
        _ => TokenStream::new(),
    });
    quote!(#(#impls)*)
}

fn writer(model: &Model<'_>, def: &TypeDef) -> TokenStream {
    let name = ident(&def.rust_name);
    let shapes = model.shapes(def);
    let members = shapes.iter().map(member);
    let body = if shapes.is_empty() {
        quote!(body.push_str("{}");)
    } else {
        quote! {
            let mut object = polyptych_wire::json::ObjectWriter::new(body);
            #(#members)*
            object.end();
        }
    };
    quote! {
        impl polyptych_wire::json::WriteJson for #name {
            fn write_json(&self, body: &mut BodyWriter) {
                #body
            }
        }
    }
}

pub(super) fn member(shape: &Shape<'_>) -> TokenStream {
    let ident = &shape.ident;
    let key = inside_quotes(&shape.field.wire);
    let write = |value: TokenStream| quote!(polyptych_wire::json::WriteJson::write_json(#value, object.key(#key)));
    match shape.holder {
        Holder::Optional | Holder::Boxed => {
            let write = write(if shape.holder == Holder::Boxed { quote!(value.as_ref()) } else { quote!(value) });
            quote!(if let Some(value) = &self.#ident { #write; })
        }
        Holder::List | Holder::Nested | Holder::Map if !shape.demanded => {
            let write = write(quote!(&self.#ident));
            quote!(if !self.#ident.is_empty() { #write; })
        }
        Holder::Plain | Holder::List | Holder::Nested | Holder::Map => {
            let write = write(quote!(&self.#ident));
            quote!(#write;)
        }
    }
}

/// A name as it stands between the quotes of a JSON string.
fn inside_quotes(wire: &str) -> String {
    let quoted = serde_json::Value::from(wire).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}
