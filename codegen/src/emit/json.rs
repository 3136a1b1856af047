//! JSON writers of request types: through serde, or member by member where an image is held, so that it stays a
//! reference.

use proc_macro2::TokenStream;
use quote::quote;

use super::shape::{Holder, Model, Shape, ident};
use crate::ir::{TypeDef, TypeKind, TypeRef};

/// Emits `WriteJson` of every record that goes out.
pub fn emit(model: &Model<'_>) -> TokenStream {
    let impls = model.api.types.iter().filter(|(_, def)| def.usage.request).map(|(name, def)| match &def.kind {
        TypeKind::Struct { .. } => writer(model, def, model.is_image(name)),
        _ => TokenStream::new(),
    });
    quote!(#(#impls)*)
}

fn writer(model: &Model<'_>, def: &TypeDef, image: bool) -> TokenStream {
    let name = ident(&def.rust_name);
    let body = if image {
        let shapes = model.shapes(def);
        let members = shapes.iter().map(member);
        quote! {
            let mut object = polyptych_wire::json::ObjectWriter::new(body);
            #(#members)*
            object.end();
        }
    } else {
        quote!(polyptych_wire::json::write_serde(self, body);)
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
    let key = quote!(object.key(#key));
    match shape.holder {
        Holder::Plain => {
            let value = value(shape, &quote!(&self.#ident), &key);
            quote!(#value;)
        }
        Holder::Optional | Holder::Boxed => {
            let value = value(shape, &quote!(value), &key);
            quote!(if let Some(value) = &self.#ident { #value; })
        }
        Holder::List | Holder::Nested | Holder::Map => {
            let write = if shape.image && shape.holder == Holder::List {
                quote!(polyptych_wire::json::write_list(&self.#ident, #key);)
            } else {
                quote!(polyptych_wire::json::write_serde(&self.#ident, #key);)
            };
            if shape.demanded { write } else { quote!(if !self.#ident.is_empty() { #write }) }
        }
    }
}

/// A name as it stands between the quotes of a JSON string.
fn inside_quotes(wire: &str) -> String {
    let quoted = serde_json::Value::from(wire).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}

fn value(shape: &Shape<'_>, value: &TokenStream, key: &TokenStream) -> TokenStream {
    match shape.leaf {
        TypeRef::Scalar(_) if shape.image => quote!(polyptych_wire::json::write_base64(#value, #key)),
        _ if shape.image => quote!(polyptych_wire::json::WriteJson::write_json(#value, #key)),
        _ => quote!(polyptych_wire::json::write_serde(#value, #key)),
    }
}
