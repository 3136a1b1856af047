//! Requests of v4 Live: the token's place, actions and the rpc/encoded shape.

use polyptych_wire::{Blob, Effect};
use polyptych_wire_yandex::Encoding;
use polyptych_wire_yandex::live4::{self, Action};

use crate::support::sent;

fn upload(bytes: &[u8]) -> live4::AdImageRequest {
    let image = live4::AdImageRaw::new(Blob::from_bytes(bytes.to_vec()), "a.png").with_login("shop<1>");
    live4::AdImageRequest::new(Action::UPLOAD_RAW_DATA).with_ad_image_raw_data([image])
}

#[test]
fn an_upload_over_json_carries_the_token_in_the_body() {
    let request = live4::request(Encoding::Json, "en", &upload(b"\x89PNG\r\n")).unwrap();
    assert_eq!((request.operation, request.effect), ("AdImage.UploadRawData", Effect::Write));
    assert_eq!(request.path, "/live/v4/json/");
    assert_eq!(request.headers["content-type"], "application/json; charset=utf-8");
    assert!(request.body.wants_credential());
    let expected = concat!(
        r#"{"method":"AdImage","param":{"Action":"UploadRawData","AdImageRawData":"#,
        r#"[{"Login":"shop<1>","RawData":"iVBORw0K","Name":"a.png"}]},"locale":"en","token":"to\"ken"}"#
    );
    assert_eq!(sent(&request, "to\"ken"), expected);
}

#[test]
fn a_listing_over_json_is_the_recorded_one() {
    let everything = live4::AdImageAssociationRequest::new(Action::GET).with_selection_criteria(Default::default());
    let request = live4::request(Encoding::Json, "en", &everything).unwrap();
    let body: serde_json::Value = serde_json::from_str(&sent(&request, "t")).unwrap();
    let recorded =
        r#"{"method":"AdImageAssociation","param":{"Action":"Get","SelectionCriteria":{}},"token":"t","locale":"en"}"#;
    assert_eq!(body, serde_json::from_str::<serde_json::Value>(recorded).unwrap());
}

#[test]
fn an_upload_over_soap_types_every_element() {
    let request = live4::request(Encoding::Soap, "ru", &upload(b"\x89PNG\r\n")).unwrap();
    assert_eq!(request.path, "/live/v4/soap/");
    assert_eq!(request.headers["soapaction"], "\"API#AdImage\"");
    let text = sent(&request, "to<ken");
    assert!(text.contains("<ns1:locale>ru</ns1:locale><ns1:token>to&lt;ken</ns1:token>"), "{text}");
    let body = concat!(
        r#"<ns1:AdImage><params xsi:type="ns1:AdImageRequest"><Action xsi:type="xsd:string">UploadRawData</Action>"#,
        r#"<AdImageRawData SOAP-ENC:arrayType="ns1:AdImageRaw[1]" xsi:type="ns1:ArrayOfAdImageRaw">"#,
        r#"<item xsi:type="ns1:AdImageRaw"><Login xsi:type="xsd:string">shop&lt;1&gt;</Login>"#,
        r#"<RawData xsi:type="xsd:string">iVBORw0K</RawData><Name xsi:type="xsd:string">a.png</Name></item>"#,
        r#"</AdImageRawData></params></ns1:AdImage>"#
    );
    assert!(text.contains(body), "{text}");
    let document = roxmltree::Document::parse(&text).unwrap();
    let params = document.descendants().find(|node| node.has_tag_name("params")).unwrap();
    assert_eq!(params.lookup_namespace_uri(Some("ns1")), Some("API"));
}

#[test]
fn lists_of_scalars_over_soap_name_their_array_and_item_types() {
    let criteria = live4::AdImageAssociationSelectionCriteria::default()
        .with_ad_image_hashes(["h1", "h2"])
        .with_ad_ids([451_154_649])
        .with_campaign_ids([7])
        .with_limit(10);
    let get = live4::AdImageAssociationRequest::new(Action::GET).with_selection_criteria(criteria);
    let text = sent(&live4::request(Encoding::Soap, "en", &get).unwrap(), "t");
    for part in [
        r#"<AdImageHashes SOAP-ENC:arrayType="xsd:string[2]" xsi:type="ns1:ArrayOfString"><item xsi:type="xsd:string">h1</item>"#,
        r#"<AdIDS SOAP-ENC:arrayType="xsd:long[1]" xsi:type="ns1:ArrayOfLong"><item xsi:type="xsd:long">451154649</item>"#,
        r#"<CampaignIDS SOAP-ENC:arrayType="xsd:int[1]" xsi:type="ns1:ArrayOfInteger"><item xsi:type="xsd:int">7</item>"#,
        r#"<Limit xsi:type="xsd:int">10</Limit></SelectionCriteria>"#,
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("Logins"), "an empty list is absent: {text}");
}

#[test]
fn the_action_says_what_a_repetition_would_do() {
    let cases = [
        (Action::UPLOAD, "AdImage.Upload", Effect::Write),
        (Action::CHECK_UPLOAD_STATUS, "AdImage.CheckUploadStatus", Effect::Safe),
        (Action::UPLOAD_RAW_DATA, "AdImage.UploadRawData", Effect::Write),
        (Action::DELETE, "AdImage.Delete", Effect::Idempotent),
        (Action::GET, "AdImage.Get", Effect::Safe),
        (Action::GET_LIMITS, "AdImage.GetLimits", Effect::Safe),
        ("SomethingNew", "AdImage", Effect::Write),
    ];
    for (action, name, effect) in cases {
        let request = live4::request(Encoding::Json, "en", &live4::AdImageRequest::new(action)).unwrap();
        assert_eq!((request.operation, request.effect), (name, effect), "{action}");
    }
    let set = live4::AdImageAssociationRequest::new(Action::SET)
        .with_ad_image_associations([live4::AdImageAssociation::new(5)]);
    let request = live4::request(Encoding::Json, "en", &set).unwrap();
    assert_eq!((request.operation, request.effect), ("AdImageAssociation.Set", Effect::Idempotent));
    assert!(sent(&request, "t").contains(r#""AdImageAssociations":[{"AdID":5}]"#), "an absent hash unbinds");
}
