//! Every recorded or published exchange of the reference, against what the emulator answers to the same request. A table
//! says of each file how it is compared, or why it is not; a file that the table does not know fails the test.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use polyptych_conformance::exchange::{Answer, compare_headers, compare_json, files, send};
use polyptych_conformance::reference;
use polyptych_emulator::{Emulator, ErrorCode, ErrorFault, Fault, FaultAnswer, LibraryName, SeedImages, Settings};
use serde_json::{Value, json};

const PNG: &[u8] = include_bytes!("../../../clients/pictures/product.png");
const ACCOUNT: &str = "10152335766987003";
const EDGE: &str = "/v26.0/act_10152335766987003/adimages";
const PRODUCT: &str =
    "/stores/20170918-A3BF-4000-807E-091AD8B5BFB3/products/gd68f8d5-d29f-48ad-9e32-5f47ef340008/images";
const TOKEN: (&str, &str) = ("authorization", "Bearer token");

/// What is done with a file.
#[derive(Clone, Copy)]
enum How {
    /// An exchange of Yandex Direct in JSON: the request is sent as recorded.
    Direct,
    /// A read of images on Facebook: the request is sent as recorded, of images seeded before.
    GraphRead,
    /// An upload to Facebook, of a picture of ours under the recorded name.
    GraphUpload,
    /// Errors and answers of Facebook, each provoked by a request of its kind.
    GraphAnswers,
    /// A published answer of Evotor: the same operation is called.
    Evotor(&'static str),
    /// Not compared, and why.
    No(&'static str),
}

const SIBLING: How = How::No("a sibling service, which is not emulated");
const DOCUMENT: How = How::No("no exchange: a description, a licence or a schema");

/// Files of the reference by the beginning of their path; the longest that fits counts.
const TABLE: [(&str, How); 28] = [
    ("evotor/SOURCES.md", DOCUMENT),
    ("evotor/doc_samples/bulk_202_failed.json", How::No("bulk changes of products, which are not emulated")),
    (
        "evotor/doc_samples/error_400_invalid_format.recorded.json",
        How::No("of writing products, which is not emulated"),
    ),
    ("evotor/doc_samples/error_400_validation_failed.recorded.json", How::Evotor("error")),
    ("evotor/doc_samples/image_get_200.draft_2018-07_camelCase.json", How::No("an older draft of image_get_200.json")),
    ("evotor/doc_samples/image_get_200.json", How::Evotor("get")),
    ("evotor/doc_samples/image_post_200.json", How::Evotor("post")),
    ("evotor/doc_samples/images_list_200.json", How::Evotor("list")),
    ("evotor/doc_samples/post_image.curl.txt", How::No("a command line; `cargo xtask clients` runs it")),
    ("evotor/doc_samples/products_list_200.json", How::Evotor("products")),
    ("evotor/doc_samples/stores_list_200.json", How::Evotor("stores")),
    ("facebook/LICENSES/", DOCUMENT),
    ("facebook/SOURCES.md", DOCUMENT),
    ("facebook/batch/", How::No("batches of the insights edge, a sibling service")),
    ("facebook/codegen/", DOCUMENT),
    ("facebook/derived/error_codes.json", How::No("a table of codes without exchanges")),
    ("facebook/derived/recorded_responses.json", How::GraphAnswers),
    ("facebook/recorded/get_by_", How::GraphRead),
    ("facebook/recorded/post_one_file.json", How::GraphUpload),
    ("facebook/wire/", How::No("requests only, without the provider's answers; the emulator's own tests send them")),
    ("yandex-direct-live4/", DOCUMENT),
    ("yandex-direct-live4/json-recorded/", SIBLING),
    ("yandex-direct-live4/json-recorded/AdImageAssociation.Get.empty.json", How::Direct),
    ("yandex-direct-live4/soap/", SIBLING),
    ("yandex-direct-v5/", DOCUMENT),
    ("yandex-direct-v5/json-recorded/", SIBLING),
    ("yandex-direct-v5/json-recorded/adimages.", How::Direct),
    ("yandex-direct-v5/soap/", SIBLING),
];

/// The entry whose beginning of the path is the longest that fits.
fn how(file: &str) -> Option<How> {
    let fitting = TABLE.iter().filter(|(start, _)| file.starts_with(start));
    fitting.max_by_key(|(start, _)| start.len()).map(|(_, how)| *how)
}

#[tokio::test]
async fn the_emulator_answers_as_recorded() {
    let Some(folder) = reference::folder() else { return };
    let (mut compared, mut left_out, mut differences) = (0, BTreeMap::new(), Vec::new());
    for file in files(&folder).unwrap() {
        let how = how(&file).unwrap_or_else(|| panic!("{file} is not in the table"));
        let done = match how {
            How::No(why) => {
                left_out.entry(why).or_insert_with(Vec::new).push(file);
                continue;
            }
            How::Direct => direct(&read(&folder, &file)).await.map(|()| 1),
            How::GraphRead => graph_read(&read(&folder, &file)).await.map(|()| 1),
            How::GraphUpload => graph_upload(&read(&folder, &file)).await.map(|()| 1),
            How::GraphAnswers => graph_answers(&read(&folder, &file)).await,
            How::Evotor(operation) => evotor(operation, &read(&folder, &file)).await.map(|()| 1),
        };
        match done {
            Ok(count) => compared += count,
            Err(error) => differences.push(format!("{file}: {error:#}")),
        }
    }
    println!("{compared} exchanges compared");
    for (why, files) in &left_out {
        println!("{} files not applicable: {why}", files.len());
        files.iter().for_each(|file| println!("    {file}"));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared >= 18, "only {compared} exchanges were compared");
}

fn read(folder: &Path, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

fn emulator() -> (Emulator, Router) {
    let emulator = Emulator::new(Settings::default());
    let router = emulator.router();
    (emulator, router)
}

/// The recorded answer; the body is text or JSON.
fn recorded(exchange: &Value) -> Result<Answer> {
    let response = &exchange["response"];
    let headers = response["headers"].as_object().context("headers")?;
    let headers =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap_or_default().to_owned()));
    let body = match &response["body"] {
        Value::String(text) => text.clone().into_bytes(),
        body => serde_json::to_vec(body)?,
    };
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).context("status")?;
    Ok(Answer { status, headers: headers.collect(), body })
}

async fn direct(exchange: &Value) -> Result<()> {
    let (_, router) = emulator();
    let request = &exchange["request"];
    let body = request["body"].as_str().context("body")?.replace("<REDACTED>", "token");
    let path = request["path"].as_str().context("path")?;
    let headers = request["headers"].as_object().context("headers")?;
    let sent: Vec<(&str, &str)> = headers
        .iter()
        .filter(|(name, _)| !["content-length", "connection"].contains(&name.to_ascii_lowercase().as_str()))
        .map(|(name, value)| match name.as_str() {
            "authorization" => TOKEN,
            "client-login" => ("client-login", "example-login"),
            // An answer is compared as it is before compression.
            "Accept-Encoding" => ("accept-encoding", "identity"),
            name => (name, value.as_str().unwrap_or_default()),
        })
        .collect();
    let given = send(&router, "POST", path, &sent, body).await?;
    let recorded = recorded(exchange)?;
    ensure!(given.status == recorded.status, "status {}", given.status);
    compare_headers(&recorded.headers, &given.headers, false)?;
    let spent =
        |answer: &Answer| answer.headers.get("units").and_then(|units| units.split('/').next()).map(str::to_owned);
    ensure!(spent(&given) == spent(&recorded), "the call cost {:?}", spent(&given));
    compare_json(&recorded.json()?, &given.json()?, false)
}

/// The hashes of the recording do not exist here, so those of the seeded images take their places.
async fn graph_read(exchange: &Value) -> Result<()> {
    let (emulator, router) = emulator();
    let recorded = recorded(exchange)?;
    let count = recorded.json()?["data"].as_array().context("data")?.len();
    let seed = SeedImages::new(LibraryName::Facebook, ACCOUNT).with_count(u32::try_from(count)?).with_name("13006112");
    let images = emulator.seed_images(&seed)?;
    let path = exchange["request"]["path"].as_str().context("path")?.replace("v<api_version>", "v26.0");
    let (path, hashes) = path.split_once("&hashes").context("hashes")?;
    ensure!(hashes.matches("hashes").count() + 1 == count, "as many hashes as images");
    let hashes: String = images.iter().map(|image| format!("&hashes%5B%5D={}", image.image)).collect();
    let path = format!("{path}{hashes}");
    let given = send(&router, "GET", &path, &[("accept", "application/json")], "").await?;
    ensure!(given.status == recorded.status, "status {}: {}", given.status, String::from_utf8_lossy(&given.body));
    // Headers of later years are there too.
    compare_headers(&recorded.headers, &given.headers, true)?;
    compare_json(&recorded.json()?, &given.json()?, false)
}

async fn upload(router: &Router, name: &str, bytes: &[u8]) -> Result<Answer> {
    let head = format!(
        "--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, b"\r\n--B--\r\n"].concat();
    let headers = [TOKEN, ("accept", "application/json"), ("content-type", "multipart/form-data; boundary=B")];
    send(router, "POST", EDGE, &headers, body).await
}

async fn graph_upload(exchange: &Value) -> Result<()> {
    let (_, router) = emulator();
    let given = upload(&router, "13006112.jpg", PNG).await?;
    let recorded = recorded(exchange)?;
    ensure!(given.status == recorded.status, "status {}", given.status);
    compare_headers(&recorded.headers, &given.headers, true)?;
    // The answer of 2017 had only the hash and the URL.
    compare_json(&recorded.json()?, &given.json()?, true)
}

/// How many entries of the file were compared.
async fn graph_answers(entries: &Value) -> Result<usize> {
    let entries = entries.as_object().context("an object")?;
    for (name, entry) in entries {
        graph_answer(name, entry).await.with_context(|| name.clone())?;
    }
    Ok(entries.len())
}

async fn graph_answer(name: &str, entry: &Value) -> Result<()> {
    let (emulator, router) = emulator();
    let bytes = async |bytes: &[u8]| {
        let body = json!({ "bytes": base64(bytes) }).to_string();
        send(&router, "POST", EDGE, &[TOKEN, ("content-type", "application/json")], body).await
    };
    let scripted = |code: i64, subcode: Option<u32>| {
        let message = entry["body"]["error"]["message"].as_str().map(str::to_owned);
        let code = ErrorCode::Number(code);
        emulator.add_fault(Fault::new(FaultAnswer::Error(ErrorFault {
            code,
            subcode,
            message,
            detail: None,
            status: None,
        })))
    };
    let (given, more) = match name {
        "upload_multipart_2026-07-16" => (upload(&router, "probe-test-image.png", PNG).await?, false),
        "upload_bytes_2023-03" => {
            let given = bytes(PNG).await?.json()?;
            return compare_json(&entry["body_inner"], &given["images"]["bytes"], false);
        }
        "upload_bytes_2018" => (bytes(PNG).await?, true),
        "error_1487411" => (bytes(b"no picture").await?, false),
        "error_1487197" => (bytes(&PNG[..PNG.len() - 40]).await?, false),
        "error_zip_deprecated" => {
            let mut given = upload(&router, "a.zip", b"PK\x03\x04").await?.json()?;
            // The recording was cut before it.
            given["error"].as_object_mut().context("error")?.remove("fbtrace_id").context("fbtrace_id")?;
            return compare_json(&entry["body"], &given, false);
        }
        "error_hash_required" => (send(&router, "DELETE", EDGE, &[TOKEN], "").await?, false),
        "error_17" => {
            scripted(17, None)?;
            (send(&router, "GET", EDGE, &[TOKEN], "").await?, false)
        }
        "error_80004" => {
            scripted(80004, Some(2_446_079))?;
            (send(&router, "GET", EDGE, &[TOKEN], "").await?, true)
        }
        "headers" => {
            let given = send(&router, "GET", EDGE, &[TOKEN], "").await?;
            for header in ["x-app-usage", "x-ad-account-usage"] {
                let value = given.headers.get(header).with_context(|| format!("{header} is missing"))?;
                compare_json(&entry[header], &serde_json::from_str(value)?, false)?;
            }
            let value =
                given.headers.get("x-business-use-case-usage").context("x-business-use-case-usage is missing")?;
            let value: Value = serde_json::from_str(value)?;
            return compare_json(&entry["x-business-use-case-usage"]["66782684"], &value[ACCOUNT], false);
        }
        other => bail!("the test does not know the entry {other}"),
    };
    let refused = name.starts_with("error_");
    ensure!((given.status == 400) == refused && (given.status == 200) != refused, "status {}", given.status);
    compare_json(&entry["body"], &given.json()?, more)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three.iter().chain([0, 0].iter()).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let letter = |place: usize| char::from(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize]);
        (0..4).map(move |place| if place <= three.len() { letter(place) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

async fn evotor(operation: &str, sample: &Value) -> Result<()> {
    let (emulator, router) = emulator();
    let form = |bytes: &[u8]| {
        let head = "--B\r\nContent-Disposition: form-data; name=\"datafile\"; filename=\"000.png\"\r\n\r\n";
        [head.as_bytes(), bytes, b"\r\n--B--\r\n"].concat()
    };
    let token = ("x-authorization", "token");
    let headers = [token, ("content-type", "multipart/form-data; boundary=B")];
    let (given, status) = match operation {
        "error" => (send(&router, "POST", PRODUCT, &headers, form(b"no picture")).await?, 400),
        "stores" | "products" => {
            let product = json!({ "id": "p", "name": "Cider", "parent_id": "g", "measure_name": "pc", "tax": "VAT_18",
                "allow_to_sell": true, "price": 123.12, "description": "d", "article_number": "a", "code": "42",
                "barcodes": ["2000000000060"], "type": "ALCOHOL_NOT_MARKED" });
            let more: Vec<Value> = (0..1500).map(|number| json!(format!("{number}"))).collect();
            let products: Vec<Value> = std::iter::once(product).chain(more.clone()).collect();
            let first = json!({ "id": "S", "name": "Shop", "address": "Moscow", "products": products });
            let stores: Vec<Value> = std::iter::once(first).chain(more).collect();
            let accounts = serde_json::from_value(json!({ "evotor": stores }))?;
            emulator.set_accounts(accounts)?;
            let path = if operation == "stores" { "/stores" } else { "/stores/S/products" };
            let mut given = send(&router, "GET", path, &[token], "").await?;
            let mut page = given.json()?;
            let items = page["items"].as_array_mut().context("items")?;
            items.truncate(1);
            // The samples leave out what the documentation's tables of members have.
            for member in ["id", "store_id", "user_id", "created_at", "updated_at"] {
                let item = items.first_mut().and_then(Value::as_object_mut).context("an item")?;
                if operation == "products" || member != "id" {
                    item.remove(member);
                }
            }
            given.body = serde_json::to_vec(&page)?;
            (given, 200)
        }
        _ => {
            let posted = send(&router, "POST", PRODUCT, &headers, form(PNG)).await?;
            let id = posted.json()?["id"].as_str().context("id")?.to_owned();
            match operation {
                "post" => (posted, 200),
                "get" => (send(&router, "GET", &format!("{PRODUCT}/{id}"), &[token], "").await?, 200),
                "list" => (send(&router, "GET", PRODUCT, &[token], "").await?, 200),
                other => bail!("the test does not know the operation {other}"),
            }
        }
    };
    ensure!(given.status == status, "status {}", given.status);
    let given = given.json()?;
    // The subject of the sample's violation is another member.
    let sample = match operation {
        "error" => {
            let mut sample = sample.clone();
            sample["violations"][0]["subject"] = json!("datafile");
            sample
        }
        _ => sample.clone(),
    };
    compare_json(&sample, &given, false)
}
