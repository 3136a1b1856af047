//! How a REST operation becomes a request: path, query, headers, and a JSON body or a form.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{Rest, unsupported};
use crate::Error;
use crate::emit::json;
use crate::emit::shape::{Holder, Shape, ident, is_text};
use crate::ir::{Location, Param, Scalar, TypeKind, TypeRef};

impl Rest<'_> {
    /// The method `request`.
    pub(super) fn request(&self) -> Result<TokenStream, Error> {
        let method = match self.method {
            method @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE") => ident(method),
            other => return Err(unsupported(self.operation, &format!("the method `{other}` is not written"))),
        };
        let path = self.path()?;
        let form = self.is_form();
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

    fn path_member(&self, name: &str) -> Result<&Ident, Error> {
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
            (Location::Query, _) if self.is_record(shape.leaf) || *shape.leaf == TypeRef::Scalar(Scalar::Json) => {
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
            ) => Ok(|value| quote!(&ToString::to_string(#value))),
            TypeRef::Named(_) if !self.is_record(shape.leaf) => Ok(|value| quote!(#value.as_str())),
            _ => Err(unsupported(self.operation, &format!("`{}` cannot be written as text", shape.field.wire))),
        }
    }

    pub(super) fn is_record(&self, ty: &TypeRef) -> bool {
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
        for (param, shape) in self.pairs() {
            let wire = &shape.field.wire;
            let (name, each) = match param.location {
                Location::FormPart => (quote!(#wire), false),
                Location::FormPartEach => {
                    let numbered = format!("{wire}{{index}}");
                    (quote!(&format!(#numbered)), true)
                }
                _ => continue,
            };
            parts.push(match shape.leaf {
                TypeRef::Scalar(Scalar::File) => self.parts(shape, each, |part| {
                    quote!(let part = #part; form.file(#name, &part.file_name, &part.media_type, &part.content)?;)
                })?,
                _ => {
                    let text = self.text(shape)?;
                    self.parts(shape, each, |value| {
                        let text = text(value);
                        quote!(form.text(#name, #text);)
                    })?
                }
            });
        }
        Ok(quote! {
            let mut form = Multipart::new(boundary)?;
            #(#parts)*
            let (content_type, body) = form.finish();
        })
    }

    /// `write` applied to the parameter, or to each of its items; `numbered` gives it their `index`.
    fn parts(
        &self,
        shape: &Shape<'_>,
        numbered: bool,
        write: impl FnOnce(TokenStream) -> TokenStream,
    ) -> Result<TokenStream, Error> {
        let ident = &shape.ident;
        match (shape.holder, numbered) {
            (Holder::List, true) => {
                let write = write(quote!(value));
                Ok(quote!(for (index, value) in self.#ident.iter().enumerate() { #write }))
            }
            (Holder::List, false) => {
                let write = write(quote!(value));
                Ok(quote!(for value in &self.#ident { #write }))
            }
            (Holder::Plain | Holder::Optional | Holder::Boxed, false) => Ok(with_value(shape, write)),
            _ => Err(unsupported(self.operation, &format!("`{}` cannot be written as parts", shape.field.wire))),
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
