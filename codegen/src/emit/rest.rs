//! REST operations: a parameter struct per operation that makes its request. Parameters look as members of records
//! do; a list that is empty is not sent. Answers are the types of [`super::types`].

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::shape::{Holder, Model, Shape, doc, ident, is_text};
use super::{json, types};
use crate::ir::{Api, Binding, Effect, Field, Location, Operation, Param, Scalar, TypeDef, TypeKind, TypeRef, Usage};
use crate::{Error, ErrorKind, Errors};

/// What a module may use, by the path that it comes from.
const IMPORTS: &[(&str, &[&str])] = &[
    ("http", &["HeaderMap", "HeaderValue", "Method", "header"]),
    ("polyptych_wire", &["Blob", "Body", "BodyWriter", "CompactString", "Effect", "Request", "query", "rest"]),
    ("polyptych_wire::multipart", &["FilePart", "Multipart", "MultipartError"]),
    ("polyptych_wire::query", &["Query"]),
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
    let imports = imports(&quote!(#types #json #operations));
    let module_doc = format!(" {module_doc}");
    Ok(quote! {
        #![doc = #module_doc]

        #imports
        #types
        #json
        #operations
    })
}

fn imports(tokens: &TokenStream) -> TokenStream {
    let text = tokens.to_string();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut imports = TokenStream::new();
    for (path, names) in IMPORTS {
        let used: Vec<_> = names.iter().filter(|name| words.contains(**name)).map(|name| ident(name)).collect();
        let path: Vec<_> = path.split("::").map(ident).collect();
        if !used.is_empty() {
            imports.extend(quote!(use #(#path)::*::{#(#used),*};));
        }
    }
    imports
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
    accept: &'a str,
    output: Option<&'a TypeRef>,
}

impl<'a> Rest<'a> {
    fn of(model: &'a Model<'a>, operation: &'a Operation, record: &'a TypeDef) -> Result<Self, Error> {
        let Binding::Rest { method, path, params, accept, output } = &operation.binding else {
            return Err(unsupported(operation, "it does not travel over plain HTTP"));
        };
        let shapes = model.shapes(record);
        let rest = Self { model, operation, method, path, params, shapes, accept, output: output.as_ref() };
        if rest.any(Location::JsonBody) && rest.any(Location::FormPart) {
            return Err(unsupported(operation, "a body is either JSON or a form"));
        }
        Ok(rest)
    }

    fn any(&self, location: Location) -> bool {
        self.located(location).next().is_some()
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
        let request = self.request()?;
        let implementation = self.implementation();
        Ok(quote! {
            #docs
            #[derive(Debug, Clone)]
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
        quote!(#text #[doc = ""] #travels)
    }

    fn request(&self) -> Result<TokenStream, Error> {
        let method = match self.method {
            method @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE") => ident(method),
            other => return Err(unsupported(self.operation, &format!("the method `{other}` is not written"))),
        };
        let path = self.path()?;
        let form = self.any(Location::FormPart);
        let (headers, body) = match (form, self.any(Location::JsonBody)) {
            (true, _) => (quote!(headers.insert(header::CONTENT_TYPE, content_type);), self.form_body()?),
            (_, true) => {
                let json = quote!(HeaderValue::from_static("application/json"));
                (quote!(headers.insert(header::CONTENT_TYPE, #json);), self.json_body())
            }
            _ => (quote!(), quote!(let body = Body::empty();)),
        };
        let accept = (!self.accept.is_empty()).then(|| {
            let accept = self.accept;
            quote!(headers.insert(header::ACCEPT, HeaderValue::from_static(#accept));)
        });
        let mutable = (accept.is_some() || !headers.is_empty()).then(|| quote!(mut));
        let steps = quote! {
            #path
            #body
            let #mutable headers = HeaderMap::new();
            #accept
            #headers
        };
        let value = quote! {
            Request {
                operation: <Self as Operation>::NAME,
                effect: <Self as Operation>::EFFECT,
                method: Method::#method,
                path,
                headers,
                body,
            }
        };
        Ok(match form {
            true => quote! {
                /// The request as a form, without a credential.
                ///
                /// `boundary` must not occur in a file: derive it from a digest of the content.
                ///
                /// # Errors
                /// If the boundary or the media type of a part is not plain.
                pub fn request(&self, boundary: &str) -> Result<Request, MultipartError> {
                    #steps
                    Ok(#value)
                }
            },
            false => quote! {
                /// The request, without a credential.
                pub fn request(&self) -> Request {
                    #steps
                    #value
                }
            },
        })
    }

    /// `let path = …;` from the template, with the query.
    fn path(&self) -> Result<TokenStream, Error> {
        let mut parts = Vec::new();
        let mut rest = self.path;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, tail)) = after.split_once('}') else {
                return Err(unsupported(self.operation, "the path has an open brace"));
            };
            let member = self.path_member(name)?;
            parts.push(quote!(#before));
            parts.push(quote!(&query::encode(&self.#member)));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(quote!(#rest));
        }
        let query = self.pairs().filter(|(param, _)| is_query(param.location));
        let query = query.map(|(param, shape)| self.query_param(param, shape)).collect::<Result<Vec<_>, _>>()?;
        if query.is_empty() {
            return Ok(quote!(let path = [#(#parts),*].concat();));
        }
        Ok(quote! {
            let mut query = Query::new();
            #(#query)*
            let path = [#(#parts,)* &query.finish()].concat();
        })
    }

    fn path_member(&self, name: &str) -> Result<&proc_macro2::Ident, Error> {
        let found = self.located(Location::Path).find(|shape| shape.field.wire == name);
        let text = |shape: &&Shape<'_>| {
            shape.holder == Holder::Plain && matches!(shape.leaf, TypeRef::Scalar(scalar) if is_text(*scalar))
        };
        let found = found.filter(text).map(|shape| &shape.ident);
        found.ok_or_else(|| unsupported(self.operation, &format!("`{name}` of the path is not a required text")))
    }

    fn query_param(&self, param: &Param, shape: &Shape<'_>) -> Result<TokenStream, Error> {
        let (wire, ident) = (&shape.field.wire, &shape.ident);
        let text = matches!(shape.leaf, TypeRef::Scalar(scalar) if is_text(*scalar));
        match (param.location, shape.holder) {
            (Location::QueryCommas, Holder::List) if text => {
                Ok(quote!(if !self.#ident.is_empty() { query.push(#wire, &self.#ident.join(",")); }))
            }
            (Location::Query, Holder::List | Holder::Nested | Holder::Map) => {
                Ok(quote!(if !self.#ident.is_empty() { query.push_json(#wire, &self.#ident); }))
            }
            (Location::Query, _) if self.is_record(shape.leaf) => {
                Ok(with_value(shape, |value| quote!(query.push_json(#wire, #value);)))
            }
            (Location::Query, _) => {
                let text = self.text(shape)?;
                Ok(with_value(shape, |value| {
                    let text = text(value);
                    quote!(query.push(#wire, #text);)
                }))
            }
            _ => Err(unsupported(self.operation, &format!("`{wire}` is not a list of texts to be joined by commas"))),
        }
    }

    /// How a scalar or an enum becomes a `&str`.
    fn text(&self, shape: &Shape<'_>) -> Result<fn(TokenStream) -> TokenStream, Error> {
        match shape.leaf {
            TypeRef::Scalar(scalar) if is_text(*scalar) => Ok(|value| value),
            TypeRef::Scalar(
                Scalar::Bool | Scalar::Int32 | Scalar::Int64 | Scalar::UInt32 | Scalar::UInt64 | Scalar::Float64,
            ) => Ok(|value| quote!(&#value.to_string())),
            TypeRef::Named(_) if !self.is_record(shape.leaf) => Ok(|value| quote!(#value.as_str())),
            _ => Err(unsupported(self.operation, &format!("`{}` cannot be written as text", shape.field.wire))),
        }
    }

    fn is_record(&self, ty: &TypeRef) -> bool {
        let TypeRef::Named(name) = ty else { return false };
        self.model.api.types.get(name).is_some_and(|def| matches!(def.kind, TypeKind::Struct { .. }))
    }

    fn json_body(&self) -> TokenStream {
        let members = self.located(Location::JsonBody).map(json::member);
        quote! {
            let mut writer = BodyWriter::new();
            let mut object = polyptych_wire::json::ObjectWriter::new(&mut writer);
            #(#members)*
            object.end();
            let body = writer.finish();
        }
    }

    fn form_body(&self) -> Result<TokenStream, Error> {
        let mut parts = Vec::new();
        for shape in self.located(Location::FormPart) {
            let wire = &shape.field.wire;
            parts.push(match shape.leaf {
                TypeRef::Scalar(Scalar::File) => with_value(shape, |part| {
                    quote!(let part = #part; form.file(#wire, &part.file_name, &part.media_type, &part.content)?;)
                }),
                _ => {
                    let text = self.text(shape)?;
                    with_value(shape, |value| {
                        let text = text(value);
                        quote!(form.text(#wire, #text);)
                    })
                }
            });
        }
        Ok(quote! {
            let mut form = Multipart::new(boundary)?;
            #(#parts)*
            let (content_type, body) = form.finish();
        })
    }

    fn implementation(&self) -> TokenStream {
        let (name, operation) = (ident(&self.operation.rust_name), &self.operation.name);
        let effect = match self.operation.effect {
            Effect::Safe => quote!(Safe),
            Effect::Idempotent => quote!(Idempotent),
            Effect::Write => quote!(Write),
        };
        let (answer, body, read) = match self.output {
            Some(ty) => (self.model.rust_type(ty, false), quote!(body), quote!(rest::read_json(body))),
            None => (quote!(()), quote!(_), quote!(Ok(()))),
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

fn is_query(location: Location) -> bool {
    matches!(location, Location::Query | Location::QueryCommas)
}

/// `write` applied to a reference to the parameter, only if it is set.
fn with_value(shape: &Shape<'_>, write: impl FnOnce(TokenStream) -> TokenStream) -> TokenStream {
    let ident = &shape.ident;
    if shape.holder == Holder::Plain {
        write(quote!(&self.#ident))
    } else {
        let write = write(quote!(value));
        quote!(if let Some(value) = &self.#ident { #write })
    }
}

fn unsupported(operation: &Operation, detail: &str) -> Error {
    Error::new(ErrorKind::Unsupported, &operation.origin, format!("`{}`: {detail}", operation.name))
}
