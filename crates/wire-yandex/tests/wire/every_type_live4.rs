//! What the schema of yandex-direct-live4 says of every type. Written by the tests of the generator with `POLYPTYCH_BLESS=1`; do
//! not edit.

use polyptych_wire_yandex::live4 as types;

use crate::every_type::record;

record!(types::AdImage {
    login: "Login" One,
    ad_image_hash: "AdImageHash" One,
    ad_image_url: "AdImageURL" One,
    assigned: "Assigned" One,
    name: "Name" One,
});

record!(types::AdImageActionResult {
    warnings: "Warnings" Wrapped,
    errors: "Errors" Wrapped,
    ad_image_upload_task_id: "AdImageUploadTaskID" One,
    ad_image_hash: "AdImageHash" One,
});

record!(types::AdImageAssociation {
    ad_id: "AdID" One,
    ad_image_hash: "AdImageHash" One,
    login: "Login" One,
    campaign_id: "CampaignID" One,
    status_ad_image_moderate: "StatusAdImageModerate" One,
    moderate_rejection_reasons: "ModerateRejectionReasons" Wrapped,
});

record!(types::AdImageAssociationActionResult {
    warnings: "Warnings" Wrapped,
    errors: "Errors" Wrapped,
    ad_id: "AdID" One,
});

record!(types::AdImageAssociationRequest {
    action: "Action" One,
    selection_criteria: "SelectionCriteria" One,
    ad_image_associations: "AdImageAssociations" Wrapped,
});

record!(types::AdImageAssociationResponse {
    actions_result: "ActionsResult" Wrapped,
    ad_image_associations: "AdImageAssociations" Wrapped,
    total_objects_count: "TotalObjectsCount" One,
});

record!(types::AdImageAssociationSelectionCriteria {
    logins: "Logins" Wrapped,
    ad_image_hashes: "AdImageHashes" Wrapped,
    status_ad_image_moderate: "StatusAdImageModerate" Wrapped,
    ad_ids: "AdIDS" Wrapped,
    campaign_ids: "CampaignIDS" Wrapped,
    limit: "Limit" One,
    offset: "Offset" One,
});

record!(types::AdImageLimit {
    login: "Login" One,
    capacity: "Capacity" One,
    utilized: "Utilized" One,
});

record!(types::AdImageRaw {
    login: "Login" One,
    raw_data: "RawData" One,
    name: "Name" One,
});

record!(types::AdImageRequest {
    action: "Action" One,
    selection_criteria: "SelectionCriteria" One,
    ad_image_raw_data: "AdImageRawData" Wrapped,
    ad_image_url_data: "AdImageURLData" Wrapped,
});

record!(types::AdImageResponse {
    ad_images: "AdImages" Wrapped,
    ad_image_uploads: "AdImageUploads" Wrapped,
    actions_result: "ActionsResult" Wrapped,
    ad_image_limits: "AdImageLimits" Wrapped,
    total_objects_count: "TotalObjectsCount" One,
});

record!(types::AdImageSelectionCriteria {
    logins: "Logins" Wrapped,
    ad_image_hashes: "AdImageHashes" Wrapped,
    ad_image_upload_task_ids: "AdImageUploadTaskIDS" Wrapped,
    assigned: "Assigned" Wrapped,
    limit: "Limit" One,
    offset: "Offset" One,
});

record!(types::AdImageUrl {
    login: "Login" One,
    url: "URL" One,
    name: "Name" One,
});

record!(types::AdImageUpload {
    login: "Login" One,
    ad_image_hash: "AdImageHash" One,
    ad_image_url: "AdImageURL" One,
    source_url: "SourceURL" One,
    name: "Name" One,
    error: "Error" One,
    ad_image_upload_task_id: "AdImageUploadTaskID" One,
    status: "Status" One,
});

record!(types::Error {
    fault_code: "FaultCode" One,
    fault_string: "FaultString" One,
    fault_detail: "FaultDetail" One,
});

record!(types::RejectReason {
    r#type: "Type" One,
    text: "Text" One,
});

record!(types::Warning {
    warning_code: "WarningCode" One,
    warning_string: "WarningString" One,
    description: "Description" One,
});

crate::round_trips::sent! {
    ad_image_association: AdImageAssociation,
    ad_image_association_request: AdImageAssociationRequest,
    ad_image_association_selection_criteria: AdImageAssociationSelectionCriteria,
    ad_image_raw: AdImageRaw,
    ad_image_request: AdImageRequest,
    ad_image_selection_criteria: AdImageSelectionCriteria,
    ad_image_url: AdImageUrl,
    reject_reason: RejectReason,
}
crate::round_trips::answered! {
    ad_image: AdImage,
    ad_image_action_result: AdImageActionResult,
    ad_image_association: AdImageAssociation,
    ad_image_association_action_result: AdImageAssociationActionResult,
    ad_image_association_response: AdImageAssociationResponse,
    ad_image_limit: AdImageLimit,
    ad_image_response: AdImageResponse,
    ad_image_upload: AdImageUpload,
    error: Error,
    reject_reason: RejectReason,
    warning: Warning,
}
