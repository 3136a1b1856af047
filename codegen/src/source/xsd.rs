//! XML Schema, the part that service descriptions use: named and anonymous records, extension, SOAP-encoded arrays,
//! enumerations, restricted strings and global elements. What it does not read, it refuses; it never guesses.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;

use super::xml::{File, SOAP_ENCODING, WSDL, XSD, children, documentation};
use crate::ir::{Api, EnumValue, Field, Origin, Scalar, TypeDef, TypeKind, TypeName, TypeRef, Usage};
use crate::{Error, ErrorKind};

/// Types and global elements gathered from any number of schemas.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    pub(super) types: BTreeMap<TypeName, TypeDef>,
    pub(super) elements: BTreeMap<TypeName, TypeRef>,
    imports: Vec<(String, Origin)>,
    namespaces: Vec<String>,
}

impl Schemas {
    /// Reads one `schema` element.
    pub(super) fn read(&mut self, file: File<'_>, schema: Node<'_, '_>) -> Result<(), Error> {
        for form in ["elementFormDefault", "attributeFormDefault"] {
            if schema.attribute(form).is_some_and(|form| form != "unqualified") {
                return Err(file.error(ErrorKind::Unsupported, schema, format!("`{form}` is not `unqualified`")));
            }
        }
        let namespace = schema.attribute("targetNamespace").unwrap_or_default();
        self.namespaces.push(namespace.to_owned());
        // In the order of their names: where they stand has no meaning.
        let mut declarations: Vec<_> = children(schema).collect();
        declarations.sort_by_key(|child| (child.tag_name().name(), child.attribute("name")));
        let types = declarations.iter().filter(|child| child.tag_name().name() != "element");
        let declared = types.filter_map(|child| child.attribute("name")).collect();
        let mut reader = Reader { file, namespace, declared, schemas: self };
        for child in declarations {
            match child.tag_name().name() {
                "import" => {
                    let namespace = file.attribute(child, "namespace")?.to_owned();
                    reader.schemas.imports.push((namespace, file.origin(child)));
                }
                "complexType" => {
                    let name = reader.name(file.attribute(child, "name")?);
                    reader.complex(&name, child)?;
                }
                "simpleType" => {
                    let name = reader.name(file.attribute(child, "name")?);
                    reader.simple(&name, child)?;
                }
                "element" => {
                    let name = reader.name(file.attribute(child, "name")?);
                    let ty = reader.type_of(child, &name.local)?;
                    let local = name.local.clone();
                    if reader.schemas.elements.insert(name, ty).is_some() {
                        return Err(file.error(ErrorKind::Clash, child, format!("there are two elements `{local}`")));
                    }
                }
                _ => return Err(file.unsupported(child)),
            }
        }
        Ok(())
    }

    /// The types as an [`Api`] without operations, once every import is known to be met.
    pub(super) fn into_api(self, name: &str) -> Result<Api, Error> {
        for (namespace, origin) in &self.imports {
            if namespace != SOAP_ENCODING && !self.namespaces.contains(namespace) {
                let detail = format!("no input declares the imported namespace `{namespace}`");
                return Err(Error::new(ErrorKind::Unresolved, origin, detail));
            }
        }
        Ok(Api { name: name.to_owned(), types: self.types, operations: BTreeMap::new() })
    }
}

struct Reader<'r> {
    file: File<'r>,
    namespace: &'r str,
    /// Types that have a name of their own.
    declared: BTreeSet<&'r str>,
    schemas: &'r mut Schemas,
}

impl Reader<'_> {
    fn name(&self, local: &str) -> TypeName {
        TypeName { namespace: self.namespace.to_owned(), local: local.to_owned() }
    }

    /// A name for a type that has none: `local`, or with the first number that makes it free.
    fn anonymous(&self, local: &str) -> TypeName {
        let names = (1..).map(|number: u32| if number == 1 { local.to_owned() } else { format!("{local}{number}") });
        let free =
            |name: &TypeName| !self.declared.contains(name.local.as_str()) && !self.schemas.types.contains_key(name);
        // There are fewer types than numbers.
        names.map(|name| self.name(&name)).find(free).unwrap_or_else(|| self.name(local))
    }

    fn define(&mut self, name: &TypeName, node: Node<'_, '_>, kind: TypeKind) -> Result<(), Error> {
        let def = TypeDef {
            kind,
            rust_name: String::new(),
            doc: documentation(node),
            usage: Usage::default(),
            origin: self.file.origin(node),
        };
        match self.schemas.types.insert(name.clone(), def) {
            None => Ok(()),
            Some(first) => Err(self.file.error(
                ErrorKind::Clash,
                node,
                format!("the type `{name}` is declared twice, first at {}", first.origin),
            )),
        }
    }

    fn complex(&mut self, name: &TypeName, node: Node<'_, '_>) -> Result<(), Error> {
        let mut kind = TypeKind::Struct { base: None, fields: Vec::new() };
        for child in children(node) {
            match child.tag_name().name() {
                "complexContent" => kind = self.complex_content(name, child)?,
                _ => {
                    let fields = self.particle(name, child, true)?;
                    kind = TypeKind::Struct { base: None, fields };
                }
            }
        }
        self.define(name, node, kind)
    }

    fn complex_content(&mut self, name: &TypeName, node: Node<'_, '_>) -> Result<TypeKind, Error> {
        let Some(derivation) = children(node).next() else { return Err(self.file.unsupported(node)) };
        let base = self.file.qualified(derivation, self.file.attribute(derivation, "base")?)?;
        match derivation.tag_name().name() {
            "extension" => {
                let mut fields = Vec::new();
                for child in children(derivation) {
                    fields.extend(self.particle(name, child, true)?);
                }
                Ok(TypeKind::Struct { base: Some(base), fields })
            }
            "restriction" if base.namespace == SOAP_ENCODING && base.local == "Array" => {
                let item =
                    children(derivation).find_map(|child| child.attribute((WSDL, "arrayType")).map(|ty| (child, ty)));
                let Some((child, array)) = item else { return Err(self.file.unsupported(derivation)) };
                let Some(item) = array.strip_suffix("[]") else { return Err(self.file.unsupported(child)) };
                Ok(TypeKind::Alias(TypeRef::List(Box::new(self.reference(child, item)?))))
            }
            _ => Err(self.file.unsupported(derivation)),
        }
    }

    /// The members of a content model; under a choice none is required.
    fn particle(&mut self, owner: &TypeName, node: Node<'_, '_>, required: bool) -> Result<Vec<Field>, Error> {
        let many = node.attribute("maxOccurs").is_some_and(|most| most != "1");
        let required = match node.tag_name().name() {
            "sequence" | "all" if !many => required && node.attribute("minOccurs") != Some("0"),
            "choice" if !many => false,
            _ => return Err(self.file.unsupported(node)),
        };
        let mut fields = Vec::new();
        for child in children(node) {
            match child.tag_name().name() {
                "element" => fields.push(self.field(owner, child, required)?),
                _ => fields.extend(self.particle(owner, child, required)?),
            }
        }
        Ok(fields)
    }

    fn field(&mut self, owner: &TypeName, node: Node<'_, '_>, required: bool) -> Result<Field, Error> {
        let wire = self.file.attribute(node, "name")?.to_owned();
        let ty = self.type_of(node, &format!("{}{wire}", owner.local))?;
        let repeated = match node.attribute("maxOccurs") {
            None | Some("1") => false,
            Some("0") => return Err(self.file.unsupported(node)),
            Some("unbounded") => true,
            Some(most) if most.parse::<u32>().is_ok() => true,
            Some(_) => return Err(self.file.error(ErrorKind::Syntax, node, "`maxOccurs` is not a number")),
        };
        Ok(Field {
            wire,
            rust_name: String::new(),
            ty,
            required: required && node.attribute("minOccurs") != Some("0"),
            repeated,
            nillable: matches!(node.attribute("nillable"), Some("true" | "1")),
            inline: false,
            boxed: false,
            doc: documentation(node),
            origin: self.file.origin(node),
        })
    }

    /// The type of an element: named, or declared inside it and then called after its place, `hint`.
    fn type_of(&mut self, node: Node<'_, '_>, hint: &str) -> Result<TypeRef, Error> {
        if let Some(name) = node.attribute("type") {
            return self.reference(node, name);
        }
        let Some(inner) = children(node).next() else { return Err(self.file.unsupported(node)) };
        let anonymous = self.anonymous(hint);
        match inner.tag_name().name() {
            "complexType" => self.complex(&anonymous, inner)?,
            "simpleType" => self.simple(&anonymous, inner)?,
            _ => return Err(self.file.unsupported(inner)),
        }
        if let Some(def) = self.schemas.types.get_mut(&anonymous).filter(|def| def.doc.is_empty()) {
            def.doc = documentation(node);
        }
        Ok(TypeRef::Named(anonymous))
    }

    fn simple(&mut self, name: &TypeName, node: Node<'_, '_>) -> Result<(), Error> {
        let restriction = children(node).next().filter(|child| child.has_tag_name((XSD, "restriction")));
        let Some(restriction) = restriction else { return Err(self.file.unsupported(node)) };
        let base = self.reference(restriction, self.file.attribute(restriction, "base")?)?;
        let mut values = Vec::new();
        for child in children(restriction).filter(|child| child.has_tag_name((XSD, "enumeration"))) {
            let wire = self.file.attribute(child, "value")?.to_owned();
            values.push(EnumValue { wire, rust_name: String::new(), doc: documentation(child) });
        }
        let kind = if values.is_empty() { TypeKind::Alias(base) } else { TypeKind::Enum { values } };
        self.define(name, node, kind)
    }

    pub(super) fn reference(&self, node: Node<'_, '_>, prefixed: &str) -> Result<TypeRef, Error> {
        reference(self.file, node, prefixed)
    }
}

/// What a type name in an attribute of `node` refers to.
pub(super) fn reference(file: File<'_>, node: Node<'_, '_>, prefixed: &str) -> Result<TypeRef, Error> {
    let name = file.qualified(node, prefixed)?;
    if name.namespace != XSD {
        return Ok(TypeRef::Named(name));
    }
    match SCALARS.iter().find(|(local, _)| *local == name.local) {
        Some((_, scalar)) => Ok(TypeRef::Scalar(*scalar)),
        None => Err(file.error(ErrorKind::Unsupported, node, format!("the type `{prefixed}` is not supported"))),
    }
}

const SCALARS: &[(&str, Scalar)] = &[
    ("string", Scalar::String),
    ("normalizedString", Scalar::String),
    ("token", Scalar::String),
    ("anyURI", Scalar::String),
    ("boolean", Scalar::Bool),
    ("byte", Scalar::Int32),
    ("short", Scalar::Int32),
    ("int", Scalar::Int32),
    ("unsignedShort", Scalar::UInt32),
    ("unsignedInt", Scalar::UInt32),
    ("long", Scalar::Int64),
    ("integer", Scalar::Int64),
    ("unsignedLong", Scalar::UInt64),
    ("float", Scalar::Float64),
    ("double", Scalar::Float64),
    ("decimal", Scalar::Decimal),
    ("date", Scalar::Date),
    ("dateTime", Scalar::DateTime),
    ("time", Scalar::DateTime),
    ("base64Binary", Scalar::Base64),
];
