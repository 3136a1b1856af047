//! AdImages of Direct v5 over SOAP.

use std::path::PathBuf;
use std::process::Command;

use polyptych_emulator::Settings;

use crate::harness::{Answer, Client, base64, between, png, reference, required, skeleton};

const NAMESPACE: &str = "http://api.direct.yandex.com/v5/adimages";

async fn send(client: &Client, path: &str, action: &str, body: &str) -> Answer {
    let envelope = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope \
         xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    );
    let headers =
        [("authorization", "Bearer token"), ("content-type", "text/xml; charset=utf-8"), ("soapaction", action)];
    client.send("POST", path, &headers, envelope).await
}

async fn call(client: &Client, operation: &str, body: &str) -> String {
    let action = format!("\"https://api.direct.yandex.com/v5/adimages/{operation}\"");
    let answer = send(client, "/v5/adimages", &action, body).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml; charset=utf-8"));
    answer.text()
}

fn add_request(items: &[(&[u8], &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(bytes, name)| {
            format!("<AdImages><ImageData>{}</ImageData><Name>{name}</Name></AdImages>", base64(bytes))
        })
        .collect();
    format!("<ns1:AddRequest xmlns:ns1=\"{NAMESPACE}\">{items}</ns1:AddRequest>")
}

const LIST: &str = "<g:GetRequest xmlns:g=\"http://api.direct.yandex.com/v5/adimages\"><FieldNames>AdImageHash</FieldNames>\
    <FieldNames>Name</FieldNames><FieldNames>Associated</FieldNames><FieldNames>Type</FieldNames><FieldNames>Subtype</FieldNames>\
    <FieldNames>OriginalUrl</FieldNames><FieldNames>PreviewUrl</FieldNames></g:GetRequest>";

fn delete_request(hashes: &[&str]) -> String {
    let hashes: String = hashes.iter().map(|hash| format!("<AdImageHashes>{hash}</AdImageHashes>")).collect();
    format!(
        "<d:DeleteRequest xmlns:d=\"{NAMESPACE}\"><SelectionCriteria>{hashes}</SelectionCriteria></d:DeleteRequest>"
    )
}

/// Checks documents against the published schema; false when the tool or the schema is not here.
fn valid(documents: &[(&str, &str)]) -> bool {
    let (Some(wsdl), Some(general)) =
        (reference("yandex-direct-v5/wsdl/adimages.v501.wsdl"), reference("yandex-direct-v5/wsdl/general.xsd"))
    else {
        return false;
    };
    if Command::new("xmllint").arg("--version").output().is_err() {
        assert!(!required("xmllint"), "xmllint is required");
        eprintln!("skipped: xmllint is not on PATH");
        return false;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("v5-schema");
    std::fs::create_dir_all(&folder).unwrap();
    let schema = between(&wsdl, "<xsd:schema ", "</xsd:schema>");
    let schema = format!(
        "<xsd:schema xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:general=\"http://api.direct.yandex.com/v5/general\" \
         xmlns:ns=\"{NAMESPACE}\" {schema}</xsd:schema>"
    );
    std::fs::write(folder.join("adimages.xsd"), schema).unwrap();
    std::fs::write(folder.join("general.xsd"), general).unwrap();
    for (index, (name, document)) in documents.iter().enumerate() {
        let file = folder.join(format!("document-{}-{index}.xml", std::process::id()));
        std::fs::write(&file, document).unwrap();
        let run = Command::new("xmllint").args(["--noout", "--schema"]).arg(folder.join(name)).arg(&file).output();
        let run = run.unwrap();
        assert!(run.status.success(), "{document}\n{}", String::from_utf8_lossy(&run.stderr));
    }
    true
}

fn body(answer: &str) -> &str {
    between(answer, "<SOAP-ENV:Body>", "</SOAP-ENV:Body>")
}

#[tokio::test]
async fn answers_are_valid_under_the_published_schema() {
    let client = Client::default();
    let (first, second) = (png(450, 450, 1), png(240, 400, 2));
    let added =
        call(&client, "add", &add_request(&[(&first, "a &amp; b"), (b"no picture", "x"), (&second, "c")])).await;
    let listed = call(&client, "get", LIST).await;
    let paged = LIST.replacen("<FieldNames>", "<Page><Limit>1</Limit></Page><FieldNames>", 1);
    let paged = call(&client, "get", &paged).await;
    let hash = between(&added, "<AdImageHash>", "</AdImageHash>").to_owned();
    let deleted = call(&client, "delete", &delete_request(&[&hash, "unknown"])).await;
    let fault = call(&client, "delete", &delete_request(&[])).await;

    assert!(listed.contains("<Name>a &amp; b</Name>"), "{listed}");
    assert!(listed.contains("<Type>FIXED_IMAGE</Type><Subtype>IMG_240_400</Subtype>"), "{listed}");
    assert!(paged.contains("<LimitedBy>1</LimitedBy>"), "{paged}");
    assert!(deleted.contains("<Code>8800</Code>"), "{deleted}");
    let detail = between(&fault, "<detail>", "</detail>").to_owned();
    let checked = valid(&[
        ("adimages.xsd", body(&added)),
        ("adimages.xsd", body(&listed)),
        ("adimages.xsd", body(&paged)),
        ("adimages.xsd", body(&deleted)),
        ("general.xsd", &detail),
    ]);
    if checked {
        eprintln!("five answers are valid under the published schema");
    }
}

#[tokio::test]
async fn sample_requests_of_the_reference_are_understood() {
    let client = Client::default();
    for (file, operation, expected) in [
        ("add.request.body.xml", "add", "<Code>5004</Code>"),
        ("get.request.body.xml", "get", "GetResponse"),
        ("delete.request.body.xml", "delete", "<Code>8800</Code>"),
    ] {
        let Some(request) = reference(&format!("yandex-direct-v5/derived-not-recorded/{file}")) else { return };
        let answer = call(&client, operation, &request).await;
        assert!(answer.contains(expected), "{file}: {answer}");
    }
}

#[tokio::test]
async fn a_fault_has_the_recorded_form() {
    let answer = call(
        &Client::default(),
        "add",
        &format!("<a:AddRequest xmlns:a=\"{NAMESPACE}\"><AdImages><ImageData>aGk=</ImageData><Name/></AdImages></a:AddRequest>"),
    )
    .await;
    assert!(answer.contains("<faultcode>SOAP-ENV:Client</faultcode><faultstring>Invalid request</faultstring>"));
    assert!(
        answer
            .contains("<errorDetail>The required field Name is omitted in an item in the AdImages array</errorDetail>")
    );
    let Some(recorded) = reference("yandex-direct-v5/soap/convert_decimal_to_xml.response.xml") else { return };
    assert_eq!(skeleton(&answer), skeleton(&recorded));
}

#[tokio::test]
async fn soap_and_json_see_one_library() {
    let client = Client::default();
    call(&client, "add", &add_request(&[(&png(450, 450, 1), "soap.png")])).await;
    let listed = client
        .send(
            "POST",
            "/json/v501/adimages",
            &[("authorization", "Bearer token")],
            r#"{"method":"get","params":{"FieldNames":["Name"]}}"#,
        )
        .await;
    assert_eq!(listed.text(), r#"{"result":{"AdImages":[{"Name":"soap.png"}]}}"#);
}

#[tokio::test]
async fn soap_actions_are_taken_in_every_spelling_seen() {
    let client = Client::default();
    for path in ["/v5/adimages", "/v5/adimages/", "/v501/adimages", "/v501/adimages/"] {
        for action in [
            "https://api.direct.yandex.com/v5/adimages/get",
            "\"http://api.direct.yandex.com/v5/adimages/get\"",
            "\"https://api.direct.yandex.com/v501/adimages/get\"",
        ] {
            let answer = send(&client, path, action, LIST).await.text();
            assert!(answer.contains("GetResponse"), "{path} {action}: {answer}");
        }
    }
    let secure = LIST.replace("http://api.direct", "https://api.direct");
    let answer = send(&client, "/v5/adimages", "https://api.direct.yandex.com/v5/adimages/get", &secure).await.text();
    assert!(answer.contains("GetResponse"), "{answer}");
}

#[tokio::test]
async fn malformed_and_misplaced_requests_are_faults_8000() {
    let client = Client::default();
    let action = "https://api.direct.yandex.com/v5/adimages/get";
    let wrong_action = send(&client, "/v5/adimages", "https://api.direct.yandex.com/v5/adimages/add", LIST).await;
    let qualified = LIST.replace("<FieldNames>", "<g:FieldNames>").replace("</FieldNames>", "</g:FieldNames>");
    let foreign = LIST.replace("/v5/adimages\"", "/v5/ads\"");
    let unknown = LIST.replacen("<FieldNames>", "<Ids>1</Ids><FieldNames>", 1);
    let mut answers = vec![wrong_action];
    for body in ["", qualified.as_str(), foreign.as_str(), unknown.as_str(), "<a>"] {
        answers.push(send(&client, "/v5/adimages", action, body).await);
    }
    let headers = [("authorization", "Bearer token")];
    answers.push(client.send("POST", "/v5/adimages", &headers, LIST).await);
    let headers = [("authorization", "Bearer token"), ("soapaction", action)];
    let dtd = "<!DOCTYPE e [<!ENTITY x \"y\">]><e xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"/>";
    answers.push(client.send("POST", "/v5/adimages", &headers, dtd).await);
    for answer in answers {
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("<errorCode>8000</errorCode>"), "{}", answer.text());
    }
    let mut lenient = Settings::default();
    lenient.yandex.strict_namespaces = false;
    let answer = send(&Client::new(lenient), "/v5/adimages", action, &qualified).await.text();
    assert!(answer.contains("GetResponse"), "{answer}");
}
