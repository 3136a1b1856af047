//! The nodes beside AdImage that clients read on their way to it: the ad account, its business, and the token's user.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::accounts::AdAccount;
use super::call::Call;
use super::error::GraphError;
use super::expansion::Field;
use super::page::Edge;
use super::{auth, expansion, fields, list};
use crate::digest::sha256;
use crate::lock::hold;
use crate::state::State;

/// What an ad account shows when no fields are named (general knowledge).
pub(super) const USUAL: [&str; 2] = ["account_id", "id"];

/// The fields of AdAccount in the specification. Those that are not seeded have no value and are left out of answers.
const KNOWN: [&str; 76] = [
    "account_id",
    "account_status",
    "ad_account_promotable_objects",
    "age",
    "agency_client_declaration",
    "all_capabilities",
    "amount_spent",
    "attribution_spec",
    "balance",
    "brand_safety_content_filter_levels",
    "business",
    "business_city",
    "business_country_code",
    "business_name",
    "business_state",
    "business_street",
    "business_street2",
    "business_zip",
    "can_create_brand_lift_study",
    "capabilities",
    "created_time",
    "currency",
    "custom_audience_info",
    "default_dsa_beneficiary",
    "default_dsa_payor",
    "disable_reason",
    "end_advertiser",
    "end_advertiser_name",
    "existing_customers",
    "expired_funding_source_details",
    "extended_credit_invoice_group",
    "failed_delivery_checks",
    "fb_entity",
    "funding_source",
    "funding_source_details",
    "has_migrated_permissions",
    "has_page_authorized_adaccount",
    "id",
    "io_number",
    "is_attribution_spec_system_default",
    "is_ba_skip_delayed_eligible",
    "is_direct_deals_enabled",
    "is_in_3ds_authorization_enabled_market",
    "is_notifications_enabled",
    "is_personal",
    "is_prepay_account",
    "is_tax_id_required",
    "liable_address",
    "line_numbers",
    "marketing_messages_settings",
    "media_agency",
    "min_campaign_group_spend_cap",
    "min_daily_budget",
    "name",
    "offsite_clo_signal_status",
    "offsite_pixels_tos_accepted",
    "opportunity_score",
    "owner",
    "owner_business",
    "partner",
    "rf_spec",
    "send_bill_to_address",
    "show_checkout_experience",
    "sold_to_address",
    "spend_cap",
    "tax_id",
    "tax_id_status",
    "tax_id_type",
    "timezone_id",
    "timezone_name",
    "timezone_offset_hours_utc",
    "tos_accepted",
    "user_access_expire_time",
    "user_tasks",
    "user_tos_accepted",
    "viewable_business",
];

/// An ad account with the fields asked for, `adimages` among them as a nested edge.
///
/// # Errors
/// Error 100 for a field that the account, or something nested in it, does not have.
pub(super) fn object(state: &State, call: &Call, account: &AdAccount, asked: &[Field]) -> Result<Value, GraphError> {
    let mut members = Map::new();
    for field in asked {
        let nested = matches!(field.name.as_str(), "business" | "owner_business" | "adimages");
        if !nested && !field.fields.is_empty() {
            return Err(GraphError::no_subfields(&field.name));
        }
        let value = match field.name.as_str() {
            "id" => Some(Value::from(format!("act_{}", account.id))),
            "account_id" => Some(Value::from(account.id.as_str())),
            "business" | "owner_business" => business(Some(account), &field.fields)?,
            "adimages" => Some(images(state, call, account, field)?),
            name if KNOWN.contains(&name) => account.members.get(name).cloned(),
            name => return Err(GraphError::field(name, "AdAccount")),
        };
        if let Some(value) = value {
            members.insert(field.name.clone(), value);
        }
    }
    members.entry("id").or_insert_with(|| Value::from(format!("act_{}", account.id)));
    Ok(Value::Object(members))
}

fn images(state: &State, call: &Call, account: &AdAccount, field: &Field) -> Result<Value, GraphError> {
    let usual = expansion::asked(&field.arguments, &fields::USUAL)?;
    let asked = if field.fields.is_empty() { &usual } else { &field.fields };
    let mut params = field.arguments.clone();
    // The links must ask for the same fields.
    let names: Vec<&str> = asked.iter().map(|field| field.name.as_str()).collect();
    params.pairs.push(("fields".to_owned(), names.join(",").into()));
    let version = if call.version.is_empty() { String::new() } else { format!("/{}", call.version) };
    let edge = Edge { call, path: format!("{version}/act_{}/adimages", account.id), params: &params };
    list::answer(state, &edge, asked, &account.id)
}

/// The business that owns an account; `None` when none was seeded.
///
/// # Errors
/// Error 100 for a field that Business does not have here.
pub(super) fn business(account: Option<&AdAccount>, asked: &[Field]) -> Result<Option<Value>, GraphError> {
    if let Some(field) = asked.iter().find(|field| !matches!(field.name.as_str(), "id" | "name")) {
        return Err(GraphError::field(&field.name, "Business"));
    }
    let Some(account) = account else { return Ok(None) };
    let Some(id) = account.members.get("business_id") else { return Ok(None) };
    let mut members = Map::from_iter([("id".to_owned(), id.clone())]);
    if asked.is_empty() || asked.iter().any(|field| field.name == "name") {
        members.extend(account.members.get("business_name").map(|name| ("name".to_owned(), name.clone())));
    }
    Ok(Some(Value::Object(members)))
}

/// The user of a token: a number made of the token, and a name.
///
/// # Errors
/// Error 100 for a field that User does not have here.
pub(super) fn user(token: &str, asked: &[Field]) -> Result<Value, GraphError> {
    let mut members = Map::from_iter([("id".to_owned(), Value::from(user_id(token)))]);
    for field in asked {
        match field.name.as_str() {
            "id" => {}
            "name" => drop(members.insert("name".to_owned(), Value::from("Emulated User"))),
            name => return Err(GraphError::field(name, "User")),
        }
    }
    Ok(Value::Object(members))
}

/// The number of a token's user: 15 digits.
pub(super) fn user_id(token: &str) -> String {
    let mut eight = [0; 8];
    eight.copy_from_slice(&sha256(token.as_bytes())[..8]);
    format!("1{:014}", u64::from_be_bytes(eight) % 100_000_000_000_000)
}

/// The ad accounts of a user: those that its token may be used for among all that were seeded, or, while none is, among
/// those that hold images.
///
/// # Errors
/// Error 100 as for any edge.
pub(super) fn list(state: &State, call: &Call) -> Result<Value, GraphError> {
    let asked = expansion::asked(&call.params, &USUAL)?;
    let mut found = state.accounts.seeded();
    if found.is_empty() {
        let library = hold(&state.library);
        let used = library.facebook.iter().filter(|(_, album)| album.len() > 0).map(|(id, _)| id.clone());
        found = used.collect::<BTreeSet<_>>().into_iter().collect();
    }
    found.retain(|id| auth::may_use(state, call, id).is_ok());
    let edge = Edge { call, path: call.path.clone(), params: &call.params };
    edge.answer(&state.settings.facebook, &found, found.len(), Clone::clone, |id| {
        let account = state.accounts.get(id).ok_or_else(|| GraphError::unsupported("get", id))?;
        object(state, call, &account, &asked)
    })
}
