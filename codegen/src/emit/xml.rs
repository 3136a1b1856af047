//! XML codecs: writers of what goes out, in schema order; readers of what comes back, by local name and in any order.

use proc_macro2::TokenStream;
use quote::quote;

use super::shape::{Holder, Model, Shape, ident};
use crate::ir::{Scalar, SoapStyle, TypeDef, TypeKind, TypeName, TypeRef};
use crate::{Error, ErrorKind, Errors};

/// Emits the codecs of every record.
///
/// # Errors
/// For each member that XML of this style cannot carry.
pub fn emit(model: &Model<'_>, style: SoapStyle) -> Result<TokenStream, Errors> {
    let mut errors = Errors::default();
    let mut impls = TokenStream::new();
    for def in model.api.types.values().filter(|def| matches!(def.kind, TypeKind::Struct { .. })) {
        let shapes = model.shapes(def);
        for shape in &shapes {
            if let Some(problem) = problem(shape, style) {
                errors.push(Error::new(ErrorKind::Unsupported, &shape.field.origin, problem));
            }
        }
        if def.usage.request {
            impls.extend(writer(model, def, &shapes, style));
        }
        if def.usage.response {
            impls.extend(reader(def, &shapes));
        }
    }
    errors.into_result(impls)
}

fn problem(shape: &Shape<'_>, style: SoapStyle) -> Option<&'static str> {
    match (shape.holder, shape.leaf) {
        (Holder::Nested, _) => Some("lists of lists are not supported in XML"),
        (Holder::Map, _) | (_, TypeRef::Map(_)) => Some("maps are not supported in XML"),
        (_, TypeRef::Scalar(Scalar::Json | Scalar::File | Scalar::Bytes)) => Some("this type is not supported in XML"),
        (Holder::List, _) if style == SoapStyle::DocumentLiteral && !shape.field.repeated => {
            Some("encoded arrays are not supported in document/literal")
        }
        (Holder::List, _) if style == SoapStyle::RpcEncoded && shape.array.is_none() => {
            Some("repeated elements are not supported in rpc/encoded")
        }
        _ => None,
    }
}

fn writer(model: &Model<'_>, def: &TypeDef, shapes: &[Shape<'_>], style: SoapStyle) -> TokenStream {
    let name = ident(&def.rust_name);
    let members = shapes.iter().map(|shape| {
        let ident = &shape.ident;
        let wire = &shape.field.wire;
        let xsi_type = (style == SoapStyle::RpcEncoded).then(|| xsi_type(model, shape.leaf)).into_iter();
        let tag = quote!(polyptych_wire::xml_tag!(#wire #(, #xsi_type)*));
        let element = |value: TokenStream| quote!(writer.element(#tag, #value););
        match (shape.holder, shape.array) {
            (Holder::Plain, _) => element(quote!(&self.#ident)),
            (Holder::Optional, _) => {
                let element = element(quote!(value));
                quote!(if let Some(value) = &self.#ident { #element })
            }
            (Holder::Boxed, _) => {
                let element = element(quote!(value.as_ref()));
                quote!(if let Some(value) = &self.#ident { #element })
            }
            (Holder::List, Some(array)) if !shape.field.repeated => {
                let array = prefixed(array);
                let item = self::xsi_type(model, shape.leaf);
                let write = quote!(writer.typed_array(#wire, #array, #item, &self.#ident););
                if shape.demanded { write } else { quote!(if !self.#ident.is_empty() { #write }) }
            }
            (Holder::List | Holder::Nested | Holder::Map, _) => {
                let element = element(quote!(value));
                quote!(for value in &self.#ident { #element })
            }
        }
    });
    let writer = if shapes.is_empty() { quote!(_) } else { quote!(writer) };
    quote! {
        impl polyptych_wire::xml::WriteXml for #name {
            fn write_xml(&self, #writer: &mut polyptych_wire::xml::XmlWriter) {
                #(#members)*
            }
        }
    }
}

fn reader(def: &TypeDef, shapes: &[Shape<'_>]) -> TokenStream {
    let name = ident(&def.rust_name);
    let assignments = shapes.iter().map(|shape| {
        let ident = &shape.ident;
        let value = quote!(polyptych_wire::xml::ReadXml::read_xml(&mut child)?);
        match shape.holder {
            Holder::Plain => quote!(read.#ident = #value),
            Holder::Optional if is_number(shape.leaf) => {
                quote!(read.#ident = polyptych_wire::xml::read_number(&mut child)?)
            }
            Holder::Optional => quote!(read.#ident = Some(#value)),
            Holder::Boxed => quote!(read.#ident = Some(Box::new(#value))),
            Holder::List if shape.field.repeated => quote!(read.#ident.push(#value)),
            Holder::List | Holder::Nested | Holder::Map => {
                quote!(read.#ident = polyptych_wire::xml::read_items(&mut child)?)
            }
        }
    });
    let assignments: Vec<_> = assignments.collect();
    let wires: Vec<_> = shapes.iter().map(|shape| &shape.field.wire).collect();
    let choice = match (assignments.as_slice(), wires.as_slice()) {
        ([assignment], [wire]) => quote!(if child.name() == #wire { #assignment; }),
        _ => quote! {
            match child.name() {
                #(#wires => #assignments,)*
                _ => {}
            }
        },
    };
    let body = if shapes.is_empty() {
        quote! {
            while element.next_child()?.is_some() {}
            Ok(Self::default())
        }
    } else {
        quote! {
            let mut read = Self::default();
            while let Some(mut child) = element.next_child()? {
                if child.is_nil() {
                    continue;
                }
                #choice
            }
            Ok(read)
        }
    };
    quote! {
        impl polyptych_wire::xml::ReadXml for #name {
            fn read_xml(
                element: &mut polyptych_wire::xml::Element<'_, '_>,
            ) -> Result<Self, polyptych_wire::xml::XmlError> {
                #body
            }
        }
    }
}

fn is_number(leaf: &TypeRef) -> bool {
    use Scalar::{Float64, Int32, Int64, UInt32, UInt64};
    matches!(leaf, TypeRef::Scalar(Int32 | Int64 | UInt32 | UInt64 | Float64))
}

/// The `xsi:type` of a value; `polyptych_wire::soap` declares both prefixes.
pub(super) fn xsi_type(model: &Model<'_>, ty: &TypeRef) -> String {
    let (array, ty) = model.look_through(ty);
    match (array, ty) {
        (Some(array), _) => prefixed(array),
        (None, TypeRef::Named(name)) => prefixed(name),
        (None, TypeRef::Scalar(scalar)) => format!("xsd:{}", xsd_name(*scalar)),
        (None, TypeRef::List(_) | TypeRef::Map(_)) => "SOAP-ENC:Array".to_owned(),
    }
}

fn prefixed(name: &TypeName) -> String {
    format!("ns1:{}", name.local)
}

pub(crate) fn xsd_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String | Scalar::Base64Text | Scalar::File | Scalar::Json | Scalar::Bytes => "string",
        Scalar::Bool => "boolean",
        Scalar::Int32 => "int",
        Scalar::Int64 => "long",
        Scalar::UInt32 => "unsignedInt",
        Scalar::UInt64 => "unsignedLong",
        Scalar::Float64 => "double",
        Scalar::Decimal => "decimal",
        Scalar::Date => "date",
        Scalar::DateTime => "dateTime",
        Scalar::Base64 => "base64Binary",
    }
}
