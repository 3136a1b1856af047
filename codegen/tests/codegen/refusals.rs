//! What the generator does not read, it refuses with the place; it never guesses.

use polyptych_codegen::ErrorKind;

use crate::support::{generate, parse, service};

const ENDS: &str =
    r#"<x:element name="Request"><x:complexType/></x:element><x:element name="Response"><x:complexType/></x:element>"#;

#[test]
fn a_schema_error_names_its_line() {
    let cases = [
        (
            r#"<x:complexType name="A"><x:sequence><x:any/></x:sequence></x:complexType>"#,
            ErrorKind::Unsupported,
            "`any`",
        ),
        (r#"<x:complexType name="A"><x:attribute name="b"/></x:complexType>"#, ErrorKind::Unsupported, "`attribute`"),
        (r#"<x:group name="g"/>"#, ErrorKind::Unsupported, "`group`"),
        (
            r#"<x:complexType name="A"><x:sequence maxOccurs="2"/></x:complexType>"#,
            ErrorKind::Unsupported,
            "`sequence`",
        ),
        (r#"<x:simpleType name="A"><x:list itemType="x:int"/></x:simpleType>"#, ErrorKind::Unsupported, "`simpleType`"),
        (r#"<x:element name="A" type="x:QName"/>"#, ErrorKind::Unsupported, "x:QName"),
        (r#"<x:element name="A" type="nope:B"/>"#, ErrorKind::Unresolved, "prefix `nope`"),
        (r#"<x:element name="Request" type="x:int"/>"#, ErrorKind::Clash, "there are two elements `Request`"),
        (r#"<x:element type="x:int"/>"#, ErrorKind::Syntax, "no `name`"),
        (r#"<x:import namespace="urn:other"/>"#, ErrorKind::Unresolved, "urn:other"),
    ];
    for (schema, kind, detail) in cases {
        let errors = parse(&service(&format!("{ENDS}\n{schema}"))).unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!((error.kind, error.origin.place.as_str()), (kind, "5"), "{schema}: {error}");
        assert!(error.detail.contains(detail), "{error}");
    }
}

#[test]
fn a_name_that_refers_to_nothing_is_refused() {
    let schema =
        r#"<x:complexType name="A"><x:sequence><x:element name="b" type="t:Missing"/></x:sequence></x:complexType>"#;
    let errors = generate(&service(&format!("{ENDS}{schema}")), &[]).unwrap_err();
    assert!(errors.to_string().contains("the type `{urn:s}Missing` is not declared"), "{errors}");
}

#[test]
fn a_type_that_extends_itself_is_refused() {
    let extends = |name: &str, base: &str| {
        format!(
            r#"<x:complexType name="{name}"><x:complexContent><x:extension base="t:{base}"/></x:complexContent></x:complexType>"#
        )
    };
    let schema = format!("{ENDS}{}{}", extends("A", "B"), extends("B", "A"));
    assert!(generate(&service(&schema), &[]).unwrap_err().to_string().contains("extends itself"));
}

#[test]
fn a_member_that_is_declared_twice_is_refused() {
    let members = r#"<x:element name="foo" type="x:int"/><x:element name="foo" type="x:int"/>"#;
    let schema = ENDS.replacen(
        "<x:complexType/>",
        &format!("<x:complexType><x:sequence>{members}</x:sequence></x:complexType>"),
        1,
    );
    let errors = generate(&service(&schema), &[]).unwrap_err();
    let first = errors.iter().next().unwrap();
    assert_eq!(first.kind, ErrorKind::Clash, "{errors}");
    assert!(first.detail.starts_with("the member `foo` is declared twice"), "{errors}");
}

#[test]
fn an_image_in_an_answer_is_refused() {
    let schema = r#"<x:element name="Request"><x:complexType/></x:element><x:element name="Response"><x:complexType><x:sequence>
        <x:element name="Data" type="x:base64Binary"/></x:sequence></x:complexType></x:element>"#;
    let errors = generate(&service(schema), &[]).unwrap_err();
    assert!(errors.to_string().contains("an image in an answer"), "{errors}");
}

#[test]
fn a_document_type_declaration_is_refused() {
    let errors = parse(&format!("<!DOCTYPE x [<!ENTITY a 'b'>]>{}", service(ENDS))).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().kind, ErrorKind::Syntax, "{errors}");
}
