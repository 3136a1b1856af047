//! Overlays: small named corrections of what a schema says or fails to say. Each must match exactly one node, so that
//! a correction that the provider has made itself, or that hits too much, fails the run.

use serde::Deserialize;
use toml::Spanned;

use crate::ir::{Api, Binding, Effect, Field, Origin, Scalar, TypeDef, TypeKind, TypeRef};
use crate::source::toml::{line_at, parse_toml};
use crate::structure::Aspect;
use crate::{Error, ErrorKind, Errors};

/// One correction: which node, what about it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Where it stands in `schemas/`.
    pub origin: Origin,
    entry: Entry,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Local name of a type.
    r#type: Option<String>,
    /// Member of the type, as on the wire.
    field: Option<String>,
    /// Name of an operation.
    operation: Option<String>,
    /// Parameter of the operation, as on the wire.
    param: Option<String>,
    /// Why; printed when the overlay fails.
    reason: String,
    /// Short text: stored inline.
    inline: Option<bool>,
    /// Text that is in truth base64 of bytes.
    base64: Option<bool>,
    /// Whether requests must have it.
    required: Option<bool>,
    /// What a repetition of the operation does.
    effect: Option<EffectName>,
    /// Documentation.
    doc: Option<String>,
    /// Name in Rust.
    rename: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EffectName {
    Safe,
    Idempotent,
    Write,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overlays {
    #[serde(default)]
    overlay: Vec<Spanned<Entry>>,
}

impl Overlay {
    /// Why the correction is made.
    pub fn reason(&self) -> &str {
        &self.entry.reason
    }

    /// Local name of the type, or the operation, and the member or parameter that it corrects.
    pub fn target(&self) -> (&str, Option<&str>) {
        let Entry { r#type, field, operation, param, .. } = &self.entry;
        let owner = r#type.as_deref().or(operation.as_deref()).unwrap_or_default();
        (owner, field.as_deref().or(param.as_deref()))
    }

    /// In which respects what is generated differs from the schema by it; none for what is ours alone, as names and
    /// documentation.
    pub fn aspects(&self) -> Vec<Aspect> {
        let entry = &self.entry;
        let set = [
            (entry.base64.is_some(), Aspect::Type),
            (entry.required.is_some(), Aspect::Required),
            (entry.effect.is_some(), Aspect::Effect),
        ];
        set.into_iter().filter(|(set, _)| *set).map(|(_, aspect)| aspect).collect()
    }
}

/// Reads an overlay file.
///
/// # Errors
/// If it is not TOML of the expected shape.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Overlay>, Error> {
    let overlays: Overlays = parse_toml(file, bytes)?;
    let read = |entry: Spanned<Entry>| {
        let origin = line_at(file, bytes, entry.span().start);
        Overlay { origin, entry: entry.into_inner() }
    };
    Ok(overlays.overlay.into_iter().map(read).collect())
}

/// Applies all overlays.
///
/// # Errors
/// For each that matches no node or several, sets what its node does not have, or leaves its node as it was.
pub fn run(mut api: Api, overlays: &[Overlay]) -> Result<Api, Errors> {
    let mut errors = Errors::default();
    for overlay in overlays {
        if let Err(detail) = apply(&mut api, &overlay.entry) {
            let detail = format!("{detail} (its reason: {})", overlay.entry.reason);
            errors.push(Error::new(ErrorKind::Overlay, &overlay.origin, detail));
        }
    }
    errors.into_result(api)
}

fn apply(api: &mut Api, entry: &Entry) -> Result<(), String> {
    let Entry { r#type, field, operation, param, .. } = entry;
    let fix = entry;
    if fix.inline.or(fix.base64).or(fix.required).is_none()
        && fix.effect.is_none()
        && fix.doc.as_ref().or(fix.rename.as_ref()).is_none()
    {
        return Err("the overlay sets nothing".to_owned());
    }
    match (r#type, field, operation, param) {
        (Some(ty), None, None, None) => fix_type(find_type(api, ty)?, fix),
        (Some(ty), Some(field), None, None) => fix_field(find_field(find_type(api, ty)?, ty, field)?, fix),
        (None, None, Some(operation), param) => {
            let found = api.operations.get_mut(operation).ok_or(format!("there is no operation `{operation}`"))?;
            match (param, &mut found.binding) {
                (None, _) => {
                    if fix.inline.or(fix.base64).or(fix.required).is_some() {
                        return Err("an operation takes effect, doc and rename only".to_owned());
                    }
                    set("effect", &mut found.effect, fix.effect.map(Effect::from))?;
                    set("doc", &mut found.doc, fix.doc.clone())?;
                    set("rename", &mut found.rust_name, fix.rename.clone())
                }
                (Some(param), Binding::Rest { params, .. }) => {
                    let matching = params.iter_mut().map(|param| &mut param.field).filter(|field| field.wire == *param);
                    fix_field(single(matching, &format!("parameter `{param}` of `{operation}`"))?, fix)
                }
                (Some(_), Binding::Soap { .. }) => Err(format!("`{operation}` has no parameters of its own")),
            }
        }
        _ => Err("an overlay names a type, a type and a field, an operation, or an operation and a param".to_owned()),
    }
}

fn find_type<'a>(api: &'a mut Api, local: &str) -> Result<&'a mut TypeDef, String> {
    let matching = api.types.iter_mut().filter(|(name, _)| name.local == local).map(|(_, def)| def);
    single(matching, &format!("type `{local}`"))
}

fn find_field<'a>(def: &'a mut TypeDef, ty: &str, wire: &str) -> Result<&'a mut Field, String> {
    let TypeKind::Struct { fields, .. } = &mut def.kind else {
        return Err(format!("the type `{ty}` has no fields"));
    };
    single(fields.iter_mut().filter(|field| field.wire == wire), &format!("field `{wire}` of `{ty}`"))
}

fn single<T>(mut matching: impl Iterator<Item = T>, what: &str) -> Result<T, String> {
    let first = matching.next().ok_or_else(|| format!("there is no {what}"))?;
    match matching.count() {
        0 => Ok(first),
        more => Err(format!("there are {} nodes for {what}", more + 1)),
    }
}

fn fix_type(def: &mut TypeDef, fix: &Entry) -> Result<(), String> {
    if fix.inline.or(fix.base64).or(fix.required).is_some() || fix.effect.is_some() {
        return Err("a type takes doc and rename only".to_owned());
    }
    set("doc", &mut def.doc, fix.doc.clone())?;
    set("rename", &mut def.rust_name, fix.rename.clone())
}

fn fix_field(field: &mut Field, fix: &Entry) -> Result<(), String> {
    if fix.effect.is_some() {
        return Err("a field has no effect".to_owned());
    }
    set("inline", &mut field.inline, fix.inline)?;
    set("required", &mut field.required, fix.required)?;
    match (fix.base64, field.ty.core_mut()) {
        (None, _) => {}
        (Some(true), core @ TypeRef::Scalar(Scalar::String)) => *core = TypeRef::Scalar(Scalar::Base64Text),
        (Some(true), _) => return Err(format!("`{}` is not text", field.wire)),
        (Some(false), _) => return Err("`base64` is true or left out".to_owned()),
    }
    set("doc", &mut field.doc, fix.doc.clone())?;
    set("rename", &mut field.rust_name, fix.rename.clone())
}

/// A correction that the schema already holds has had its day.
fn set<T: PartialEq>(what: &str, value: &mut T, fix: Option<T>) -> Result<(), String> {
    match fix {
        Some(fix) if fix == *value => Err(format!("`{what}` is so without the overlay")),
        Some(fix) => {
            *value = fix;
            Ok(())
        }
        None => Ok(()),
    }
}

impl From<EffectName> for Effect {
    fn from(name: EffectName) -> Self {
        match name {
            EffectName::Safe => Self::Safe,
            EffectName::Idempotent => Self::Idempotent,
            EffectName::Write => Self::Write,
        }
    }
}
