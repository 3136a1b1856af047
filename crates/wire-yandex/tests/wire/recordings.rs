//! Every file of the reference data on Yandex Direct is either read by a test of this folder or named here with the reason
//! why none reads it. And what recordings of sibling services share with ours: envelope, action results, points.

use std::fs;

use http::{HeaderMap, HeaderName, HeaderValue};
use polyptych_wire_yandex::headers::{Units, request_id, units};
use polyptych_wire_yandex::live4::{self, AdImageAssociationRequest, AdImageRequest};
use polyptych_wire_yandex::{Answer, DecodeError, Encoding, v5};
use serde_json::Value;

use crate::every_recording;
use crate::support::{recorded, reference};

/// The tests that read the reference data.
const READERS: &[&str] = &[
    include_str!("recordings.rs"),
    include_str!("v5_answers.rs"),
    include_str!("live4_answers.rs"),
    include_str!("schema.rs"),
];

/// Files that no test here reads, and why.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("yandex-direct-live4/SOURCES.md", "tells where the files are from"),
    ("yandex-direct-live4/adimage_types_from_wsdl.json", "a list of types; the generator's tests compare it"),
    ("yandex-direct-live4/live.wsdl", "a schema; the generator's tests compare it"),
    ("yandex-direct-live4/soap/GetAvailableVersions.request.xml", "a request of a method that is not ours"),
    ("yandex-direct-v5/SOURCES.md", "tells where the files are from"),
    (
        "yandex-direct-v5/derived-not-recorded/add.request.body.xml",
        "a request made from the schema; xmllint judges ours",
    ),
    ("yandex-direct-v5/derived-not-recorded/delete.request.body.xml", "likewise"),
    ("yandex-direct-v5/derived-not-recorded/get.request.body.xml", "likewise"),
    ("yandex-direct-v5/soap/convert_array_of_string_from_xml.request.xml", "a request of a service that is not ours"),
    ("yandex-direct-v5/soap/convert_decimal_from_xml.request.xml", "likewise"),
    ("yandex-direct-v5/soap/convert_decimal_to_xml.request.xml", "likewise"),
    ("yandex-direct-v5/soap/convert_long_from_xml.request.xml", "likewise"),
    ("yandex-direct-v5/wsdl/adimages.v501.wsdl", "a schema; the generator's tests compare it"),
];

#[test]
fn every_recording_is_read_or_named_as_not_applicable() {
    let Some(root) = reference() else { return };
    every_recording::check(&root, &["yandex-direct-live4", "yandex-direct-v5"], READERS, NOT_APPLICABLE);
}

/// Headers of the recorded answer.
fn headers(path: &str) -> HeaderMap {
    let text = fs::read_to_string(reference().unwrap().join(path)).unwrap();
    let exchange: Value = serde_json::from_str(&text).unwrap();
    let pair = |(name, value): (&String, &Value)| {
        (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.as_str().unwrap()).unwrap())
    };
    exchange["response"]["headers"].as_object().unwrap().iter().map(pair).collect()
}

#[test]
fn recorded_action_results_of_sibling_services_are_results_without_errors() {
    let cases = [
        ("adextensions.1-add.ok", true, (6, 146_675, 160_000)),
        ("adextensions.2-delete.ok", false, (11, 146_664, 160_000)),
        ("bidmodifiers.1-campaigns-add.ok", true, (15, 147_141, 160_000)),
        ("bidmodifiers.3-campaigns-delete.ok", false, (12, 147_079, 160_000)),
        ("sitelinks-production.1-add.ok", true, (40, 3_299_424, 3_310_000)),
        ("sitelinks-production.3-delete.ok", false, (10, 3_299_398, 3_310_000)),
    ];
    for (name, adds, (spent, left, limit)) in cases {
        let path = format!("yandex-direct-v5/json-recorded/{name}.json");
        let Some((status, body)) = recorded(&path) else { return };
        assert_eq!(status, 200);
        let one = vec![v5::AdImageActionResult::default()];
        if adds {
            let added = v5::decode::<v5::Add>(Encoding::Json, body.as_bytes()).unwrap();
            assert_eq!(added, Answer::Response(v5::AddResponse { add_results: one }), "{name}");
        } else {
            let deleted = v5::decode::<v5::Delete>(Encoding::Json, body.as_bytes()).unwrap();
            let expected = v5::DeleteResponse { delete_results: one };
            assert_eq!(deleted, Answer::Response(expected), "{name}");
        }
        let headers = headers(&path);
        assert_eq!(units(&headers), Some(Units { spent, left, limit }), "{name}");
        assert_eq!(request_id(&headers), Some("0000000000000000000"), "{name}");
    }
}

#[test]
fn a_recorded_listing_of_a_sibling_service_holds_nothing_of_ours() {
    let path = "yandex-direct-v5/json-recorded/sitelinks-production.2-get.ok.json";
    let Some((_, body)) = recorded(path) else { return };
    let listed = v5::decode::<v5::Get>(Encoding::Json, body.as_bytes()).unwrap();
    assert_eq!(listed, Answer::Response(v5::GetResponse::default()));
    assert_eq!(units(&headers(path)), Some(Units { spent: 16, left: 3_299_408, limit: 3_310_000 }));
}

/// Their `data` is a list where that of ours is a record: not to be mistaken for an empty answer.
#[test]
fn recorded_lists_of_sibling_methods_are_no_answers_of_ours() {
    for name in ["GetClientsUnits.ok", "GetForecastList.empty"] {
        let Some((_, body)) = recorded(&format!("yandex-direct-live4/json-recorded/{name}.json")) else { return };
        let images = live4::decode::<AdImageRequest>(Encoding::Json, body.as_bytes());
        assert!(matches!(images, Err(DecodeError::Json(_))), "{name}: {images:?}");
        let associations = live4::decode::<AdImageAssociationRequest>(Encoding::Json, body.as_bytes());
        assert!(matches!(associations, Err(DecodeError::Json(_))), "{name}: {associations:?}");
    }
}
