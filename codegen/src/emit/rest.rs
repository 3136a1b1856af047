//! REST operations: a parameter struct per operation that makes its request. Parameters look as members of records
//! do; a list that is empty is not sent. Answers are the types of [`super::types`].

mod request;

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::imports::imports;
use super::shape::{Holder, Model, Shape, doc, ident};
use super::{json, types};
use crate::ir::{Api, Binding, Effect, Field, Location, Operation, Param, Scalar, TypeDef, TypeKind, TypeRef, Usage};
use crate::{Error, ErrorKind, Errors};

/// What a module may use, by the path that it comes from.
const IMPORTS: &[(&str, &[&str])] = &[
    ("http", &["HeaderMap", "HeaderValue", "Method", "header"]),
    ("polyptych_wire", &["Blob", "Body", "BodyWriter", "CompactString", "Effect", "Request", "json", "query", "rest"]),
    ("polyptych_wire::multipart", &["FilePart", "Multipart", "MultipartError"]),
    ("polyptych_wire::query", &["Query", "Style"]),
    ("polyptych_wire::rest", &["Operation"]),
];

/// Emits a module: the types, the JSON writers of those that go out, and the operations.
///
/// # Errors
/// For each operation whose parameters cannot be written.
pub fn emit(api: &Api, module_doc: &str) -> Result<TokenStream, Errors> {
    let records: Vec<TypeDef> = api.operations.values().map(record).collect();
    let model = Model::new(api);
    let mut operations = TokenStream::new();
    let mut errors = Errors::default();
    for (operation, record) in api.operations.values().zip(&records) {
        match Rest::of(&model, operation, record).and_then(|rest| rest.emit()) {
            Ok(more) => operations.extend(more),
            Err(error) => errors.push(error),
        }
    }
    errors.into_result(())?;
    let (types, json) = (types::emit(&model), json::emit(&model));
    let imports = imports(&quote!(#types #json #operations), IMPORTS);
    let module_doc = format!(" {module_doc}");
    Ok(quote! {
        #![doc = #module_doc]

        #imports
        #types
        #json
        #operations
    })
}

/// The parameters of an operation as a record that goes out.
fn record(operation: &Operation) -> TypeDef {
    let fields: Vec<Field> = match &operation.binding {
        Binding::Rest { params, .. } => params.iter().map(|param| param.field.clone()).collect(),
        Binding::Soap { .. } => Vec::new(),
    };
    TypeDef {
        kind: TypeKind::Struct { base: None, fields },
        rust_name: operation.rust_name.clone(),
        doc: operation.doc.clone(),
        usage: Usage { request: true, response: false },
        origin: operation.origin.clone(),
    }
}

/// A REST operation taken apart.
struct Rest<'a> {
    model: &'a Model<'a>,
    operation: &'a Operation,
    method: &'a str,
    path: &'a str,
    params: &'a [Param],
    shapes: Vec<Shape<'a>>,
    media: &'a str,
    accept: &'a str,
    output: Option<&'a TypeRef>,
    may_be_empty: bool,
}

impl<'a> Rest<'a> {
    fn of(model: &'a Model<'a>, operation: &'a Operation, record: &'a TypeDef) -> Result<Self, Error> {
        let Binding::Rest { method, path, params, media, accept, output, may_be_empty } = &operation.binding else {
            return Err(unsupported(operation, "it does not travel over plain HTTP"));
        };
        let shapes = model.shapes(record);
        let (output, may_be_empty) = (output.as_ref(), *may_be_empty);
        let rest = Self { model, operation, method, path, params, shapes, media, accept, output, may_be_empty };
        let bodies: BTreeSet<_> = params.iter().filter_map(|param| body_of(param.location)).collect();
        if bodies.len() > 1 {
            return Err(unsupported(operation, "a body is JSON or a form or bytes"));
        }
        let wholes = [Location::JsonWhole, Location::RawBody];
        if wholes.into_iter().any(|location| rest.located(location).count() > 1) {
            return Err(unsupported(operation, "there are two bodies"));
        }
        let file = rest.pairs().find(|(param, shape)| {
            let in_form = matches!(param.location, Location::FormPart | Location::FormPartEach);
            *shape.leaf == TypeRef::Scalar(Scalar::File) && !in_form
        });
        if let Some((param, _)) = file {
            let detail = format!("`{}` is a file, which only a form carries", param.field.wire);
            return Err(unsupported(operation, &detail));
        }
        for (param, shape) in rest.pairs() {
            if let Some(problem) = problem(param, shape) {
                return Err(unsupported(operation, &format!("`{}` {problem}", param.field.wire)));
            }
        }
        Ok(rest)
    }

    fn any(&self, location: Location) -> bool {
        self.located(location).next().is_some()
    }

    fn is_form(&self) -> bool {
        self.any(Location::FormPart) || self.any(Location::FormPartEach)
    }

    fn located(&self, location: Location) -> impl Iterator<Item = &Shape<'a>> {
        self.pairs().filter(move |(param, _)| param.location == location).map(|(_, shape)| shape)
    }

    /// Each parameter with how it looks in Rust.
    fn pairs(&self) -> impl Iterator<Item = (&'a Param, &Shape<'a>)> {
        self.params.iter().zip(&self.shapes)
    }

    fn emit(&self) -> Result<TokenStream, Error> {
        let name = ident(&self.operation.rust_name);
        let docs = self.docs();
        let members = self.shapes.iter().map(|shape| {
            let docs = doc(&types::member_doc(shape));
            let (ident, ty) = (&shape.ident, shape.rust_type());
            quote!(#docs pub #ident: #ty)
        });
        let construction = types::construction(&name, &self.shapes);
        // Where nothing is demanded, there is no `new`.
        let default = self.shapes.iter().all(|shape| !shape.demanded).then(|| quote!(, Default));
        let request = self.request()?;
        let implementation = self.implementation();
        Ok(quote! {
            #docs
            #[derive(Debug, Clone #default)]
            pub struct #name { #(#members),* }
            #construction
            impl #name { #request }
            #implementation
        })
    }

    fn docs(&self) -> TokenStream {
        let answer = match self.output {
            Some(TypeRef::Named(name)) => match self.model.api.types.get(name) {
                Some(def) => format!("; answered with [`{}`]", def.rust_name),
                None => String::new(),
            },
            Some(_) => String::new(),
            None => "; answered without a body".to_owned(),
        };
        let Operation { doc: text, origin, .. } = self.operation;
        let travels = doc(&format!("`{} {}`{answer}. Schema: `{}`.", self.method, self.path, origin.file));
        if text.is_empty() {
            return travels;
        }
        let text = doc(text);
        let blank = doc("");
        quote!(#text #blank #travels)
    }

    fn implementation(&self) -> TokenStream {
        let (name, operation) = (ident(&self.operation.rust_name), &self.operation.name);
        let effect = match self.operation.effect {
            Effect::Safe => quote!(Safe),
            Effect::Idempotent => quote!(Idempotent),
            Effect::Write => quote!(Write),
        };
        let (answer, body, read) = match (self.output, self.may_be_empty) {
            (Some(TypeRef::Scalar(Scalar::Bytes)), _) => (quote!(Vec<u8>), quote!(body), quote!(Ok(body.to_vec()))),
            (Some(ty), may_be_empty) => {
                let answer = self.model.rust_type(ty, false);
                match may_be_empty {
                    true => (quote!(Option<#answer>), quote!(body), quote!(rest::read_optional(body))),
                    false => (answer, quote!(body), quote!(json::parse(body))),
                }
            }
            (None, _) => (quote!(()), quote!(_), quote!(Ok(()))),
        };
        quote! {
            impl Operation for #name {
                const NAME: &'static str = #operation;
                const EFFECT: Effect = Effect::#effect;
                type Answer = #answer;

                fn read_answer(#body: &[u8]) -> Result<Self::Answer, ::serde_json::Error> {
                    #read
                }
            }
        }
    }
}

/// Why a parameter cannot stand where it is to.
fn problem(param: &Param, shape: &Shape<'_>) -> Option<&'static str> {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let token = !param.field.wire.is_empty() && param.field.wire.bytes().all(name);
    let bytes = *shape.leaf == TypeRef::Scalar(Scalar::Bytes);
    let alone = matches!(shape.holder, Holder::Plain | Holder::Optional);
    match param.location {
        Location::Header if !token || param.field.wire.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Some("is not the name of a header in lower case")
        }
        Location::Cookie if !token => Some("is not the name of a cookie"),
        Location::RawBody if !(bytes && alone) => Some("is not bytes"),
        Location::RawBody => None,
        _ if bytes => Some("is bytes, which are a whole body only"),
        Location::JsonBody | Location::JsonWhole
            if shape.image && matches!(shape.holder, Holder::Map | Holder::Nested) =>
        {
            Some("holds images in a map or a list of lists")
        }
        Location::JsonBody | Location::JsonWhole | Location::FormPart | Location::FormPartEach => None,
        _ if shape.image => Some("is an image, which only a body carries"),
        _ => None,
    }
}

/// Which kind of body a parameter in it makes; `None` outside of a body.
fn body_of(location: Location) -> Option<&'static str> {
    match location {
        Location::JsonBody => Some("members"),
        Location::JsonWhole => Some("JSON"),
        Location::RawBody => Some("bytes"),
        Location::FormPart | Location::FormPartEach => Some("form"),
        Location::FormField(_) => Some("fields"),
        Location::Path | Location::Query | Location::QueryCommas | Location::QueryStyled(_) => None,
        Location::Header | Location::Cookie => None,
    }
}

fn unsupported(operation: &Operation, detail: &str) -> Error {
    Error::new(ErrorKind::Unsupported, &operation.origin, format!("`{}`: {detail}", operation.name))
}
