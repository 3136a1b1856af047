//! The stored Graph spec against the published one, and the overlay over it.

use std::collections::BTreeMap;
use std::fs;

use polyptych_codegen::ErrorKind;
use polyptych_codegen::ir::{Api, Binding, Effect, Location, Scalar, TypeKind, TypeRef};
use polyptych_codegen::source::graph::{self, Spec};

use crate::support::{reference, stored};

/// Operation or type, member, type, required, and where a parameter goes.
type Line = (String, String, TypeRef, bool, Option<Location>);

/// What an api says, without the places where it says so.
fn said(api: &Api) -> (Vec<Line>, BTreeMap<String, Vec<String>>) {
    let mut lines = Vec::new();
    for operation in api.operations.values() {
        let Binding::Rest { method, path, params, output, .. } = &operation.binding else { panic!("{operation:?}") };
        lines.push((operation.name.clone(), format!("{method} {path}"), output.clone().unwrap(), true, None));
        for param in params {
            let field = &param.field;
            let location = Some(param.location);
            lines.push((operation.name.clone(), field.wire.clone(), field.ty.clone(), field.required, location));
        }
    }
    let mut enums = BTreeMap::new();
    for (name, def) in &api.types {
        match &def.kind {
            TypeKind::Struct { fields, .. } => lines.extend(
                fields
                    .iter()
                    .map(|field| (name.local.clone(), field.wire.clone(), field.ty.clone(), field.required, None)),
            ),
            TypeKind::Enum { values } => {
                enums.insert(name.local.clone(), values.iter().map(|value| value.wire.clone()).collect());
            }
            TypeKind::Alias(_) => panic!("{def:?}"),
        }
    }
    (lines, enums)
}

fn parse(account: &[u8], image: &[u8], enums: &[u8], overlay: Option<&[u8]>) -> Result<Api, polyptych_codegen::Errors> {
    let user = stored("facebook/User.json");
    let nodes = vec![
        ("AdAccount", ("AdAccount.json", account)),
        ("AdImage", ("AdImage.json", image)),
        ("User", ("User.json", user.as_slice())),
    ];
    let overlay = overlay.map(|overlay| ("overlay.toml", overlay));
    graph::parse("facebook", &Spec { nodes, enums: ("enum_types.json", enums), overlay })
}

fn stored_api(overlay: Option<&[u8]>) -> Result<Api, polyptych_codegen::Errors> {
    let [account, image, enums] =
        ["AdAccount", "AdImage", "enum_types"].map(|name| stored(&format!("facebook/{name}.json")));
    parse(&account, &image, &enums, overlay)
}

#[test]
fn the_stored_spec_says_what_is_published() {
    let Some(folder) = reference() else { return };
    let published = |name: &str| fs::read(folder.join("facebook/codegen").join(name)).unwrap();
    let [account, image, enums] = ["AdAccount.json", "AdImage.json", "enum_types.AdImage.json"].map(published);
    let mut theirs = parse(&account, &image, &enums, None).unwrap();
    assert_eq!(theirs.operations.len(), 115 + 1 + 1, "the whole node is read");
    theirs.operations.retain(|name, _| name.ends_with(".adimages") || name.starts_with("AdImage."));
    let mut ours = stored_api(None).unwrap();
    // Of the 76 fields of an ad account only those are stored by which a user finds the own accounts.
    let stored: Vec<String> =
        said(&ours).0.into_iter().filter(|line| line.0 == "AdAccount").map(|line| line.1).collect();
    for (name, def) in &mut theirs.types {
        if let ("AdAccount", TypeKind::Struct { fields, .. }) = (name.local.as_str(), &mut def.kind) {
            assert_eq!(fields.len(), 76);
            fields.retain(|field| stored.contains(&field.wire));
        }
    }
    // The node User is not among the published files at hand.
    ours.operations.remove("User.GET.adaccounts").unwrap();
    assert_eq!(said(&ours), said(&theirs));
    assert_eq!(
        said(&ours).0.len(),
        4 + 4 * 2 + 2 + 7 + 2 + 17 + 10,
        "4 operations, 2 ids in each path, 11 parameters, 17 fields of images, 10 of accounts"
    );
}

#[test]
fn the_overlay_states_what_the_spec_leaves_out() {
    let api = stored_api(Some(&stored("facebook/overlay.toml"))).unwrap();
    let names: Vec<_> = api.operations.keys().map(String::as_str).collect();
    let expected = [
        ("adaccounts.list", Effect::Safe),
        ("adimage.get", Effect::Safe),
        ("adimages.create", Effect::Write),
        ("adimages.delete", Effect::Idempotent),
        ("adimages.list", Effect::Safe),
        ("adimages.upload", Effect::Write),
        ("adimages.upload_many", Effect::Write),
    ];
    assert_eq!(names, expected.map(|(name, _)| name));
    let effects = api.operations.values().map(|operation| operation.effect).collect::<Vec<_>>();
    assert_eq!(effects, expected.map(|(_, effect)| effect));
    let member = |operation: &str, name: &str| {
        let Binding::Rest { params, .. } = &api.operations[operation].binding else { panic!("{operation}") };
        let param = params.iter().find(|param| param.field.wire == name)?;
        Some((param.field.ty.clone(), param.location))
    };
    assert_eq!(member("adimages.create", "bytes"), Some((TypeRef::Scalar(Scalar::Base64), Location::JsonBody)));
    assert_eq!(member("adimages.upload", "filename"), Some((TypeRef::Scalar(Scalar::File), Location::FormPart)));
    let files = TypeRef::List(Box::new(TypeRef::Scalar(Scalar::File)));
    assert_eq!(member("adimages.upload_many", "source"), Some((files, Location::FormPartEach)));
    assert_eq!(member("adimages.upload", "bytes"), None);
    let Binding::Rest { path, params, .. } = &api.operations["adaccounts.list"].binding else { panic!("no path") };
    assert_eq!(path, "/{version}/me/adaccounts");
    let in_path = params.iter().filter(|param| param.location == Location::Path).map(|param| &param.field.wire);
    assert_eq!(in_path.collect::<Vec<_>>(), ["version"]);
    let list = TypeRef::List(Box::new(TypeRef::Scalar(Scalar::String)));
    assert_eq!(member("adimages.list", "fields"), Some((list, Location::QueryCommas)));
    for operation in api.operations.values() {
        let Binding::Rest { params, .. } = &operation.binding else { panic!("{operation:?}") };
        assert!(
            params.iter().all(|param| !param.field.doc.is_empty()),
            "{} has a parameter without words",
            operation.name
        );
    }
}

#[test]
fn an_entry_that_hits_nothing_fails_with_its_place() {
    let cases = [
        (
            "[[enum]]\nname = \"AdImage_state\"\nreason = \"\"\ndoc = \"\"",
            "enum.AdImage_state: the entry hits nothing in the spec",
        ),
        (
            "[[type]]\nname = \"AdImage\"\nreason = \"\"\ndoc = \"\"\ninline = [\"hsh\"]",
            "type.AdImage: the spec has no field `hsh`",
        ),
        (
            "[[node]]\nname = \"Page\"\npath = \"{page_id}\"\nreason = \"\"\ndoc = \"\"",
            "node.Page: the entry hits nothing in the spec",
        ),
        (
            "[[node]]\nname = \"AdImage\"\npath = \"a/b\"\nreason = \"\"\ndoc = \"\"",
            "node.AdImage: the path is neither a parameter nor one segment",
        ),
        (
            "[[add_type]]\nname = \"AdImage\"\nreason = \"\"\ndoc = \"\"\nfields = []",
            "add_type.AdImage: the spec states this type already",
        ),
        (
            "[[operation]]\nmatch = { node = \"AdAccount\", method = \"PUT\", endpoint = \"adimages\" }\nname = \"x\"\n\
             rust_name = \"X\"\nreason = \"\"\ndoc = \"\"",
            "operation.x: the spec has no operation `AdAccount.PUT.adimages`",
        ),
    ];
    for (overlay, expected) in cases {
        let errors = stored_api(Some(overlay.as_bytes())).unwrap_err();
        assert_eq!(errors.to_string(), format!("schemas/overlay.toml:{expected}"));
        assert!(errors.iter().all(|error| error.kind == ErrorKind::Overlay));
    }
}

#[test]
fn an_entry_that_changes_nothing_fails() {
    let operation = "[[operation]]\nmatch = { node = \"AdAccount\", method = \"GET\", endpoint = \"adimages\" }\n\
                     name = \"x\"\nrust_name = \"X\"\nreason = \"\"\ndoc = \"\"\n";
    for (entry, expected) in [
        ("returns = \"AdImage\"", "operation.x: the spec returns `AdImage` already"),
        ("retype = { name = \"string\" }", "operation.x: `name` is of type `string` already"),
    ] {
        let errors = stored_api(Some(format!("{operation}{entry}").as_bytes())).unwrap_err();
        assert_eq!(errors.to_string(), format!("schemas/overlay.toml:{expected}"));
    }
}

#[test]
fn two_operations_of_one_endpoint_are_refused() {
    let get = r#"{"method":"GET","endpoint":"adimages","return":"Object","params":[]}"#;
    let account = format!(r#"{{"apis":[{get},{get}],"fields":[]}}"#);
    let errors = parse(account.as_bytes(), br#"{"apis":[],"fields":[]}"#, b"[]", None).unwrap_err();
    let expected = "schemas/AdAccount.json:/apis/1: there are two operations `AdAccount.GET.adimages`";
    assert_eq!(errors.to_string(), expected);
}

#[test]
fn two_enums_of_one_name_are_refused() {
    let nothing = br#"{"apis":[],"fields":[]}"#;
    let enums = br#"[{"name":"A_status","values":["X"]},{"name":"A_status","values":["Y"]}]"#;
    let errors = parse(nothing, nothing, enums, None).unwrap_err().to_string();
    assert!(errors.ends_with(":/1: there are two enums `A_status`"), "{errors}");
}

#[test]
fn a_type_that_an_overlay_misspells_is_not_any_json() {
    let overlay = "[[add_type]]\nname = \"Page\"\nreason = \"\"\ndoc = \"\"\nfields = [{ name = \"data\", type = \"list<AdImge>\", doc = \"\" }]";
    let errors = stored_api(Some(overlay.as_bytes())).unwrap_err();
    assert_eq!(errors.to_string(), "schemas/overlay.toml:add_type.Page: there is no type `AdImge`");
}

#[test]
fn a_type_expression_that_is_none_names_its_place() {
    let account = br#"{"apis":[],"fields":[{"name":"a","type":"string"},{"name":"b","type":"list<string"}]}"#;
    let errors = parse(account, br#"{"apis":[],"fields":[]}"#, b"[]", None).unwrap_err();
    assert_eq!(errors.to_string(), "schemas/AdAccount.json:/fields/1: `list<string` is not a type");
}
