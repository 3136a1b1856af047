//! WSDL 1.1 with SOAP 1.1 bindings: document/literal with one element part, and rpc/encoded with at most one part.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::xml::{File, WSDL, XSD, document, documentation, named};
use super::xsd::{Schemas, reference};
use crate::ir::{Api, Binding, Effect, Fault, Operation, SoapStyle, TypeName, TypeRef};
use crate::{Error, ErrorKind};

const SOAP: &str = "http://schemas.xmlsoap.org/wsdl/soap/";

/// Reads the service that `main` describes. `files` holds it and every schema that it imports, as paths and contents;
/// imports are met by namespace, so that an absolute `schemaLocation` does not matter.
///
/// Operations are called `Service.method`, or `method` where the description has no name.
///
/// # Errors
/// If a file is not what it should be, or uses what the generator does not read.
pub fn parse(name: &str, main: &str, files: &[(&str, &[u8])]) -> Result<Api, Error> {
    let mut schemas = Schemas::default();
    let mut documents = Vec::new();
    for (path, bytes) in files {
        documents.push((*path, document(path, bytes)?));
    }
    let mut service = None;
    for (path, parsed) in &documents {
        let file = File(path);
        let root = parsed.root_element();
        if root.has_tag_name((XSD, "schema")) {
            schemas.read(file, root)?;
        } else if root.has_tag_name((WSDL, "definitions")) {
            for types in named(root, WSDL, "types") {
                for schema in named(types, XSD, "schema") {
                    schemas.read(file, schema)?;
                }
            }
            if *path == main {
                service = Some((file, root));
            }
        } else {
            return Err(file.error(ErrorKind::Syntax, root, "neither a WSDL nor a schema"));
        }
    }
    let Some((file, definitions)) = service else {
        return Err(Error::in_file(ErrorKind::MissingInput, main, "the service description is missing"));
    };
    let elements = schemas.elements.clone();
    let mut api = schemas.into_api(name)?;
    let description = Description { file, definitions, elements: &elements, messages: messages(file, definitions)? };
    for binding in named(definitions, WSDL, "binding") {
        description.binding(binding, &mut api)?;
    }
    Ok(api)
}

type Messages<'a, 'i> = BTreeMap<&'a str, Node<'a, 'i>>;

fn messages<'a, 'i>(file: File<'_>, definitions: Node<'a, 'i>) -> Result<Messages<'a, 'i>, Error> {
    named(definitions, WSDL, "message").into_iter().map(|node| Ok((file.attribute(node, "name")?, node))).collect()
}

struct Description<'a, 'i> {
    file: File<'a>,
    definitions: Node<'a, 'i>,
    elements: &'a BTreeMap<TypeName, TypeRef>,
    messages: Messages<'a, 'i>,
}

/// The one part of a message: its element (without a namespace the part itself) and its type.
struct Part {
    element: TypeName,
    ty: TypeRef,
}

impl<'a, 'i> Description<'a, 'i> {
    fn binding(&self, binding: Node<'a, 'i>, api: &mut Api) -> Result<(), Error> {
        let Some(soap) = named(binding, SOAP, "binding").first().copied() else { return Ok(()) };
        let port_type = self.find("portType", binding, self.file.attribute(binding, "type")?)?;
        for bound in named(binding, WSDL, "operation") {
            let method = self.file.attribute(bound, "name")?;
            let abstract_operation = named(port_type, WSDL, "operation")
                .into_iter()
                .find(|node| node.attribute("name") == Some(method))
                .ok_or_else(|| self.unresolved(bound, "operation", method))?;
            let operation = self.operation(soap, bound, abstract_operation, method)?;
            if let Some(first) = api.operations.insert(operation.name.clone(), operation) {
                let detail = format!("the operation `{}` is declared twice", first.name);
                return Err(self.file.error(ErrorKind::Clash, bound, detail));
            }
        }
        Ok(())
    }

    fn operation(
        &self,
        soap: Node<'a, 'i>,
        bound: Node<'a, 'i>,
        described: Node<'a, 'i>,
        method: &str,
    ) -> Result<Operation, Error> {
        let action = named(bound, SOAP, "operation").first().copied();
        let own_style = action.and_then(|node| node.attribute("style"));
        let style = own_style.or_else(|| soap.attribute("style")).unwrap_or("document");
        let style = match (style, self.uses(bound)?.as_slice()) {
            ("document", [] | ["literal"]) => SoapStyle::DocumentLiteral,
            ("rpc", [] | ["encoded"]) => SoapStyle::RpcEncoded,
            _ => {
                return Err(self.file.error(ErrorKind::Unsupported, bound, "neither document/literal nor rpc/encoded"));
            }
        };
        let input = self.part(described, "input", style)?;
        let output = self.part(described, "output", style)?;
        let name = match self.definitions.attribute("name") {
            Some(service) => format!("{service}.{method}"),
            None => method.to_owned(),
        };
        Ok(Operation {
            name,
            rust_name: String::new(),
            binding: Binding::Soap {
                style,
                method: method.to_owned(),
                action: action.and_then(|node| node.attribute("soapAction")).unwrap_or_default().to_owned(),
                namespace: self.definitions.attribute("targetNamespace").unwrap_or_default().to_owned(),
                input_element: input.as_ref().map(|part| part.element.local.clone()).unwrap_or_default(),
                input: input.map(|part| part.ty),
                output: output.map(|part| part.ty),
                faults: self.faults(described)?,
            },
            effect: effect(method),
            doc: documentation(described),
            origin: self.file.origin(described),
        })
    }

    /// The distinct `use` values of the bodies of a bound operation.
    fn uses(&self, bound: Node<'a, 'i>) -> Result<Vec<&'a str>, Error> {
        let mut uses = Vec::new();
        for body in bound.descendants().filter(|node| node.has_tag_name((SOAP, "body"))) {
            uses.push(self.file.attribute(body, "use")?);
        }
        uses.sort_unstable();
        uses.dedup();
        Ok(uses)
    }

    fn part(&self, described: Node<'a, 'i>, direction: &str, style: SoapStyle) -> Result<Option<Part>, Error> {
        let Some(io) = named(described, WSDL, direction).first().copied() else { return Ok(None) };
        let Some(part) = self.only_part(io)? else { return Ok(None) };
        match style {
            SoapStyle::RpcEncoded => self.typed(part).map(Some),
            SoapStyle::DocumentLiteral => self.element(part).map(Some),
        }
    }

    /// The faults of an operation. Whatever its style, a part may name an element or a type.
    fn faults(&self, described: Node<'a, 'i>) -> Result<Vec<Fault>, Error> {
        let mut faults = BTreeMap::new();
        for node in named(described, WSDL, "fault") {
            let name = self.file.attribute(node, "name")?.to_owned();
            let Some(part) = self.only_part(node)? else {
                return Err(self.file.error(ErrorKind::Unsupported, node, "a fault whose message has no part"));
            };
            let Part { element, ty } =
                if part.has_attribute("element") { self.element(part)? } else { self.typed(part)? };
            let fault = Fault { name: name.clone(), element, ty, origin: self.file.origin(node) };
            if faults.insert(name, fault).is_some() {
                return Err(self.file.error(ErrorKind::Clash, node, "a fault of that name is declared before"));
            }
        }
        Ok(faults.into_values().collect())
    }

    /// The part of the message that an input, output or fault names; `None` if it has none.
    fn only_part(&self, of: Node<'a, 'i>) -> Result<Option<Node<'a, 'i>>, Error> {
        let message = self.find_message(of, self.file.attribute(of, "message")?)?;
        match named(message, WSDL, "part").as_slice() {
            [] => Ok(None),
            [part] => Ok(Some(*part)),
            _ => Err(self.file.error(ErrorKind::Unsupported, message, "a message of several parts")),
        }
    }

    fn typed(&self, part: Node<'a, 'i>) -> Result<Part, Error> {
        let local = self.file.attribute(part, "name")?.to_owned();
        let ty = reference(self.file, part, self.file.attribute(part, "type")?)?;
        Ok(Part { element: TypeName { namespace: String::new(), local }, ty })
    }

    fn element(&self, part: Node<'a, 'i>) -> Result<Part, Error> {
        let prefixed = self.file.attribute(part, "element")?;
        let element = self.file.qualified(part, prefixed)?;
        match self.elements.get(&element) {
            Some(ty) => Ok(Part { ty: ty.clone(), element }),
            None => Err(self.unresolved(part, "element", prefixed)),
        }
    }

    fn find_message(&self, node: Node<'a, 'i>, prefixed: &str) -> Result<Node<'a, 'i>, Error> {
        let name = self.file.qualified(node, prefixed)?;
        self.messages.get(name.local.as_str()).copied().ok_or_else(|| self.unresolved(node, "message", prefixed))
    }

    fn find(&self, kind: &str, node: Node<'a, 'i>, prefixed: &str) -> Result<Node<'a, 'i>, Error> {
        let name = self.file.qualified(node, prefixed)?;
        named(self.definitions, WSDL, kind)
            .into_iter()
            .find(|candidate| candidate.attribute("name") == Some(&name.local))
            .ok_or_else(|| self.unresolved(node, kind, prefixed))
    }

    fn unresolved(&self, node: Node<'_, '_>, kind: &str, name: &str) -> Error {
        self.file.error(ErrorKind::Unresolved, node, format!("there is no {kind} `{name}`"))
    }
}

/// A service description does not say what an operation does; a name that reads is taken at its word, everything else
/// is taken to write until an overlay says otherwise.
fn effect(method: &str) -> Effect {
    let reads = ["get", "Get"].iter().any(|prefix| method.starts_with(prefix));
    if reads { Effect::Safe } else { Effect::Write }
}
