//! Every file of the reference data on Facebook is either read by a test of this folder or named here with the reason why
//! none reads it.

use crate::every_recording;
use crate::support::folder;

/// Files that no test here reads, and why.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("facebook/LICENSES/facebook-business-sdk-codegen.LICENSE.txt", "a licence of the data"),
    ("facebook/LICENSES/facebook-ruby-ads-sdk.LICENSE.md", "likewise"),
    ("facebook/LICENSES/fake-fb-marketing-api.LICENSE.txt", "likewise"),
    ("facebook/SOURCES.md", "tells where the files are from"),
    ("facebook/codegen/AdAccount.json", "a schema; the generator's tests compare it"),
    ("facebook/codegen/AdImage.json", "likewise"),
    ("facebook/codegen/SDKCodegen.json", "what another generator corrects in the schema; ours has an overlay"),
    ("facebook/codegen/enum_types.AdImage.json", "a schema; the generator's tests compare it"),
];

#[test]
fn every_recording_is_read_or_named_as_not_applicable() {
    let Some(root) = folder() else { return };
    let readers = [
        include_str!("answers.rs"),
        include_str!("batch.rs"),
        include_str!("errors.rs"),
        include_str!("requests.rs"),
        include_str!("usage.rs"),
    ];
    every_recording::check(&root, &["facebook"], &readers, NOT_APPLICABLE);
}
