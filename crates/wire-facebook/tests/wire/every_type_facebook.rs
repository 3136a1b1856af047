//! What the schema of facebook says of every type. Written by the tests of the generator with `POLYPTYCH_BLESS=1`; do
//! not edit.

use polyptych_wire_facebook as types;

use crate::every_type::{open_enum, record};

record!(types::AdAccount {
    account_id: "account_id" One,
    account_status: "account_status" One,
    business: "business" One,
    business_name: "business_name" One,
    currency: "currency" One,
    disable_reason: "disable_reason" One,
    id: "id" One,
    name: "name" One,
    timezone_name: "timezone_name" One,
    user_tasks: "user_tasks" Wrapped,
});

record!(types::AdAccountPage {
    data: "data" Wrapped,
    paging: "paging" One,
});

record!(types::AdImage {
    account_id: "account_id" One,
    created_time: "created_time" One,
    creatives: "creatives" Wrapped,
    hash: "hash" One,
    height: "height" One,
    id: "id" One,
    is_associated_creatives_in_adgroups: "is_associated_creatives_in_adgroups" One,
    name: "name" One,
    original_height: "original_height" One,
    original_width: "original_width" One,
    owner_business: "owner_business" One,
    permalink_url: "permalink_url" One,
    status: "status" One,
    updated_time: "updated_time" One,
    url: "url" One,
    url_128: "url_128" One,
    width: "width" One,
});

record!(types::AdImagePage {
    data: "data" Wrapped,
    paging: "paging" One,
    summary: "summary" One,
});

open_enum!(types::AdImageStatus { "ACTIVE", "DELETED", "INTERNAL" });

record!(types::Business {
    id: "id" One,
    name: "name" One,
});

record!(types::CopyFrom {
    source_account_id: "source_account_id" One,
    hash: "hash" One,
});

record!(types::CreatedAdImage {
    hash: "hash" One,
    url: "url" One,
    url_128: "url_128" One,
    url_256: "url_256" One,
    url_256_height: "url_256_height" One,
    url_256_width: "url_256_width" One,
    height: "height" One,
    width: "width" One,
    name: "name" One,
});

record!(types::CreatedAdImages {
    images: "images" Map,
});

record!(types::Cursors {
    before: "before" One,
    after: "after" One,
});

record!(types::Paging {
    cursors: "cursors" One,
    next: "next" One,
    previous: "previous" One,
});

record!(types::Success {
    success: "success" One,
});

record!(types::Summary {
    total_count: "total_count" One,
});

crate::round_trips::sent! {
    copy_from: CopyFrom,
}
crate::round_trips::answered! {
    ad_account: AdAccount,
    ad_account_page: AdAccountPage,
    ad_image: AdImage,
    ad_image_page: AdImagePage,
    business: Business,
    created_ad_image: CreatedAdImage,
    created_ad_images: CreatedAdImages,
    cursors: Cursors,
    paging: Paging,
    success: Success,
    summary: Summary,
}
crate::round_trips::enums! {
    ad_image_status: AdImageStatus,
}
