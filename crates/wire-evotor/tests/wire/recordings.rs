//! Every file of the reference data on Evotor Cloud is either read by a test of this folder or named here with the reason
//! why none reads it.

use crate::every_recording;
use crate::support::reference;

#[test]
fn every_sample_is_read_or_named_as_not_applicable() {
    let Some(root) = reference() else { return };
    let readers = [include_str!("answers.rs"), include_str!("requests.rs")];
    let not_applicable = [("evotor/SOURCES.md", "tells where the files are from")];
    every_recording::check(&root, &["evotor"], &readers, &not_applicable);
}
