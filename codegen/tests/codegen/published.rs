//! The published service descriptions: they are read whole, and the stored ones say the same about the image services.

use std::fs;

use polyptych_codegen::emit::{format, shape::Model, soap};
use polyptych_codegen::ir::{Api, Origin, TypeKind};
use polyptych_codegen::pass::{prepare, prune, prune::Roots, resolve};
use polyptych_codegen::source::wsdl;

use crate::support::{reference, stored};

const V5_OPERATIONS: &[&str] = &["AdImages.add", "AdImages.delete", "AdImages.get"];
const LIVE4_OPERATIONS: &[&str] = &["AdImage", "AdImageAssociation"];

fn published(paths: &[&str]) -> Option<Api> {
    let folder = reference()?;
    let files: Vec<_> = paths.iter().map(|path| (*path, fs::read(folder.join(path)).unwrap())).collect();
    let files: Vec<_> = files.iter().map(|(path, bytes)| (*path, bytes.as_slice())).collect();
    Some(wsdl::parse("published", paths[0], &files).unwrap())
}

fn ours(paths: &[&str]) -> Api {
    let inputs = stored();
    let files: Vec<_> = paths.iter().map(|path| (*path, inputs[*path].as_slice())).collect();
    wsdl::parse("published", paths[0], &files).unwrap()
}

/// What a schema says about what the roots reach, without where it says it and how it explains it. Bases are kept, so
/// that inheritance is compared too.
fn facts(api: Api, operations: &[&str], types: &[&str]) -> Api {
    resolve::run(api.clone()).unwrap();
    let mut api = prune::run(api, Roots { operations, types }).unwrap();
    for operation in api.operations.values_mut() {
        operation.doc.clear();
        operation.origin = Origin::default();
    }
    for def in api.types.values_mut() {
        def.doc.clear();
        def.origin = Origin::default();
        match &mut def.kind {
            TypeKind::Struct { fields, .. } => {
                for field in fields {
                    field.doc.clear();
                    field.origin = Origin::default();
                }
            }
            TypeKind::Enum { values } => values.iter_mut().for_each(|value| value.doc.clear()),
            TypeKind::Alias(_) => {}
        }
    }
    api
}

fn assert_same(stored: &Api, published: &Api) {
    for (name, def) in &published.types {
        assert_eq!(stored.types.get(name), Some(def), "{name}");
    }
    assert_eq!(stored, published);
}

#[test]
fn the_stored_v5_schema_says_what_the_published_ones_say() {
    let stored = ours(&["yandex-direct-v5/adimages.wsdl", "yandex-direct-v5/general.xsd"]);
    let types = ["ApiExceptionMessage"];
    for version in ["v5", "v501"] {
        let wsdl = format!("yandex-direct-v5/wsdl/adimages.{version}.wsdl");
        let Some(published) = published(&[&wsdl, "yandex-direct-v5/wsdl/general.xsd"]) else { return };
        assert_same(&facts(stored.clone(), V5_OPERATIONS, &types), &facts(published, V5_OPERATIONS, &types));
    }
    let declared = stored.types.len();
    assert_eq!(facts(stored, V5_OPERATIONS, &types).types.len(), declared, "nothing is stored that is not used");
}

#[test]
fn the_stored_live4_schema_says_what_the_published_one_says() {
    let stored = ours(&["yandex-direct-live4/adimage.wsdl"]);
    let Some(published) = published(&["yandex-direct-live4/live.wsdl"]) else { return };
    assert_same(&facts(stored.clone(), LIVE4_OPERATIONS, &[]), &facts(published, LIVE4_OPERATIONS, &[]));
    let declared = stored.types.len();
    assert_eq!(facts(stored, LIVE4_OPERATIONS, &[]).types.len(), declared, "nothing is stored that is not used");
}

#[test]
fn the_whole_published_live4_description_makes_rust() {
    let Some(published) = published(&["yandex-direct-live4/live.wsdl"]) else { return };
    assert_eq!(published.operations.len(), 74);
    let api = prepare(published, &[], Roots::default()).unwrap();
    let text = format(soap::emit(&Model::new(&api), "All of v4 Live.").unwrap(), "live.wsdl").unwrap();
    assert_eq!(text.matches("impl polyptych_wire::soap::Operation for").count(), 74);
}
