//! What the generator makes of its fixtures: it compiles against this runtime and writes what it reads.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, missing_docs, dead_code, reason = "generated modules, as in the crates that export them")]

use fixtures::{enumeration, extension, image, recursion, rpc, scalars};
use futures_executor::block_on;
use futures_util::TryStreamExt;
use polyptych_wire::json::WriteJson;
use polyptych_wire::xml::{ReadXml, WriteXml, XmlReader, XmlWriter};
use polyptych_wire::{Blob, Body, BodyWriter, soap, xml_tag};

#[rustfmt::skip]
#[path = "../../../codegen/tests/codegen/fixtures"]
mod fixtures {
    pub mod enumeration;
    pub mod extension;
    pub mod image;
    pub mod recursion;
    pub mod rpc;
    pub mod scalars;
}

fn text(body: Body) -> String {
    let bytes = block_on(body.outgoing("token").try_fold(Vec::new(), |mut all, chunk| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    }));
    String::from_utf8(bytes.unwrap()).unwrap()
}

fn json(value: &impl WriteJson) -> String {
    let mut body = BodyWriter::new();
    value.write_json(&mut body);
    text(body.finish())
}

fn xml(value: &impl WriteXml) -> String {
    let mut writer = XmlWriter::default();
    writer.element(xml_tag!("r"), value);
    text(writer.finish().unwrap())
}

fn read<T: ReadXml>(document: &str) -> T {
    T::read_xml(&mut XmlReader::new(document.as_bytes()).root().unwrap()).unwrap()
}

#[test]
fn an_enum_keeps_values_that_the_schema_does_not_name() {
    use enumeration::{Request, Response, SizeEnum};

    assert_eq!(json(&Request::new(SizeEnum::Img240_400)), r#"{"Size":"IMG_240_400"}"#);
    let got: Response = read("<r><Sizes>UNKNOWN</Sizes><Sizes>notFixed</Sizes><Sizes>NEW</Sizes></r>");
    assert_eq!(got.sizes, [SizeEnum::UnknownValue, SizeEnum::NotFixed, SizeEnum::Unknown("NEW".into())]);
}

#[test]
fn members_of_bases_come_first() {
    let request = extension::Request::new(1, "c").with_second(true);
    assert_eq!(xml(&request), "<r><First>1</First><Second>true</Second><Third>c</Third></r>");
    assert_eq!(json(&request), r#"{"First":1,"Second":true,"Third":"c"}"#);
    assert_eq!(read::<extension::Response>("<r><New>1</New></r>"), extension::Response::default());
}

#[test]
fn images_are_written_where_they_stand() {
    let blob = || Blob::from_bytes(b"abc".to_vec());
    let part = image::Part::new(blob()).with_tags(["x", "y"]);
    let request = image::Request::new([part, image::Part::new(blob())])
        .with_cover(image::Part::new(blob()).with_thumbnail(blob()));
    assert_eq!(
        json(&request),
        r#"{"Cover":{"Data":"YWJj","Thumbnail":"YWJj"},"Parts":[{"Data":"YWJj","Tags":["x","y"]},{"Data":"YWJj"}]}"#
    );
    assert_eq!(
        xml(&request),
        "<r><Cover><Data>YWJj</Data><Thumbnail>YWJj</Thumbnail></Cover>\
         <Parts><Data>YWJj</Data><Tags>x</Tags><Tags>y</Tags></Parts><Parts><Data>YWJj</Data></Parts></r>"
    );
}

#[test]
fn a_record_that_holds_itself_goes_out_and_comes_back() {
    let leaf = recursion::Node::default();
    let edge = recursion::Edge::new(leaf.clone());
    let node =
        recursion::Node::default().with_parent(leaf.clone()).with_other(edge).with_children([leaf.clone(), leaf]);
    assert_eq!(read::<recursion::Node>(&xml(&node)), node);
    assert_eq!(serde_json::from_str::<recursion::Node>(&json(&node)).unwrap(), node);
}

#[test]
fn scalars_are_read_from_either_encoding() {
    let request = scalars::Request::new("t", "s", -5).with_large(u64::MAX);
    assert_eq!(json(&request), format!(r#"{{"type":"t","self":"s","Small":-5,"Large":{}}}"#, u64::MAX));
    let from_xml: scalars::Response = read(
        "<r xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><Flag>1</Flag><Ratio>0.5</Ratio><Price>1.10</Price>\
         <Day>2026-01-02</Day><Moment i:nil='true'/><B><C>7</C></B></r>",
    );
    let from_json: scalars::Response = serde_json::from_str(
        r#"{"Flag":true,"Ratio":0.5,"Price":"1.10","Day":"2026-01-02","Moment":null,"B":{"C":"7"}}"#,
    )
    .unwrap();
    assert_eq!(from_xml, from_json);
    assert_eq!(from_xml.price.as_deref(), Some("1.10"));
    assert_eq!(from_xml.b.and_then(|b| b.c), Some(7));
}

#[test]
fn rpc_methods_take_and_give_records_lists_numbers_or_nothing() {
    let item = rpc::Item::default().with_ids([1, 2]).with_text("x");
    let sent = text(soap::rpc_request::<rpc::operation::GetItems>(&item, "en").unwrap());
    let body = concat!(
        r#"<ns1:GetItems><params xsi:type="ns1:Item"><Ids SOAP-ENC:arrayType="xsd:long[2]" xsi:type="ns1:ArrayOfLong">"#,
        r#"<item xsi:type="xsd:long">1</item><item xsi:type="xsd:long">2</item></Ids>"#,
        r#"<Text xsi:type="xsd:string">x</Text></params></ns1:GetItems>"#
    );
    assert!(sent.contains(body), "{sent}");
    let sent = text(soap::rpc_request::<rpc::operation::Ping>(&(), "en").unwrap());
    assert!(sent.contains("<ns1:Ping/>"), "{sent}");

    let answer = |inner: &str| format!("<e:Envelope xmlns:e='e'><e:Body><r>{inner}</r></e:Body></e:Envelope>");
    let items = answer("<return><item><Ids><item>1</item><item>2</item></Ids><Text>x</Text></item><item/></return>");
    let expected = soap::Answer::Response(vec![item, rpc::Item::default()]);
    assert_eq!(soap::read_rpc::<rpc::operation::GetItems>(items.as_bytes()).unwrap(), expected);
    let pong = answer("<s-gensym3>1</s-gensym3>");
    assert_eq!(soap::read_rpc::<rpc::operation::Ping>(pong.as_bytes()).unwrap(), soap::Answer::Response(1));
}
