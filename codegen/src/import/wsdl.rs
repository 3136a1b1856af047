//! A service description in our layout from the representation: one file per namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::emit::xml::xsd_name;
use crate::ir::{Api, Binding, Fault, Field, Operation, Scalar, SoapStyle, TypeDef, TypeKind, TypeName, TypeRef};
use crate::{Error, ErrorKind, Errors, Output};

/// Writes the files; `folders` gives the file of each namespace, that of the service being the description itself.
pub(super) fn write(api: &Api, folders: &BTreeMap<String, String>, address: &str) -> Result<Output, Errors> {
    let missing = |what: &str| Error::in_file(ErrorKind::Unresolved, &api.name, what.to_owned());
    let Some(Binding::Soap { namespace: service, style, .. }) = api.operations.values().next().map(|o| &o.binding)
    else {
        return Err(missing("there is no operation over SOAP").into());
    };
    let faults = api.operations.values().flat_map(Operation::faults).map(|fault| &fault.element);
    let names = api.types.keys().chain(faults.filter(|element| !element.namespace.is_empty()));
    let namespaces: BTreeSet<&str> = names.map(|name| name.namespace.as_str()).chain([service.as_str()]).collect();
    let prefixes: BTreeMap<&str, String> = namespaces
        .iter()
        .enumerate()
        .map(|(index, namespace)| (*namespace, if namespace == service { "a".to_owned() } else { format!("n{index}") }))
        .collect();
    let writer = Writer { api, prefixes, service, style: *style, address };
    let mut output = Output::new();
    for namespace in &namespaces {
        let file = folders
            .get(*namespace)
            .ok_or_else(|| missing(&format!("no stored file holds the new namespace `{namespace}`; add it by hand")))?;
        let text = if namespace == service {
            writer.description(folders)?
        } else {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
                writer.schema(namespace, &writer.declarations(), folders, "")?
            )
        };
        output.insert(file.clone(), text.into_bytes());
    }
    Ok(output)
}

struct Writer<'a> {
    api: &'a Api,
    prefixes: BTreeMap<&'a str, String>,
    service: &'a str,
    style: SoapStyle,
    address: &'a str,
}

impl Writer<'_> {
    fn declarations(&self) -> String {
        let mut out = String::from(" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"");
        if self.style == SoapStyle::RpcEncoded {
            out += " xmlns:e=\"http://schemas.xmlsoap.org/soap/encoding/\"";
        }
        for (namespace, prefix) in &self.prefixes {
            let _ = write!(out, "\n    xmlns:{prefix}=\"{}\"", escape(namespace));
        }
        out
    }

    fn description(&self, folders: &BTreeMap<String, String>) -> Result<String, Errors> {
        let name = self.api.operations.keys().next().and_then(|name| name.split_once('.')).map(|(service, _)| service);
        let mut out = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<w:definitions xmlns:w=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:s=\"http://schemas.xmlsoap.org/wsdl/soap/\"",
        );
        out += &self.declarations();
        let name = name.map_or(String::new(), |name| format!(" name=\"{}\"", escape(name)));
        let _ = writeln!(out, "\n    targetNamespace=\"{}\"{name}>\n  <w:types>", escape(self.service));
        out += &self.schema(self.service, "", folders, "    ")?;
        out += "  </w:types>\n\n";
        let operations: Vec<&Operation> = self.api.operations.values().collect();
        for operation in &operations {
            self.messages(&mut out, operation)?;
        }
        out += "\n  <w:portType name=\"Port\">\n";
        for operation in &operations {
            let method = escape(method(operation));
            let _ = writeln!(out, "    <w:operation name=\"{method}\">");
            if !operation.doc.is_empty() {
                let _ = writeln!(out, "      <w:documentation>{}</w:documentation>", escape(&operation.doc));
            }
            let _ = writeln!(
                out,
                "      <w:input message=\"a:{method}Input\"/>\n      <w:output message=\"a:{method}Output\"/>"
            );
            for Fault { name, .. } in operation.faults() {
                let name = escape(name);
                let _ = writeln!(out, "      <w:fault name=\"{name}\" message=\"a:{method}{name}\"/>");
            }
            out += "    </w:operation>\n";
        }
        let (style, body) = match self.style {
            SoapStyle::DocumentLiteral => ("document", "<s:body use=\"literal\"/>".to_owned()),
            SoapStyle::RpcEncoded => (
                "rpc",
                format!(
                    "<s:body use=\"encoded\" namespace=\"{}\" encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"/>",
                    escape(self.service)
                ),
            ),
        };
        let _ = writeln!(
            out,
            "  </w:portType>\n\n  <w:binding name=\"Binding\" type=\"a:Port\">\n    <s:binding style=\"{style}\" \
             transport=\"http://schemas.xmlsoap.org/soap/http\"/>"
        );
        for operation in &operations {
            let Binding::Soap { action, .. } = &operation.binding else { continue };
            let _ = writeln!(
                out,
                "    <w:operation name=\"{}\">\n      <s:operation soapAction=\"{}\"/>\n      \
                 <w:input>{body}</w:input>\n      <w:output>{body}</w:output>",
                escape(method(operation)),
                escape(action)
            );
            for Fault { name, .. } in operation.faults() {
                let name = escape(name);
                let _ = writeln!(
                    out,
                    "      <w:fault name=\"{name}\"><s:fault name=\"{name}\" use=\"literal\"/></w:fault>"
                );
            }
            out += "    </w:operation>\n";
        }
        let _ = writeln!(
            out,
            "  </w:binding>\n\n  <w:service name=\"Service\">\n    <w:port name=\"Port\" binding=\"a:Binding\">\n      \
             <s:address location=\"{}\"/>\n    </w:port>\n  </w:service>\n</w:definitions>",
            escape(self.address)
        );
        Ok(out)
    }

    fn messages(&self, out: &mut String, operation: &Operation) -> Result<(), Error> {
        let Binding::Soap { input_element, input, output, .. } = &operation.binding else {
            return Err(Error::new(ErrorKind::Unsupported, &operation.origin, "not a SOAP operation"));
        };
        let output_element = output_element(operation);
        for (direction, ty, element) in
            [("Input", input, input_element.as_str()), ("Output", output, output_element.as_str())]
        {
            let part = match (ty, self.style) {
                (None, _) => String::new(),
                (Some(ty), SoapStyle::RpcEncoded) => {
                    let ty = self.reference(ty, operation)?;
                    format!("<w:part name=\"{}\" type=\"{ty}\"/>", escape(element))
                }
                (Some(_), SoapStyle::DocumentLiteral) => {
                    format!("<w:part name=\"parameters\" element=\"a:{}\"/>", escape(element))
                }
            };
            let _ = writeln!(out, "  <w:message name=\"{}{direction}\">{part}</w:message>", escape(method(operation)));
        }
        for Fault { name, element, ty, origin } in operation.faults() {
            let part = match element.namespace.as_str() {
                "" => format!("name=\"{}\" type=\"{}\"", escape(&element.local), self.type_name(ty, origin)?),
                _ => format!("name=\"fault\" element=\"{}\"", self.name(element)),
            };
            let (method, name) = (escape(method(operation)), escape(name));
            let _ = writeln!(out, "  <w:message name=\"{method}{name}\"><w:part {part}/></w:message>");
        }
        Ok(())
    }

    fn schema(
        &self,
        namespace: &str,
        declarations: &str,
        folders: &BTreeMap<String, String>,
        indent: &str,
    ) -> Result<String, Errors> {
        let mut out = format!("{indent}<xs:schema{declarations} targetNamespace=\"{}\">\n", escape(namespace));
        if self.style == SoapStyle::RpcEncoded {
            let _ = writeln!(out, "{indent}  <xs:import namespace=\"http://schemas.xmlsoap.org/soap/encoding/\"/>");
        }
        let own = folders.get(namespace).map(String::as_str).unwrap_or_default();
        for other in self.prefixes.keys().filter(|other| **other != namespace && self.uses(namespace, other)) {
            let file = folders.get(*other).map(|file| file.rsplit('/').next().unwrap_or(file)).unwrap_or_default();
            if folders.get(*other).is_some_and(|file| file != own) {
                let _ = writeln!(
                    out,
                    "{indent}  <xs:import namespace=\"{}\" schemaLocation=\"{}\"/>",
                    escape(other),
                    escape(file)
                );
            }
        }
        let mut errors = Errors::default();
        for (name, def) in self.api.types.iter().filter(|(name, _)| name.namespace == namespace) {
            if let Err(error) = self.define(&mut out, name, def, &format!("{indent}  ")) {
                errors.push(error);
            }
        }
        errors.into_result(())?;
        for (element, ty) in self.elements(namespace) {
            let _ = writeln!(out, "{indent}  <xs:element name=\"{}\" type=\"{ty}\"/>", escape(&element));
        }
        let _ = writeln!(out, "{indent}</xs:schema>");
        Ok(out)
    }

    /// Elements that messages name: each with the type of its content.
    fn elements(&self, namespace: &str) -> BTreeMap<String, String> {
        let mut elements = BTreeMap::new();
        if namespace == self.service && self.style == SoapStyle::DocumentLiteral {
            for operation in self.api.operations.values() {
                let Binding::Soap { input_element, input, output, .. } = &operation.binding else { continue };
                let output_element = output_element(operation);
                for (element, ty) in [(input_element, input), (&output_element, output)] {
                    if let Some(Ok(ty)) = ty.as_ref().map(|ty| self.reference(ty, operation)) {
                        elements.insert(element.clone(), ty);
                    }
                }
            }
        }
        for Fault { element, ty, origin, .. } in self.api.operations.values().flat_map(Operation::faults) {
            if element.namespace == namespace
                && let Ok(ty) = self.type_name(ty, origin)
            {
                elements.insert(element.local.clone(), ty);
            }
        }
        elements
    }

    fn uses(&self, namespace: &str, other: &str) -> bool {
        let types = self.api.types.iter().filter(|(name, _)| name.namespace == namespace);
        let faults = self.api.operations.values().flat_map(Operation::faults);
        let named = |fault: &Fault| {
            let of_type = fault.element.namespace == namespace || fault.element.namespace.is_empty();
            let type_elsewhere = of_type && fault.ty.name().is_some_and(|name| name.namespace == other);
            type_elsewhere || (namespace == self.service && fault.element.namespace == other)
        };
        faults.into_iter().any(named) || types.flat_map(|(_, def)| def.references()).any(|name| name.namespace == other)
    }

    fn define(&self, out: &mut String, name: &TypeName, def: &TypeDef, indent: &str) -> Result<(), Error> {
        let local = escape(&name.local);
        let docs = docs(&def.doc, &format!("{indent}  "));
        match &def.kind {
            TypeKind::Struct { base, fields } => {
                let _ = write!(out, "{indent}<xs:complexType name=\"{local}\">\n{docs}");
                let (open, close, deeper) = match base {
                    None => (String::new(), String::new(), format!("{indent}  ")),
                    Some(base) => (
                        format!("{indent}  <xs:complexContent><xs:extension base=\"{}\">\n", self.name(base)),
                        format!("{indent}  </xs:extension></xs:complexContent>\n"),
                        format!("{indent}    "),
                    ),
                };
                let _ = writeln!(out, "{open}{deeper}<xs:sequence>");
                for field in fields {
                    self.field(out, field, &format!("{deeper}  "))?;
                }
                let _ = writeln!(out, "{deeper}</xs:sequence>\n{close}{indent}</xs:complexType>");
            }
            TypeKind::Enum { values } => {
                let _ = writeln!(
                    out,
                    "{indent}<xs:simpleType name=\"{local}\">\n{docs}{indent}  <xs:restriction base=\"xs:string\">"
                );
                for value in values {
                    let wire = escape(&value.wire);
                    let inner = format!("{indent}    ");
                    match self::docs(&value.doc, &format!("{inner}  ")) {
                        docs if docs.is_empty() => {
                            let _ = writeln!(out, "{inner}<xs:enumeration value=\"{wire}\"/>");
                        }
                        docs => {
                            let _ = writeln!(
                                out,
                                "{inner}<xs:enumeration value=\"{wire}\">\n{docs}{inner}</xs:enumeration>"
                            );
                        }
                    }
                }
                let _ = writeln!(out, "{indent}  </xs:restriction>\n{indent}</xs:simpleType>");
            }
            TypeKind::Alias(TypeRef::List(item)) => {
                let item = self.type_name(item, &def.origin)?;
                let _ = writeln!(
                    out,
                    "{indent}<xs:complexType name=\"{local}\">\n{docs}{indent}  <xs:complexContent><xs:restriction \
                     base=\"e:Array\">\n{indent}    <xs:attribute ref=\"e:arrayType\" \
                     w:arrayType=\"{item}[]\"/>\n{indent}  </xs:restriction></xs:complexContent>\n{indent}</xs:complexType>"
                );
            }
            TypeKind::Alias(target) => {
                let target = self.type_name(target, &def.origin)?;
                let _ = writeln!(
                    out,
                    "{indent}<xs:simpleType name=\"{local}\">\n{docs}{indent}  <xs:restriction \
                     base=\"{target}\"/>\n{indent}</xs:simpleType>"
                );
            }
        }
        Ok(())
    }

    fn field(&self, out: &mut String, field: &Field, indent: &str) -> Result<(), Error> {
        let mut text = format!(
            "{indent}<xs:element name=\"{}\" type=\"{}\"",
            escape(&field.wire),
            self.type_name(&field.ty, &field.origin)?
        );
        for (holds, attribute) in [
            (!field.required, " minOccurs=\"0\""),
            (field.repeated, " maxOccurs=\"unbounded\""),
            (field.nillable, " nillable=\"true\""),
        ] {
            if holds {
                text += attribute;
            }
        }
        let docs = docs(&field.doc, &format!("{indent}  "));
        let _ = match docs.is_empty() {
            true => writeln!(out, "{text}/>"),
            false => writeln!(out, "{text}>\n{docs}{indent}</xs:element>"),
        };
        Ok(())
    }

    fn reference(&self, ty: &TypeRef, operation: &Operation) -> Result<String, Error> {
        self.type_name(ty, &operation.origin)
    }

    fn type_name(&self, ty: &TypeRef, at: &crate::ir::Origin) -> Result<String, Error> {
        match ty {
            TypeRef::Named(name) => Ok(self.name(name)),
            TypeRef::Scalar(scalar) => match scalar_name(*scalar) {
                Some(name) => Ok(format!("xs:{name}")),
                None => Err(Error::new(ErrorKind::Unsupported, at, "XML Schema has no such scalar")),
            },
            TypeRef::List(_) | TypeRef::Map(_) => {
                Err(Error::new(ErrorKind::Unsupported, at, "a list or a map without a name cannot be written"))
            }
        }
    }

    fn name(&self, name: &TypeName) -> String {
        format!("{}:{}", self.prefix(&name.namespace), escape(&name.local))
    }

    fn prefix(&self, namespace: &str) -> &str {
        self.prefixes.get(namespace).map_or("", String::as_str)
    }
}

fn method(operation: &Operation) -> &str {
    match &operation.binding {
        Binding::Soap { method, .. } => method,
        Binding::Rest { .. } => &operation.name,
    }
}

/// The root element of an answer: as its type is called; in rpc/encoded the name of the part, which nothing reads.
fn output_element(operation: &Operation) -> String {
    match &operation.binding {
        Binding::Soap { style: SoapStyle::DocumentLiteral, output: Some(TypeRef::Named(name)), .. } => {
            name.local.clone()
        }
        Binding::Soap { style: SoapStyle::DocumentLiteral, method, .. } => format!("{method}Response"),
        _ => "return".to_owned(),
    }
}

fn scalar_name(scalar: Scalar) -> Option<&'static str> {
    match scalar {
        Scalar::Base64Text | Scalar::File | Scalar::Json => None,
        declared => Some(xsd_name(declared)),
    }
}

fn docs(doc: &str, indent: &str) -> String {
    if doc.is_empty() {
        return String::new();
    }
    format!("{indent}<xs:annotation><xs:documentation>{}</xs:documentation></xs:annotation>\n", escape(doc))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
