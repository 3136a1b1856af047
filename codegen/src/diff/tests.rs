//! The rules of the table, a case each.

use super::*;
use crate::source::{graph, wsdl};

const SERVICE: &str = r#"<w:definitions name="S" targetNamespace="urn:s" xmlns:t="urn:s" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema">
<w:types><x:schema targetNamespace="urn:s">
<x:simpleType name="E"><x:restriction base="x:string"><x:enumeration value="A"/><x:enumeration value="B"/></x:restriction></x:simpleType>
<x:complexType name="In"><x:sequence>
<x:element name="one" type="x:string"/>
<x:element name="two" type="t:E"/>
<x:element name="opt" type="x:int" minOccurs="0"/>
</x:sequence></x:complexType>
<x:complexType name="Out"><x:sequence>
<x:element name="three" type="x:string"/>
<x:element name="four" type="x:int" minOccurs="0"/>
</x:sequence></x:complexType>
<x:element name="Request" type="t:In"/><x:element name="Response" type="t:Out"/>
</x:schema></w:types>
<w:message name="in"><w:part name="parameters" element="t:Request"/></w:message>
<w:message name="out"><w:part name="parameters" element="t:Response"/></w:message>
<w:portType name="p"><w:operation name="do"><w:input message="t:in"/><w:output message="t:out"/></w:operation></w:portType>
<w:binding name="b" type="t:p"><s:binding style="document"/>
<w:operation name="do"><s:operation soapAction="urn:s/do"/>
<w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation></w:binding>
</w:definitions>"#;

fn service(text: &str) -> Api {
    wsdl::parse("s", "s.wsdl", &[("s.wsdl", text.as_bytes())]).unwrap()
}

/// Whether replacing `from` by `to` breaks Rust users, and the wire.
fn breaks(from: &str, to: &str) -> (bool, bool) {
    assert_eq!(SERVICE.matches(from).count(), 1, "{from}");
    let judged = run(&service(SERVICE), &service(&SERVICE.replace(from, to))).unwrap();
    assert!(!judged.is_empty(), "{to}");
    (judged.iter().any(|item| item.breaks_rust), judged.iter().any(|item| item.breaks_wire))
}

#[test]
fn nothing_changes_in_the_same_schema() {
    assert_eq!(run(&service(SERVICE), &service(SERVICE)).unwrap(), []);
}

#[test]
fn each_rule_holds_for_requests_and_answers() {
    let (one, two) = (r#"<x:element name="one" type="x:string"/>"#, r#"<x:element name="two" type="t:E"/>"#);
    let (three, four) =
        (r#"<x:element name="three" type="x:string"/>"#, r#"<x:element name="four" type="x:int" minOccurs="0"/>"#);
    let opt = r#"<x:element name="opt" type="x:int" minOccurs="0"/>"#;
    let with = |old: &str, more: &str| format!("{old}{more}");
    let cases: &[(&str, String, (bool, bool))] = &[
        (opt, with(opt, r#"<x:element name="new" type="x:int" minOccurs="0"/>"#), (false, false)),
        (opt, with(opt, r#"<x:element name="new" type="x:int"/>"#), (true, true)),
        (four, with(four, r#"<x:element name="new" type="x:int"/>"#), (false, false)),
        (opt, String::new(), (true, true)),
        (four, String::new(), (true, false)),
        (opt, r#"<x:element name="opt" type="x:int"/>"#.to_owned(), (true, true)),
        (one, r#"<x:element name="one" type="x:string" minOccurs="0"/>"#.to_owned(), (true, false)),
        (three, r#"<x:element name="three" type="x:string" minOccurs="0"/>"#.to_owned(), (false, false)),
        (four, r#"<x:element name="four" type="x:int"/>"#.to_owned(), (false, false)),
        (one, r#"<x:element name="one" type="x:long"/>"#.to_owned(), (true, true)),
        (three, r#"<x:element name="three" type="t:E"/>"#.to_owned(), (true, false)),
        (two, r#"<x:element name="two" type="x:string"/>"#.to_owned(), (true, false)),
        (three, r#"<x:element name="three" type="x:string" maxOccurs="9"/>"#.to_owned(), (true, true)),
        (one, r#"<x:element name="one" type="x:string" nillable="true"/>"#.to_owned(), (true, false)),
        (opt, r#"<x:element name="opt" type="x:int" minOccurs="0" nillable="true"/>"#.to_owned(), (false, false)),
        (r#"<x:enumeration value="B"/>"#, String::new(), (true, true)),
        (
            r#"<x:enumeration value="B"/>"#,
            r#"<x:enumeration value="B"/><x:enumeration value="C"/>"#.to_owned(),
            (false, false),
        ),
        (r#"soapAction="urn:s/do""#, r#"soapAction="urn:s/DO""#.to_owned(), (false, true)),
        (
            r#"<x:element name="Response" type="t:Out"/>"#,
            r#"<x:element name="Response" type="t:In"/>"#.to_owned(),
            (true, true),
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(breaks(from, to), *expected, "{from} -> {to}");
    }
}

#[test]
fn declared_faults_break_no_rust_users_and_the_wire_where_their_details_change() {
    const FAULTS: &str = include_str!("../../tests/codegen/fixtures/faults.wsdl");
    let changed = |old: &str, new: &str| {
        let judged = run(&service(old), &service(new)).unwrap();
        assert!(judged.iter().all(|item| !item.breaks_rust), "{judged:?}");
        judged.iter().map(|item| (item.change.node.to_string(), item.breaks_wire)).collect::<Vec<_>>()
    };
    let without = FAULTS.replacen(r#"<w:fault name="Busy" message="t:busy"/>"#, "", 1);
    assert_eq!(changed(FAULTS, &without), [("fault Busy of S.do".to_owned(), true)]);
    assert_eq!(changed(&without, FAULTS), [("fault Busy of S.do".to_owned(), false)]);
    let other = FAULTS.replacen(
        r#"<w:fault name="Busy" message="t:busy"/>"#,
        r#"<w:fault name="Busy" message="t:refused"/>"#,
        1,
    );
    assert_eq!(changed(FAULTS, &other), [("fault Busy of S.do".to_owned(), true)]);
    let text = render(&run(&service(FAULTS), &service(&other)).unwrap());
    assert!(
        text.contains(
            "fault Busy of S.do, type: {urn:s}Busy in element {urn:s}Busy (s.wsdl:17) -> {urn:s}Refusal in element \
             {urn:s}Refused (s.wsdl:17) [breaks the wire]"
        ),
        "{text}"
    );
    let inside = FAULTS.replacen(r#"name="code" type="x:int""#, r#"name="code" type="x:long""#, 1);
    assert_eq!(changed(FAULTS, &inside), [("field {urn:s}Refusal.code".to_owned(), true)]);
}

#[test]
fn the_order_of_a_request_breaks_what_it_orders() {
    let (one, two) = (r#"<x:element name="one" type="x:string"/>"#, r#"<x:element name="two" type="t:E"/>"#);
    assert_eq!(breaks(&format!("{one}\n{two}"), &format!("{two}\n{one}")), (true, true));
    let (two, opt) = (two, r#"<x:element name="opt" type="x:int" minOccurs="0"/>"#);
    assert_eq!(breaks(&format!("{two}\n{opt}"), &format!("{opt}\n{two}")), (false, true));
    let (three, four) =
        (r#"<x:element name="three" type="x:string"/>"#, r#"<x:element name="four" type="x:int" minOccurs="0"/>"#);
    assert_eq!(breaks(&format!("{three}\n{four}"), &format!("{four}\n{three}")), (false, false));
}

#[test]
fn parameters_and_operations_of_a_graph_node_are_judged() {
    let node = |apis: &str| {
        let text = format!(r#"{{"apis": [{apis}], "fields": []}}"#);
        let nodes = vec![("N", ("N.json", text.as_bytes()))];
        graph::parse("n", &graph::Spec { nodes, enums: ("e.json", b"[]"), overlay: None }).unwrap()
    };
    let api =
        |params: &str| format!(r#"{{"method": "GET", "endpoint": "a", "return": "Object", "params": [{params}]}}"#);
    let param =
        |name: &str, required: bool| format!(r#"{{"name": "{name}", "required": {required}, "type": "string"}}"#);
    let judged = |old: &str, new: &str| {
        let judged = run(&node(old), &node(new)).unwrap();
        assert_eq!(judged.len(), 1, "{judged:?}");
        (judged[0].breaks_rust, judged[0].breaks_wire)
    };
    assert_eq!(judged(&api(""), &api(&param("p", false))), (false, false));
    assert_eq!(judged(&api(""), &api(&param("p", true))), (true, true));
    assert_eq!(judged(&api(&param("p", false)), &api("")), (true, true));
    assert_eq!(judged(&api(""), ""), (true, true));
    assert_eq!(judged("", &api("")), (false, false));
}

#[test]
fn the_text_groups_changes_and_counts_them() {
    let new = SERVICE
        .replace(r#"<x:enumeration value="B"/>"#, r#"<x:enumeration value="C"/>"#)
        .replace(r#"name="four" type="x:int""#, r#"name="four" type="x:long""#);
    let text = render(&run(&service(SERVICE), &service(&new)).unwrap());
    assert_eq!(
        text,
        "added:\n  value {urn:s}E `C`: a value (s.wsdl:4)\nremoved:\n  value {urn:s}E `B`: a value (s.wsdl:4) [breaks \
         Rust users and the wire]\nchanged:\n  field {urn:s}Out.four, type: int32 (s.wsdl:12) -> int64 (s.wsdl:12) \
         [breaks Rust users and the wire]\n3 changes; 2 break Rust users, 2 break the wire\n"
    );
}
