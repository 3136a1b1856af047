//! What v5 SOAP bodies are written as, judged by xmllint with the published schema.

use std::fs;
use std::path::Path;
use std::process::Command;

use polyptych_wire::{Blob, Request};
use polyptych_wire_yandex::Encoding;
use polyptych_wire_yandex::v5::{self, Version};

use crate::every_type::{Draw, Sample};
use crate::support::{file, has_xmllint, sent};

/// Writes the published schema into `folder`, with an import that is found there.
fn published_schema(folder: &Path) -> Option<()> {
    let wsdl = file("yandex-direct-v5/wsdl/adimages.v5.wsdl")?;
    let general = file("yandex-direct-v5/wsdl/general.xsd")?;
    let document = roxmltree::Document::parse(&wsdl).unwrap();
    let schema = document.descendants().find(|node| node.tag_name().name() == "schema").unwrap();
    let import = schema.children().find(|node| node.tag_name().name() == "import").unwrap();
    // The schema uses prefixes that the document around it declares.
    let prefixes: Vec<String> = document
        .root_element()
        .namespaces()
        .filter_map(|namespace| Some(format!("xmlns:{}=\"{}\"", namespace.name()?, namespace.uri())))
        .collect();
    let text = wsdl[schema.range()]
        .replacen("<xsd:schema", &format!("<xsd:schema {}", prefixes.join(" ")), 1)
        .replace(import.attribute("schemaLocation").unwrap(), "general.xsd");
    fs::write(folder.join("adimages.xsd"), text).unwrap();
    fs::write(folder.join("general.xsd"), general).unwrap();
    Some(())
}

/// The element inside of the SOAP body.
fn body_of(request: &Request) -> String {
    let text = sent(request, "");
    let document = roxmltree::Document::parse(&text).unwrap();
    let body = document.descendants().find(|node| node.tag_name().name() == "Body").unwrap();
    let root = body.first_element_child().unwrap();
    let declaration = "xmlns:ns1=\"http://api.direct.yandex.com/v5/adimages\"";
    text[root.range()].replacen("Request>", &format!("Request {declaration}>"), 1)
}

#[test]
fn written_bodies_are_valid_by_the_published_schema() {
    let folder = tempfile::tempdir().unwrap();
    if !has_xmllint() || published_schema(folder.path()).is_none() {
        return;
    }
    let image = || v5::AdImageAddItem::new(Blob::from_bytes(b"\x89PNG\r\n\x1a\n".to_vec()), "a & b.png");
    let page = v5::LimitOffset::default().with_limit(100).with_offset(0);
    let criteria =
        v5::AdImageSelectionCriteria::default().with_ad_image_hashes(["h1", "h2"]).with_associated(v5::YesNoEnum::No);
    let fields = || v5::AdImageFieldEnum::NAMED.iter().map(|name| v5::AdImageFieldEnum::from(*name));
    let add = v5::AddRequest::new([image().with_type(v5::AdImageAddTypeEnum::FixedImage), image()]);
    let get = v5::GetRequest::new(fields()).with_page(page).with_selection_criteria(criteria);
    let delete = v5::DeleteRequest::new(v5::AdImageHashesCriteria::new(["h1", "h2"]));
    let requests = [
        ("add", v5::request::<v5::Add>(Encoding::Soap, Version::V5, &add).unwrap()),
        ("get", v5::request::<v5::Get>(Encoding::Soap, Version::V5, &get).unwrap()),
        ("get all", v5::request::<v5::Get>(Encoding::Soap, Version::V5, &v5::GetRequest::new(fields())).unwrap()),
        ("delete", v5::request::<v5::Delete>(Encoding::Soap, Version::V5, &delete).unwrap()),
    ];
    for (name, request) in requests {
        let (valid, said) = validate(folder.path(), &body_of(&request));
        assert!(valid, "{name}: {said}");
    }
    let (valid, _) = validate(folder.path(), "<n:AddRequest xmlns:n='http://api.direct.yandex.com/v5/adimages'/>");
    assert!(!valid, "the schema refuses what lacks a required element, so that it judges at all");
}

/// As many requests of each operation as xmllint judges in a moment.
const ARBITRARY: usize = 40;

/// Arbitrary bytes, the same in every run.
fn bytes_of(seed: usize) -> Vec<u8> {
    let mut state = seed as u32 + 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(300).collect()
}

#[test]
fn arbitrary_bodies_are_valid_by_the_published_schema() {
    let folder = tempfile::tempdir().unwrap();
    if !has_xmllint() || published_schema(folder.path()).is_none() {
        return;
    }
    let mut judged = 0;
    for seed in 0..ARBITRARY {
        let bytes = bytes_of(seed);
        let draw = || Draw::new(&bytes, false).named_only();
        let (add, get) = (v5::AddRequest::draw(&mut draw()), v5::GetRequest::draw(&mut draw()));
        let delete = v5::DeleteRequest::draw(&mut draw());
        // What the schema wants at least one of, our types let be empty: the service refuses it by a code of its own.
        let whole = [
            !add.ad_images.is_empty(),
            !get.field_names.is_empty(),
            !delete.selection_criteria.ad_image_hashes.is_empty(),
        ];
        let requests = [
            v5::request::<v5::Add>(Encoding::Soap, Version::V5, &add).unwrap(),
            v5::request::<v5::Get>(Encoding::Soap, Version::V5, &get).unwrap(),
            v5::request::<v5::Delete>(Encoding::Soap, Version::V5, &delete).unwrap(),
        ];
        for (request, whole) in requests.iter().zip(whole) {
            let (valid, said) = validate(folder.path(), &body_of(request));
            assert_eq!(valid, whole, "{said}\n{}", body_of(request));
            judged += usize::from(whole);
        }
    }
    assert!(judged > ARBITRARY, "only {judged} were whole");
}

fn validate(folder: &Path, document: &str) -> (bool, String) {
    let path = folder.join("document.xml");
    fs::write(&path, document).unwrap();
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--nonet", "--noout", "--schema"]).arg(folder.join("adimages.xsd")).arg(&path);
    let output = xmllint.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}
