//! Where inputs begin: small seeds of our own for each entry point, and the recordings of the reference folder where it
//! is at hand. Nothing of that folder is kept.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgba, RgbaImage};
use serde_json::Value;

const V5_JSON: &[&str] = &[
    r#"{"result":{"AddResults":[{"AdImageHash":"h1"},{"Errors":[{"Code":5004,"Message":"m","Details":"d"}]}]}}"#,
    r#"{"result":{"AdImages":[{"AdImageHash":"h","Name":"n","Associated":"YES","Type":"WIDE","OriginalUrl":"https://a/b"}],"LimitedBy":"1000"}}"#,
    r#"{"result":{"DeleteResults":[{"AdImageHash":"h","Warnings":null}]}}"#,
    r#"{"result":{}}"#,
    r#"{"error":{"request_id":"8695244274068608439","error_code":"53","error_string":"s","error_detail":null}}"#,
];
const V5_SOAP: &[&str] = &[
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n:AddResponse xmlns:n="http://api.direct.yandex.com/v5/adimages"><AddResults><AdImageHash>h&amp;1</AdImageHash></AddResults><AddResults><Errors><Code>5004</Code><Message>m</Message></Errors></AddResults></n:AddResponse></e:Body></e:Envelope>"#,
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n:GetResponse xmlns:n="u"><AdImages><AdImageHash>h</AdImageHash><Associated>NO</Associated><Type>REGULAR</Type></AdImages><LimitedBy>2</LimitedBy></n:GetResponse></e:Body></e:Envelope>"#,
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><e:Body><n:DeleteResponse xmlns:n="u"><DeleteResults><AdImageHash x:nil="true"/></DeleteResults></n:DeleteResponse></e:Body></e:Envelope>"#,
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Client</faultcode><faultstring>s</faultstring><detail><f:FaultResponse xmlns:f="u"><requestId>1</requestId><errorCode>54</errorCode><errorDetail>d</errorDetail></f:FaultResponse></detail></e:Fault></e:Body></e:Envelope>"#,
];
const LIVE4_JSON: &[&str] = &[
    r#"{"data":{"AdImages":[{"AdImageHash":"h","Login":"l","Name":"n","Assigned":"Yes"}],"TotalObjectsCount":"1"}}"#,
    r#"{"data":{"ActionsResult":[{"AdImageHash":"h","Errors":[{"FaultCode":271,"FaultString":"s","FaultDetail":"d"}]}]}}"#,
    r#"{"data":{"AdImageLimits":[{"Login":"l","Capacity":10000,"Utilized":3}]}}"#,
    r#"{"data":{"AdImageAssociations":[{"AdID":9007199254740993,"AdImageHash":"h","ModerateRejectionReasons":[{"Type":"t","Text":"x"}]}]}}"#,
    r#"{"data":{"AdImageUploads":[{"AdImageUploadTaskID":5,"Status":"Done","AdImageHash":null,"Error":{"FaultCode":1}}]}}"#,
    r#"{"error_code":500,"error_str":"s","error_detail":""}"#,
];
const LIVE4_SOAP: &[&str] = &[
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n:AdImageResponse xmlns:n="API"><n:AdImageResponse><AdImages><AdImage><AdImageHash>h</AdImageHash><Login>l</Login></AdImage></AdImages><TotalObjectsCount>1</TotalObjectsCount></n:AdImageResponse></n:AdImageResponse></e:Body></e:Envelope>"#,
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n:AdImageAssociationResponse xmlns:n="API"><return><ActionsResult><item><AdID>5</AdID><Errors><item><FaultCode>1</FaultCode></item></Errors></item></ActionsResult></return></n:AdImageAssociationResponse></e:Body></e:Envelope>"#,
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:53</faultcode><faultstring>s</faultstring><detail>d</detail></e:Fault></e:Body></e:Envelope>"#,
];
const FACEBOOK: &[&str] = &[
    r#"1{"data":[{"hash":"a1","id":"1:a1","width":"600","height":450,"creatives":["1"],"status":"ACTIVE","owner_business":{"id":5}}],"paging":{"cursors":{"before":"b","after":"a"},"next":"n"},"summary":{"total_count":1}}"#,
    r#"1{"images":{"cat.png":{"hash":"h","url":"u","url_256_width":"256","width":600,"name":"cat.png"}}}"#,
    r#"1{"success":true}"#,
    r#"0{"error":{"message":"m","type":"OAuthException","code":190,"error_subcode":463,"is_transient":false,"error_data":"{\"blame_field_specs\":[[\"bytes\"]]}","fbtrace_id":"A"}}"#,
];
const FACEBOOK_BATCH: &[&str] = &[
    r#"[{"code":200,"headers":[{"name":"X-App-Usage","value":"{\"call_count\":28}"}],"body":"{\"data\":[{\"hash\":\"h\"}]}"},{"code":200,"headers":null,"body":"{\"success\":true}"}]"#,
    r#"[{"code":400,"body":"{\"error\":{\"message\":\"m\",\"code\":100}}"},null]"#,
    r#"{"error":{"message":"m","type":"GraphBatchException"}}"#,
];
const EVOTOR: &[&str] = &[
    r#"1{"id":"2392e522","product_id":"p","store_id":"s","hash":"h","meta":{"width":300,"height":300,"size":"9"},"created_at":"2018-04-13T10:00:00.000+0000"}"#,
    r#"1{"items":[{"id":"1"}],"paging":{"next_cursor":"c"}}"#,
    r#"0{"code":"validation_failed","message":"m","violations":[{"reason":"r","subject":"name"}]}"#,
];
const XML: &[&str] = &[
    "<?xml version=\"1.0\"?><a xmlns:p=\"u\"><p:b c=\"&lt;\">x<!-- y --><![CDATA[<z>]]>&#x41;</p:b>\r\n<d/></a>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
    "<a href=\"#1\"><?pi x?></a>",
];
const HEADERS: &[&str] = &[
    "10/20828/64000",
    "8695244274068608439",
    " 1/2/3 ",
    "login-of-agency",
    "Wed, 26 Apr 2017 00:48:43 GMT",
    r#"{"call_count":28,"total_time":25,"total_cputime":25}"#,
    r#"{"1":[{"type":"ads_management","call_count":99,"estimated_time_to_regain_access":5}]}"#,
];
const NAMES: &[&str] = &[
    "libraries/facebook/albums/1000000001/images/4f9914935a345227409b2cc7f811928c",
    "libraries/evotor/albums/20180413-2595~5e46f8de",
    "libraries/a/albums/x%2Fy%20z/images/%D0%BA",
];
const EMULATOR_JSON: &[&str] = &[
    r#"{"method":"add","params":{"AdImages":[{"ImageData":"R0lGODlhAQABAAAAACw=","Name":"a","Type":"AUTO"}]}}"#,
    r#"{"method":"get","params":{"FieldNames":["Name","AdImageHash"],"SelectionCriteria":{"AdImageHashes":["h"],"Associated":"YES"},"Page":{"Limit":1,"Offset":0}}}"#,
    r#"{"method":"delete","params":{"SelectionCriteria":{"AdImageHashes":["h"]}}}"#,
    r#"{"method":"AdImage","token":"t","locale":"en","param":{"Action":"UploadRawData","AdImageRawData":[{"RawData":"AAAA","Name":"a","Login":"l"}]}}"#,
    r#"{"method":"AdImage","token":"t","param":{"Action":"Get","SelectionCriteria":{"Limit":1,"Offset":"2","Assigned":["Yes"]}}}"#,
    r#"{"method":"AdImageAssociation","token":"t","param":{"Action":"Set","AdImageAssociations":[{"AdID":1,"AdImageHash":"h"}]}}"#,
];
const EMULATOR_SOAP: &[&str] = &[
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><a:AddRequest xmlns:a="http://api.direct.yandex.com/v5/adimages"><AdImages><ImageData>R0lGODlhAQABAAAAACw=</ImageData><Name>a</Name></AdImages></a:AddRequest></e:Body></e:Envelope>"#,
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><a:GetRequest xmlns:a="http://api.direct.yandex.com/v5/adimages"><FieldNames>Name</FieldNames><Page><Limit>1</Limit></Page></a:GetRequest></e:Body></e:Envelope>"#,
    r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><token>t</token><locale>en</locale></e:Header><e:Body><n:AdImage xmlns:n="API"><params><Action>Get</Action><SelectionCriteria><Limit>1</Limit></SelectionCriteria></params></n:AdImage></e:Body></e:Envelope>"#,
];
const EMULATOR_CONTROL: &[&str] = &[
    r#"{"accounts":{"yandex":["a"],"facebook":["1",{"id":"2","name":"b"}],"evotor":["s",{"id":"t","products":["p"]}]}}"#,
    r#"{"tokens":[{"value":"t","albums":["a"],"read_only":true}],"clock":{"set":"2026-01-01T00:00:00Z","advance_ms":5}}"#,
    r#"{"faults":[{"times":2,"answer":{"error":{"code":52}}},{"answer":{"close":"mid"}}],"latency":[{"millis":1}]}"#,
    r#"{"quotas":{"yandex":{"points_left":{"a":1}},"facebook":{"calls_made":{"1":2}}},"deduplicate":false}"#,
    r#"{"images":[{"library":"yandex","album":"a","count":2}],"ads":[{"login":"a","ads":[{"campaign":7}],"remove":[]}]}"#,
];

const EMULATOR_FORM: &[&str] = &[
    "0bytes=R0lGODlhAQABAAAAACw%3D&name=a.gif",
    "0copy_from=%7B%22source_account_id%22%3A%221%22%2C%22hash%22%3A%22h%22%7D",
    "0batch=%5B%7B%22method%22%3A%22GET%22%2C%22name%22%3A%22a%22%2C%22relative_url%22%3A%22me%22%7D%2C%7B%22method%22%3A%22GET%22%2C%22relative_url%22%3A%22%7Bresult%3Da%3A%24.id%7D%2Fadaccounts%22%7D%5D",
    "1--seed\r\nContent-Disposition: form-data; name=\"batch\"\r\n\r\n[{\"method\":\"POST\",\"relative_url\":\"act_1/adimages\",\"attached_files\":\"f\"}]\r\n--seed\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.gif\"\r\n\r\nGIF89a\r\n--seed--\r\n",
    "1--seed\r\nContent-Disposition: form-data; name=\"datafile\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nGIF89a\r\n--seed--\r\n",
    "1--seed\r\nContent-Disposition: form-data; name=\"a.png\"; filename=\"a.png\"\r\n\r\nGIF89a\r\n--seed\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\nGET\r\n--seed--\r\n",
];

/// Entry point, its seeds in text, and the reference's folder with recordings that suit it.
const TEXTS: &[(&str, &[&str], &str)] = &[
    ("v5_json", V5_JSON, "yandex-direct-v5/json-recorded"),
    ("v5_soap", V5_SOAP, "yandex-direct-v5/soap"),
    ("live4_json", LIVE4_JSON, "yandex-direct-live4/json-recorded"),
    ("live4_soap", LIVE4_SOAP, "yandex-direct-live4/soap"),
    ("facebook", FACEBOOK, "facebook"),
    ("facebook_batch", FACEBOOK_BATCH, "facebook/batch"),
    ("evotor", EVOTOR, "evotor/doc_samples"),
    ("xml", XML, "yandex-direct-v5"),
    ("headers", HEADERS, ""),
    ("names", NAMES, ""),
    ("emulator_json", EMULATOR_JSON, "yandex-direct-v5/json-recorded"),
    ("emulator_soap", EMULATOR_SOAP, "yandex-direct-v5/derived-not-recorded"),
    ("emulator_form", EMULATOR_FORM, ""),
    ("emulator_control", EMULATOR_CONTROL, ""),
];

/// Entry points whose first byte is a choice.
const CHOOSING: &[&str] = &["facebook", "evotor", "fit", "emulator_form"];

/// The seeds of our own for an entry point; at least one for each in [`crate::TARGETS`].
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    if let Some((_, texts, _)) = TEXTS.iter().find(|(name, ..)| *name == target) {
        return texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    }
    let pictures = pictures();
    if !CHOOSING.contains(&target) {
        return pictures;
    }
    pictures.into_iter().enumerate().map(|(index, picture)| chosen(index * 3, &picture)).collect()
}

/// What the reference folder holds for an entry point: whole files, and the bodies inside of recorded exchanges.
///
/// # Errors
/// If a folder or file there cannot be read.
pub fn reference(target: &str, root: &Path) -> Result<Vec<Vec<u8>>> {
    let folder = TEXTS.iter().find(|(name, ..)| *name == target).map(|(.., folder)| *folder);
    let Some(folder) = folder.filter(|folder| !folder.is_empty()) else { return Ok(Vec::new()) };
    let mut inputs = Vec::new();
    for file in files(&root.join(folder))? {
        let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => {
                if let Ok(value) = serde_json::from_slice(&text) {
                    bodies(&value, &mut inputs);
                }
                inputs.push(text);
            }
            Some("xml" | "wsdl" | "xsd") => inputs.push(text),
            _ => {}
        }
    }
    if CHOOSING.contains(&target) {
        inputs = inputs.iter().flat_map(|input| [chosen(0, input), chosen(1, input)]).collect();
    }
    Ok(inputs)
}

fn chosen(choice: usize, input: &[u8]) -> Vec<u8> {
    [&[(choice % 256) as u8], input].concat()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

/// Every value under a key `body`, and every string that is a document itself.
fn bodies(value: &Value, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if key == "body" && !member.is_string() {
                    found.push(member.to_string().into_bytes());
                }
                bodies(member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| bodies(item, found)),
        Value::String(text) if text.starts_with(['{', '<']) => found.push(text.clone().into_bytes()),
        _ => {}
    }
}

/// One small picture in each format that is recognised, and some with colour profiles that are not what they should be.
fn pictures() -> Vec<Vec<u8>> {
    let formats =
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP];
    let picture =
        DynamicImage::from(RgbaImage::from_fn(16, 12, |x, y| Rgba([(x * 16) as u8, (y * 20) as u8, 128, 255])));
    let encoded = formats.map(|format| {
        // JPEG has no transparency.
        let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture.clone() };
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("an encodable picture");
        bytes.into_inner()
    });
    let mut pictures: Vec<_> = encoded.into();
    let opaque = DynamicImage::from(picture.to_rgb8());
    for profile in profiles() {
        let mut png = Vec::new();
        let mut encoder = PngEncoder::new(&mut png);
        encoder.set_icc_profile(profile.clone()).expect("PNG carries profiles");
        opaque.write_with_encoder(encoder).expect("an encodable picture");
        pictures.push(png);
        // The huge one would make the file huge as well, since JPEG does not compress it.
        if profile.len() < 1 << 16 {
            let mut jpeg = Vec::new();
            let mut encoder = JpegEncoder::new(&mut jpeg);
            encoder.set_icc_profile(profile).expect("JPEG carries profiles");
            opaque.write_with_encoder(encoder).expect("an encodable picture");
            pictures.push(jpeg);
        }
    }
    pictures
}

/// Colour profiles: no profile at all, one cut off, one whose table of tags points everywhere, one of a printer and its inks,
/// a link between devices, and one that is small as stored and 2 MiB inflated.
fn profiles() -> Vec<Vec<u8>> {
    let header = |len: u32, class: &[u8; 4], space: &[u8; 4]| {
        let mut header = vec![0; 128];
        header[..4].copy_from_slice(&len.to_be_bytes());
        header[8] = 4;
        header[12..16].copy_from_slice(class);
        header[16..20].copy_from_slice(space);
        header[20..24].copy_from_slice(b"XYZ ");
        header[36..40].copy_from_slice(b"acsp");
        header
    };
    let tags = |count: u32, tags: &[(&[u8; 4], u32, u32)]| {
        let entry =
            |(name, at, len): &(&[u8; 4], u32, u32)| [&name[..], &at.to_be_bytes(), &len.to_be_bytes()].concat();
        [&count.to_be_bytes()[..], &tags.iter().flat_map(entry).collect::<Vec<_>>()].concat()
    };
    let curve = b"curv\0\0\0\0\xff\xff\xff\xff";
    let astray = tags(3, &[(b"rTRC", 168, 12), (b"rXYZ", u32::MAX - 4, 20), (b"A2B0", 132, u32::MAX)]);
    let mut huge = [header(2 << 20, b"mntr", b"RGB "), tags(u32::MAX, &[])].concat();
    huge.resize(2 << 20, 0);
    vec![
        b"not a profile".to_vec(),
        header(3144, b"mntr", b"RGB "),
        [header(180, b"mntr", b"RGB "), astray, curve.to_vec()].concat(),
        [header(132, b"prtr", b"CMYK"), tags(0, &[])].concat(),
        [header(132, b"link", b"GRAY"), tags(0, &[])].concat(),
        huge,
    ]
}
