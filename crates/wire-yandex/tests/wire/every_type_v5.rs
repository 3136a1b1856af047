//! What the schema of yandex-direct-v5 says of every type. Written by the tests of the generator with `POLYPTYCH_BLESS=1`; do
//! not edit.

use polyptych_wire_yandex::v5 as types;

use crate::every_type::{open_enum, record};

record!(types::AdImageActionResult {
    warnings: "Warnings" Repeated,
    errors: "Errors" Repeated,
    ad_image_hash: "AdImageHash" One,
});

record!(types::AdImageAddItem {
    image_data: "ImageData" One,
    r#type: "Type" One,
    name: "Name" One,
});

open_enum!(types::AdImageAddTypeEnum { "REGULAR", "WIDE", "FIXED_IMAGE", "AUTO" });

open_enum!(types::AdImageFieldEnum { "AdImageHash", "OriginalUrl", "PreviewUrl", "Name", "Type", "Subtype", "Associated" });

record!(types::AdImageGetItem {
    ad_image_hash: "AdImageHash" One,
    name: "Name" One,
    associated: "Associated" One,
    r#type: "Type" One,
    subtype: "Subtype" One,
    original_url: "OriginalUrl" One,
    preview_url: "PreviewUrl" One,
});

record!(types::AdImageHashesCriteria {
    ad_image_hashes: "AdImageHashes" RepeatedKept,
});

record!(types::AdImageSelectionCriteria {
    ad_image_hashes: "AdImageHashes" Repeated,
    associated: "Associated" One,
});

open_enum!(types::AdImageSubtypeEnum { "IMG_240_400", "IMG_300_250", "IMG_300_500", "IMG_300_600", "IMG_320_50", "IMG_320_100", "IMG_320_480", "IMG_336_280", "IMG_480_320", "IMG_728_90", "IMG_970_250", "IMG_516_272", "IMG_223_159", "IMG_480_800", "IMG_600_500", "IMG_600_1000", "IMG_600_1200", "IMG_640_100", "IMG_640_200", "IMG_640_960", "IMG_672_560", "IMG_960_640", "IMG_1456_180", "IMG_1940_500", "IMG_1032_544", "IMG_446_318", "IMG_720_1200", "IMG_900_750", "IMG_900_1500", "IMG_900_1800", "IMG_960_150", "IMG_960_300", "IMG_960_1440", "IMG_1008_840", "IMG_1440_960", "IMG_2184_270", "IMG_2910_750", "IMG_1548_816", "IMG_669_477", "IMG_960_1600", "IMG_1200_1000", "IMG_1200_2000", "IMG_1200_2400", "IMG_1280_200", "IMG_1280_400", "IMG_1280_1920", "IMG_1344_1120", "IMG_1920_1280", "IMG_2912_360", "IMG_3880_1000", "IMG_2064_1088", "IMG_892_636", "NONE" });

open_enum!(types::AdImageTypeEnum { "SMALL", "REGULAR", "WIDE", "FIXED_IMAGE", "UNFIT" });

record!(types::AddRequest {
    ad_images: "AdImages" RepeatedKept,
});

record!(types::AddResponse {
    add_results: "AddResults" Repeated,
});

record!(types::DeleteRequest {
    selection_criteria: "SelectionCriteria" One,
});

record!(types::DeleteResponse {
    delete_results: "DeleteResults" Repeated,
});

record!(types::GetRequest {
    page: "Page" One,
    selection_criteria: "SelectionCriteria" One,
    field_names: "FieldNames" RepeatedKept,
});

record!(types::GetResponse {
    limited_by: "LimitedBy" One,
    ad_images: "AdImages" Repeated,
});

record!(types::ExceptionNotification {
    code: "Code" One,
    message: "Message" One,
    details: "Details" One,
});

record!(types::LimitOffset {
    limit: "Limit" One,
    offset: "Offset" One,
});

open_enum!(types::YesNoEnum { "YES", "NO" });

crate::round_trips::sent! {
    ad_image_add_item: AdImageAddItem,
    ad_image_hashes_criteria: AdImageHashesCriteria,
    ad_image_selection_criteria: AdImageSelectionCriteria,
    add_request: AddRequest,
    delete_request: DeleteRequest,
    get_request: GetRequest,
    limit_offset: LimitOffset,
}
crate::round_trips::answered! {
    ad_image_action_result: AdImageActionResult,
    ad_image_get_item: AdImageGetItem,
    add_response: AddResponse,
    delete_response: DeleteResponse,
    get_response: GetResponse,
    exception_notification: ExceptionNotification,
}
crate::round_trips::enums! {
    ad_image_add_type_enum: AdImageAddTypeEnum,
    ad_image_field_enum: AdImageFieldEnum,
    ad_image_subtype_enum: AdImageSubtypeEnum,
    ad_image_type_enum: AdImageTypeEnum,
    yes_no_enum: YesNoEnum,
}
