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

/// Runs all passes in their order.
///
/// Overlays come before pruning, so that one that names a type outside the roots is still seen to match.
///
/// # Errors
/// Those of the first pass that finds something wrong.
pub fn prepare(api: Api, overlays: &[Overlay], roots: Roots<'_>) -> Result<Api, Errors> {
    let api = resolve::run(api)?;
    let api = overlay::run(api, overlays)?;
    let api = prune::run(api, roots)?;
    let api = unify::run(api);
    let api = recursion::run(api);
    let api = names::run(api)?;
    validate::run(&api)?;
    Ok(api)
}
