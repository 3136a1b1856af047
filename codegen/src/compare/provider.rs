//! Which stored document is compared with which published one, and what of the published one counts.

use super::{Check, apis, independent, names, samples};
use crate::ir::{Api, Origin, TypeKind};
use crate::pass::prune::{self, Roots};
use crate::source::graph::{self, Spec};
use crate::source::wsdl;
use crate::target::{Service, input, services};
use crate::{Error, ErrorKind, Errors, Inputs};

/// A published service description.
struct Description {
    service: &'static str,
    version: &'static str,
    main: &'static str,
    imports: &'static [&'static str],
}

const DESCRIPTIONS: &[Description] = &[
    Description {
        service: "yandex-direct-v5",
        version: "v5",
        main: "yandex-direct-v5/wsdl/adimages.v5.wsdl",
        imports: &["yandex-direct-v5/wsdl/general.xsd"],
    },
    Description {
        service: "yandex-direct-v5",
        version: "v501",
        main: "yandex-direct-v5/wsdl/adimages.v501.wsdl",
        imports: &["yandex-direct-v5/wsdl/general.xsd"],
    },
    Description {
        service: "yandex-direct-live4",
        version: "v4 Live",
        main: "yandex-direct-live4/live.wsdl",
        imports: &[],
    },
];

/// List of types that was derived from the description of v4 Live by other means.
const DERIVED: &str = "yandex-direct-live4/adimage_types_from_wsdl.json";

/// Graph nodes of which only some fields are stored, and why.
const PRUNED: &[(&str, &str)] = &[("AdAccount", "only what finding an account's images needs is stored")];

/// Samples of the provider's documentation and recorded bodies, with the types that they are of.
const SAMPLES: &[(&str, &str)] = &[
    ("evotor/doc_samples/image_post_200.json", "ProductImage"),
    ("evotor/doc_samples/image_get_200.json", "ProductImage"),
    ("evotor/doc_samples/images_list_200.json", "ProductImageList"),
    ("evotor/doc_samples/error_400_validation_failed.recorded.json", "Error"),
    ("evotor/doc_samples/error_400_invalid_format.recorded.json", "Error"),
    ("evotor/doc_samples/stores_list_200.json", "StoreList"),
    ("evotor/doc_samples/products_list_200.json", "ProductList"),
];

fn service(name: &str) -> Result<Service, Error> {
    let found = services().into_iter().find(|service| service.name == name);
    found.ok_or_else(|| Error::in_file(ErrorKind::Unresolved, name, "there is no such service"))
}

pub(super) fn yandex(stored: &Inputs, published: &Inputs) -> Result<Vec<Check>, Errors> {
    let mut checks = Vec::new();
    for Description { service: name, version, main, imports } in DESCRIPTIONS {
        let service = service(name)?;
        let ours = (service.parse)(stored)?;
        let overlays = (service.overlays)(stored)?;
        let mut files = vec![(*main, input(published, main)?)];
        for import in *imports {
            files.push((*import, input(published, import)?));
        }
        let whole = wsdl::parse(name, main, &files)?;
        let counts = format!("{} types and {} operations", whole.types.len(), whole.operations.len());
        let theirs = prune::run(whole, Roots { faults: true, ..service.roots })?;
        checks.push(Check {
            name: format!("{name} as published for {version}"),
            compared: names(&theirs),
            left_out: vec![format!("what the image services do not reach; the whole document declares {counts}")],
            differences: apis(&ours, &overlays, &theirs)?,
            overlays: overlays.iter().map(|o| (o.origin.clone(), o.reason().to_owned())).collect(),
            ..Check::default()
        });
    }
    let ours = (service("yandex-direct-live4")?.parse)(stored)?;
    checks.push(independent::check(
        "yandex-direct-live4 by a derived list",
        &ours,
        DERIVED,
        input(published, DERIVED)?,
    )?);
    Ok(checks)
}

/// A node and its file, ours or theirs.
type NodeFile<'a> = (&'a str, graph::File<'a>);

pub(super) fn facebook(stored: &Inputs, published: &Inputs) -> Result<Vec<Check>, Errors> {
    const OVERLAY: &str = "facebook/overlay.toml";
    let enums = ("facebook/enum_types.json", input(stored, "facebook/enum_types.json")?);
    let their_enums = "facebook/codegen/enum_types.AdImage.json";
    let their_enums = (their_enums, input(published, their_enums)?);
    let overlay = (OVERLAY, input(stored, OVERLAY)?);
    let (mut ours, mut theirs, mut left_out) = (Vec::<NodeFile<'_>>::new(), Vec::<NodeFile<'_>>::new(), Vec::new());
    for (path, content) in stored {
        let node = path.strip_prefix("facebook/").and_then(|file| file.strip_suffix(".json"));
        let Some(node) = node.filter(|node| *node != "enum_types") else { continue };
        ours.push((node, (path, content)));
        match published.get_key_value(&format!("facebook/codegen/{node}.json")) {
            Some((path, content)) => theirs.push((node, (path, content))),
            None => {
                theirs.push((node, (path, content)));
                left_out.push(format!("node {node}: the published folder does not hold it"));
            }
        }
    }
    let mut checks = Vec::new();
    for (name, overlay) in [("the spec itself", None), ("the spec under the overlay", Some(overlay))] {
        let ours = graph::parse("facebook", &Spec { nodes: ours.clone(), enums, overlay })?;
        let whole = Spec { nodes: theirs.clone(), enums: their_enums, overlay };
        let mut theirs = match graph::parse("facebook", &whole) {
            Ok(theirs) => theirs,
            Err(errors) if overlay.is_some() => {
                let broken = errors.iter().map(ToString::to_string).collect();
                checks.push(Check { name: format!("facebook, {name}"), broken, ..Check::default() });
                continue;
            }
            Err(errors) => return Err(errors),
        };
        let counts = format!("{} operations", theirs.operations.len());
        let mut left_out = left_out.clone();
        left_out.push(format!("operations that are not stored; the whole spec declares {counts}"));
        left_out.extend(restrict(&mut theirs, &ours));
        let mut overlays = Vec::new();
        if let Some(overlay) = overlay {
            overlays = graph::overlay_entries(overlay)?;
        }
        let compared = names(&published_only(theirs.clone(), stored, published));
        let differences = apis(&ours, &[], &theirs)?;
        checks.push(Check {
            name: format!("facebook, {name}"),
            compared,
            left_out,
            differences,
            overlays,
            ..Check::default()
        });
    }
    Ok(checks)
}

/// What comes from published documents or from the overlay over them, not from the stored node that stands in for one
/// that the folder does not hold.
fn published_only(mut api: Api, stored: &Inputs, published: &Inputs) -> Api {
    let counts = |origin: &Origin| {
        published.contains_key(&origin.file) || (stored.contains_key(&origin.file) && !origin.file.ends_with(".json"))
    };
    api.types.retain(|_, def| counts(&def.origin));
    api.operations.retain(|_, operation| counts(&operation.origin));
    api
}

/// Keeps of the published spec what is stored, and says what was left out of nodes.
fn restrict(theirs: &mut Api, ours: &Api) -> Vec<String> {
    let mut left_out = Vec::new();
    theirs.operations.retain(|name, _| ours.operations.contains_key(name));
    for (node, why) in PRUNED {
        let name = graph::node_name(node);
        let kept: Vec<String> = match ours.types.get(&name).map(|def| &def.kind) {
            Some(TypeKind::Struct { fields, .. }) => fields.iter().map(|field| field.wire.clone()).collect(),
            _ => Vec::new(),
        };
        let Some(TypeKind::Struct { fields, .. }) = theirs.types.get_mut(&name).map(|def| &mut def.kind) else {
            continue;
        };
        let all = fields.len();
        fields.retain(|field| kept.contains(&field.wire));
        left_out.push(format!("{} of {all} fields of {node}: {why}", all - fields.len()));
        if kept.is_empty() {
            theirs.types.remove(&name);
        }
    }
    left_out
}

/// No document is published: what is stored must fit the samples of the documentation.
pub(super) fn evotor(stored: &Inputs, published: &Inputs) -> Result<Check, Errors> {
    let api = (service("evotor")?.parse)(stored)?;
    let mut check = Check { name: "evotor by the samples of its documentation".to_owned(), ..Check::default() };
    for (path, ty) in SAMPLES {
        let found = samples::check(&api, ty, path, input(published, path)?)?;
        check.compared.push(format!("{path} as {ty}: {} values", found.values));
        check.differences.extend(found.differences);
    }
    check.left_out.push("an OpenAPI document: none is published".to_owned());
    Ok(check)
}
