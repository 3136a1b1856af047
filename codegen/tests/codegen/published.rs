//! The published service descriptions: they are read whole, the stored ones say the same about the image services, and
//! a reader that we did not write agrees with ours.

use std::path::Path;
use std::process::Command;

use polyptych_codegen::Inputs;
use polyptych_codegen::compare::{self, independent};
use polyptych_codegen::emit::{format, shape::Model, soap};
use polyptych_codegen::import;
use polyptych_codegen::ir::Api;
use polyptych_codegen::pass::{prepare, prune::Roots};
use polyptych_codegen::source::wsdl;
use polyptych_codegen::structure::{Aspect, changes};
use polyptych_codegen::target::services;

use crate::support::{reference, required, stored, tree};

fn published() -> Option<Inputs> {
    Some(tree(&reference()?))
}

fn parse(inputs: &Inputs, paths: &[&str]) -> Api {
    let files: Vec<_> = paths.iter().map(|path| (*path, inputs[*path].as_slice())).collect();
    wsdl::parse("published", paths[0], &files).unwrap()
}

#[test]
fn every_difference_between_stored_and_published_is_explained_by_an_overlay() {
    let Some(published) = published() else { return };
    let stored = stored();
    let report = compare::run(&stored, &published).unwrap();
    let unexplained = report.unexplained().count();
    assert!(report.is_well() && unexplained == 0, "{}", report.render(&stored, &published, "published"));
    let explained: Vec<_> = report.checks.iter().flat_map(|check| &check.differences).collect();
    assert_eq!(explained.len(), 3, "the effect of v5 `delete`, twice, and the raw data of v4 Live");
    for (check, compared) in [("v5", 25), ("v501", 25), ("v4 Live", 33), ("derived list", 31), ("evotor", 7)] {
        let found = report.checks.iter().find(|known| known.name.contains(check)).unwrap();
        assert!(found.compared.len() >= compared, "{}: {:?}", found.name, found.compared);
    }
}

#[test]
fn a_change_of_a_published_document_is_found_with_both_places() {
    let Some(published) = published() else { return };
    let stored = stored();
    let cases = [
        ("yandex-direct-v5/wsdl/general.xsd", "\"YES\"", "\"JA\"", "presence"),
        (
            "yandex-direct-v5/wsdl/adimages.v501.wsdl",
            "<wsdl:fault message=\"ns:ApiException\" name=\"ApiException\"/>",
            "<wsdl:fault message=\"ns:ApiException\" name=\"Exception\"/>",
            "presence",
        ),
        (
            "yandex-direct-live4/live.wsdl",
            "name=\"RawData\" type=\"xsd:string\"",
            "name=\"RawData\" type=\"xsd:int\"",
            "type",
        ),
        ("facebook/codegen/AdImage.json", "\"permalink_url\"", "\"permalink\"", "presence"),
        ("evotor/doc_samples/image_get_200.json", "\"width\":300", "\"width\":\"300\"", "type"),
        (
            "yandex-direct-live4/adimage_types_from_wsdl.json",
            "\"name\": \"RawData\",\n    \"type\": \"xsd:string\"",
            "\"name\": \"RawData\",\n    \"type\": \"xsd:long\"",
            "type",
        ),
    ];
    for (file, from, to, aspect) in cases {
        let text = String::from_utf8(published[file].clone()).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        let mut changed = published.clone();
        changed.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
        let report = compare::run(&stored, &changed).unwrap();
        let found: Vec<_> = report.unexplained().map(|(_, difference)| &difference.change).collect();
        let told = found.iter().any(|change| {
            let places = [&change.old, &change.new].map(|side| side.as_ref().map_or("", |side| &side.origin.file));
            change.aspect.to_string() == aspect && places.contains(&file)
        });
        assert!(told, "{file}: {found:?}");
    }
}

#[test]
fn nothing_is_stored_that_no_operation_uses() {
    let inputs = stored();
    for (name, faults) in [("yandex-direct-v5", 1), ("yandex-direct-live4", 0)] {
        let service = services().into_iter().find(|service| service.name == name).unwrap();
        let stages = service.stages(&inputs).unwrap();
        let used = stages.iter().find(|stage| stage.pass == "prune").unwrap().api.types.len();
        let resolved = stages.iter().find(|stage| stage.pass == "resolve").unwrap();
        let bases = service_bases(&stages[0].api);
        assert_eq!(resolved.api.types.len(), used + faults + bases, "{name}");
    }
}

/// Types that are there only to be extended.
fn service_bases(api: &Api) -> usize {
    let extended = |name: &&_| {
        api.types.values().any(|def| {
            matches!(&def.kind, polyptych_codegen::ir::TypeKind::Struct { base: Some(base), .. } if base == *name)
        })
    };
    api.types.keys().filter(extended).count()
}

#[test]
fn the_published_v5_descriptions_generate_the_types_of_the_stored_one() {
    let Some(published) = published() else { return };
    let service = services().into_iter().find(|service| service.name == "yandex-direct-v5").unwrap();
    let inputs = stored();
    let overlays = (service.overlays)(&inputs).unwrap();
    let ours = prepare((service.parse)(&inputs).unwrap(), &overlays, service.roots).unwrap();
    for version in ["v5", "v501"] {
        let wsdl = format!("yandex-direct-v5/wsdl/adimages.{version}.wsdl");
        let theirs = parse(&published, &[&wsdl, "yandex-direct-v5/wsdl/general.xsd"]);
        let theirs = prepare(theirs, &overlays, service.roots).unwrap();
        assert_eq!(rust_of(&theirs), rust_of(&ours), "{version}");
    }
}

#[test]
fn the_published_live4_description_generates_the_types_of_the_stored_one() {
    let Some(published) = published() else { return };
    let service = services().into_iter().find(|service| service.name == "yandex-direct-live4").unwrap();
    let inputs = stored();
    let overlays = (service.overlays)(&inputs).unwrap();
    let ours = prepare((service.parse)(&inputs).unwrap(), &overlays, service.roots).unwrap();
    let theirs = prepare(parse(&published, &["yandex-direct-live4/live.wsdl"]), &overlays, service.roots).unwrap();
    assert_eq!(rust_of(&theirs), rust_of(&ours));
}

#[test]
fn importing_a_published_document_yields_what_is_stored() {
    let Some(published) = published() else { return };
    let inputs = stored();
    let origin = import::Origin { address: None, version: None, date: "2026-11" };
    for (target, folder, file) in [
        ("yandex-direct-v5", "yandex-direct-v5/wsdl/", "adimages.v5.wsdl"),
        ("yandex-direct-v5", "yandex-direct-v5/wsdl/", "adimages.v501.wsdl"),
        ("yandex-direct-live4", "yandex-direct-live4/", "live.wsdl"),
        ("facebook", "facebook/codegen/", "AdImage.json"),
        ("facebook", "facebook/codegen/", "AdAccount.json"),
    ] {
        let wanted = [file, "general.xsd"];
        let files = wanted
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), published.get(&format!("{folder}{name}"))?.clone())));
        let made = import::import(target, file, &files.collect(), &inputs, &origin).unwrap();
        let mut imported = inputs.clone();
        imported.extend(made);
        let service = services().into_iter().find(|service| service.name == target).unwrap();
        let (ours, theirs) = ((service.parse)(&inputs).unwrap(), (service.parse)(&imported).unwrap());
        assert_eq!(changes(&ours, &theirs), [], "{file}");
    }
}

/// The Rust of a prepared schema without its comments, which are not the provider's.
fn rust_of(api: &Api) -> String {
    let text = format(soap::emit(&Model::new(api), "").unwrap(), "x.wsdl").unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_whole_published_live4_description_makes_rust() {
    let Some(published) = published() else { return };
    let published = parse(&published, &["yandex-direct-live4/live.wsdl"]);
    assert_eq!(published.operations.len(), 74);
    let api = prepare(published, &[], Roots::default()).unwrap();
    let text = format(soap::emit(&Model::new(&api), "All of v4 Live.").unwrap(), "live.wsdl").unwrap();
    assert_eq!(text.matches("impl polyptych_wire::soap::Operation for").count(), 74);
}

/// zeep, a SOAP client of another language, where it is installed.
#[test]
fn zeep_reads_the_published_v501_description_as_we_do() {
    let Some(folder) = reference() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/codegen/list_types.py");
    let known = Command::new("python3").args(["-c", "import zeep"]).output();
    if !known.is_ok_and(|output| output.status.success()) {
        assert!(!required("zeep"), "python3 with zeep is required");
        println!("skipped: python3 with zeep is not installed");
        return;
    }
    let wsdl = folder.join("yandex-direct-v5/wsdl/adimages.v501.wsdl");
    let namespaces = ["http://api.direct.yandex.com/v5/adimages", "http://api.direct.yandex.com/v5/general"];
    let output = Command::new("python3").arg(script).arg(wsdl).args(namespaces).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ours = parse(&stored(), &["yandex-direct-v5/adimages.wsdl", "yandex-direct-v5/general.xsd"]);
    let found = independent::check("zeep", &ours, "zeep.json", &output.stdout).unwrap();
    // The list holds the shared types of other services too, which are not stored.
    let differs: Vec<_> = found
        .differences
        .iter()
        .filter(|difference| difference.change.old.is_some() || difference.change.aspect != Aspect::Presence)
        .collect();
    assert!(differs.is_empty(), "{differs:?}");
    let left: Vec<_> = found.left_out.iter().filter(|what| !what.contains("an enum")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(found.left_out.len(), 5, "the enums: {:?}", found.left_out);
}
