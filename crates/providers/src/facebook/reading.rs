//! What answers of the Graph API mean to the transport: errors come under any status, headers tell how much of the limits
//! is used, and the answers within a batch tell it for themselves.

use std::time::Duration;

use polyptych_transport::{Call, Gauge, Pace, Reading, Response, Scope, Verdict};
use polyptych_wire::fault::Class;
use polyptych_wire::json::parse;
use polyptych_wire_facebook::{
    AccessTier, AdAccountUsage, Answer, AppUsage, BatchAnswer, BusinessUsage, DecodeError, DeleteAdImage, ERRORS,
    Usage, decode,
};

use super::fault::refusal;
use crate::opening::{self, Opening};
use crate::reading;

/// From this share of a limit on calls are slowed down; calling on while blocked would prolong the block.
const SLOW_FROM: f64 = 0.8;

/// Kinds of calls that images belong to (reference 9.2, code 80004).
const ADS_MANAGEMENT: &str = "ads_management";

/// How long a spent score blocks an ad account, by the application's tier (reference 10.2).
const BLOCKS_FOR: Duration = Duration::from_secs(300);
const BLOCKS_FULL_ACCESS_FOR: Duration = Duration::from_secs(60);

/// Reads answers of the Graph API.
#[derive(Debug, Clone, Copy)]
pub(super) struct FacebookReading;

impl Reading for FacebookReading {
    fn read(&self, _: &Call<'_>, answer: &Response) -> Verdict {
        let usage = Usage::from_headers(&answer.headers);
        let entries = batch(answer);
        let mut verdict = match &entries {
            Some(entries) => judge_batch(entries),
            None => judge(answer),
        };
        let trace = reading::text(&answer.headers, "x-fb-trace-id").map(str::to_owned);
        verdict.request_id = verdict.request_id.or(trace);
        let told: Vec<Usage> = entries.iter().flatten().flatten().map(BatchAnswer::usage).chain([usage]).collect();
        verdict.usage = told.iter().flat_map(gauges).collect();
        verdict.wait = wait(&verdict, &told);
        verdict
    }
}

/// How long a refusal for too many calls asks to wait, by what was told with it.
pub(super) fn wait(verdict: &Verdict, told: &[Usage]) -> Option<Duration> {
    if verdict.class != Some(Class::Throttle) {
        return None;
    }
    let named = told.iter().flat_map(gauges).filter_map(|gauge| closed(&gauge)).max();
    named.or_else(|| scored(verdict).then(|| block(told)))
}

/// What an answer to one request says.
pub(super) fn judge(answer: &Response) -> Verdict {
    let opens = opening::of_json(&answer.body);
    if answer.status.is_success() && opens == Opening::Result {
        let whole = reading::ends_with(&answer.body, b"}");
        return if whole { Verdict::default() } else { reading::unclear() };
    }
    match decode::<DeleteAdImage>(answer.status.as_u16(), &answer.body) {
        Ok(Answer::Refused(error)) => reading::refused(&ERRORS, refusal(*error, answer.status.as_u16()), answer.status),
        Ok(Answer::Success(_)) | Err(DecodeError::Unreadable { .. }) if opens == Opening::Unclear => reading::unclear(),
        _ => reading::foreign(answer.status),
    }
}

/// The entries of a batch's answer; `None` if the answer is not that of a batch.
fn batch(answer: &Response) -> Option<Vec<Option<BatchAnswer>>> {
    let opens = answer.body.trim_ascii_start().starts_with(b"[");
    (opens && answer.status.is_success()).then(|| parse(&answer.body).ok()).flatten()
}

/// A batch is answered as a whole. Only where every entry was refused, and all of them because there were too many calls
/// or because of the credential, nothing of it was done and the whole is tried again; otherwise its entries are the
/// caller's to look at.
fn judge_batch(entries: &[Option<BatchAnswer>]) -> Verdict {
    let mut verdict = Verdict::default();
    for entry in entries {
        match entry.as_ref().and_then(refused_for_all) {
            Some(refused) if verdict.class.is_none_or(|class| refused.class == Some(class)) => verdict = refused,
            _ => return Verdict::default(),
        }
    }
    verdict
}

/// What an entry says, if it is a refusal that its own request is not the reason of.
fn refused_for_all(entry: &BatchAnswer) -> Option<Verdict> {
    let Ok(Answer::Refused(error)) = entry.decode::<DeleteAdImage>() else { return None };
    let status = http::StatusCode::from_u16(entry.code).ok()?;
    let verdict = reading::refused(&ERRORS, refusal(*error, entry.code), status);
    (matches!(verdict.class, Some(Class::Throttle | Class::Reauth)) && verdict.refused).then_some(verdict)
}

fn gauges(usage: &Usage) -> Vec<Gauge> {
    let app = usage.app.iter().flat_map(app_gauges);
    let account = usage.ad_account.iter().filter_map(account_gauge);
    let business = usage.business.iter().flat_map(|(holder, kinds)| {
        let images = |kind: &&BusinessUsage| kind.kind.as_deref().is_none_or(|kind| kind == ADS_MANAGEMENT);
        kinds.iter().filter(images).flat_map(|kind| business_gauges(holder, kind))
    });
    app.chain(account).chain(business).collect()
}

fn app_gauges(usage: &AppUsage) -> impl Iterator<Item = Gauge> + use<> {
    let parts = [
        ("X-App-Usage.call_count", usage.call_count),
        ("X-App-Usage.total_time", usage.total_time),
        ("X-App-Usage.total_cputime", usage.total_cputime),
    ];
    parts.into_iter().filter_map(|(name, used)| Some(percent(name, Scope::Library, used?)))
}

fn account_gauge(usage: &AdAccountUsage) -> Option<Gauge> {
    let gauge = percent("X-Ad-Account-Usage.acc_id_util_pct", Scope::Account, usage.acc_id_util_pct?);
    let resets_in = usage.reset_time_duration.filter(|seconds| *seconds > 0.0).map(seconds);
    Some(Gauge { resets_in, ..gauge })
}

fn business_gauges(holder: &str, usage: &BusinessUsage) -> Vec<Gauge> {
    let parts = [
        ("X-Business-Use-Case-Usage.call_count", usage.call_count),
        ("X-Business-Use-Case-Usage.total_time", usage.total_time),
        ("X-Business-Use-Case-Usage.total_cputime", usage.total_cputime),
    ];
    let regains = usage.estimated_time_to_regain_access.filter(|minutes| *minutes > 0.0);
    let regains = regains.map(|minutes| seconds(minutes * 60.0));
    let gauge = |(name, used): (&'static str, Option<f64>)| {
        let gauge = Gauge { holder: Some(holder.to_owned()), ..percent(name, Scope::Account, used?) };
        Some(match regains {
            Some(time) => Gauge { resets_in: Some(time), pace: Pace::Closed(time), ..gauge },
            None => gauge,
        })
    };
    parts.into_iter().filter_map(gauge).collect()
}

fn percent(name: &'static str, scope: Scope, used: f64) -> Gauge {
    Gauge { used: Some(used), limit: Some(100.0), pace: Pace::SlowFrom(SLOW_FROM), ..Gauge::new(name, scope) }
}

/// A number of seconds from the network, at most a day.
fn seconds(number: f64) -> Duration {
    Duration::from_secs_f64(number.clamp(0.0, 86_400.0))
}

/// How long a gauge asks to wait.
fn closed(gauge: &Gauge) -> Option<Duration> {
    match gauge.pace {
        Pace::Closed(time) => Some(time),
        _ if gauge.share().is_some_and(|share| share >= 1.0) => gauge.resets_in,
        _ => None,
    }
}

/// Whether an account has spent its score, which blocks it for a known time.
fn scored(verdict: &Verdict) -> bool {
    let subcode = verdict.code.as_deref().and_then(|code| code.split_once('/')).map(|(_, subcode)| subcode);
    matches!(subcode, Some("2446079" | "1487742"))
}

fn block(told: &[Usage]) -> Duration {
    let tiers = told.iter().flat_map(|usage| {
        let account = usage.ad_account.as_ref().and_then(|usage| usage.ads_api_access_tier.as_ref());
        let business = usage.business.values().flatten().filter_map(|usage| usage.ads_api_access_tier.as_ref());
        account.into_iter().chain(business)
    });
    let full = tiers.into_iter().any(|tier| *tier == AccessTier::Standard);
    if full { BLOCKS_FULL_ACCESS_FOR } else { BLOCKS_FOR }
}
