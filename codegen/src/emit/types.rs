//! Records and enums with their serde derives, constructors and setters. Answers are read leniently: everything in
//! them is optional, `null` and absent are the same, numbers may be text.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::shape::{Holder, Model, Shape, doc, ident, is_text};
use crate::ir::{EnumValue, Scalar, TypeDef, TypeKind, TypeRef};

/// Emits every type of the schema.
pub fn emit(model: &Model<'_>) -> TokenStream {
    let types = model.api.types.iter().map(|(name, def)| match &def.kind {
        TypeKind::Struct { .. } => record(model, def, model.is_image(name)),
        TypeKind::Enum { values } => open_enum(def, values),
        TypeKind::Alias(_) => TokenStream::new(),
    });
    quote!(#(#types)*)
}

fn record(model: &Model<'_>, def: &TypeDef, image: bool) -> TokenStream {
    let shapes = model.shapes(def);
    let name = ident(&def.rust_name);
    let docs =
        doc(&if def.doc.is_empty() { format!("`{}`; {}.", def.rust_name, def.origin.file) } else { def.doc.clone() });
    let default = (!shapes.iter().any(|shape| shape.demanded) || def.usage.response).then(|| quote!(Default,));
    let equal = (!image).then(|| quote!(PartialEq,));
    let serialize = (!image).then(|| quote!(::serde::Serialize,));
    let deserialize = def.usage.response.then(|| quote!(::serde::Deserialize));
    let lenient = def.usage.response.then(|| quote!(#[serde(default)]));
    let members = shapes.iter().map(|shape| member(def, shape, image));
    let construction = def.usage.request.then(|| construction(&name, &shapes));
    quote! {
        #docs
        #[derive(Debug, Clone, #default #equal #serialize #deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #lenient
        pub struct #name { #(#members)* }
        #construction
    }
}

fn member(def: &TypeDef, shape: &Shape<'_>, image: bool) -> TokenStream {
    let docs = doc(&member_doc(shape));
    let ident = &shape.ident;
    let ty = shape.rust_type();
    let serde = serde(def, shape, image);
    let schema = schema(shape);
    quote! {
        #docs
        #serde
        #schema
        pub #ident: #ty,
    }
}

/// The foreign text type has no JSON Schema of its own; it is described as the text that it is.
fn schema(shape: &Shape<'_>) -> Option<TokenStream> {
    if shape.item.to_string() != "CompactString" {
        return None;
    }
    let text = Shape { item: quote!(String), ident: shape.ident.clone(), ..*shape }.rust_type().to_string();
    let text = text.replace(' ', "");
    Some(quote!(#[cfg_attr(feature = "schema", schemars(with = #text))]))
}

pub(super) fn member_doc(shape: &Shape<'_>) -> String {
    if !shape.field.doc.is_empty() {
        return shape.field.doc.clone();
    }
    let ty = match shape.leaf {
        TypeRef::Scalar(scalar) => format!("{scalar:?}").to_lowercase(),
        TypeRef::Named(name) => name.local.clone(),
        TypeRef::List(_) | TypeRef::Map(_) => "structure".to_owned(),
    };
    let many = match shape.holder {
        Holder::List | Holder::Nested => "list of ",
        Holder::Map => "map of ",
        _ => "",
    };
    let need = if shape.field.required && !shape.field.nillable { "required" } else { "optional" };
    format!("`{}`, {many}{ty}, {need}; {}.", shape.field.wire, shape.field.origin.file)
}

/// What serde has to know. Records that hold an image are not written by serde; only their JSON Schema has to know it.
fn serde(def: &TypeDef, shape: &Shape<'_>, image: bool) -> TokenStream {
    let mut parts = Vec::new();
    let wire = &shape.field.wire;
    if *wire != shape.field.rust_name {
        parts.push(quote!(rename = #wire));
    }
    let skip = match shape.holder {
        Holder::Optional | Holder::Boxed => Some("Option::is_none"),
        Holder::List | Holder::Nested if !shape.demanded => Some("Vec::is_empty"),
        Holder::Map if !shape.demanded => Some("::std::collections::BTreeMap::is_empty"),
        _ => None,
    };
    parts.extend(skip.map(|skip| quote!(skip_serializing_if = #skip)));
    if def.usage.response {
        parts.extend(lenient_reader(shape).map(|reader| quote!(deserialize_with = #reader)));
    }
    match (parts.is_empty(), image) {
        (true, _) => TokenStream::new(),
        (false, false) => quote!(#[serde(#(#parts),*)]),
        (false, true) => quote!(#[cfg_attr(feature = "schema", schemars(#(#parts),*))]),
    }
}

fn lenient_reader(shape: &Shape<'_>) -> Option<&'static str> {
    match (shape.holder, shape.leaf) {
        (Holder::List | Holder::Nested, _) => Some("polyptych_wire::json::lenient_list"),
        (Holder::Map, _) => Some("polyptych_wire::json::lenient_map"),
        (Holder::Optional, TypeRef::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::UInt32 | Scalar::UInt64)) => {
            Some("polyptych_wire::json::lenient_int")
        }
        (Holder::Optional, TypeRef::Scalar(Scalar::Float64)) => Some("polyptych_wire::json::lenient_float"),
        (Holder::Optional, TypeRef::Scalar(scalar)) if is_text(*scalar) => Some("polyptych_wire::json::lenient_text"),
        _ => None,
    }
}

pub(super) fn construction(name: &proc_macro2::Ident, shapes: &[Shape<'_>]) -> TokenStream {
    let demanded: Vec<_> = shapes.iter().filter(|shape| shape.demanded).collect();
    let new = (!demanded.is_empty()).then(|| {
        let arguments = demanded.iter().map(|shape| argument(shape, &shape.ident));
        let members = shapes.iter().map(|shape| {
            let ident = &shape.ident;
            let value = match (shape.demanded, shape.holder) {
                (true, _) => given(shape, ident),
                (false, Holder::Optional | Holder::Boxed) => quote!(None),
                (false, _) => quote!(Default::default()),
            };
            if *ident == value.to_string() { quote!(#ident) } else { quote!(#ident: #value) }
        });
        // Clippy counts arguments; the schema decides how many there are.
        let many = (demanded.len() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]));
        quote! {
            /// With the members that the schema demands; the others are absent.
            #many
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#members),* }
            }
        }
    });
    let setters = shapes.iter().filter(|shape| !shape.demanded).map(|shape| {
        let setter = format_ident!("with_{}", shape.field.rust_name);
        let docs = doc(&format!("Sets `{}`.", shape.field.wire));
        let value = ident("value");
        let argument = argument(shape, &value);
        let given = given(shape, &value);
        let ident = &shape.ident;
        quote! {
            #docs
            #[must_use]
            pub fn #setter(mut self, #argument) -> Self {
                self.#ident = #given;
                self
            }
        }
    });
    quote! {
        impl #name {
            #new
            #(#setters)*
        }
    }
}

/// Whether callers may pass anything that converts: for text.
fn converts(shape: &Shape<'_>) -> bool {
    matches!(shape.leaf, TypeRef::Scalar(scalar) if is_text(*scalar))
}

fn argument(shape: &Shape<'_>, name: &proc_macro2::Ident) -> TokenStream {
    let item = &shape.item;
    match (shape.holder, converts(shape)) {
        (Holder::List, true) => quote!(#name: impl IntoIterator<Item = impl Into<#item>>),
        (Holder::List, false) => quote!(#name: impl IntoIterator<Item = #item>),
        (Holder::Plain | Holder::Optional | Holder::Boxed, true) => quote!(#name: impl Into<#item>),
        (Holder::Plain | Holder::Optional | Holder::Boxed, false) => quote!(#name: #item),
        (Holder::Nested | Holder::Map, _) => {
            let ty = shape.rust_type();
            quote!(#name: #ty)
        }
    }
}

fn given(shape: &Shape<'_>, name: &proc_macro2::Ident) -> TokenStream {
    let value = if converts(shape) { quote!(#name.into()) } else { quote!(#name) };
    match (shape.holder, converts(shape)) {
        (Holder::Plain, _) => value,
        (Holder::Optional, _) => quote!(Some(#value)),
        (Holder::Boxed, _) => quote!(Some(Box::new(#value))),
        (Holder::List, true) => quote!(#name.into_iter().map(Into::into).collect()),
        (Holder::List, false) => quote!(#name.into_iter().collect()),
        (Holder::Nested | Holder::Map, _) => quote!(#name),
    }
}

fn open_enum(def: &TypeDef, values: &[EnumValue]) -> TokenStream {
    let docs =
        doc(&if def.doc.is_empty() { format!("`{}`; {}.", def.rust_name, def.origin.file) } else { def.doc.clone() });
    let name = ident(&def.rust_name);
    let variants = values.iter().map(|value| {
        let docs = doc(&if value.doc.is_empty() { format!("`{}`.", value.wire) } else { value.doc.clone() });
        let variant = ident(&value.rust_name);
        let wire = &value.wire;
        quote!(#docs #variant = #wire)
    });
    // Wrapped in the macro when the text is laid out: inside of a macro nothing would be formatted.
    quote! {
        #docs
        #[open_enum]
        pub enum #name { #(#variants),* }
    }
}
