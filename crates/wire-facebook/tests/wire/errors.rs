//! Recorded refusals and the table of codes.

use polyptych_wire::fault::{Class, Level, Reason};
use polyptych_wire_facebook::{Answer, DeleteAdImage, ERRORS, GraphError, decode};
use serde_json::{Value, json};

use crate::support::reference;

fn refusal(status: u16, body: &Value) -> GraphError {
    match decode::<DeleteAdImage>(status, body.to_string().as_bytes()).unwrap() {
        Answer::Refused(error) => *error,
        Answer::Success(answer) => panic!("{answer:?}"),
    }
}

#[test]
fn recorded_refusals_decode_whole_and_have_a_row() {
    let Some(recorded) = reference("derived/recorded_responses.json") else { return };
    let cases = [
        ("error_1487411", Class::Never, Reason::InvalidImage),
        ("error_1487197", Class::Never, Reason::InvalidImage),
        ("error_hash_required", Class::Never, Reason::InvalidRequest),
        ("error_17", Class::Throttle, Reason::RateLimited),
        ("error_80004", Class::Throttle, Reason::RateLimited),
        ("error_zip_deprecated", Class::Never, Reason::InvalidImage),
    ];
    let count = recorded.as_object().unwrap().keys().filter(|name| name.starts_with("error_")).count();
    assert_eq!(count, cases.len(), "every recorded refusal is looked at");
    for (name, class, reason) in cases {
        let body = &recorded[name]["body"];
        let error = refusal(400, body);
        let told = &body["error"];
        let text = |key: &str| told[key].as_str().map(str::to_owned);
        assert_eq!(error.message, text("message"), "{name}");
        assert_eq!(error.kind.as_deref().map(str::to_owned), text("type"), "{name}");
        assert_eq!(error.code, told["code"].as_i64(), "{name}");
        assert_eq!(error.error_subcode, told["error_subcode"].as_i64(), "{name}");
        assert_eq!(error.is_transient, told["is_transient"].as_bool(), "{name}");
        assert_eq!(error.error_user_title, text("error_user_title"), "{name}");
        assert_eq!(error.error_user_msg, text("error_user_msg"), "{name}");
        assert_eq!(error.fbtrace_id.as_deref().map(str::to_owned), text("fbtrace_id"), "{name}");
        let entry = error.entry().unwrap();
        assert_eq!((entry.class, entry.reason), (class, reason), "{name}");
    }
}

#[test]
fn an_error_in_the_body_counts_whatever_the_status() {
    let body = json!({"error": {"message": "m", "code": "100", "error_subcode": 33}});
    for status in [200, 400, 500] {
        let error = refusal(status, &body);
        assert_eq!((error.code, error.error_subcode), (Some(100), Some(33)));
        assert_eq!(error.entry().unwrap().reason, Reason::NotFound);
    }
}

#[test]
fn a_refusal_with_members_of_other_types_is_still_a_refusal() {
    let told = json!({"code": 190.0, "is_transient": "false", "error_user_title": {"a": 1}, "error_subcode": "?"});
    let error = refusal(400, &json!({"error": told}));
    assert_eq!((error.code, error.error_subcode, error.is_transient), (Some(190), None, Some(false)));
    assert_eq!(error.error_user_title.as_deref(), Some(r#"{"a":1}"#));
}

#[test]
fn an_error_that_is_a_text_is_a_refusal_with_that_message() {
    for status in [200, 502] {
        let error = refusal(status, &json!({"error": "upstream timed out"}));
        assert_eq!(error, GraphError { message: Some("upstream timed out".to_owned()), ..GraphError::default() });
        assert_eq!(error.entry(), None);
    }
}

#[test]
fn records_are_not_read_from_lists() {
    for body in ["[]", "[true]", "[{\"code\":190}]"] {
        assert!(decode::<DeleteAdImage>(200, body.as_bytes()).is_err(), "{body}");
    }
    for body in [r#"{"paging":[{"after":"a"}]}"#, r#"{"paging":{"cursors":["b","a"]}}"#, r#"{"data":[["1"]]}"#] {
        assert!(decode::<polyptych_wire_facebook::ListAdImages>(200, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_byte_order_mark_before_an_answer_is_skipped() {
    let refused = decode::<DeleteAdImage>(400, "\u{feff}{\"error\":{\"code\":190}}".as_bytes()).unwrap();
    assert!(matches!(refused, Answer::Refused(error) if error.code == Some(190)));
    let deleted = decode::<DeleteAdImage>(200, "\u{feff}{\"success\":true}".as_bytes()).unwrap();
    assert!(matches!(deleted, Answer::Success(answer) if answer.success == Some(true)));
}

#[test]
fn inner_refusals_of_a_batch_decode_like_any_other() {
    let Some(batch) = reference("batch/fb_batch_error_response.json") else { return };
    for inner in batch.as_array().unwrap() {
        let body: Value = serde_json::from_str(inner["body"].as_str().unwrap()).unwrap();
        assert_eq!(refusal(200, &body).entry().unwrap().reason, Reason::NotFound);
    }
}

#[test]
fn error_data_is_read_as_an_object_and_as_json_in_text() {
    let blame = json!({"blame_field_specs": [["bytes", ""]]});
    for data in [blame.clone(), json!(blame.to_string())] {
        assert_eq!(refusal(400, &json!({"error": {"error_data": data}})).error_data, Some(blame.clone()));
    }
    assert_eq!(refusal(400, &json!({"error": {"error_data": "plain"}})).error_data, Some(json!("plain")));
}

#[test]
fn every_code_of_the_reference_has_a_row_of_its_class() {
    let Some(codes) = reference("derived/error_codes.json") else { return };
    let codes = codes.as_array().unwrap();
    assert_eq!(codes.len(), 60);
    for told in codes {
        let code = told["code"].as_i64().unwrap_or_default();
        let message = told["message"].as_str().unwrap();
        let subcodes = match &told["error_subcode"] {
            Value::Array(subcodes) => subcodes.iter().map(Value::as_i64).collect(),
            subcode => vec![subcode.as_i64()],
        };
        for subcode in subcodes {
            let entry = ERRORS.find(Level::Request, code, subcode, message);
            let entry = entry.unwrap_or_else(|| panic!("no row for {told}"));
            assert_eq!(entry.subcode, subcode, "{told}");
            let fits: &[Class] = match told["retry"].as_str().unwrap() {
                retry if retry.contains("re-auth") => &[Class::Reauth],
                retry if retry.contains("raise version") => &[Class::Upgrade],
                retry if retry.contains("user must") => &[Class::UserAction],
                retry if retry.starts_with("no") => &[Class::Never],
                retry if retry.starts_with("shrink") => &[Class::Shrink],
                retry if retry.starts_with("long") => &[Class::LongPause],
                retry if retry.starts_with("wait") => &[Class::Throttle],
                _ => &[Class::Backoff, Class::Throttle],
            };
            assert!(fits.contains(&entry.class), "{:?} does not fit {told}", entry.class);
        }
    }
}

#[test]
fn a_code_that_the_table_does_not_know_is_tolerated() {
    assert_eq!(refusal(400, &json!({"error": {"code": 987_654}})).entry(), None);
}
