//! How a member of a schema looks in Rust: one decision, shared by the emitters of types and codecs.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::ir::{Api, Field, Scalar, TypeDef, TypeKind, TypeName, TypeRef};

/// A member as the emitters see it.
pub struct Shape<'a> {
    /// The member itself.
    pub field: &'a Field,
    /// Its identifier.
    pub ident: Ident,
    /// Type of one value.
    pub item: TokenStream,
    /// What holds the values.
    pub holder: Holder,
    /// What one value is, other names of lists looked through.
    pub leaf: &'a TypeRef,
    /// Name that the schema gives to the list, where it is a named array.
    pub array: Option<&'a TypeName>,
    /// Whether a value is an image or holds one.
    pub image: bool,
    /// Whether the constructor takes it.
    pub demanded: bool,
}

/// What holds the values of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The value itself.
    Plain,
    /// `Option`.
    Optional,
    /// `Option<Box<_>>`.
    Boxed,
    /// `Vec`.
    List,
    /// A list of lists.
    Nested,
    /// A map from text.
    Map,
}

/// An [`Api`] with what the emitters ask about it again and again.
pub struct Model<'a> {
    /// The prepared schema.
    pub api: &'a Api,
    images: BTreeSet<&'a TypeName>,
}

impl<'a> Model<'a> {
    /// Looks at `api`.
    pub fn new(api: &'a Api) -> Self {
        let mut images = BTreeSet::new();
        loop {
            let more = api.types.iter().filter(|(name, def)| !images.contains(name) && holds_image(def, &images));
            let more: Vec<_> = more.map(|(name, _)| name).collect();
            if more.is_empty() {
                return Self { api, images };
            }
            images.extend(more);
        }
    }

    /// Whether values of the type hold an image.
    pub fn is_image(&self, name: &TypeName) -> bool {
        self.images.contains(name)
    }

    /// The members of a record as they are in Rust.
    pub fn shapes(&self, def: &'a TypeDef) -> Vec<Shape<'a>> {
        match &def.kind {
            TypeKind::Struct { fields, .. } => fields.iter().map(|field| self.shape(def, field)).collect(),
            _ => Vec::new(),
        }
    }

    fn shape(&self, def: &TypeDef, field: &'a Field) -> Shape<'a> {
        let (array, mut ty) = self.look_through(&field.ty);
        let mut depth = usize::from(field.repeated);
        while let TypeRef::List(item) = ty {
            depth += 1;
            ty = self.look_through(item).1;
        }
        let demanded = field.required && !field.nillable;
        let (holder, leaf) = match (depth, ty) {
            (0, TypeRef::Map(value)) => (Holder::Map, value.as_ref()),
            (0, leaf) if field.boxed => (Holder::Boxed, leaf),
            (0, leaf) if demanded && !def.usage.response => (Holder::Plain, leaf),
            (0, leaf) => (Holder::Optional, leaf),
            (1, leaf) => (Holder::List, leaf),
            (_, leaf) => (Holder::Nested, leaf),
        };
        Shape {
            field,
            ident: ident(&field.rust_name),
            // Lists deeper than two hold lists.
            item: (2..depth).fold(self.rust_type(leaf, field.inline), |item, _| quote!(Vec<#item>)),
            holder,
            leaf,
            array,
            image: is_image(leaf, &self.images),
            demanded: demanded && def.usage.request,
        }
    }

    /// Follows other names of types to what they stand for; also the last name of a list.
    pub fn look_through<'t>(&self, ty: &'t TypeRef) -> (Option<&'t TypeName>, &'t TypeRef)
    where
        'a: 't,
    {
        let mut name = None;
        let mut ty = ty;
        while let TypeRef::Named(alias) = ty {
            match self.api.types.get(alias).map(|def| &def.kind) {
                Some(TypeKind::Alias(target)) => {
                    name = Some(alias);
                    ty = target;
                }
                _ => break,
            }
        }
        (name, ty)
    }

    /// The Rust type of a reference.
    pub fn rust_type(&self, ty: &TypeRef, inline: bool) -> TokenStream {
        match self.look_through(ty).1 {
            TypeRef::Scalar(scalar) => scalar_type(*scalar, inline),
            TypeRef::Named(name) => {
                let ident = ident(self.api.types.get(name).map_or(name.local.as_str(), |def| &def.rust_name));
                quote!(#ident)
            }
            TypeRef::List(item) => {
                let item = self.rust_type(item, inline);
                quote!(Vec<#item>)
            }
            TypeRef::Map(value) => {
                let value = self.rust_type(value, inline);
                quote!(::std::collections::BTreeMap<String, #value>)
            }
        }
    }
}

impl Shape<'_> {
    /// The type of the member.
    pub fn rust_type(&self) -> TokenStream {
        let item = &self.item;
        match self.holder {
            Holder::Plain => item.clone(),
            Holder::Optional => quote!(Option<#item>),
            Holder::Boxed => quote!(Option<Box<#item>>),
            Holder::List => quote!(Vec<#item>),
            Holder::Nested => quote!(Vec<Vec<#item>>),
            Holder::Map => quote!(::std::collections::BTreeMap<String, #item>),
        }
    }
}

fn holds_image(def: &TypeDef, images: &BTreeSet<&TypeName>) -> bool {
    match &def.kind {
        TypeKind::Struct { fields, .. } => fields.iter().any(|field| is_image(&field.ty, images)),
        TypeKind::Enum { .. } => false,
        TypeKind::Alias(target) => is_image(target, images),
    }
}

fn is_image(ty: &TypeRef, images: &BTreeSet<&TypeName>) -> bool {
    match ty {
        TypeRef::Scalar(scalar) => matches!(scalar, Scalar::Base64 | Scalar::Base64Text | Scalar::File),
        TypeRef::Named(name) => images.contains(name),
        TypeRef::List(item) | TypeRef::Map(item) => is_image(item, images),
    }
}

/// Whether the scalar is text in Rust.
pub fn is_text(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::String | Scalar::Decimal | Scalar::Date | Scalar::DateTime)
}

fn scalar_type(scalar: Scalar, inline: bool) -> TokenStream {
    match scalar {
        _ if is_text(scalar) && inline => quote!(CompactString),
        Scalar::String | Scalar::Decimal | Scalar::Date | Scalar::DateTime => quote!(String),
        Scalar::Bool => quote!(bool),
        Scalar::Int32 => quote!(i32),
        Scalar::Int64 => quote!(i64),
        Scalar::UInt32 => quote!(u32),
        Scalar::UInt64 => quote!(u64),
        Scalar::Float64 => quote!(f64),
        Scalar::Base64 | Scalar::Base64Text => quote!(Blob),
        Scalar::File => quote!(FilePart),
        Scalar::Bytes => quote!(Blob),
        Scalar::Json => quote!(::serde_json::Value),
    }
}

/// An identifier, raw where it is a keyword; `name` is one that [`is_name`] takes.
pub fn ident(name: &str) -> Ident {
    match syn::parse_str::<Ident>(name) {
        // A keyword since the edition 2024, which the parser does not know by edition.
        Ok(_) if name == "gen" => Ident::new_raw(name, Span::call_site()),
        Ok(ident) => ident,
        Err(_) => Ident::new_raw(name, Span::call_site()),
    }
}

/// Whether `name` can be an identifier, as it is or raw.
pub fn is_name(name: &str) -> bool {
    let parsed = syn::parse::Parser::parse_str(Ident::parse_any, name);
    parsed.is_ok_and(|ident| ident == name)
        && !matches!(name, "_" | "self" | "Self" | "super" | "crate")
        && !name.contains('#')
}

/// A documentation comment, an attribute for each line.
pub fn doc(text: &str) -> TokenStream {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.trim_end().split('\n').map(|line| match line.trim_end() {
        "" => String::new(),
        line => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}
