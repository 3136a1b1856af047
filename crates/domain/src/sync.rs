//! Albums as somebody wants them: a manifest names pictures and the albums where each should be, a plan says what has to be
//! done for that and from which state of the albums it was made. Both are data; nothing is asked or changed here.

mod manifest;
mod plan;

pub use manifest::{Manifest, ManifestAlbum, ManifestMistake, ManifestPicture, PictureSource, Wish};
pub use plan::{AlbumPlan, KeepReason, Kept, Objection, Plan, PlanStep, SyncTask};

#[cfg(test)]
mod tests;
