//! The parameters of every operation arrive as they were given.

use polyptych_wire_facebook as types;

use crate::every_parameter::{BOUNDARY, check, operations};
use crate::every_type::record;

record!(types::ListAdAccounts {
    version: "version" One,
    fields: "fields" Wrapped,
    limit: "limit" One,
    after: "after" One,
    before: "before" One,
});

record!(types::GetAdImage {
    version: "version" One,
    image_id: "image_id" One,
    fields: "fields" Wrapped,
});

record!(types::CreateAdImages {
    version: "version" One,
    ad_account_id: "ad_account_id" One,
    bytes: "bytes" One,
    copy_from: "copy_from" One,
    name: "name" One,
});

record!(types::DeleteAdImage {
    version: "version" One,
    ad_account_id: "ad_account_id" One,
    hash: "hash" One,
    image_id: "image_id" One,
});

record!(types::ListAdImages {
    version: "version" One,
    ad_account_id: "ad_account_id" One,
    biz_tag_id: "biz_tag_id" One,
    business_id: "business_id" One,
    hashes: "hashes" Wrapped,
    minheight: "minheight" One,
    minwidth: "minwidth" One,
    name: "name" One,
    selected_hashes: "selected_hashes" Wrapped,
    fields: "fields" Wrapped,
    limit: "limit" One,
    after: "after" One,
    before: "before" One,
    summary: "summary" One,
});

record!(types::UploadAdImage {
    version: "version" One,
    ad_account_id: "ad_account_id" One,
    filename: "filename" One,
});

record!(types::UploadAdImages {
    version: "version" One,
    ad_account_id: "ad_account_id" One,
    source: "source" Wrapped,
});

const EDGE: &str = "/{version}/act_{ad_account_id}/adimages";

#[test]
fn reads_and_deletions_carry_theirs_in_the_path_and_the_query() {
    check("GET", "/{version}/me/adaccounts", &["fields"], types::ListAdAccounts::request);
    check("GET", "/{version}/{image_id}", &["fields"], types::GetAdImage::request);
    check("GET", EDGE, &["fields"], types::ListAdImages::request);
    check("DELETE", EDGE, &[], types::DeleteAdImage::request);
}

#[test]
fn uploads_carry_theirs_in_json_or_in_a_form() {
    check("POST", EDGE, &[], types::CreateAdImages::request);
    check("POST", EDGE, &[], |upload: &types::UploadAdImage| upload.request(BOUNDARY).unwrap());
    check("POST", EDGE, &[], |upload: &types::UploadAdImages| upload.request(BOUNDARY).unwrap());
}

#[test]
fn no_operation_is_left_out() {
    let checked = [
        "ListAdAccounts",
        "GetAdImage",
        "CreateAdImages",
        "DeleteAdImage",
        "ListAdImages",
        "UploadAdImage",
        "UploadAdImages",
    ];
    assert_eq!(operations(include_str!("../../src/generated/adimages.rs")), checked);
}
