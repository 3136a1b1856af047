//! Image methods of Direct v4 Live, over JSON and SOAP.

use polyptych_emulator::{Role, Settings, SoapStyle};
use serde_json::{Value, json};

use crate::harness::{
    Answer, Client, RECORDED_HEADERS, base64, between, png, reference, reference_json, shape, skeleton,
};

const JSON: &str = "/live/v4/json/";
const SOAP: &str = "/live/v4/soap/";

async fn call(client: &Client, param: Value) -> Value {
    let body = json!({ "method": "AdImage", "token": "token", "locale": "en", "param": param });
    let answer = client.send("POST", JSON, &[], body.to_string()).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("units"));
    answer.json()
}

fn raw(items: &[(&str, &[u8])]) -> Value {
    let items: Vec<Value> =
        items.iter().map(|(name, bytes)| json!({ "RawData": base64(bytes), "Name": name })).collect();
    json!({ "Action": "UploadRawData", "AdImageRawData": items })
}

async fn upload(client: &Client, name: &str, bytes: &[u8]) -> String {
    let answer = call(client, raw(&[(name, bytes)])).await;
    answer["data"]["ActionsResult"][0]["AdImageHash"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn the_recorded_read_of_associations_gets_the_recorded_answer() {
    let Some(recorded) = reference_json("yandex-direct-live4/json-recorded/AdImageAssociation.Get.empty.json") else {
        return;
    };
    let body = recorded["request"]["body"].as_str().unwrap().to_owned();
    let answer = Client::default().send("POST", JSON, &RECORDED_HEADERS, body).await;
    assert_eq!(answer.text(), recorded["response"]["body"].as_str().unwrap());
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(answer.header("requestid").len(), 19);
}

#[tokio::test]
async fn a_recorded_call_of_another_method_gets_an_error_of_the_recorded_shape() {
    let Some(recorded) = reference_json("yandex-direct-live4/json-recorded/CheckPayment.error-370.json") else {
        return;
    };
    let body = recorded["request"]["body"].as_str().unwrap().to_owned();
    let answer = Client::default().send("POST", JSON, &RECORDED_HEADERS, body).await.json();
    let expected: Value = serde_json::from_str(recorded["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((shape(&answer), &answer["error_code"]), (shape(&expected), &json!(55)));
}

#[tokio::test]
async fn an_image_is_uploaded_listed_and_deleted() {
    let client = Client::default();
    let bytes = png(450, 450, 1);
    let hash = upload(&client, "a.png", &bytes).await;
    assert_eq!(upload(&client, "b.png", &bytes).await, hash);
    let listed = call(&client, json!({ "Action": "Get" })).await;
    let row = &listed["data"]["AdImages"][0];
    assert_eq!((&row["AdImageHash"], &row["Name"], &row["Assigned"]), (&json!(hash), &json!("a.png"), &json!("No")));
    assert_eq!(listed["data"]["TotalObjectsCount"], "1");
    let url = row["AdImageURL"].as_str().unwrap().strip_prefix("http://emulator.test").unwrap();
    assert_eq!(client.get(url).await.body, bytes);
    let limits = call(&client, json!({ "Action": "GetLimits" })).await;
    assert_eq!(limits["data"]["AdImageLimits"], json!([{ "Login": row["Login"], "Capacity": 1000, "Utilized": 1 }]));

    let v5 = r#"{"method":"get","params":{"FieldNames":["AdImageHash"]}}"#;
    let v5 = client.send("POST", "/json/v5/adimages", &[("authorization", "Bearer token")], v5).await;
    assert_eq!(v5.json()["result"]["AdImages"][0]["AdImageHash"], hash.as_str());

    let other = upload(&client, "c.png", &png(450, 450, 2)).await;
    let delete = |hashes: Value| json!({ "Action": "Delete", "SelectionCriteria": { "AdImageHashes": hashes } });
    let refused = call(&client, delete(json!([hash, "unknown"]))).await;
    assert_eq!(refused["error_code"], 271);
    let assigned = json!({ "Action": "Get", "SelectionCriteria": { "Assigned": ["No"] } });
    assert_eq!(call(&client, assigned).await["data"]["TotalObjectsCount"], "2");
    assert_eq!(call(&client, delete(json!([hash, other]))).await, json!({ "data": {} }));
    let empty = call(&client, json!({ "Action": "Get", "SelectionCriteria": {} })).await;
    assert_eq!(empty, json!({ "data": { "AdImages": [], "TotalObjectsCount": "0" } }));
}

#[tokio::test]
async fn items_fail_on_their_own_with_an_index_that_counts_from_zero() {
    let mut settings = Settings::default();
    settings.yandex.live4_raw_data_chars = 20_000;
    let client = Client::new(settings);
    let items = json!([
        { "RawData": base64(&png(450, 450, 1)), "Name": "a" },
        { "Name": "b" },
        { "RawData": "aGk=", "Name": "" },
        { "RawData": base64(b"text"), "Name": "d" },
        { "RawData": base64(&png(240, 400, 1)), "Name": "fixed sizes are for v5 only" },
        { "RawData": "x".repeat(20_004), "Name": "f" },
        { "RawData": "data:", "Name": "g" },
    ]);
    let answer = call(&client, json!({ "Action": "UploadRawData", "AdImageRawData": items })).await;
    let results = answer["data"]["ActionsResult"].as_array().unwrap();
    let codes: Vec<Option<i64>> = results.iter().map(|result| result["Errors"][0]["FaultCode"].as_i64()).collect();
    assert_eq!(codes, [None, Some(71), Some(71), Some(5004), Some(5004), Some(71), Some(5004)]);
    let error = &results[1]["Errors"][0];
    assert_eq!(error["FaultString"], "Invalid request parameters");
    assert_eq!(error["FaultDetail"], "Field AdImageRawData[1].RawData must not be empty");
    let Some(recorded) = reference_json("yandex-direct-live4/json-recorded/AccountManagement.Get.item-error-515.json")
    else {
        return;
    };
    let recorded: Value = serde_json::from_str(recorded["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(shape(error), shape(&recorded["data"]["ActionsResult"][0]["Errors"][0]));
}

#[tokio::test]
async fn wrong_calls_fail_as_a_whole() {
    let client = Client::default();
    let eleven = vec![json!({ "RawData": "aGk=", "Name": "a" }); 11];
    let criteria = |criteria: Value| json!({ "Action": "Get", "SelectionCriteria": criteria });
    let cases = [
        (json!({ "Action": "Fly" }), 71),
        (json!({}), 71),
        (Value::Null, 71),
        (json!({ "Action": "Upload", "AdImageURLData": [] }), 71),
        (json!({ "Action": "Upload", "AdImageURLData": [{ "Address": "a" }] }), 71),
        (json!({ "Action": "CheckUploadStatus", "SelectionCriteria": { "AdImageUploadTaskIDS": ["1"] } }), 71),
        (json!({ "Action": "CheckUploadStatus", "SelectionCriteria": { "AdImageUploadTaskIDS": 1 } }), 9),
        (json!({ "Action": "UploadRawData" }), 71),
        (json!({ "Action": "UploadRawData", "AdImageRawData": {} }), 9),
        (json!({ "Action": "UploadRawData", "AdImageRawData": eleven }), 71),
        (json!({ "Action": "Delete" }), 71),
        (json!({ "Action": "Delete", "SelectionCriteria": { "Logins": ["a", "b"], "AdImageHashes": ["a"] } }), 71),
        (criteria(json!({ "Logins": "a" })), 9),
        (criteria(json!({ "Logins": vec!["a"; 11] })), 71),
        (criteria(json!({ "AdImageHashes": vec!["a"; 10_001] })), 71),
        (criteria(json!({ "Assigned": ["Maybe"] })), 71),
        (criteria(json!({ "Limit": 0 })), 8),
        (criteria(json!({ "Offset": -1 })), 18),
        (criteria(json!({ "Unheard": 1 })), 71),
    ];
    for (param, code) in cases {
        let shown = param.to_string();
        assert_eq!(call(&client, param).await["error_code"], code, "{}", &shown[..shown.len().min(100)]);
    }
    for (body, code) in [
        ("{", 71),
        (r#"{"method":"AdImage","param":{"Action":"Get"}}"#, 53),
        (r#"{"method":"GetVersion","token":"t"}"#, 55),
        (r#"{"token":"t","application_id":"x","login":"y"}"#, 55),
    ] {
        let answer = client.send("POST", "/live/v4/json/2", &[("authorization", "Bearer t")], body).await;
        assert_eq!(answer.json()["error_code"], code, "{body}");
    }
}

#[tokio::test]
async fn the_token_of_the_header_counts_only_when_the_settings_say_so() {
    let body = r#"{"method":"AdImage","param":{"Action":"Get"},"locale":"ru"}"#;
    let header = [("authorization", "Bearer token")];
    let refused = Client::default().send("POST", "/live/v4/json", &header, body).await.json();
    assert_eq!((&refused["error_code"], &refused["error_str"]), (&json!(53), &json!("Ошибка авторизации")));
    let mut settings = Settings::default();
    settings.yandex.live4_header_token = true;
    settings.yandex.live4_count_as_text = false;
    let taken = Client::new(settings).send("POST", JSON, &header, body).await.json();
    assert_eq!(taken, json!({ "data": { "AdImages": [], "TotalObjectsCount": 0 } }));
}

#[tokio::test]
async fn logins_are_ignored_for_advertisers_and_required_of_agencies() {
    let bytes = base64(&png(450, 450, 1));
    let mut seen = Vec::new();
    for role in [Role::Either, Role::Advertiser, Role::Agency] {
        let mut settings = Settings::default();
        settings.yandex.role = role;
        let client = Client::new(settings);
        let items = json!([{ "Login": "one", "RawData": bytes, "Name": "a" }, { "Login": "two", "RawData": bytes, "Name": "b" }]);
        call(&client, json!({ "Action": "UploadRawData", "AdImageRawData": items })).await;
        let both = json!({ "Action": "Get", "SelectionCriteria": { "Logins": ["two", "one"] } });
        let both = call(&client, both).await["data"]["TotalObjectsCount"].clone();
        let own = call(&client, json!({ "Action": "Get" })).await;
        seen.push(json!([both, own["data"]["TotalObjectsCount"], own["error_code"]]));
    }
    assert_eq!(seen, [json!(["2", "0", null]), json!(["1", "1", null]), json!(["2", null, 71])]);
}

/// A request as PHP's ext-soap writes it.
fn php(header: &str, params: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:ns1=\"API\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:SOAP-ENC=\"http://schemas.xmlsoap.org/soap/encoding/\" \
         SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><SOAP-ENV:Header>{header}</SOAP-ENV:Header>\
         <SOAP-ENV:Body><ns1:AdImage>{params}</ns1:AdImage></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
}

const TOKEN: &str = "<ns1:locale>en</ns1:locale><ns1:token>token</ns1:token>";

async fn soap(client: &Client, body: String) -> Answer {
    let headers = [("content-type", "text/xml; charset=utf-8"), ("soapaction", "API#AdImage")];
    client.send("POST", SOAP, &headers, body).await
}

fn php_upload(bytes: &[u8]) -> String {
    let item = format!(
        "<item xsi:type=\"ns1:AdImageRaw\"><Login xsi:nil=\"true\"/><RawData xsi:type=\"xsd:string\">{}</RawData>\
         <Name xsi:type=\"xsd:string\">a &lt;1&gt;</Name></item>",
        base64(bytes)
    );
    php(
        TOKEN,
        &format!(
            "<params xsi:type=\"ns1:AdImageRequest\"><Action xsi:type=\"xsd:string\">UploadRawData</Action>\
             <SelectionCriteria xsi:nil=\"true\"/><AdImageRawData SOAP-ENC:arrayType=\"ns1:AdImageRaw[1]\" \
             xsi:type=\"ns1:ArrayOfAdImageRaw\">{item}</AdImageRawData></params>"
        ),
    )
}

fn php_get() -> String {
    php(TOKEN, "<params xsi:type=\"ns1:AdImageRequest\"><Action xsi:type=\"xsd:string\">Get</Action></params>")
}

#[tokio::test]
async fn soap_answers_have_the_recorded_style() {
    let client = Client::default();
    let uploaded = soap(&client, php_upload(&png(450, 450, 1))).await;
    assert_eq!((uploaded.status, uploaded.header("soapserver")), (200, "SOAP::Lite/Perl/0.55"));
    let text = uploaded.text();
    let hash = between(&text, "<AdImageHash xsi:type=\"xsd:string\">", "</AdImageHash>");
    assert!(text.contains(
        "<AdImageResponse xsi:type=\"namesp2:AdImageResponse\"><ActionsResult SOAP-ENC:arrayType=\"namesp2:AdImageActionResult[1]\" \
         xsi:type=\"namesp2:ArrayOfAdImageActionResult\"><item xsi:type=\"namesp2:AdImageActionResult\">"
    ), "{text}");
    let listed = soap(&client, php_get()).await.text();
    let item = between(&listed, "<item xsi:type=\"namesp2:AdImage\">", "</item>");
    let names: Vec<&str> = item.split("</").skip(1).filter_map(|piece| piece.split('>').next()).collect();
    assert_eq!(names, ["AdImageHash", "AdImageURL", "Assigned", "Login", "Name"]);
    assert!(item.contains(hash) && item.contains(">a &lt;1&gt;<"), "{item}");
    assert!(listed.contains("<TotalObjectsCount xsi:type=\"xsd:int\">1</TotalObjectsCount>"));
    let Some(recorded) = reference("yandex-direct-live4/soap/GetAvailableVersions.response.xml") else { return };
    let envelope = |text: &str| skeleton(text).split_inclusive('>').take(2).collect::<String>();
    assert_eq!(envelope(&listed), envelope(&recorded));
    let wrapper = "<namesp4:AdImageResponse xmlns:namesp4=\"API\">";
    assert!(
        listed.contains(wrapper) && skeleton(&recorded).contains(&wrapper.replace("AdImage", "GetAvailableVersions"))
    );
}

#[tokio::test]
async fn wsdl_style_has_all_members_of_the_published_types_in_their_order() {
    let Some(published) = reference_json("yandex-direct-live4/adimage_types_from_wsdl.json") else { return };
    let mut settings = Settings::default();
    settings.yandex.live4_soap_style = SoapStyle::Wsdl;
    let client = Client::new(settings);
    let uploaded = soap(&client, php_upload(&png(450, 450, 1))).await.text();
    let refused = soap(&client, php_upload(b"text")).await.text();
    let listed = soap(&client, php_get()).await.text();
    let bound = "<SelectionCriteria><Assigned><item>Yes</item></Assigned></SelectionCriteria></params>";
    let empty = soap(&client, php_get().replace("</params>", bound)).await.text();
    assert!(
        listed.contains("<namesp1:AdImageResponse xmlns:namesp1=\"API\"><return xsi:type=\"namesp1:AdImageResponse\">"),
        "{listed}"
    );
    for (text, start, end, of) in [
        (&uploaded, "<item xsi:type=\"namesp1:AdImageActionResult\">", "</item>", "AdImageActionResult"),
        (&empty, "<return xsi:type=\"namesp1:AdImageResponse\">", "</return>", "AdImageResponse"),
        (&refused, "<item xsi:type=\"namesp1:Error\">", "</item>", "Error"),
        (&listed, "<item xsi:type=\"namesp1:AdImage\">", "</item>", "AdImage"),
    ] {
        let inner = between(text, start, end);
        let names: Vec<&str> = inner.split("</").skip(1).filter_map(|piece| piece.split('>').next()).collect();
        let published = published["types"][of].as_array().unwrap().iter();
        assert_eq!(names, published.map(|member| member["name"].as_str().unwrap()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn soap_requests_are_understood_from_every_toolkit() {
    let bytes = base64(&png(450, 450, 1));
    let zeep = format!(
        "<soap-env:Envelope xmlns:soap-env=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap-env:Header><token xmlns=\"API\">token\
         </token></soap-env:Header><soap-env:Body><ns0:AdImage xmlns:ns0=\"API\"><params><Action>UploadRawData</Action>\
         <SelectionCriteria xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/><AdImageRawData><AdImageRaw>\
         <RawData>{bytes}</RawData><Name>zeep</Name></AdImageRaw></AdImageRawData></params></ns0:AdImage></soap-env:Body></soap-env:Envelope>"
    );
    let axis = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header><t:token xmlns:t=\"API\">token</t:token></e:Header>\
         <e:Body><m:AdImage xmlns:m=\"API\"><params href=\"#id0\"/></m:AdImage><multiRef id=\"id0\"><Action>UploadRawData</Action>\
         <AdImageRawData><AdImageRawData href=\"#id1\"/></AdImageRawData></multiRef><multiRef id=\"id1\"><RawData>{bytes}</RawData>\
         <Name>axis</Name></multiRef></e:Body></e:Envelope>"
    );
    for body in [php_upload(&png(450, 450, 1)), zeep, axis] {
        let answer = soap(&Client::default(), body).await;
        assert!(answer.text().contains("<AdImageHash "), "{}", answer.text());
    }
}

#[tokio::test]
async fn soap_errors_are_faults_under_http_500_with_the_code_after_the_colon() {
    let client = Client::default();
    let get = "<params><Action>Get</Action></params>";
    let cases = [
        (php("", get), 53),
        (php(TOKEN, "<params><Action>Upload</Action></params>"), 71),
        (php(TOKEN, "<params/>"), 71),
        (
            php(
                TOKEN,
                "<params><Action>Get</Action><SelectionCriteria><Logins>a</Logins></SelectionCriteria></params>",
            ),
            9,
        ),
        (php(TOKEN, get).replace("ns1:AdImage>", "ns1:Other>"), 55),
        (php(TOKEN, "<params href=\"#no\"/>"), 71),
        ("<!DOCTYPE a><a/>".to_owned(), 71),
    ];
    for (body, code) in cases {
        let answer = soap(&client, body).await;
        let fault = format!("<SOAP-ENV:Fault><faultcode xsi:type=\"xsd:string\">SOAP-ENV:{code}</faultcode>");
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains(&fault), "{code}: {}", answer.text());
        assert_eq!(answer.header("requestid").len(), 19);
    }
}

#[tokio::test]
async fn a_picture_above_ten_megabytes_is_taken_as_long_as_its_text_is_short_enough() {
    let client = Client::default();
    let mut heavy = png(450, 450, 1);
    heavy.resize(15_000_000, 0);
    upload(&client, "most.png", &heavy).await;
    heavy.push(0);
    let answer = call(&client, raw(&[("more.png", &heavy)])).await;
    assert_eq!(answer["data"]["ActionsResult"][0]["Errors"][0]["FaultCode"], 71);
}
