//! Usage headers: the documented samples, recorded ones, and what is slightly off.

use http::{HeaderMap, HeaderName, HeaderValue};
use polyptych_wire_facebook::{AccessTier, AdAccountUsage, AppUsage, BusinessUsage, InsightsUsage, Usage};

use crate::support::reference;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let parsed = |text: &str| HeaderName::from_bytes(text.as_bytes()).unwrap();
    pairs.iter().map(|(name, value)| (parsed(name), HeaderValue::from_str(value).unwrap())).collect()
}

#[test]
fn the_documented_samples_are_read_whole() {
    let Some(recorded) = reference("derived/recorded_responses.json") else { return };
    let samples = recorded["headers"].as_object().unwrap();
    let json: Vec<_> = samples.iter().filter(|(_, value)| value.is_object()).collect();
    assert_eq!(json.len(), 4, "every sample is looked at");
    let texts: Vec<_> = json.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    let pairs: Vec<_> = texts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let usage = Usage::from_headers(&headers(&pairs));
    let app = AppUsage { call_count: Some(28.0), total_time: Some(25.0), total_cputime: Some(25.0) };
    assert_eq!(usage.app, Some(app));
    let account = AdAccountUsage {
        acc_id_util_pct: Some(9.67),
        reset_time_duration: Some(100.0),
        ads_api_access_tier: Some(AccessTier::Standard),
    };
    assert_eq!(usage.ad_account, Some(account));
    let business = BusinessUsage {
        kind: Some("ads_management".into()),
        call_count: Some(95.0),
        total_cputime: Some(20.0),
        total_time: Some(20.0),
        estimated_time_to_regain_access: Some(0.0),
        ads_api_access_tier: Some(AccessTier::Development),
    };
    assert_eq!(usage.business.into_iter().collect::<Vec<_>>(), [("66782684".to_owned(), vec![business])]);
    let insights = InsightsUsage { app_id_util_pct: Some(0.0), acc_id_util_pct: Some(0.0), ads_api_access_tier: None };
    assert_eq!(usage.insights, Some(insights));
}

#[test]
fn numbers_may_be_texts_and_unknown_members_and_tiers_do_not_hurt() {
    let usage = Usage::from_headers(&headers(&[
        ("X-App-Usage", r#"{"call_count":"28.5","total_time":null,"total_cputime":{},"new":[1]}"#),
        ("X-Ad-Account-Usage", r#"{"acc_id_util_pct":-1,"ads_api_access_tier":"gold"}"#),
    ]));
    assert_eq!(usage.app, Some(AppUsage { call_count: Some(28.5), ..AppUsage::default() }));
    let tier = Some(AccessTier::Unknown("gold".into()));
    assert_eq!(usage.ad_account, Some(AdAccountUsage { ads_api_access_tier: tier, ..AdAccountUsage::default() }));
}

#[test]
fn several_headers_of_business_use_add_up_and_an_owner_that_does_not_read_is_left_out() {
    let one = r#"{"1":[{"call_count":1}],"2":"?"}"#;
    let more = r#"{"1":[{"call_count":2}],"3":[{"type":"ads_insights"}]}"#;
    let usage = Usage::from_pairs([("X-Business-Use-Case-Usage", one), ("x-business-use-case-usage", more)]);
    let calls = |owner: &str| usage.business[owner].iter().map(|usage| usage.call_count).collect::<Vec<_>>();
    assert_eq!(usage.business.keys().collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!((calls("1"), calls("3")), (vec![Some(1.0), Some(2.0)], vec![None]));
}

#[test]
fn headers_that_do_not_read_are_absent() {
    for value in ["", "[1,2,3]", "{", "null", "7", "\"x\""] {
        let names = ["x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle"];
        assert_eq!(Usage::from_pairs(names.map(|name| (name, value))), Usage::default(), "{value}");
    }
    assert_eq!(Usage::from_headers(&HeaderMap::new()), Usage::default());
}
