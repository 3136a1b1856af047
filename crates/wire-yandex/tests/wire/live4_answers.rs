//! Answers of v4 Live: recorded ones, the recorded SOAP shape with image types in it, and faults.

use polyptych_wire_yandex::live4::{self, AdImageAssociationRequest, AdImageRequest};
use polyptych_wire_yandex::{Answer, ApiFault, DecodeError, Encoding};

use crate::support::{envelope, file, recorded};

fn images(encoding: Encoding, body: &str) -> Answer<live4::AdImageResponse> {
    live4::decode::<AdImageRequest>(encoding, body.as_bytes()).unwrap()
}

#[test]
fn the_recorded_listing_counts_in_text() {
    let Some((status, body)) = recorded("yandex-direct-live4/json-recorded/AdImageAssociation.Get.empty.json") else {
        return;
    };
    assert_eq!(status, 200);
    let listed = live4::decode::<AdImageAssociationRequest>(Encoding::Json, body.as_bytes()).unwrap();
    let expected = live4::AdImageAssociationResponse { total_objects_count: Some(0), ..Default::default() };
    assert_eq!(listed, Answer::Response(expected));
}

#[test]
fn recorded_refusals_of_sibling_methods_are_faults() {
    let cases = [
        ("GetWordstatReport.1-error-52", 52, "Login temporarily unavailable"),
        ("GetWordstatReport.2-error-91", 91, "The specified wordstat report does not exist"),
        ("CheckPayment.error-370", 370, "Transaction does not exist"),
        ("GetBannersTags.error-500", 500, "Internal server error"),
    ];
    for (name, code, message) in cases {
        let Some((status, body)) = recorded(&format!("yandex-direct-live4/json-recorded/{name}.json")) else { return };
        assert_eq!(status, 200);
        let expected = ApiFault { code: Some(code), message: message.to_owned(), ..Default::default() };
        assert_eq!(images(Encoding::Json, &body), Answer::Fault(expected), "{name}");
    }
}

#[test]
fn a_recorded_item_error_of_a_sibling_method_is_data() {
    let Some((_, body)) = recorded("yandex-direct-live4/json-recorded/AccountManagement.Get.item-error-515.json")
    else {
        return;
    };
    let answered = images(Encoding::Json, &body).into_result().unwrap();
    let error = live4::Error {
        fault_code: Some(515),
        fault_string: Some("Shared account must be connected.".to_owned()),
        fault_detail: Some(String::new()),
    };
    let failed = live4::AdImageActionResult { errors: vec![error], ..Default::default() };
    assert_eq!(answered, live4::AdImageResponse { actions_result: vec![failed], ..Default::default() });
}

/// The recorded answer of another method with image types put in: types in a foreign namespace, the return value named
/// after its type, members in alphabetical order.
#[test]
fn an_answer_in_the_recorded_soap_shape_is_read_by_local_names() {
    let body = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/""#,
        r#" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/""#,
        r#" xmlns:namesp2="http://namespaces.soaplite.com/perl" xmlns:xsd="http://www.w3.org/2001/XMLSchema""#,
        r#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><SOAP-ENV:Body><namesp4:AdImageResponse xmlns:namesp4="API">"#,
        r#"<AdImageResponse xsi:type="namesp2:AdImageResponse"><AdImages SOAP-ENC:arrayType="namesp2:AdImage[2]""#,
        r#" xsi:type="namesp2:ArrayOfAdImage"><item xsi:type="namesp2:AdImage">"#,
        r#"<AdImageHash xsi:type="xsd:string">6ze6EE39XPZGze-wgTLLGg</AdImageHash>"#,
        r#"<AdImageURL xsi:type="xsd:string">http://direct.yandex.ru/images/6ze6EE39XPZGze-wgTLLGg</AdImageURL>"#,
        r#"<Assigned xsi:type="xsd:string">Yes</Assigned><Login xsi:type="xsd:string">example-login</Login>"#,
        r#"<Name xsi:type="xsd:string">&#1050;ot &amp; <![CDATA[<co>]]></Name></item>"#,
        r#"<item xsi:type="namesp2:AdImage"><Name xsi:nil="true" xsi:type="xsd:string"/></item></AdImages>"#,
        r#"<TotalObjectsCount xsi:type="xsd:int">2</TotalObjectsCount></AdImageResponse></namesp4:AdImageResponse>"#,
        r#"</SOAP-ENV:Body></SOAP-ENV:Envelope>"#
    );
    let first = live4::AdImage {
        login: Some("example-login".into()),
        ad_image_hash: Some("6ze6EE39XPZGze-wgTLLGg".into()),
        ad_image_url: Some("http://direct.yandex.ru/images/6ze6EE39XPZGze-wgTLLGg".to_owned()),
        assigned: Some("Yes".into()),
        name: Some("Кot & <co>".to_owned()),
    };
    let expected = live4::AdImageResponse {
        ad_images: vec![first, live4::AdImage::default()],
        total_objects_count: Some(2),
        ..Default::default()
    };
    assert_eq!(images(Encoding::Soap, body), Answer::Response(expected));
}

#[test]
fn the_recorded_soap_exchange_of_another_method_is_read_as_an_empty_answer() {
    let Some(body) = file("yandex-direct-live4/soap/GetAvailableVersions.response.xml") else { return };
    assert_eq!(images(Encoding::Soap, &body), Answer::Response(live4::AdImageResponse::default()));
}

#[test]
fn an_answer_in_the_shape_of_the_wsdl_reads_alike() {
    let soap = envelope(
        "<n:AdImageResponse xmlns:n='API' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><return>\
         <AdImages i:nil='true'/><AdImageUploads><AdImageUpload><Login>l</Login><Error><FaultCode>71</FaultCode></Error>\
         <AdImageUploadTaskID>5</AdImageUploadTaskID><Status>Error</Status></AdImageUpload></AdImageUploads>\
         <ActionsResult/><TotalObjectsCount/></return></n:AdImageResponse>",
    );
    let json = r#"{"data":{"AdImages":null,"AdImageUploads":[{"Login":"l","Error":{"FaultCode":"71"},
        "AdImageUploadTaskID":"5","Status":"Error"}],"ActionsResult":[],"TotalObjectsCount":""}}"#;
    let upload = live4::AdImageUpload {
        login: Some("l".into()),
        error: Some(live4::Error { fault_code: Some(71), ..Default::default() }),
        ad_image_upload_task_id: Some(5),
        status: Some("Error".into()),
        ..Default::default()
    };
    let expected = live4::AdImageResponse { ad_image_uploads: vec![upload], ..Default::default() };
    assert_eq!(images(Encoding::Json, json), Answer::Response(expected.clone()));
    assert_eq!(images(Encoding::Soap, &soap), Answer::Response(expected));
}

#[test]
fn a_delete_answers_nothing() {
    let nothing = Answer::Response(live4::AdImageResponse::default());
    assert_eq!(images(Encoding::Json, r#"{"data":{}}"#), nothing);
    assert_eq!(
        images(Encoding::Soap, &envelope("<n:AdImageResponse xmlns:n='API'><return/></n:AdImageResponse>")),
        nothing
    );
}

#[test]
fn a_soap_answer_that_refers_to_its_value_is_an_error_and_not_an_empty_list() {
    let body = envelope(
        "<n:AdImageResponse xmlns:n='API'><return href='#1'/></n:AdImageResponse>\
         <multiRef id='1'><TotalObjectsCount>7</TotalObjectsCount></multiRef>",
    );
    assert!(matches!(live4::decode::<AdImageRequest>(Encoding::Soap, body.as_bytes()), Err(DecodeError::Xml(_))));
}

#[test]
fn a_soap_fault_carries_its_code_after_the_colon() {
    let body = envelope(
        "<e:Fault><faultcode>SOAP-ENV:271</faultcode><faultstring>Изображение не найдено</faultstring><detail/></e:Fault>",
    );
    let expected = ApiFault {
        code: Some(271),
        message: "Изображение не найдено".to_owned(),
        soap_code: Some("SOAP-ENV:271".to_owned()),
        ..Default::default()
    };
    assert_eq!(images(Encoding::Soap, &body), Answer::Fault(expected));
}

#[test]
fn what_is_no_answer_of_the_api_is_an_error_of_its_kind() {
    let decode = |encoding, body: &str| live4::decode::<AdImageRequest>(encoding, body.as_bytes()).unwrap_err();
    assert!(matches!(decode(Encoding::Json, ""), DecodeError::Empty));
    assert!(matches!(decode(Encoding::Json, "{}"), DecodeError::NoResult));
    assert!(matches!(decode(Encoding::Json, "<html>"), DecodeError::WebPage));
    assert!(matches!(decode(Encoding::Json, "nginx"), DecodeError::Json(_)));
    assert!(matches!(decode(Encoding::Soap, "{}"), DecodeError::Xml(_)));
}
