//! What the Yandex endpoints make of bodies that are wrong: each in the form of its provider, none with a failure of the
//! emulator, and nothing is stored.

use serde_json::{Value, json};

use crate::harness::{Answer, Client, between};

const BEARER: (&str, &str) = ("authorization", "Bearer t");

/// Bodies that are no JSON object.
fn no_objects() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "{",
        "}",
        "null",
        "true",
        "5",
        "\"add\"",
        "[]",
        "{\"method\":}",
        "{\"method\":\"add\",}",
        "method=add",
    ];
    let mut bodies: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.push(b"\xff\xfe{\0}\0".to_vec());
    bodies.push(b"{\"method\":\"\xff\"}".to_vec());
    bodies.push(b"\xef\xbb\xbf{".to_vec());
    bodies.push("[".repeat(200_000).into_bytes());
    bodies.push(format!("{{\"params\":{}", "{\"a\":".repeat(100_000)).into_bytes());
    bodies
}

/// Bodies that are no SOAP envelope.
fn no_envelopes() -> Vec<Vec<u8>> {
    let space = "http://schemas.xmlsoap.org/soap/envelope/";
    let envelope = |body: &str| format!("<e:Envelope xmlns:e=\"{space}\">{body}</e:Envelope>");
    let mut bodies: Vec<Vec<u8>> = [
        String::new(),
        " ".to_owned(),
        "{}".to_owned(),
        "<".to_owned(),
        "<a>".to_owned(),
        "<a></b>".to_owned(),
        "<a/><b/>".to_owned(),
        "<p:a/>".to_owned(),
        "<!DOCTYPE a><a/>".to_owned(),
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>".to_owned(),
        "<a>&unknown;</a>".to_owned(),
        "<a b='1' b='2'".to_owned(),
        envelope(""),
        envelope("<e:Body/>"),
        envelope("<e:Body>text</e:Body>"),
        envelope("<e:Header/>"),
        "<a>".repeat(100_000),
    ]
    .into_iter()
    .map(String::into_bytes)
    .collect();
    bodies.push(b"<a>\xff</a>".to_vec());
    bodies.push(b"\xfe\xff\0<\0a\0/\0>".to_vec());
    bodies
}

async fn nothing_is_left(client: &Client) {
    assert_eq!(client.get("/_emulator/health").await.json()["pictures"], 0);
    assert!(client.journal().await.iter().all(|entry| entry["state"] == "answered"));
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned()
}

#[tokio::test]
async fn v5_json_answers_8000_or_55_in_its_error_form() {
    let client = Client::default();
    let mut cases: Vec<(Vec<u8>, i64)> = no_objects().into_iter().map(|body| (body, 8000)).collect();
    let hashes =
        |value: Value| json!({ "method": "delete", "params": { "SelectionCriteria": { "AdImageHashes": value } } });
    let add = |item: Value| json!({ "method": "add", "params": { "AdImages": [item] } });
    let get = |params: Value| json!({ "method": "get", "params": params });
    for (body, code) in [
        (json!({}), 8000),
        (json!({ "method": null, "params": {} }), 8000),
        (json!({ "method": 5, "params": {} }), 8000),
        (json!({ "method": "", "params": {} }), 55),
        (json!({ "method": "GET", "params": {} }), 55),
        (json!({ "method": "get" }), 8000),
        (json!({ "method": "get", "params": null }), 8000),
        (json!({ "method": "get", "params": [] }), 8000),
        (json!({ "method": "get", "params": "x" }), 8000),
        (get(json!({ "FieldNames": "Name" })), 8000),
        (get(json!({ "FieldNames": [null] })), 8000),
        (get(json!({ "FieldNames": ["name"] })), 8000),
        (get(json!({ "FieldNames": ["Name"], "Page": [] })), 8000),
        (get(json!({ "FieldNames": ["Name"], "Page": { "Limit": 1.5 } })), 8000),
        (get(json!({ "FieldNames": ["Name"], "Page": { "Limit": -1 } })), 4002),
        (get(json!({ "FieldNames": ["Name"], "Page": { "Offset": 18_446_744_073_709_551_615_u64 } })), 8000),
        (get(json!({ "FieldNames": ["Name"], "Page": { "limit": 1 } })), 8000),
        (get(json!({ "FieldNames": ["Name"], "SelectionCriteria": [] })), 8000),
        (get(json!({ "FieldNames": ["Name"], "SelectionCriteria": { "Associated": "Yes" } })), 8000),
        (get(json!({ "FieldNames": ["Name"], "SelectionCriteria": { "Associated": ["YES"] } })), 8000),
        (get(json!({ "FieldNames": ["Name"], "SelectionCriteria": { "AdImageHashes": "a" } })), 8000),
        (get(json!({ "FieldNames": ["Name"], "SelectionCriteria": { "AdImageHashes": [1] } })), 8000),
        (get(json!({ "FieldNames": ["Name"], "Extra": 1 })), 8000),
        (add(json!(null)), 8000),
        (add(json!([])), 8000),
        (add(json!("aGk=")), 8000),
        (add(json!({ "ImageData": 5, "Name": "a" })), 8000),
        (add(json!({ "ImageData": "aGk", "Name": "a" })), 8000),
        (add(json!({ "ImageData": "aGk=", "Name": ["a"] })), 8000),
        (add(json!({ "ImageData": "aGk=", "Name": "a", "Type": "ICON" })), 8000),
        (add(json!({ "ImageData": "aGk=", "Name": "a", "AdImageUploadUrl": "b" })), 8000),
        (hashes(json!(null)), 8000),
        (hashes(json!("a")), 8000),
        (hashes(json!([["a"]])), 8000),
        (hashes(json!({ "a": "b" })), 8000),
    ] {
        cases.push((body.to_string().into_bytes(), code));
    }
    for path in ["/json/v5/adimages", "/json/v501/adimages/"] {
        for (body, code) in &cases {
            let answer = client.send("POST", path, &[BEARER], body.clone()).await;
            let error = answer.json()["error"].clone();
            assert_eq!((answer.status, &error["error_code"]), (200, &json!(code)), "{path} {}: {error}", shown(body));
            assert!(error["error_string"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
            assert_eq!(error["request_id"], answer.header("requestid"));
        }
    }
    nothing_is_left(&client).await;
}

#[tokio::test]
async fn v5_soap_answers_with_faults_of_its_form() {
    let client = Client::default();
    let space = "http://api.direct.yandex.com/v5/adimages";
    let envelope = |body: &str| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>{body}</e:Body></e:Envelope>"
        )
    };
    let request = |name: &str, inner: &str| envelope(&format!("<a:{name} xmlns:a=\"{space}\">{inner}</a:{name}>"));
    let mut cases: Vec<(Vec<u8>, i64)> = no_envelopes().into_iter().map(|body| (body, 8000)).collect();
    let image = |inner: &str| request("AddRequest", &format!("<AdImages>{inner}</AdImages>"));
    for (body, code) in [
        (request("UpdateRequest", ""), 55),
        (request("Get", ""), 55),
        (request("getRequest", "<FieldNames>Nothing</FieldNames>"), 8000),
        (request("GetRequest", ""), 8000),
        (request("GetRequest", "text"), 8000),
        (request("GetRequest", "<FieldNames/>"), 8000),
        (request("GetRequest", "<FieldNames><a/></FieldNames>"), 8000),
        (request("GetRequest", "<FieldNames>Name</FieldNames><Page>5</Page>"), 8000),
        (request("GetRequest", "<FieldNames>Name</FieldNames><Page><Limit>x</Limit></Page>"), 8000),
        (request("GetRequest", "<FieldNames>Name</FieldNames><Page><Limit>10001</Limit></Page>"), 4002),
        (request("GetRequest", "<FieldNames>Name</FieldNames><Page><Limit>1</Limit><Limit>2</Limit></Page>"), 8000),
        (request("GetRequest", "<FieldNames>Name</FieldNames><Extra>1</Extra>"), 8000),
        (request("AddRequest", ""), 8000),
        (image("<Name>a</Name>"), 8000),
        (image("<ImageData>aGk=</ImageData>"), 8000),
        (image("<ImageData>*</ImageData><Name>a</Name>"), 8000),
        (image("<ImageData>aGk=</ImageData><Name>a</Name><Name>b</Name>"), 8000),
        (image("<ImageData>aGk=</ImageData><Name><b/></Name>"), 8000),
        (image("<ImageData>aGk=</ImageData><Name>a</Name><Type>ICON</Type>"), 8000),
        (request("DeleteRequest", ""), 8000),
        (request("DeleteRequest", "<SelectionCriteria>x</SelectionCriteria>"), 8000),
        (envelope("<GetRequest><FieldNames>Name</FieldNames></GetRequest>"), 8000),
    ] {
        cases.push((body.into_bytes(), code));
    }
    for path in ["/v5/adimages", "/v501/adimages/"] {
        for (body, code) in &cases {
            let answer = client.send("POST", path, &[BEARER, ("soapaction", "\"\"")], body.clone()).await;
            let text = answer.text();
            assert_eq!(answer.status, 200, "{}", shown(body));
            assert_eq!(
                between(&text, "<errorCode>", "</errorCode>"),
                code.to_string(),
                "{path} {}: {text}",
                shown(body)
            );
            assert_eq!(between(&text, "<requestId>", "</requestId>"), answer.header("requestid"));
            assert!(text.contains("<faultcode>SOAP-ENV:Client</faultcode>"), "{text}");
        }
    }
    nothing_is_left(&client).await;
}

/// Wrong parameters of both methods, as JSON, and their codes.
fn live4_params() -> Vec<(&'static str, Value, i64)> {
    let criteria = |action: &str, value: Value| json!({ "Action": action, "SelectionCriteria": value });
    vec![
        ("AdImage", json!(null), 71),
        ("AdImage", json!([]), 71),
        ("AdImage", json!("Get"), 71),
        ("AdImage", json!({ "Action": null }), 71),
        ("AdImage", json!({ "Action": 5 }), 71),
        ("AdImage", json!({ "Action": "get" }), 71),
        ("AdImage", json!({ "Action": "Set" }), 71),
        ("AdImage", json!({ "Action": "Get", "Unknown": 1 }), 71),
        ("AdImage", criteria("Get", json!([])), 71),
        ("AdImage", criteria("Get", json!({ "Assigned": "Yes" })), 9),
        ("AdImage", criteria("Get", json!({ "Limit": "10" })), 71),
        ("AdImage", criteria("Get", json!({ "Limit": -1 })), 8),
        ("AdImage", criteria("Get", json!({ "Offset": -1 })), 18),
        ("AdImage", criteria("Get", json!({ "AdImageHashes": [1] })), 71),
        ("AdImage", criteria("Delete", json!({})), 71),
        ("AdImage", criteria("Delete", json!({ "AdImageHashes": ["unknown"] })), 271),
        ("AdImage", criteria("CheckUploadStatus", json!({ "AdImageUploadTaskIDS": ["x"] })), 71),
        ("AdImage", criteria("GetLimits", json!({ "Logins": vec!["a"; 1_001] })), 71),
        ("AdImage", json!({ "Action": "UploadRawData", "AdImageRawData": [5] }), 71),
        ("AdImage", json!({ "Action": "UploadRawData", "AdImageRawData": [{ "RawData": 5 }] }), 71),
        ("AdImage", json!({ "Action": "Upload" }), 71),
        ("AdImage", json!({ "Action": "Upload", "AdImageURLData": {} }), 9),
        ("AdImage", json!({ "Action": "Upload", "AdImageURLData": [{ "URL": [] }] }), 71),
        ("AdImageAssociation", json!({ "Action": "Upload" }), 71),
        ("AdImageAssociation", json!({ "Action": "Set" }), 71),
        ("AdImageAssociation", json!({ "Action": "Set", "AdImageAssociations": [] }), 71),
        ("AdImageAssociation", json!({ "Action": "Set", "AdImageAssociations": [{ "AdID": "1" }] }), 71),
        (
            "AdImageAssociation",
            json!({ "Action": "Set", "AdImageAssociations": vec![json!({ "AdID": 1 }); 10_001] }),
            71,
        ),
        ("AdImageAssociation", criteria("Get", json!({ "AdIDS": {} })), 9),
        ("Adimage", json!({ "Action": "Get" }), 55),
        ("", json!({ "Action": "Get" }), 55),
    ]
}

#[tokio::test]
async fn live_4_json_answers_in_its_error_form_under_http_200() {
    let client = Client::default();
    let mut cases: Vec<(Vec<u8>, i64)> = no_objects().into_iter().map(|body| (body, 71)).collect();
    for (method, param, code) in live4_params() {
        cases.push((json!({ "method": method, "token": "t", "param": param }).to_string().into_bytes(), code));
    }
    for (body, code) in [
        (json!({ "method": "AdImage", "param": { "Action": "Get" } }), 53),
        (json!({ "method": "AdImage", "token": 5, "param": { "Action": "Get" } }), 53),
        (json!({ "method": ["AdImage"], "token": "t", "param": {} }), 55),
    ] {
        cases.push((body.to_string().into_bytes(), code));
    }
    for path in ["/live/v4/json", "/live/v4/json/2/"] {
        for (body, code) in &cases {
            let answer = client.send("POST", path, &[], body.clone()).await;
            let error = answer.json();
            assert_eq!((answer.status, &error["error_code"]), (200, &json!(code)), "{path} {}: {error}", shown(body));
            assert!(
                error["error_str"].as_str().is_some_and(|text| !text.is_empty()) && error["error_detail"].is_string()
            );
            assert!(!answer.header("requestid").is_empty());
        }
    }
    nothing_is_left(&client).await;
}

fn fault_code(answer: &Answer) -> String {
    let text = answer.text();
    between(&text, "<faultcode xsi:type=\"xsd:string\">SOAP-ENV:", "</faultcode>").to_owned()
}

#[tokio::test]
async fn live_4_soap_answers_with_faults_under_http_500() {
    let client = Client::default();
    let envelope = |body: &str| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"API\"><e:Header><a:token>t</a:token></e:Header>\
             <e:Body>{body}</e:Body></e:Envelope>"
        )
    };
    let call = |params: &str| envelope(&format!("<a:AdImage>{params}</a:AdImage>"));
    let get = |criteria: &str| {
        call(&format!("<params><Action>Get</Action><SelectionCriteria>{criteria}</SelectionCriteria></params>"))
    };
    let mut cases: Vec<(Vec<u8>, i64)> = Vec::new();
    for (body, code) in [
        (call(""), 71),
        (call("<params/>"), 71),
        (call("<params>text</params>"), 71),
        (call("<params><Action/></params>"), 71),
        (call("<params><Action>Fly</Action></params>"), 71),
        (call("<params><Action>Get</Action><Action>Get</Action></params>"), 71),
        (call("<params href=\"#gone\"/>"), 71),
        (call("<params id=\"a\" href=\"#a\"/>"), 71),
        (call("<params><Action>Get</Action><Unknown>1</Unknown></params>"), 71),
        (get("<Logins>a</Logins>"), 9),
        (get("<Limit>0</Limit>"), 8),
        (get("<Limit>x</Limit>"), 71),
        (get("<Offset>-1</Offset>"), 18),
        (get("<Assigned><item>Maybe</item></Assigned>"), 71),
        (call("<params><Action>UploadRawData</Action><AdImageRawData><item>x</item></AdImageRawData></params>"), 71),
        (call("<params><Action>Upload</Action><AdImageURLData/></params>"), 71),
        (envelope("<a:AdImageAssociation><params><Action>Set</Action></params></a:AdImageAssociation>"), 71),
        (envelope("<a:GetVersion/>"), 55),
    ] {
        cases.push((body.into_bytes(), code));
    }
    // Without a call nothing tells a token, and some of these bodies do not get that far.
    for body in no_envelopes() {
        let answer = client.send("POST", "/live/v4/soap/", &[], body.clone()).await;
        assert_eq!(answer.status, 500, "{}", shown(&body));
        assert!(["71", "53"].contains(&fault_code(&answer).as_str()), "{}: {}", shown(&body), answer.text());
    }
    for path in ["/live/v4/soap", "/live/v4/soap/2/"] {
        for (body, code) in &cases {
            let answer = client.send("POST", path, &[("soapaction", "API#AdImage")], body.clone()).await;
            assert_eq!(answer.status, 500, "{}", shown(body));
            assert_eq!(fault_code(&answer), code.to_string(), "{path} {}: {}", shown(body), answer.text());
        }
    }
    nothing_is_left(&client).await;
}

#[tokio::test]
async fn other_methods_of_http_are_refused_on_every_endpoint() {
    let client = Client::default();
    for path in ["/json/v5/adimages", "/json/v501/adimages", "/v5/adimages", "/live/v4/json/", "/live/v4/soap/"] {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            assert_eq!(client.send(method, path, &[BEARER], "").await.status, 405, "{method} {path}");
        }
    }
}
