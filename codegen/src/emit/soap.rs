//! Marker types of operations that travel over SOAP, with the same types in JSON.

use proc_macro2::TokenStream;
use quote::quote;

use super::imports::imports;
use super::shape::{Model, doc, ident};
use super::{json, types, xml};
use crate::ir::{Binding, Effect, Operation, SoapStyle, TypeRef};
use crate::{Error, ErrorKind, Errors};

/// Emits a module: the types, their codecs and a module `operation` with a marker for each operation.
///
/// # Errors
/// If the operations do not share one style, or a type cannot be carried by it.
pub fn emit(model: &Model<'_>, module_doc: &str) -> Result<TokenStream, Errors> {
    let style = style(model)?;
    let types = types::emit(model);
    let json = json::emit(model);
    let xml = xml::emit(model, style)?;
    let mut errors = Errors::default();
    let mut operations = TokenStream::new();
    for operation in model.api.operations.values() {
        match marker(model, operation) {
            Ok(marker) => operations.extend(marker),
            Err(error) => errors.push(error),
        }
    }
    errors.into_result(())?;
    let names: &[(&str, &[&str])] = &[("polyptych_wire", &["Blob", "BodyWriter", "CompactString"])];
    let imports = imports(&quote!(#types #json), names);
    let module_doc = format!(" {module_doc}");
    Ok(quote! {
        #![doc = #module_doc]

        #imports

        #types
        #json
        #xml

        /// The operations, as types without values.
        pub mod operation {
            use polyptych_wire::Effect;

            #operations
        }
    })
}

fn style(model: &Model<'_>) -> Result<SoapStyle, Error> {
    let mut found = None;
    for operation in model.api.operations.values() {
        match (&operation.binding, found) {
            (Binding::Soap { style, .. }, None) => found = Some(*style),
            (Binding::Soap { style, .. }, Some(first)) if *style == first => {}
            _ => return Err(Error::new(ErrorKind::Unsupported, &operation.origin, "operations of several styles")),
        }
    }
    found.ok_or_else(|| Error::in_file(ErrorKind::Unsupported, &model.api.name, "there is no operation"))
}

fn marker(model: &Model<'_>, operation: &Operation) -> Result<TokenStream, Error> {
    let Binding::Soap { style, method, action, namespace, input_element, input, output, .. } = &operation.binding
    else {
        return Err(Error::new(ErrorKind::Unsupported, &operation.origin, "not a SOAP operation"));
    };
    let input_type = match (style, input) {
        (SoapStyle::RpcEncoded, Some(ty)) => xml::xsi_type(model, ty),
        _ => String::new(),
    };
    let request = type_in_operation(model, operation, input.as_ref())?;
    let response = type_in_operation(model, operation, output.as_ref())?;
    let effect = match operation.effect {
        Effect::Safe => quote!(Effect::Safe),
        Effect::Idempotent => quote!(Effect::Idempotent),
        Effect::Write => quote!(Effect::Write),
    };
    let name = ident(&operation.rust_name);
    let wire_name = &operation.name;
    let docs = doc(&if operation.doc.is_empty() {
        format!("`{wire_name}`; {}.", operation.origin.file)
    } else {
        operation.doc.clone()
    });
    Ok(quote! {
        #docs
        #[derive(Debug, Clone, Copy)]
        pub enum #name {}

        impl polyptych_wire::soap::Operation for #name {
            const NAME: &'static str = #wire_name;
            const METHOD: &'static str = #method;
            const SOAP_ACTION: &'static str = #action;
            const NAMESPACE: &'static str = #namespace;
            const INPUT: &'static str = #input_element;
            const INPUT_TYPE: &'static str = #input_type;
            const EFFECT: Effect = #effect;
            type Request = #request;
            type Response = #response;
        }
    })
}

fn type_in_operation(model: &Model<'_>, operation: &Operation, ty: Option<&TypeRef>) -> Result<TokenStream, Error> {
    let Some(ty) = ty else { return Ok(quote!(())) };
    match model.look_through(ty).1 {
        TypeRef::Map(_) => Err(Error::new(ErrorKind::Unsupported, &operation.origin, "a map as parameters or answer")),
        TypeRef::Named(name) => {
            let ident = ident(model.api.types.get(name).map_or(name.local.as_str(), |def| &def.rust_name));
            Ok(quote!(super::#ident))
        }
        TypeRef::List(item) => {
            let item = type_in_operation(model, operation, Some(item))?;
            Ok(quote!(Vec<#item>))
        }
        scalar @ TypeRef::Scalar(_) => Ok(model.rust_type(scalar, false)),
    }
}
