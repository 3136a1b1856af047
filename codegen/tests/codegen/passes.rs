//! Passes that work on more than one node: pruning to roots and joining types of several namespaces.

use polyptych_codegen::ir::{Api, TypeName, Usage};
use polyptych_codegen::pass::prune::{self, Roots};
use polyptych_codegen::pass::{prepare, recursion, resolve, unify};
use polyptych_codegen::source::wsdl;
use polyptych_codegen::{ErrorKind, Errors};

use crate::support::{parse, service};

const ITEM: &str = r#"<x:complexType name="Inner"><x:sequence><x:element name="a" type="x:int"/></x:sequence></x:complexType>
    <x:complexType name="Item"><x:sequence><x:element name="inner" type="t:Inner"/></x:sequence></x:complexType>"#;

/// A service that sends its own `Item` and gets the `Item` of another namespace, which holds `member`.
fn of_two_namespaces(member: &str) -> Result<Api, Errors> {
    let own = format!(
        r#"<x:import namespace="urn:o"/>{ITEM}
        <x:element name="Request" type="t:Item"/><x:element name="Response" type="o:Item" xmlns:o="urn:o"/>"#
    );
    let other = format!(
        r#"<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:o" targetNamespace="urn:o">{}</x:schema>"#,
        ITEM.replace(r#"name="a""#, &format!(r#"name="{member}""#))
    );
    let wsdl = service(&own);
    let files = [("s.wsdl", wsdl.as_bytes()), ("o.xsd", other.as_bytes())];
    Ok(wsdl::parse("s", "s.wsdl", &files)?)
}

#[test]
fn types_that_say_the_same_become_one_that_travels_both_ways() {
    let api = prune::run(resolve::run(of_two_namespaces("a").unwrap()).unwrap(), Roots::default()).unwrap();
    assert_eq!(api.types.len(), 4);
    let api = unify::run(api);
    let kept = TypeName { namespace: "urn:o".to_owned(), local: "Item".to_owned() };
    let inner = TypeName { local: "Inner".to_owned(), ..kept.clone() };
    assert_eq!(api.types.keys().collect::<Vec<_>>(), [&inner, &kept]);
    assert_eq!(api.types[&kept].usage, Usage { request: true, response: true });
    let operation = &api.operations["S.do"];
    assert_eq!(operation.inputs()[0].name(), Some(&kept));
    assert_eq!(operation.output().and_then(|output| output.name()), Some(&kept));
}

#[test]
fn types_of_one_name_that_say_different_things_get_two_names() {
    let api = prepare(of_two_namespaces("b").unwrap(), &[], Roots::default()).unwrap();
    let names: Vec<_> = api.types.iter().map(|(name, def)| (name.namespace.as_str(), def.rust_name.as_str())).collect();
    assert_eq!(names, [("urn:o", "Inner"), ("urn:o", "Item"), ("urn:s", "Inner2"), ("urn:s", "Item2")]);
}

#[test]
fn what_only_a_fault_holds_is_kept_where_it_is_asked_for() {
    let wsdl = include_str!("fixtures/faults.wsdl");
    let api = resolve::run(parse(wsdl).unwrap()).unwrap();
    let kept = |faults: bool| {
        let api = prune::run(api.clone(), Roots { faults, ..Roots::default() }).unwrap();
        api.types.into_keys().map(|name| name.local).collect::<Vec<_>>()
    };
    assert_eq!(kept(false), ["Request", "Response"]);
    assert_eq!(kept(true), ["Busy", "Inner", "Refusal", "Request", "Response"]);
}

#[test]
fn only_what_the_roots_reach_is_kept() {
    let extra = r#"<x:complexType name="Unused"><x:sequence/></x:complexType>
        <x:complexType name="Wanted"><x:sequence><x:element name="item" type="t:Item"/></x:sequence></x:complexType>"#;
    let ends = r#"<x:element name="Request"><x:complexType/></x:element><x:element name="Response"><x:complexType/></x:element>"#;
    let api = parse(&service(&format!("{ITEM}{extra}{ends}"))).unwrap();
    let kept = |roots: Roots<'_>| {
        let api = prune::run(api.clone(), roots).unwrap();
        api.types.into_keys().map(|name| name.local).collect::<Vec<_>>()
    };
    assert_eq!(kept(Roots::default()), ["Request", "Response"]);
    assert_eq!(
        kept(Roots { types: &["Wanted"], ..Roots::of(&["S.do"]) }),
        ["Inner", "Item", "Request", "Response", "Wanted"]
    );
    for roots in [Roots::of(&["S.undo"]), Roots { types: &["Missing"], ..Roots::of(&[]) }] {
        let errors = prune::run(api.clone(), roots).unwrap_err();
        assert_eq!(errors.iter().next().unwrap().kind, ErrorKind::Unresolved, "{errors}");
    }
}

#[test]
fn only_the_member_that_closes_a_cycle_is_boxed() {
    let schema = r#"<x:complexType name="A"><x:sequence><x:element name="b" type="t:B"/></x:sequence></x:complexType>
        <x:complexType name="B"><x:sequence><x:element name="a" type="t:A" minOccurs="0"/></x:sequence></x:complexType>
        <x:element name="Request" type="t:A"/><x:element name="Response" type="t:A"/>"#;
    let api = recursion::run(parse(&service(schema)).unwrap());
    let text = format!("{api:?}");
    assert_eq!(text.matches("boxed: true").count(), 1, "{text}");
}
