//! What is imported says what it was imported from, keeps our words, and is entered in the list of sources.

use std::path::Path;

use super::*;
use crate::structure::changes;

fn stored() -> Inputs {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let mut inputs = Inputs::new();
    for folder in ["", "yandex-direct-v5", "yandex-direct-live4", "facebook"] {
        for entry in std::fs::read_dir(base.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                let name = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                inputs.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    inputs
}

const ORIGIN: Origin<'_> = Origin { address: None, version: Some("next"), date: "2026-11" };

/// The inputs of a target under the names that a published document has, in a folder of its own.
fn published(stored: &Inputs, files: &[&str]) -> Inputs {
    let base = |path: &str| path.rsplit_once('/').map_or(path, |(_, base)| base).to_owned();
    files.iter().map(|path| (base(path), stored[*path].clone())).collect()
}

#[test]
fn an_imported_description_says_the_same_and_keeps_our_words() {
    let stored = stored();
    for (target, files) in [
        ("yandex-direct-v5", &["yandex-direct-v5/adimages.wsdl", "yandex-direct-v5/general.xsd"][..]),
        ("yandex-direct-live4", &["yandex-direct-live4/adimage.wsdl"][..]),
    ] {
        let main = files[0].rsplit_once('/').unwrap().1;
        let made = import(target, main, &published(&stored, files), &stored, &ORIGIN).unwrap();
        let paths: Vec<&str> = made.keys().map(String::as_str).filter(|path| *path != "SOURCES.toml").collect();
        assert_eq!(paths, files, "{target}");
        let service = services().into_iter().find(|service| service.name == target).unwrap();
        let mut imported = stored.clone();
        imported.extend(made.clone());
        let (ours, again) = ((service.parse)(&stored).unwrap(), (service.parse)(&imported).unwrap());
        assert_eq!(changes(&ours, &again), [], "{target}");
        let docs = |api: &Api| -> Vec<String> {
            let types = api.types.values().map(|def| def.doc.clone());
            types.chain(api.operations.values().map(|operation| operation.doc.clone())).collect()
        };
        assert_eq!(docs(&ours), docs(&again), "{target}");
        let twice = import(target, main, &published(&imported, files), &imported, &ORIGIN).unwrap();
        assert_eq!(twice, made, "importing what was imported changes nothing");
    }
}

#[test]
fn a_new_member_is_taken_over_and_what_no_root_reaches_is_not() {
    let stored = stored();
    let mut theirs = published(&stored, &["yandex-direct-live4/adimage.wsdl"]);
    let text = String::from_utf8(theirs["adimage.wsdl"].clone()).unwrap();
    let new = r#"<xs:complexType name="Unused"><xs:sequence/></xs:complexType><xs:complexType name="AdImageRaw">"#;
    let text = text.replace(r#"<xs:complexType name="AdImageRaw">"#, new).replace(
        r#"<xs:element name="RawData""#,
        r#"<xs:element name="Fresh" type="xs:boolean" nillable="true"/><xs:element name="RawData""#,
    );
    theirs.insert("adimage.wsdl".to_owned(), text.into_bytes());
    let made = import("yandex-direct-live4", "adimage.wsdl", &theirs, &stored, &ORIGIN).unwrap();
    let text = std::str::from_utf8(&made["yandex-direct-live4/adimage.wsdl"]).unwrap();
    assert!(text.contains(r#"<xs:element name="Fresh" type="xs:boolean" nillable="true"/>"#));
    assert!(!text.contains("Unused"));
}

#[test]
fn a_fault_that_one_operation_declares_is_taken_over_for_that_operation() {
    let stored = stored();
    let files = ["yandex-direct-v5/adimages.wsdl", "yandex-direct-v5/general.xsd"];
    let mut theirs = published(&stored, &files);
    let text = String::from_utf8(theirs["adimages.wsdl"].clone()).unwrap();
    let old = r#"<w:fault name="ApiException" message="a:ApiException"/>"#;
    let text = text.replacen(old, &format!(r#"{old}<w:fault name="Busy" message="a:BusyFault"/>"#), 1).replace(
        r#"<w:message name="ApiException">"#,
        r#"<w:message name="BusyFault"><w:part name="x" element="a:Busy"/></w:message><w:message name="ApiException">"#,
    );
    let text = text.replace(
        "<xs:element name=\"AddRequest\"",
        "<xs:element name=\"Busy\" type=\"xs:long\"/>\n<xs:element name=\"AddRequest\"",
    );
    theirs.insert("adimages.wsdl".to_owned(), text.into_bytes());
    let made = import("yandex-direct-v5", "adimages.wsdl", &theirs, &stored, &ORIGIN).unwrap();
    let service = services().into_iter().find(|service| service.name == "yandex-direct-v5").unwrap();
    let mut imported = stored.clone();
    imported.extend(made);
    let (ours, again) = ((service.parse)(&stored).unwrap(), (service.parse)(&imported).unwrap());
    let changes: Vec<_> = changes(&ours, &again).iter().map(|change| change.node.to_string()).collect();
    assert_eq!(changes, ["fault Busy of AdImages.add"]);
}

#[test]
fn the_list_of_sources_names_what_was_written() {
    let stored = stored();
    let theirs = published(&stored, &["yandex-direct-live4/adimage.wsdl"]);
    let made = import("yandex-direct-live4", "adimage.wsdl", &theirs, &stored, &ORIGIN).unwrap();
    let old = std::str::from_utf8(&stored["SOURCES.toml"]).unwrap();
    let new = std::str::from_utf8(&made["SOURCES.toml"]).unwrap();
    let hash = crate::emit::header::sha256_hex(&made["yandex-direct-live4/adimage.wsdl"]);
    assert!(new.contains(&format!("version = \"next\"\ndate = \"2026-11\"\nsha256 = \"{hash}\"\n")), "{new}");
    let changed = old.lines().zip(new.lines()).filter(|(old, new)| old != new).count();
    assert_eq!((changed, old.lines().count()), (3, new.lines().count()));
    let mut bare = stored.clone();
    bare.insert("SOURCES.toml".to_owned(), b"# none\n".to_vec());
    let made = import("yandex-direct-live4", "adimage.wsdl", &theirs, &bare, &ORIGIN).unwrap();
    let text = std::str::from_utf8(&made["SOURCES.toml"]).unwrap();
    assert_eq!(
        text,
        format!(
            "# none\n\n[[source]]\nfile = \"yandex-direct-live4/adimage.wsdl\"\nversion = \"next\"\ndate = \
             \"2026-11\"\nsha256 = \"{hash}\"\n"
        )
    );
}

#[test]
fn an_imported_node_keeps_what_is_stored_of_it() {
    let stored = stored();
    for file in ["AdImage.json", "AdAccount.json"] {
        let path = format!("facebook/{file}");
        let theirs = published(&stored, &[&path]);
        let mut value: serde_json::Value = serde_json::from_slice(&theirs[file]).unwrap();
        let extra = serde_json::json!({"name": "brand_new", "type": "string"});
        value["fields"].as_array_mut().unwrap().push(extra);
        let theirs = Inputs::from([(file.to_owned(), value.to_string().into_bytes())]);
        let made = import("facebook", file, &theirs, &stored, &ORIGIN).unwrap();
        let again: serde_json::Value = serde_json::from_slice(&made[&path]).unwrap();
        let ours: serde_json::Value = serde_json::from_slice(&stored[&path]).unwrap();
        assert_eq!(again, ours, "{file}");
    }
    let gone = Inputs::from([("AdImage.json".to_owned(), br#"{"apis": [], "fields": []}"#.to_vec())]);
    let error = import("facebook", "AdImage.json", &gone, &stored, &ORIGIN).unwrap_err().to_string();
    assert!(error.contains("AdImage has no field \"hash\" any more"), "{error}");
}

#[test]
fn enums_beside_an_imported_node_are_imported_with_it() {
    let stored = stored();
    let mut theirs = published(&stored, &["facebook/AdImage.json"]);
    let enums = |name: &str| {
        let ours = format!(
            r#"{{"values": ["ACTIVE", "PAUSED"], "node": "AdImage", "name": "{name}", "field_or_param": "status"}}"#
        );
        format!(r#"[{{"name": "Other", "node": "Page", "values": []}}, {ours}]"#).into_bytes()
    };
    theirs.insert("enum_types.json".to_owned(), enums("AdImage_status"));
    let made = import("facebook", "AdImage.json", &theirs, &stored, &ORIGIN).unwrap();
    assert_eq!(
        std::str::from_utf8(&made["facebook/enum_types.json"]).unwrap(),
        "[\n  {\"name\": \"AdImage_status\", \"node\": \"AdImage\", \"field_or_param\": \"status\", \"values\": \
         [\"ACTIVE\", \"PAUSED\"]}\n]\n"
    );
    assert!(std::str::from_utf8(&made["SOURCES.toml"]).unwrap().contains("file = \"facebook/enum_types.json\""));
    theirs.insert("enum_types.json".to_owned(), enums("AdImage_state"));
    let error = import("facebook", "AdImage.json", &theirs, &stored, &ORIGIN).unwrap_err().to_string();
    assert!(error.contains("there is no enum \"AdImage_status\" any more"), "{error}");
}

#[test]
fn a_target_without_a_published_document_is_refused() {
    let (theirs, stored) = (Inputs::new(), Inputs::new());
    let error = import("evotor", "openapi.json", &theirs, &stored, &ORIGIN).unwrap_err().to_string();
    assert!(error.contains("publishes no document"), "{error}");
    let error = import("nothing", "x", &theirs, &stored, &ORIGIN).unwrap_err().to_string();
    assert!(error.contains("there is no target `nothing`; there are yandex-direct-v5"), "{error}");
}
