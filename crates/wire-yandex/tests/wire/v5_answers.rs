//! Answers of v5: recorded ones, hand-made ones that validate, and what is no answer at all.

use polyptych_wire_yandex::v5;
use polyptych_wire_yandex::{Answer, ApiFault, DecodeError, Encoding};

use proptest::prelude::*;

use crate::support::{envelope, file, recorded};

fn json<O: polyptych_wire::soap::Operation>(body: &str) -> Answer<O::Response> {
    v5::decode::<O>(Encoding::Json, body.as_bytes()).unwrap()
}

fn fault<T: std::fmt::Debug>(answer: Answer<T>) -> ApiFault {
    answer.into_result().unwrap_err()
}

#[test]
fn a_recorded_add_tells_why_its_item_failed() {
    let Some((_, body)) = recorded("yandex-direct-v5/json-recorded/adimages.add.item-error-5004.json") else { return };
    let added = json::<v5::Add>(&body).into_result().unwrap();
    let error = v5::ExceptionNotification {
        code: Some(5004),
        message: Some("Invalid format".to_owned()),
        details: Some("Invalid image file type, please use the GIF, JPEG or PNG formats".to_owned()),
    };
    let failed = v5::AdImageActionResult { errors: vec![error], ..Default::default() };
    assert_eq!(added, v5::AddResponse { add_results: vec![failed] });
}

#[test]
fn a_recorded_get_without_images_is_an_empty_list() {
    let Some((_, body)) = recorded("yandex-direct-v5/json-recorded/adimages.get.empty.json") else { return };
    assert_eq!(json::<v5::Get>(&body), Answer::Response(v5::GetResponse::default()));
}

#[test]
fn recorded_refusals_of_sibling_services_are_faults() {
    let cases = [
        ("sitelinks.add.error-1000", 1000, "The service is temporarily unavailable", None, "6414567394545914101"),
        (
            "bidmodifiers.2-set.error-8000",
            8000,
            "Invalid request",
            Some("The required field Id is omitted in an item in the BidModifiers array"),
            "2726106659050373240",
        ),
    ];
    for (name, code, message, detail, request_id) in cases {
        let Some((status, body)) = recorded(&format!("yandex-direct-v5/json-recorded/{name}.json")) else { return };
        assert_eq!(status, 200);
        let expected = ApiFault {
            code: Some(code),
            message: message.to_owned(),
            detail: detail.map(str::to_owned),
            request_id: Some(request_id.to_owned()),
            soap_code: None,
        };
        assert_eq!(fault(json::<v5::Add>(&body)), expected, "{name}");
        assert!(v5::ERRORS.find(polyptych_wire::fault::Level::Request, code, None, message).is_some(), "{name}");
    }
}

#[test]
fn a_recorded_soap_fault_carries_the_same_as_json() {
    let Some(body) = file("yandex-direct-v5/soap/convert_decimal_to_xml.response.xml") else { return };
    let expected = ApiFault {
        code: Some(8000),
        message: "Invalid request".to_owned(),
        detail: Some("The required field CampaignId is omitted in an item in the VCards array".to_owned()),
        request_id: Some("1670008794873972340".to_owned()),
        soap_code: Some("SOAP-ENV:Client".to_owned()),
    };
    assert_eq!(fault(v5::decode::<v5::Add>(Encoding::Soap, body.as_bytes()).unwrap()), expected);
}

#[test]
fn recorded_envelopes_of_sibling_services_are_read_whatever_their_prefixes() {
    for name in ["convert_decimal_from_xml", "convert_long_from_xml", "convert_array_of_string_from_xml"] {
        let Some(body) = file(&format!("yandex-direct-v5/soap/{name}.response.xml")) else { return };
        let got = v5::decode::<v5::Get>(Encoding::Soap, body.as_bytes()).unwrap();
        assert_eq!(got, Answer::Response(v5::GetResponse::default()), "{name}: nothing in it is of this service");
    }
}

#[test]
fn a_soap_add_answers_the_hash_or_the_error() {
    let Some(body) = file("yandex-direct-v5/derived-not-recorded/add.response.body.xml") else { return };
    let added = v5::decode::<v5::Add>(Encoding::Soap, envelope(&body).as_bytes()).unwrap().into_result().unwrap();
    let [first, second] = added.add_results.as_slice() else { panic!("two results: {added:?}") };
    assert_eq!(first.ad_image_hash.as_deref(), Some("h1"));
    assert_eq!((first.errors.len(), first.warnings.len()), (0, 0));
    assert_eq!(second.ad_image_hash, None);
    assert_eq!(second.errors.len(), 1);
    assert_eq!(second.errors[0].code, Some(5004));
    assert_eq!(second.errors[0].message.as_deref(), Some("Invalid format"));
    assert_eq!(
        second.errors[0].details.as_deref(),
        Some("Invalid image file type, please use the GIF, JPEG or PNG formats")
    );
}

#[test]
fn a_soap_get_reads_every_field_and_takes_nil_as_absent() {
    let Some(body) = file("yandex-direct-v5/derived-not-recorded/get.response.body.xml") else { return };
    let got = v5::decode::<v5::Get>(Encoding::Soap, envelope(&body).as_bytes()).unwrap().into_result().unwrap();
    let image = v5::AdImageGetItem {
        ad_image_hash: Some("h1".into()),
        name: Some("banner.png".to_owned()),
        associated: Some(v5::YesNoEnum::No),
        r#type: Some(v5::AdImageTypeEnum::Regular),
        subtype: Some(v5::AdImageSubtypeEnum::None),
        original_url: None,
        preview_url: None,
    };
    assert_eq!(got, v5::GetResponse { limited_by: Some(100), ad_images: vec![image] });
}

#[test]
fn both_encodings_of_one_answer_read_alike() {
    let json_body = r#"{"result":{"AdImages":[{"Subtype":"IMG_240_400","Type":"FIXED_IMAGE","OriginalUrl":null,
        "Name":"a & b","AdImageHash":"x","Associated":"YES"},{"Type":"SOMETHING_NEW"}],"LimitedBy":"2","New":[1]}}"#;
    let soap_body = envelope(
        "<r:GetResponse xmlns:r='http://api.direct.yandex.com/v5/adimages'><AdImages><Name>a &amp; b</Name>\
         <Subtype>IMG_240_400</Subtype><AdImageHash>x</AdImageHash><Type>FIXED_IMAGE</Type><Associated>YES</Associated>\
         </AdImages><AdImages><Type>SOMETHING_NEW</Type><New><Deep/></New></AdImages><LimitedBy>2</LimitedBy>\
         </r:GetResponse>",
    );
    let from_json = json::<v5::Get>(json_body);
    assert_eq!(from_json, v5::decode::<v5::Get>(Encoding::Soap, soap_body.as_bytes()).unwrap());
    let got = from_json.into_result().unwrap();
    assert_eq!(got.limited_by, Some(2));
    assert_eq!(got.ad_images[1].r#type, Some(v5::AdImageTypeEnum::from("SOMETHING_NEW")));
}

#[test]
fn numbers_and_texts_may_change_places() {
    let body = r#"{"error":{"error_code":"53","request_id":8320890534637152659}}"#;
    let fault = fault(json::<v5::Delete>(body));
    assert_eq!((fault.code, fault.request_id.as_deref()), (Some(53), Some("8320890534637152659")));
    assert_eq!((fault.message.as_str(), fault.detail), ("", None));
}

#[test]
fn absent_null_and_empty_lists_are_the_same() {
    for body in [r#"{"result":{}}"#, r#"{"result":{"AdImages":null}}"#, r#"{"result":{"AdImages":[]}}"#] {
        assert_eq!(json::<v5::Get>(body), Answer::Response(v5::GetResponse::default()), "{body}");
    }
}

#[test]
fn what_is_no_answer_of_the_api_is_an_error_of_its_kind() {
    let decode = |encoding, body: &str| v5::decode::<v5::Get>(encoding, body.as_bytes()).unwrap_err();
    for encoding in [Encoding::Json, Encoding::Soap] {
        assert!(matches!(decode(encoding, " \n"), DecodeError::Empty));
        let page = "<!DOCTYPE HTML><html><body>502 Bad Gateway</body></html>";
        assert!(matches!(decode(encoding, page), DecodeError::WebPage));
        assert!(matches!(decode(encoding, "\u{feff} <html></html>"), DecodeError::WebPage));
    }
    assert!(matches!(decode(Encoding::Json, r#"{"result":{"AdImages":["#), DecodeError::Json(_)));
    assert!(matches!(decode(Encoding::Json, "{}"), DecodeError::NoResult));
    assert!(matches!(decode(Encoding::Json, r#"{"result":null}"#), DecodeError::NoResult));
    assert!(matches!(decode(Encoding::Soap, "<Envelope><Body>"), DecodeError::Xml(_)));
    assert!(matches!(decode(Encoding::Soap, "<other/>"), DecodeError::Xml(_)));
}

#[test]
fn a_byte_order_mark_before_an_answer_is_skipped() {
    let soap = envelope("<r:GetResponse xmlns:r='r'/>");
    for (encoding, body) in [(Encoding::Json, r#"{"result":{}}"#), (Encoding::Soap, soap.as_str())] {
        let answer = v5::decode::<v5::Get>(encoding, format!("\u{feff}{body}").as_bytes()).unwrap();
        assert_eq!(answer, Answer::Response(v5::GetResponse::default()), "{encoding:?}");
    }
}

#[test]
fn a_fault_with_members_of_other_types_is_still_a_fault() {
    let told = fault(json::<v5::Add>(
        r#"{"error":{"error_code":"n/a","request_id":7,"error_string":"m","error_detail":{"a":1}}}"#,
    ));
    assert_eq!((told.code, told.message.as_str(), told.detail.as_deref()), (None, "m", Some(r#"{"a":1}"#)));
    let body = envelope(
        "<e:Fault><faultcode>\n e:Client\n</faultcode><faultstring>m</faultstring><detail><f:FaultResponse xmlns:f='f'>\
         <requestId>7</requestId><errorCode/></f:FaultResponse></detail></e:Fault>",
    );
    let told = fault(v5::decode::<v5::Add>(Encoding::Soap, body.as_bytes()).unwrap());
    assert_eq!((told.code, told.message.as_str(), told.request_id.as_deref()), (None, "m", Some("7")));
    assert_eq!(told.soap_code.as_deref(), Some("e:Client"));
}

#[test]
fn an_error_that_is_a_text_is_a_fault_with_that_message() {
    let error = fault(json::<v5::Get>(r#"{"error":"bad gateway"}"#));
    assert_eq!(error, ApiFault { message: "bad gateway".to_owned(), ..ApiFault::default() });
}

#[test]
fn records_are_not_read_from_lists() {
    for body in [r#"[{"AdImages":[]}]"#, r#"{"result":[]}"#, r#"{"result":{"AdImages":[["h"]]}}"#] {
        assert!(v5::decode::<v5::Get>(Encoding::Json, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_fault_beside_a_response_is_not_taken_for_a_success() {
    let body = envelope(
        "<r:AddResponse xmlns:r='r'/><e:Fault><faultcode>e:Server</faultcode><faultstring>m</faultstring></e:Fault>",
    );
    assert_eq!(fault(v5::decode::<v5::Add>(Encoding::Soap, body.as_bytes()).unwrap()).message, "m");
}

#[test]
fn an_answer_that_was_cut_is_never_taken_for_an_answer() {
    let soap = envelope(
        "<r:AddResponse xmlns:r='http://api.direct.yandex.com/v5/adimages'><AddResults><AdImageHash>h&amp;1</AdImageHash>\
         </AddResults></r:AddResponse>",
    );
    let json = r#"{"result":{"AddResults":[{"AdImageHash":"h1"}]}}"#;
    for (encoding, whole) in [(Encoding::Soap, soap.as_str()), (Encoding::Json, json)] {
        assert!(v5::decode::<v5::Add>(encoding, whole.as_bytes()).is_ok());
        for end in 0..whole.len() {
            let cut = v5::decode::<v5::Add>(encoding, &whole.as_bytes()[..end]);
            assert!(cut.is_err(), "{encoding:?} cut at {end}: {cut:?}");
        }
    }
}

#[test]
fn what_stands_around_an_answer_makes_it_none() {
    let soap = envelope("<r:AddResponse xmlns:r='http://api.direct.yandex.com/v5/adimages'/>");
    let json = r#"{"result":{"AddResults":[]}}"#;
    for (encoding, whole) in [(Encoding::Soap, soap.as_str()), (Encoding::Json, json)] {
        assert!(v5::decode::<v5::Add>(encoding, format!("{whole}\r\n").as_bytes()).is_ok());
        for body in [format!("{whole}Warning"), format!("Warning{whole}"), format!("{whole}{whole}")] {
            assert!(v5::decode::<v5::Add>(encoding, body.as_bytes()).is_err(), "{body}");
        }
    }
}

#[test]
fn a_document_type_declaration_is_refused() {
    let body = format!("<!DOCTYPE e [<!ENTITY a 'b'>]>{}", envelope("<r:GetResponse xmlns:r='r'/>"));
    let error = v5::decode::<v5::Get>(Encoding::Soap, body.as_bytes()).unwrap_err();
    assert!(matches!(error, DecodeError::Xml(_)), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/a-zA-Z:=\"'&;{}\\[\\], ]{0,200}") {
        for encoding in [Encoding::Json, Encoding::Soap] {
            let _ = v5::decode::<v5::Add>(encoding, &bytes);
            let _ = v5::decode::<v5::Get>(encoding, text.as_bytes());
            let _ = v5::decode::<v5::Get>(encoding, envelope(&text).as_bytes());
        }
    }
}
