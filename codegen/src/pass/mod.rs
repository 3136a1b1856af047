//! Passes from a parsed schema to one that can be emitted; each is a pure function of its input.

pub mod names;
pub mod overlay;
pub mod prune;
pub mod recursion;
pub mod resolve;
pub mod unify;
pub mod validate;

use crate::Errors;
use crate::ir::Api;

use overlay::Overlay;
use prune::Roots;

/// What a pass made of a schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Name of the pass; `source` for what the parser read.
    pub pass: &'static str,
    /// What it made.
    pub api: Api,
}

/// Runs all passes in their order.
///
/// Overlays come before pruning, so that one that names a type outside the roots is still seen to match.
///
/// # Errors
/// Those of the first pass that finds something wrong.
pub fn prepare(api: Api, overlays: &[Overlay], roots: Roots<'_>) -> Result<Api, Errors> {
    run(api, overlays, roots, |_, _| ())
}

/// As [`prepare`], with what each pass made; the last is what is emitted.
///
/// # Errors
/// Those of the first pass that finds something wrong.
pub fn stages(api: Api, overlays: &[Overlay], roots: Roots<'_>) -> Result<Vec<Stage>, Errors> {
    let mut stages = vec![Stage { pass: "source", api: api.clone() }];
    run(api, overlays, roots, |pass, api| stages.push(Stage { pass, api: api.clone() }))?;
    Ok(stages)
}

fn run(
    api: Api,
    overlays: &[Overlay],
    roots: Roots<'_>,
    mut after: impl FnMut(&'static str, &Api),
) -> Result<Api, Errors> {
    let api = resolve::run(api)?;
    after("resolve", &api);
    let api = overlay::run(api, overlays)?;
    after("overlay", &api);
    let api = prune::run(api, roots)?;
    after("prune", &api);
    let api = unify::run(api);
    after("unify", &api);
    let api = recursion::run(api);
    after("recursion", &api);
    let api = names::run(api)?;
    after("names", &api);
    validate::run(&api)?;
    Ok(api)
}
