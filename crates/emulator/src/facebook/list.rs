//! Reading the images of an account: filters and order (reference 2.1, 5).

use std::collections::HashSet;

use serde_json::Value;

use super::error::GraphError;
use super::expansion::Field;
use super::fields;
use super::page::Edge;
use super::params::Params;
use crate::library::FacebookImage;
use crate::lock::hold;
use crate::state::State;

/// Lists the images of an account, newest first (assumption, reference 16.13). `selected_hashes`, `business_id` and
/// `biz_tag_id` are accepted without effect (assumption, 16.11), but `biz_tag_id` must be a number as the others are.
pub(super) fn answer(state: &State, edge: &Edge<'_>, asked: &[Field], account: &str) -> Result<Value, GraphError> {
    let settings = &state.settings.facebook;
    let filter = Filter::read(edge.params, settings.name_filter_case)?;
    edge.params.number("biz_tag_id")?;
    fields::check(asked)?;
    let library = hold(&state.library);
    let album = library.facebook.get(account);
    let total = album.map_or(0, crate::album::Album::len);
    let found: Vec<&FacebookImage> =
        album.into_iter().flat_map(|album| album.iter().rev()).filter(|image| filter.takes(image)).collect();
    edge.answer(
        settings,
        &found,
        total,
        |image| format!("{account}:{}", image.hash),
        |image| fields::object(state, &edge.call.base, account, image, asked),
    )
}

/// What the images must be.
struct Filter {
    hashes: Option<HashSet<String>>,
    min_width: u64,
    min_height: u64,
    name: Option<String>,
    case: bool,
}

impl Filter {
    fn read(params: &Params, case: bool) -> Result<Self, GraphError> {
        let name = params.given("name");
        Ok(Self {
            hashes: params.list("hashes").map(|hashes| hashes.into_iter().collect()),
            min_width: params.number("minwidth")?.unwrap_or(0),
            min_height: params.number("minheight")?.unwrap_or(0),
            name: name.map(|name| if case { name.to_owned() } else { name.to_lowercase() }),
            case,
        })
    }

    /// The name filter finds substrings (assumption, reference 16.9).
    fn takes(&self, image: &FacebookImage) -> bool {
        let picture = &image.content.picture;
        self.hashes.as_ref().is_none_or(|hashes| hashes.contains(&image.hash))
            && u64::from(picture.width) >= self.min_width
            && u64::from(picture.height) >= self.min_height
            && self.name.as_ref().is_none_or(|name| {
                if self.case { image.name.contains(name) } else { image.name.to_lowercase().contains(name) }
            })
    }
}
