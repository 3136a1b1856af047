//! How a REST operation becomes a request: path, query, headers, and a JSON body or a form.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Rest, unsupported};
use crate::Error;
use crate::emit::json;
use crate::emit::shape::{Holder, Shape, ident, is_text};
use crate::ir::{Location, Param, Scalar, Style, TypeKind, TypeRef};

impl Rest<'_> {
    /// The method `request`.
    pub(super) fn request(&self) -> Result<TokenStream, Error> {
        let method = match self.method {
            method @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS" | "TRACE") => ident(method),
            other => return Err(unsupported(self.operation, &format!("the method `{other}` is not written"))),
        };
        let path = self.path()?;
        let form = self.is_form();
        let (content_type, body) = self.body()?;
        let accept = (!self.accept.is_empty()).then(|| {
            let accept = self.accept;
            quote!(headers.insert(header::ACCEPT, HeaderValue::from_static(#accept));)
        });
        let own = self.own_headers()?;
        let fallible = self.any(Location::Header);
        let mutable = (accept.is_some() || !content_type.is_empty() || !own.is_empty()).then(|| quote!(mut));
        let steps = quote! {
            #path
            #body
            let #mutable headers = HeaderMap::new();
            #accept
            #own
            #content_type
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
        Ok(match (form, fallible) {
            (true, fallible) => {
                let error = if fallible { quote!(rest::RequestError) } else { quote!(MultipartError) };
                let header =
                    fallible.then(|| quote!(#[doc = " Also if the text for a header holds a control character."]));
                quote! {
                    /// The request as a form, without a credential.
                    ///
                    /// `boundary` must not occur in a file: derive it from a digest of the content.
                    ///
                    /// # Errors
                    /// If the boundary or the media type of a part is not plain, or a text holds the boundary.
                    #header
                    pub fn request(&self, boundary: &str) -> Result<Request, #error> {
                        #steps
                        Ok(#value)
                    }
                }
            }
            (false, true) => quote! {
                /// The request, without a credential.
                ///
                /// # Errors
                /// If the text for a header holds a control character.
                pub fn request(&self) -> Result<Request, rest::RequestError> {
                    #steps
                    Ok(#value)
                }
            },
            (false, false) => quote! {
                /// The request, without a credential.
                pub fn request(&self) -> Request {
                    #steps
                    #value
                }
            },
        })
    }

    /// The step that sets `Content-Type`, and the steps up to `let body = …;`.
    fn body(&self) -> Result<(TokenStream, TokenStream), Error> {
        let set = |media: &str| quote!(headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(#media)););
        let media = if self.media.is_empty() { "application/json" } else { self.media };
        if self.is_form() {
            return Ok((quote!(headers.insert(header::CONTENT_TYPE, content_type);), self.form_body()?));
        }
        if self.any(Location::JsonBody) {
            return Ok((set(media), self.json_body()));
        }
        if self.pairs().any(|(param, _)| matches!(param.location, Location::FormField(_))) {
            return Ok((set("application/x-www-form-urlencoded"), self.fields_body()?));
        }
        let whole = [Location::JsonWhole, Location::RawBody].into_iter().find_map(|at| self.located(at).next());
        let Some(shape) = whole else { return Ok((quote!(), quote!(let body = Body::empty();))) };
        let ident = &shape.ident;
        let write = |value: TokenStream| match shape.leaf {
            TypeRef::Scalar(Scalar::Bytes) => quote!(writer.push_content(#value);),
            _ => quote!(polyptych_wire::json::WriteJson::write_json(#value, &mut writer);),
        };
        let present = match shape.holder {
            Holder::Plain => None,
            Holder::Optional | Holder::Boxed => Some(quote!(self.#ident.is_some())),
            _ if shape.demanded => None,
            _ => Some(quote!(!self.#ident.is_empty())),
        };
        let steps = match shape.holder {
            Holder::Optional | Holder::Boxed => with_value(shape, write),
            _ => {
                let write = write(quote!(&self.#ident));
                present.as_ref().map_or(write.clone(), |present| quote!(if #present { #write }))
            }
        };
        let set = set(media);
        let set = present.map_or(set.clone(), |present| quote!(if #present { #set }));
        let body = quote! {
            let mut writer = BodyWriter::new();
            #steps
            let body = writer.finish();
        };
        Ok((set, body))
    }

    fn fields_body(&self) -> Result<TokenStream, Error> {
        let mut fields = Vec::new();
        for (param, shape) in self.pairs() {
            if let Location::FormField(style) = param.location {
                fields.push(self.styled(shape, style, &quote!(fields)));
            }
        }
        Ok(quote! {
            let mut fields = Query::new();
            #(#fields)*
            let mut writer = BodyWriter::new();
            writer.push_str(&fields.finish_form());
            let body = writer.finish();
        })
    }

    /// The parameters that are headers and cookies.
    fn own_headers(&self) -> Result<TokenStream, Error> {
        let mut steps = TokenStream::new();
        for shape in self.located(Location::Header) {
            let wire = &shape.field.wire;
            let text = self.simple(shape);
            steps.extend(with_present(shape, |value| {
                let text = text(value);
                quote! {
                    headers.insert(
                        ::http::HeaderName::from_static(#wire),
                        rest::header_value(#wire, #text)?,
                    );
                }
            }));
        }
        if self.any(Location::Cookie) {
            // Names are tokens and values are encoded, so that the text is always that of a header.
            let cookies = self.located(Location::Cookie).map(|shape| {
                let wire = &shape.field.wire;
                let text = self.simple(shape);
                with_present(shape, |value| {
                    let text = text(value);
                    quote!(rest::push_cookie(&mut cookies, #wire, #text);)
                })
            });
            steps.extend(quote! {
                let mut cookies = String::new();
                #(#cookies)*
                if let Ok(cookies) = HeaderValue::try_from(cookies) && !cookies.is_empty() {
                    headers.insert(header::COOKIE, cookies);
                }
            });
        }
        Ok(steps)
    }

    /// How a value becomes a `&str` in the style `simple`.
    fn simple(&self, shape: &Shape<'_>) -> fn(TokenStream) -> TokenStream {
        let single = matches!(shape.holder, Holder::Plain | Holder::Optional | Holder::Boxed);
        match self.text(shape) {
            Ok(text) if single => text,
            _ => |value| quote!(&query::simple(#value)),
        }
    }

    fn styled(&self, shape: &Shape<'_>, style: Style, query: &TokenStream) -> TokenStream {
        let wire = &shape.field.wire;
        let style = ident(&format!("{style:?}"));
        with_present(shape, |value| quote!(#query.push_styled(#wire, #value, Style::#style);))
    }

    /// `let path = …;` from the template, with the query.
    fn path(&self) -> Result<TokenStream, Error> {
        let mut parts = Vec::new();
        let mut rest = self.path;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, tail)) = after.split_once('}') else {
                return Err(unsupported(self.operation, "the path has an open brace"));
            };
            let shape = self.path_member(name)?;
            let member = &shape.ident;
            let text = self.simple(shape)(quote!(&self.#member));
            parts.push(quote!(#before));
            parts.push(quote!(&query::encode(#text)));
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

    fn path_member(&self, name: &str) -> Result<&Shape<'_>, Error> {
        let found = self.located(Location::Path).find(|shape| shape.field.wire == name);
        let found = found.filter(|shape| shape.demanded);
        found.ok_or_else(|| unsupported(self.operation, &format!("`{name}` of the path is not a required parameter")))
    }

    fn query_param(&self, param: &Param, shape: &Shape<'_>) -> Result<TokenStream, Error> {
        let (wire, ident) = (&shape.field.wire, &shape.ident);
        let text = matches!(shape.leaf, TypeRef::Scalar(scalar) if is_text(*scalar));
        match (param.location, shape.holder) {
            (Location::QueryCommas, Holder::List) if text => {
                Ok(quote!(if !self.#ident.is_empty() { query.push(#wire, &self.#ident.join(",")); }))
            }
            (Location::QueryStyled(style), _) => Ok(self.styled(shape, style, &quote!(query))),
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
            TypeRef::Named(_) if !self.is_record(shape.leaf) => Ok(|value| {
                // A method needs no reference to what it is called on.
                let value: TokenStream = value.into_iter().skip_while(|token| token.to_string() == "&").collect();
                quote!(#value.as_str())
            }),
            _ => Err(unsupported(self.operation, &format!("`{}` cannot be written as text", shape.field.wire))),
        }
    }

    pub(super) fn is_record(&self, ty: &TypeRef) -> bool {
        let TypeRef::Named(name) = self.model.look_through(ty).1 else { return false };
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
                _ => match self.text(shape) {
                    Ok(text) if !matches!(shape.holder, Holder::Nested | Holder::Map) => self.parts(shape, each, |value| {
                        let text = text(value);
                        quote!(form.text(#name, #text)?;)
                    })?,
                    _ => self.parts(shape, each, |value| quote!(form.json(#name, #value);))?,
                },
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
            (Holder::Nested | Holder::Map, false) if !shape.image => Ok(with_present(shape, write)),
            _ => Err(unsupported(self.operation, &format!("`{}` cannot be written as parts", shape.field.wire))),
        }
    }
}

fn is_query(location: Location) -> bool {
    matches!(location, Location::Query | Location::QueryCommas | Location::QueryStyled(_))
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

/// As [`with_value`]; a list or a map is set if it is demanded or not empty.
fn with_present(shape: &Shape<'_>, write: impl FnOnce(TokenStream) -> TokenStream) -> TokenStream {
    let ident = &shape.ident;
    match shape.holder {
        Holder::List | Holder::Nested | Holder::Map => {
            let write = write(quote!(&self.#ident));
            if shape.demanded { write } else { quote!(if !self.#ident.is_empty() { #write }) }
        }
        Holder::Plain | Holder::Optional | Holder::Boxed => with_value(shape, write),
    }
}
