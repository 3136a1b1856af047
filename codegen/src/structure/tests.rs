//! Each respect in which two readings can differ is found, alone and with both places.

use super::*;
use crate::source::{openapi, wsdl};

const SERVICE: &str = r#"<w:definitions name="S" targetNamespace="urn:s" xmlns:t="urn:s" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema">
<w:types><x:schema targetNamespace="urn:s">
<x:simpleType name="E"><x:restriction base="x:string"><x:enumeration value="A"/><x:enumeration value="B"/></x:restriction></x:simpleType>
<x:complexType name="R"><x:sequence>
<x:element name="one" type="x:string"/>
<x:element name="two" type="t:E" minOccurs="0"/>
</x:sequence></x:complexType>
<x:element name="Request" type="t:R"/><x:element name="Response" type="t:R"/>
</x:schema></w:types>
<w:message name="in"><w:part name="parameters" element="t:Request"/></w:message>
<w:message name="out"><w:part name="parameters" element="t:Response"/></w:message>
<w:portType name="p"><w:operation name="do"><w:input message="t:in"/><w:output message="t:out"/></w:operation></w:portType>
<w:binding name="b" type="t:p"><s:binding style="document"/>
<w:operation name="do"><s:operation soapAction="urn:s/do"/>
<w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation></w:binding>
</w:definitions>"#;

fn service(text: &str, file: &str) -> Api {
    wsdl::parse("s", file, &[(file, text.as_bytes())]).unwrap()
}

/// What is found after `from` was replaced by `to`, in a line each.
fn found(from: &str, to: &str) -> Vec<String> {
    assert_eq!(SERVICE.matches(from).count(), 1, "{from}");
    let (old, new) = (service(SERVICE, "old.wsdl"), service(&SERVICE.replace(from, to), "new.wsdl"));
    let place = |side: &Option<Side>| match side {
        Some(side) => format!("{} at {}", side.says, side.origin),
        None => "absent".to_owned(),
    };
    let line = |change: &Change| {
        format!("{}, {}: {} | {}", change.node, change.aspect, place(&change.old), place(&change.new))
    };
    changes(&old, &new).iter().map(line).collect()
}

#[test]
fn a_reading_does_not_differ_from_itself_in_another_place() {
    let old = service(SERVICE, "old.wsdl");
    let new = service(&SERVICE.replace("<x:element name=\"one\"", "\n\n<x:element name=\"one\""), "new.wsdl");
    assert_eq!(changes(&old, &new), []);
}

#[test]
fn each_respect_is_found_alone_with_both_places() {
    let two = r#"<x:element name="two" type="t:E" minOccurs="0"/>"#;
    let cases = [
        (
            r#"name="one" type="x:string""#,
            r#"name="one" type="x:int""#,
            "field {urn:s}R.one, type: string at old.wsdl:6 | int32 at new.wsdl:6",
        ),
        (r#" minOccurs="0""#, "", "field {urn:s}R.two, required: optional at old.wsdl:7 | required at new.wsdl:7"),
        (
            r#"name="one""#,
            r#"name="one" nillable="true""#,
            "field {urn:s}R.one, nillable: not nillable at old.wsdl:6 | nillable at new.wsdl:6",
        ),
        (
            r#"name="one""#,
            r#"name="one" maxOccurs="unbounded""#,
            "field {urn:s}R.one, repeated: single at old.wsdl:6 | repeated at new.wsdl:6",
        ),
        (two, "", "field {urn:s}R.two, presence: {urn:s}E at old.wsdl:7 | absent"),
        (r#"<x:enumeration value="B"/>"#, "", "value {urn:s}E `B`, presence: a value at old.wsdl:4 | absent"),
        (
            r#"<x:enumeration value="A"/><x:enumeration value="B"/>"#,
            r#"<x:enumeration value="B"/><x:enumeration value="A"/>"#,
            "type {urn:s}E, order: A, B at old.wsdl:4 | B, A at new.wsdl:4",
        ),
        (
            r#"<s:operation soapAction="urn:s/do"/>"#,
            r#"<s:operation soapAction="urn:s/DO"/>"#,
            "operation S.do, address: document/literal {urn:s}do action `urn:s/do` element `Request` at old.wsdl:13 | \
             document/literal {urn:s}do action `urn:s/DO` element `Request` at new.wsdl:13",
        ),
        (
            r#"<x:element name="Response" type="t:R"/>"#,
            r#"<x:element name="Response" type="t:E"/>"#,
            "operation S.do, output: {urn:s}R at old.wsdl:13 | {urn:s}E at new.wsdl:13",
        ),
        (
            "</x:schema>",
            r#"<x:complexType name="N"><x:sequence/></x:complexType></x:schema>"#,
            "type {urn:s}N, presence: absent | record at new.wsdl:10",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(found(from, to), [expected], "{to}");
    }
}

#[test]
fn a_parameter_in_another_place_is_found() {
    let document = |place: &str| {
        format!(
            r#"{{"openapi": "3.0.3", "info": {{"title": "t", "version": "1"}}, "paths": {{"/a/{{id}}": {{"get": {{
            "operationId": "read", "parameters": [
            {{"name": "id", "in": "path", "required": true, "schema": {{"type": "string"}}}},
            {{"name": "q", "in": "query", {place} "schema": {{"type": "array", "items": {{"type": "string"}}}}}}],
            "responses": {{"204": {{"description": "done"}}}}}}}}}}}}"#
        )
    };
    let read = |text: &str| openapi::parse("o", "o.json", text.as_bytes());
    let api = read(&document(r#""explode": false,"#)).unwrap();
    let mut other = api.clone();
    let operation = other.operations.get_mut("read").unwrap();
    let crate::ir::Binding::Rest { params, .. } = &mut operation.binding else { panic!("{operation:?}") };
    params[1].location = Location::Query;
    let found = changes(&api, &other);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].aspect, found[0].node.to_string()), (Aspect::Location, "parameter read(q)".to_owned()));
}
