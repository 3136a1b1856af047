//! The intermediate representation: what every source parser produces and every emitter reads.
//!
//! It says what the schema says, in the provider's names; Rust names are added by the `names` pass. Each node carries
//! its [`Origin`], so that an error can name the schema line.

use std::collections::BTreeMap;
use std::fmt;

/// Where a node stands in a stored schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Origin {
    /// File, relative to `schemas/`.
    pub file: String,
    /// Line (XML), or JSON pointer / TOML path where lines are not known.
    pub place: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.place)
    }
}

/// Name of a type: the schema's namespace (or file) and local name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeName {
    /// XML target namespace; for JSON sources a constant per source.
    pub namespace: String,
    /// Local name as the schema writes it.
    pub local: String,
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}{}", self.namespace, self.local)
    }
}

/// One service as data.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Api {
    /// Short name for headers and reports: `yandex-direct-v5`.
    pub name: String,
    /// Named types, ordered, so that output does not depend on input order.
    pub types: BTreeMap<TypeName, TypeDef>,
    /// Operations, ordered by name.
    pub operations: BTreeMap<String, Operation>,
}

/// A named type.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeDef {
    /// What it is.
    pub kind: TypeKind,
    /// Name in Rust; empty until the `names` pass.
    pub rust_name: String,
    /// Documentation from the schema or an overlay; may be empty.
    pub doc: String,
    /// Where values of it travel; set by the `prune` pass.
    pub usage: Usage,
    /// Where it is declared.
    pub origin: Origin,
}

/// In which directions values of a type travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Reached from the input of an operation: gets a constructor and `with_*` setters.
    pub request: bool,
    /// Reached from the output of an operation: is read leniently.
    pub response: bool,
}

/// The kinds of named types.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// A record. `base` is resolved into `fields` (base members first) by the `resolve` pass.
    Struct {
        /// Extended type.
        base: Option<TypeName>,
        /// Members in schema order.
        fields: Vec<Field>,
    },
    /// A string with named values; always open.
    Enum {
        /// Values in schema order.
        values: Vec<EnumValue>,
    },
    /// Another name for a type (a SOAP-encoded array, a restricted string).
    Alias(TypeRef),
}

/// A named value of an enum.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumValue {
    /// As on the wire.
    pub wire: String,
    /// Variant name; empty until the `names` pass.
    pub rust_name: String,
    /// Documentation; may be empty.
    pub doc: String,
}

/// A member of a record or a parameter of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// As on the wire.
    pub wire: String,
    /// Name in Rust; empty until the `names` pass.
    pub rust_name: String,
    /// Type of one occurrence (a repeated XML element is `repeated`, a JSON array is `TypeRef::List`).
    pub ty: TypeRef,
    /// Whether the schema demands it in requests. Answers are read leniently all the same.
    pub required: bool,
    /// XML `maxOccurs` above 1: repeated elements without a wrapper.
    pub repeated: bool,
    /// XML `nillable`.
    pub nillable: bool,
    /// Strings that are short (ids, hashes): stored inline. Set by an overlay.
    pub inline: bool,
    /// Closes a cycle of records, so that the value is boxed. Set by the `recursion` pass.
    pub boxed: bool,
    /// Documentation; may be empty.
    pub doc: String,
    /// Where it is declared.
    pub origin: Origin,
}

/// A reference to a type.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeRef {
    /// A scalar.
    Scalar(Scalar),
    /// A named type.
    Named(TypeName),
    /// A list of items.
    List(Box<TypeRef>),
    /// A map from text to values.
    Map(Box<TypeRef>),
}

/// Scalars of all the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// 32-bit signed.
    Int32,
    /// 64-bit signed.
    Int64,
    /// 32-bit unsigned.
    UInt32,
    /// 64-bit unsigned.
    UInt64,
    /// Double.
    Float64,
    /// Bytes as base64: a `Blob` that is encoded while sending.
    Base64,
    /// The same in a member that the schema declares as text; set by an overlay.
    Base64Text,
    /// A file part of a multipart form: a `FilePart`.
    File,
    /// A decimal of any precision, kept as the text on the wire.
    Decimal,
    /// A day, kept as the text on the wire.
    Date,
    /// A point in time, kept as the text on the wire.
    DateTime,
    /// Any JSON.
    Json,
    /// Bytes as they are: only the whole body of a request or an answer.
    Bytes,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Service and operation: `AdImages.add`, `adimages.create`.
    pub name: String,
    /// Marker type or parameter struct in Rust; empty until the `names` pass.
    pub rust_name: String,
    /// How it travels.
    pub binding: Binding,
    /// What a repetition would do.
    pub effect: Effect,
    /// Documentation; may be empty.
    pub doc: String,
    /// Where it is declared.
    pub origin: Origin,
}

/// What repeating an operation does (`polyptych_wire::Effect`). Sources set it from the method; an overlay may correct it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads only.
    Safe,
    /// A second time changes nothing more.
    Idempotent,
    /// A second time may write again.
    Write,
}

/// How an operation travels.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// SOAP 1.1, with the same types in JSON.
    Soap {
        /// `document` with `literal`, or `rpc` with `encoded`.
        style: SoapStyle,
        /// Wire name of the method.
        method: String,
        /// `SOAPAction`.
        action: String,
        /// Target namespace of the body.
        namespace: String,
        /// Root element of the request (document) or name of the parameter part (rpc); empty without input.
        input_element: String,
        /// Type of the parameters; `None` without input.
        input: Option<TypeRef>,
        /// Type of the answer; `None` without output.
        output: Option<TypeRef>,
        /// The faults that it declares, ordered by name.
        faults: Vec<Fault>,
    },
    /// HTTP with parameters in path, query, JSON body or multipart form.
    Rest {
        /// HTTP method, upper case.
        method: String,
        /// Path template: `/act_{ad_account_id}/adimages`.
        path: String,
        /// Parameters in schema order.
        params: Vec<Param>,
        /// Media type of a body that is JSON or bytes; empty for `application/json`.
        media: String,
        /// Media type that the answer is asked for in (`Accept`); empty to leave it to the server.
        accept: String,
        /// Type of the answer; `None` where there is no body.
        output: Option<TypeRef>,
        /// Whether a success may have no body all the same.
        may_be_empty: bool,
    },
}

/// A fault that an operation declares: what the `detail` of a SOAP fault holds. No code is made of it, since faults are
/// read by hand for all services alike; it is there to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// As the operation calls it.
    pub name: String,
    /// The element in `detail`; without a namespace it is the name of a part (rpc/encoded).
    pub element: TypeName,
    /// Type of the element.
    pub ty: TypeRef,
    /// Where it is declared.
    pub origin: Origin,
}

/// Styles of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapStyle {
    /// document/literal, children unqualified.
    DocumentLiteral,
    /// rpc/encoded.
    RpcEncoded,
}

/// A parameter and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Name, type, whether required.
    pub field: Field,
    /// Where it is written.
    pub location: Location,
}

/// Where a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the path template.
    Path,
    /// In the query; a list as the text of a JSON array.
    Query,
    /// In the query; a list of texts, separated by commas.
    QueryCommas,
    /// In the query; a list, a record or any JSON in that style.
    QueryStyled(Style),
    /// A header; a list or a record separated by commas.
    Header,
    /// A cookie; a list or a record separated by commas.
    Cookie,
    /// A member of the JSON body.
    JsonBody,
    /// The JSON body.
    JsonWhole,
    /// The body, as bytes.
    RawBody,
    /// A field of a body of `application/x-www-form-urlencoded`; a list or a record in that style.
    FormField(Style),
    /// A part of a multipart form; a list as parts of the same name.
    FormPart,
    /// Parts of a multipart form, one for each item of a list, with its place behind the name: `source0`, `source1`.
    FormPartEach,
}

/// How a list or a record stands in a query or a form (`polyptych_wire::query::Style`, in the same words).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As JSON text.
    Json,
    /// Separated by commas.
    Commas,
    /// One parameter for each item or member.
    Each,
    /// Separated by spaces.
    Spaces,
    /// Separated by `|`.
    Pipes,
    /// With the names of members in brackets.
    Deep,
}

impl TypeRef {
    /// The named type at the core, inside lists and maps; `None` for scalars.
    pub fn name(&self) -> Option<&TypeName> {
        match self {
            Self::Scalar(_) => None,
            Self::Named(name) => Some(name),
            Self::List(item) | Self::Map(item) => item.name(),
        }
    }

    /// The core itself, inside lists and maps, to be changed.
    pub fn core_mut(&mut self) -> &mut Self {
        match self {
            Self::List(item) | Self::Map(item) => item.core_mut(),
            core => core,
        }
    }
}

impl TypeDef {
    /// Every type that it refers to, its base included.
    pub fn references(&self) -> Vec<&TypeName> {
        match &self.kind {
            TypeKind::Struct { base, fields } => base.iter().chain(fields.iter().filter_map(|f| f.ty.name())).collect(),
            TypeKind::Enum { .. } => Vec::new(),
            TypeKind::Alias(target) => target.name().into_iter().collect(),
        }
    }

    /// Every reference in members and aliases, to be changed.
    pub fn type_refs_mut(&mut self) -> Vec<&mut TypeRef> {
        match &mut self.kind {
            TypeKind::Struct { fields, .. } => fields.iter_mut().map(|field| &mut field.ty).collect(),
            TypeKind::Enum { .. } => Vec::new(),
            TypeKind::Alias(target) => vec![target],
        }
    }
}

impl Operation {
    /// The types that go out: the parameters.
    pub fn inputs(&self) -> Vec<&TypeRef> {
        match &self.binding {
            Binding::Soap { input, .. } => input.iter().collect(),
            Binding::Rest { params, .. } => params.iter().map(|param| &param.field.ty).collect(),
        }
    }

    /// The type that comes back.
    pub fn output(&self) -> Option<&TypeRef> {
        match &self.binding {
            Binding::Soap { output, .. } | Binding::Rest { output, .. } => output.as_ref(),
        }
    }

    /// The faults that it declares; none for what does not travel over SOAP.
    pub fn faults(&self) -> &[Fault] {
        match &self.binding {
            Binding::Soap { faults, .. } => faults,
            Binding::Rest { .. } => &[],
        }
    }

    /// Every reference in parameters, answer and faults, to be changed.
    pub fn type_refs_mut(&mut self) -> Vec<&mut TypeRef> {
        match &mut self.binding {
            Binding::Soap { input, output, faults, .. } => {
                input.iter_mut().chain(output).chain(faults.iter_mut().map(|fault| &mut fault.ty)).collect()
            }
            Binding::Rest { params, output, .. } => {
                params.iter_mut().map(|param| &mut param.field.ty).chain(output).collect()
            }
        }
    }
}
