//! Requests of v5: paths, headers and bodies.

use polyptych_wire::{Blob, Effect};
use polyptych_wire_yandex::v5::{self, Version};
use polyptych_wire_yandex::{EncodeError, Encoding};
use proptest::prelude::*;

use crate::support::sent;

fn add(bytes: &[u8]) -> v5::AddRequest {
    let image = v5::AdImageAddItem::new(Blob::from_bytes(bytes.to_vec()), "banner \"1\".png");
    v5::AddRequest::new([image.with_type(v5::AdImageAddTypeEnum::Auto)])
}

#[test]
fn an_add_over_json_is_written_member_by_member() {
    let request = v5::request::<v5::Add>(Encoding::Json, Version::V5, &add(b"\x89PNG\r\n")).unwrap();
    assert_eq!(request.operation, "AdImages.add");
    assert_eq!(request.effect, Effect::Write);
    assert_eq!(request.method, http::Method::POST);
    assert_eq!(request.path, "/json/v5/adimages");
    assert_eq!(request.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(
        sent(&request, "secret"),
        r#"{"method":"add","params":{"AdImages":[{"ImageData":"iVBORw0K","Type":"AUTO","Name":"banner \"1\".png"}]}}"#
    );
}

#[test]
fn an_add_over_soap_keeps_schema_order_and_qualifies_only_the_root() {
    let request = v5::request::<v5::Add>(Encoding::Soap, Version::V501, &add(b"\x89PNG\r\n")).unwrap();
    assert_eq!(request.path, "/v501/adimages");
    assert_eq!(request.headers["content-type"], "text/xml; charset=utf-8");
    assert_eq!(request.headers["soapaction"], "\"https://api.direct.yandex.com/v5/adimages/add\"");
    let body = "<ns1:AddRequest><AdImages><ImageData>iVBORw0K</ImageData><Type>AUTO</Type><Name>banner &quot;1&quot;.png\
        </Name></AdImages></ns1:AddRequest>";
    let text = sent(&request, "secret");
    assert!(text.contains(body), "{text}");
    assert!(text.contains("xmlns:ns1=\"http://api.direct.yandex.com/v5/adimages\""), "{text}");
}

#[test]
fn what_is_absent_is_not_written() {
    let all = v5::GetRequest::new([v5::AdImageFieldEnum::AdImageHash, v5::AdImageFieldEnum::Name]);
    let request = v5::request::<v5::Get>(Encoding::Json, Version::V5, &all).unwrap();
    assert_eq!(request.effect, Effect::Safe);
    // The body of the recorded adimages.get.
    assert_eq!(sent(&request, ""), r#"{"method":"get","params":{"FieldNames":["AdImageHash","Name"]}}"#);
    let request = v5::request::<v5::Get>(Encoding::Soap, Version::V5, &all).unwrap();
    let body = "<ns1:GetRequest><FieldNames>AdImageHash</FieldNames><FieldNames>Name</FieldNames></ns1:GetRequest>";
    assert!(sent(&request, "").contains(body));
}

#[test]
fn a_delete_may_be_repeated() {
    let delete = v5::DeleteRequest::new(v5::AdImageHashesCriteria::new(["h1", "h2"]));
    let request = v5::request::<v5::Delete>(Encoding::Json, Version::V501, &delete).unwrap();
    assert_eq!(request.effect, Effect::Idempotent);
    assert_eq!(request.path, "/json/v501/adimages");
    assert_eq!(
        sent(&request, ""),
        r#"{"method":"delete","params":{"SelectionCriteria":{"AdImageHashes":["h1","h2"]}}}"#
    );
}

#[test]
fn a_name_that_xml_cannot_carry_is_refused_before_anything_is_sent() {
    let image = v5::AdImageAddItem::new(Blob::from_bytes(b"x".to_vec()), "nul \0");
    let error = v5::request::<v5::Add>(Encoding::Soap, Version::V501, &v5::AddRequest::new([image])).unwrap_err();
    assert!(matches!(error, EncodeError::Xml(_)), "{error}");
}

#[test]
fn a_request_shows_no_image_bytes_in_debug() {
    let text = format!("{:?}", v5::request::<v5::Add>(Encoding::Json, Version::V5, &add(b"PIXELS")).unwrap());
    assert!(!text.contains("PIXELS") && !text.contains("UElYRUxT"), "{text}");
}

proptest! {
    #[test]
    fn any_image_and_name_survive_json(bytes in prop::collection::vec(any::<u8>(), 0..300), name in ".*") {
        let image = v5::AdImageAddItem::new(Blob::from_bytes(bytes.clone()), name.as_str());
        let request = v5::request::<v5::Add>(Encoding::Json, Version::V5, &v5::AddRequest::new([image])).unwrap();
        let body: serde_json::Value = serde_json::from_str(&sent(&request, "")).unwrap();
        let item = &body["params"]["AdImages"][0];
        prop_assert_eq!(item["Name"].as_str(), Some(name.as_str()));
        let encoded = base64_simd::STANDARD.encode_to_string(&bytes);
        prop_assert_eq!(item["ImageData"].as_str(), Some(encoded.as_str()));
        prop_assert_eq!(item.get("Type"), None);
    }

    #[test]
    fn any_image_and_name_survive_soap(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        name in "[\\t -\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*",
    ) {
        let image = v5::AdImageAddItem::new(Blob::from_bytes(bytes.clone()), name.as_str());
        let request = v5::request::<v5::Add>(Encoding::Soap, Version::V5, &v5::AddRequest::new([image])).unwrap();
        let text = sent(&request, "");
        let document = roxmltree::Document::parse(&text).unwrap();
        let of = |local: &str| {
            let node = document.descendants().find(|node| node.tag_name().name() == local).unwrap();
            assert_eq!(node.tag_name().namespace(), None, "children are unqualified");
            node.text().unwrap_or_default().to_owned()
        };
        prop_assert_eq!(of("Name"), name);
        prop_assert_eq!(of("ImageData"), base64_simd::STANDARD.encode_to_string(&bytes));
    }
}
