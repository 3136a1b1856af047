//! What the comparison finds, and what it takes for explained.

use super::*;
use crate::pass::overlay;
use crate::source::{openapi, wsdl};

const SERVICE: &str = r#"<w:definitions name="S" targetNamespace="urn:s" xmlns:t="urn:s" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema">
<w:types><x:schema targetNamespace="urn:s">
<x:complexType name="B"><x:sequence><x:element name="zero" type="x:int"/></x:sequence></x:complexType>
<x:complexType name="R"><x:complexContent><x:extension base="t:B"><x:sequence>
<x:element name="one" type="x:string"/>
</x:sequence></x:extension></x:complexContent></x:complexType>
</x:schema></w:types></w:definitions>"#;

fn service(text: &str, file: &str) -> Api {
    wsdl::parse("s", file, &[(file, text.as_bytes())]).unwrap()
}

fn overlays(text: &str) -> Vec<Overlay> {
    overlay::parse("overlays.toml", text.as_bytes()).unwrap()
}

#[test]
fn what_an_overlay_sets_is_a_difference_that_it_explains() {
    let api = service(SERVICE, "s.wsdl");
    let fix =
        overlays("[[overlay]]\ntype = \"R\"\nfield = \"one\"\nbase64 = true\ninline = false\nreason = \"bytes\"\n");
    let error = apis(&api, &fix, &api).unwrap_err().to_string();
    assert!(error.contains("`inline` is so without the overlay"), "{error}");
    let fix = overlays("[[overlay]]\ntype = \"R\"\nfield = \"one\"\nbase64 = true\nreason = \"bytes\"\n");
    let found = apis(&api, &fix, &api).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].change.node.to_string(), "field {urn:s}R.one");
    assert_eq!(found[0].explained.as_ref().unwrap().1, "bytes");
}

#[test]
fn an_overlay_explains_only_the_respect_that_it_sets() {
    let stored = service(SERVICE, "s.wsdl");
    let published = service(&SERVICE.replace(r#"name="one""#, r#"name="one" nillable="true""#), "p.wsdl");
    let fix = overlays("[[overlay]]\ntype = \"R\"\nfield = \"one\"\nbase64 = true\nreason = \"bytes\"\n");
    let report =
        Report { checks: vec![Check { differences: apis(&stored, &fix, &published).unwrap(), ..Check::default() }] };
    let unexplained: Vec<_> = report.unexplained().map(|(_, difference)| difference.change.aspect).collect();
    assert_eq!(unexplained, [crate::structure::Aspect::Nillable]);
}

#[test]
fn inheritance_is_compared_as_such() {
    let flat = SERVICE
        .replace(r#"<x:complexContent><x:extension base="t:B">"#, "")
        .replace("</x:extension></x:complexContent>", "")
        .replace(r#"<x:element name="one""#, r#"<x:element name="zero" type="x:int"/><x:element name="one""#);
    let found = apis(&service(SERVICE, "s.wsdl"), &[], &service(&flat, "p.wsdl")).unwrap();
    let aspects: Vec<_> = found.iter().map(|difference| difference.change.aspect.to_string()).collect();
    assert_eq!(aspects, ["base", "presence"]);
}

#[test]
fn a_report_tells_both_places_and_json_by_line() {
    let document = |ty: &str| {
        format!(
            "{{\"openapi\": \"3.0.3\", \"paths\": {{}},\n\"components\": {{\"schemas\": {{\n\"T\": {{\"type\": \
             \"object\", \"properties\": {{\n\"a\": {{\"type\": \"{ty}\"}}}}}}}}}}}}"
        )
    };
    let (old, new) = (document("string"), format!("\n{}", document("integer")));
    let read = |text: &str, file: &str| openapi::parse("o", file, text.as_bytes()).unwrap();
    let differences = apis(&read(&old, "old.json"), &[], &read(&new, "new.json")).unwrap();
    let check = Check { name: "o".to_owned(), compared: vec!["type T".to_owned()], differences, ..Check::default() };
    let report = Report { checks: vec![check] };
    let stored = Inputs::from([("old.json".to_owned(), old.into_bytes())]);
    let published = Inputs::from([("new.json".to_owned(), new.into_bytes())]);
    let text = report.render(&stored, &published, "there/");
    assert_eq!(
        text,
        "o: 1 compared\n  = type T\n  ! field {openapi}T.a, type: stored string (schemas/old.json:4), published int64 \
         (there/new.json:5)\n1 documents, 1 types, operations and samples compared; 0 overlays; 1 differences, 0 of \
         them explained by an overlay, 1 unexplained; 0 overlays that do not hit\n"
    );
}

#[test]
fn an_independent_list_that_differs_is_told() {
    let api = service(SERVICE, "s.wsdl");
    let list = |one: &str| {
        format!(
            r#"{{"types": {{"R": [{{"name": "zero", "type": "xsd:int", "nillable": false, "required": true}}, {one}]}}}}"#
        )
    };
    let check = |one: &str| independent::check("s", &api, "l.json", list(one).as_bytes()).unwrap();
    let same = check(r#"{"name": "one", "type": "xsd:string", "nillable": false}"#);
    assert!(same.differences.is_empty(), "{same:?}");
    assert_eq!(same.compared, ["type R"]);
    assert_eq!(same.left_out, ["type B: not in the list"]);
    for (one, aspect) in [
        (r#"{"name": "one", "type": "xsd:int", "nillable": false}"#, "type"),
        (r#"{"name": "one", "type": "xsd:string", "nillable": true}"#, "nillable"),
        (r#"{"name": "one", "type": "xsd:string", "nillable": false, "required": false}"#, "required"),
        (r#"{"name": "one", "type": "xsd:string", "nillable": false, "repeated": true}"#, "repeated"),
    ] {
        let found = check(one).differences;
        let aspects: Vec<_> = found.iter().map(|difference| difference.change.aspect.to_string()).collect();
        assert_eq!(aspects, [aspect]);
    }
}
