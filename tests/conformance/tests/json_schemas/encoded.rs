//! SOAP requests of v4 Live are rpc/encoded: what an element holds stands in its `xsi:type`, and no schema validator
//! judges that. So the types are followed here, element by element, in the stored and in the published schema.

use std::fmt::Debug;

use polyptych_conformance::reference;
use polyptych_wire_yandex::Encoding;
use polyptych_wire_yandex::live4::{self, ActionRequest, AdImageAssociationRequest, AdImageRequest};
use proptest::prelude::{ProptestConfig, TestCaseError};
use proptest::test_runner::TestRunner;
use roxmltree::{Document, Node};

use crate::every_type::checks::text;
use crate::every_type::{Draw, Sample, entropy};
use crate::stated::{BOTH_WAYS, XS, stored};

const API: &str = "API";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const ENCODING: &str = "http://schemas.xmlsoap.org/soap/encoding/";
const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";

/// Namespace and local name.
type Name = (String, String);

/// The name that a prefixed one stands for at that node.
fn resolved(node: Node<'_, '_>, name: &str) -> Result<Name, String> {
    let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
    let namespace = node.lookup_namespace_uri(prefix).ok_or_else(|| format!("the prefix of {name} is not declared"))?;
    Ok((namespace.to_owned(), local.to_owned()))
}

/// Whether the element is of that type, to its leaves.
fn conforms(schema: &Document<'_>, node: Node<'_, '_>, expected: &Name) -> Result<(), String> {
    let at = node.tag_name().name();
    let declared = resolved(node, node.attribute((XSI, "type")).ok_or_else(|| format!("{at} has no type"))?)?;
    if declared != *expected {
        return Err(format!("{at} is said to be {declared:?} and should be {expected:?}"));
    }
    let children: Vec<_> = node.children().filter(Node::is_element).collect();
    if expected.0 == XS {
        let content: String = node.children().filter_map(|child| child.text()).collect();
        let holds = match expected.1.as_str() {
            "string" => true,
            "int" => content.parse::<i32>().is_ok(),
            "long" => content.parse::<i64>().is_ok(),
            other => return Err(format!("{at}: xs:{other} is not known here")),
        };
        return if holds && children.is_empty() {
            Ok(())
        } else {
            Err(format!("{at}: {content:?} is no {expected:?}"))
        };
    }
    let mut types = schema.descendants().filter(|node| node.has_tag_name((XS, "complexType")));
    let named = types.find(|node| node.attribute("name") == Some(&expected.1) && expected.0 == API);
    let named = named.ok_or_else(|| format!("the schema has no {expected:?}"))?;
    match named.descendants().find_map(|node| Some((node, node.attribute((WSDL, "arrayType"))?))) {
        Some((place, array)) => is_array(schema, node, &children, &resolved(place, array.trim_end_matches("[]"))?),
        None => is_record(schema, at, named, &children),
    }
}

fn is_array(schema: &Document<'_>, node: Node<'_, '_>, items: &[Node<'_, '_>], item: &Name) -> Result<(), String> {
    let at = node.tag_name().name();
    let declared = node.attribute((ENCODING, "arrayType")).ok_or_else(|| format!("{at} has no type of array"))?;
    let (name, length) = declared.split_once('[').ok_or_else(|| format!("{at}: {declared}"))?;
    if resolved(node, name)? != *item || length != format!("{}]", items.len()) {
        return Err(format!("{at} is said to be {declared}, has {} items and should be of {item:?}", items.len()));
    }
    items.iter().try_for_each(|child| match child.has_tag_name("item") {
        true => conforms(schema, *child, item),
        false => Err(format!("{at}: {:?} is no item", child.tag_name())),
    })
}

fn is_record(schema: &Document<'_>, at: &str, named: Node<'_, '_>, children: &[Node<'_, '_>]) -> Result<(), String> {
    let lenient = named.attribute("name").is_some_and(|name| BOTH_WAYS.contains(&name));
    let mut children = children.iter().peekable();
    for member in named.descendants().filter(|node| node.has_tag_name((XS, "element"))) {
        let name = member.attribute("name").unwrap_or_default();
        let optional = member.attribute("nillable") == Some("true") || member.attribute("minOccurs") == Some("0");
        match children.next_if(|child| child.has_tag_name(name) && child.tag_name().namespace().is_none()) {
            Some(child) => conforms(schema, *child, &resolved(member, member.attribute("type").unwrap_or_default())?)?,
            None if optional || lenient => {}
            None => return Err(format!("{at} lacks {name}")),
        }
    }
    children.next().map_or(Ok(()), |more| Err(format!("{at}: {:?} is no member, or out of order", more.tag_name())))
}

/// Whether the body of a request is the method with one `params` of that type.
fn is_request(schema: &Document<'_>, envelope: &str, method: &str, parameters: &str) -> Result<(), String> {
    let document = Document::parse(envelope).map_err(|error| error.to_string())?;
    let body = document.descendants().find(|node| node.tag_name().name() == "Body").ok_or("no body")?;
    let call = body.first_element_child().filter(|node| node.has_tag_name((API, method))).ok_or("no method")?;
    let params: Vec<_> = call.children().filter(Node::is_element).collect();
    match params.as_slice() {
        [params] if params.has_tag_name("params") => {
            conforms(schema, *params, &(API.to_owned(), parameters.to_owned()))
        }
        other => Err(format!("{} parameters", other.len())),
    }
}

fn judge<R: ActionRequest + Sample + Debug>(schema: &Document<'_>, method: &str, parameters: &str) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) };
    let judged = TestRunner::new(config).run(&entropy(), |bytes| {
        let value = R::draw(&mut Draw::new(&bytes, false).named_only());
        let envelope = text(live4::request(Encoding::Soap, "en", &value).unwrap().body);
        is_request(schema, &envelope, method, parameters)
            .map_err(|error| TestCaseError::fail(format!("{error}\nof {envelope}")))
    });
    if let Err(error) = judged {
        panic!("{error}");
    }
}

fn judge_both(schema: &str) {
    let schema = Document::parse(schema).unwrap();
    judge::<AdImageRequest>(&schema, "AdImage", "AdImageRequest");
    judge::<AdImageAssociationRequest>(&schema, "AdImageAssociation", "AdImageAssociationRequest");
}

#[test]
fn arbitrary_requests_of_v4_live_are_typed_as_the_stored_schema_says() {
    judge_both(&stored("yandex-direct-live4/adimage.wsdl"));
}

#[test]
fn arbitrary_requests_of_v4_live_are_typed_as_the_published_schema_says() {
    let Some(folder) = reference::folder() else { return };
    judge_both(&std::fs::read_to_string(folder.join("yandex-direct-live4/live.wsdl")).unwrap());
}

#[test]
fn a_request_that_is_typed_otherwise_is_refused() {
    let schema = stored("yandex-direct-live4/adimage.wsdl");
    let schema = Document::parse(&schema).unwrap();
    let criteria = live4::AdImageSelectionCriteria::default().with_logins(["a", "b"]).with_limit(7);
    let request = live4::AdImageRequest::new(live4::Action::GET).with_selection_criteria(criteria);
    let envelope = text(live4::request(Encoding::Soap, "en", &request).unwrap().body);
    let check = |envelope: &str| is_request(&schema, envelope, "AdImage", "AdImageRequest");
    check(&envelope).unwrap();
    for (ours, theirs) in [
        (r#"<Limit xsi:type="xsd:int">"#, r#"<Limit xsi:type="xsd:string">"#),
        (r#"<Limit xsi:type="xsd:int">"#, "<Limit>"),
        (r#">7</Limit>"#, ">7.5</Limit>"),
        (r#"xsd:string[2]"#, "xsd:string[3]"),
        (r#"xsd:string[2]"#, "xsd:int[2]"),
        (r#"xsi:type="ns1:ArrayOfString""#, r#"xsi:type="ns1:ArrayOfLong""#),
        (r#"<Action xsi:type="xsd:string">Get</Action>"#, ""),
        ("</SelectionCriteria>", r#"<Colour xsi:type="xsd:string">red</Colour></SelectionCriteria>"#),
        ("</params>", r#"<Action xsi:type="xsd:string">Get</Action></params>"#),
    ] {
        assert!(envelope.contains(ours), "{ours} in {envelope}");
        assert!(check(&envelope.replace(ours, theirs)).is_err(), "{theirs}");
    }
}
