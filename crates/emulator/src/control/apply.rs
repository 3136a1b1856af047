//! Control from Rust: each method does what the JSON form of its name does.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::script::{Fault, Latency, MOST_FAULTS};
use super::seed::{SeedImages, SeededImage, seed};
use super::setup::{Accounts, ClockChange, Creative, Quotas, SeedAds, Setup, SetupError};
use crate::Emulator;
use crate::evotor::shops::{Product, Store};
use crate::facebook::accounts::AdAccount;
use crate::journal::{JournalEntry, UploadCount};
use crate::lock::hold;
use crate::seed::SeedFault;
use crate::settings::{Settings, SoapStyle, Token, YandexSettings};
use crate::state::State;
use crate::yandex::ads::{self, Ad, AdFault};

impl Emulator {
    /// An emulator that begins, and begins again after each reset, with `setup`.
    ///
    /// # Errors
    /// As of [`Emulator::apply`].
    pub fn with_setup(settings: Settings, setup: Setup) -> Result<Self, SetupError> {
        let emulator = Self::new(settings);
        emulator.apply(setup.clone())?;
        *hold(&emulator.state.beginning) = setup;
        Ok(emulator)
    }

    /// Brings the emulator into a state; the images that it made are told.
    ///
    /// # Errors
    /// When a part cannot be done. All parts are judged before the first is done, so that only a picture that the
    /// library refuses, or a full memory or script, leaves a part of the setup behind.
    pub fn apply(&self, setup: Setup) -> Result<Vec<SeededImage>, SetupError> {
        apply(&self.state, setup)
    }

    /// Back to the beginning: images, journal, points, counters, faults and all that control changed are gone, then what
    /// [`Emulator::with_setup`] was given is applied again.
    pub fn reset(&self) {
        reset(&self.state);
    }

    /// All requests to the emulated APIs since the last reset, oldest first, as far as the journal reaches.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.state.journal.entries(None)
    }

    /// The requests with a number above `sequence`.
    pub fn journal_after(&self, sequence: u64) -> Vec<JournalEntry> {
        self.state.journal.entries(Some(sequence))
    }

    /// How often each content came to each album since the last reset, before deduplication.
    pub fn upload_counts(&self) -> Vec<UploadCount> {
        self.state.journal.counts()
    }

    /// The most requests at once of each advertiser of Yandex Direct since the last reset, by login. Those that were
    /// refused for being too many count.
    pub fn calls_at_once(&self) -> BTreeMap<String, usize> {
        self.state.gate.highest()
    }

    /// The time as the emulator sees it; milliseconds since the Unix epoch.
    pub fn now(&self) -> i64 {
        self.state.now()
    }

    /// Sets the emulator's time; a clock that runs goes on from there.
    pub fn set_clock(&self, unix_millis: i64) {
        self.state.watch.set(unix_millis, self.state.settings.clock.as_ref());
    }

    /// Moves the emulator's time forward.
    pub fn advance_clock(&self, by: Duration) {
        self.state.watch.advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Lets the emulator's time stand still, or go on from where it stands.
    pub fn stand_clock_still(&self, still: bool) {
        self.state.watch.stand(still, self.state.settings.clock.as_ref());
    }

    /// Replaces the tokens that are accepted; none: any token.
    pub fn set_tokens(&self, tokens: Vec<Token>) {
        self.state.change(|settings| settings.tokens = tokens);
    }

    /// Replaces the accounts that exist.
    ///
    /// # Errors
    /// When a member is unknown or wrong; nothing is changed then.
    pub fn set_accounts(&self, accounts: Accounts) -> Result<(), SetupError> {
        set_accounts(&self.state, accounts)
    }

    /// Changes limits and what is left of them.
    pub fn set_quotas(&self, quotas: &Quotas) {
        set_quotas(&self.state, quotas);
    }

    /// Whether equal contents become one image from now on.
    pub fn set_deduplicate(&self, deduplicate: bool) {
        self.state.change(|settings| settings.deduplicate = deduplicate);
    }

    /// How SOAP replies of v4 Live look from now on.
    pub fn set_live4_soap_style(&self, style: SoapStyle) {
        self.state.change(|settings| settings.yandex.live4_soap_style = style);
    }

    /// Replaces how long calls take, in real time (or tokio's, where it is paused). The first that matches counts.
    pub fn set_latency(&self, latency: Vec<Latency>) {
        self.state.script.set_latencies(latency);
    }

    /// Adds a fault behind those that wait.
    ///
    /// # Errors
    /// For a fault that cannot be answered so, and when 10,000 wait already.
    pub fn add_fault(&self, fault: Fault) -> Result<(), SetupError> {
        add_fault(&self.state, fault)
    }

    /// The faults that still wait, with what is left of their counts.
    pub fn faults(&self) -> Vec<Fault> {
        self.state.script.left()
    }

    /// Forgets the faults that wait.
    pub fn clear_faults(&self) {
        self.state.script.clear();
    }

    /// Puts images into a library, past quotas, points and the journal.
    ///
    /// # Errors
    /// When a rule for pictures or the emulator's memory refuses one; the ones before it stay.
    pub fn seed_images(&self, images: &SeedImages) -> Result<Vec<SeededImage>, SetupError> {
        seed(&self.state, images)
    }

    /// Adds, replaces and removes ads of a Yandex advertiser, and tells the numbers of those that are new. An image that
    /// an ad names must be there.
    ///
    /// # Errors
    /// For an ad that cannot be, or is not there; what was done before stays.
    pub fn seed_ads(&self, ads: SeedAds) -> Result<Vec<i64>, SetupError> {
        seed_ads(&self.state, ads)
    }

    /// The hosts that uploads by URL of v4 Live may fetch from, beside the emulator itself.
    pub fn set_fetch_hosts(&self, hosts: Vec<String>) {
        self.state.change(|settings| settings.yandex.fetch_hosts = hosts);
    }
}

pub(crate) fn apply(state: &State, setup: Setup) -> Result<Vec<SeededImage>, SetupError> {
    setup.check()?;
    let Setup {
        accounts,
        tokens,
        clock,
        latency,
        quotas,
        deduplicate,
        decode_pixels,
        live4_soap_style,
        faults,
        images,
        ads,
        fetch_hosts,
    } = setup;
    if let Some(accounts) = accounts {
        set_accounts(state, accounts)?;
    }
    if let Some(clock) = clock {
        set_time(state, &clock)?;
    }
    state.change(|settings| {
        settings.tokens = tokens.unwrap_or_else(|| std::mem::take(&mut settings.tokens));
        settings.deduplicate = deduplicate.unwrap_or(settings.deduplicate);
        settings.decode_pixels = decode_pixels.unwrap_or(settings.decode_pixels);
        let style = &mut settings.yandex.live4_soap_style;
        *style = live4_soap_style.unwrap_or(*style);
        let hosts = &mut settings.yandex.fetch_hosts;
        *hosts = fetch_hosts.unwrap_or_else(|| std::mem::take(hosts));
    });
    if let Some(quotas) = quotas {
        set_quotas(state, &quotas);
    }
    if let Some(latency) = latency {
        state.script.set_latencies(latency);
    }
    faults.into_iter().flatten().try_for_each(|fault| add_fault(state, fault))?;
    let mut seeded = Vec::new();
    for images in images.iter().flatten() {
        seeded.extend(seed(state, images)?);
    }
    for ads in ads.into_iter().flatten() {
        seed_ads(state, ads)?;
    }
    Ok(seeded)
}

pub(crate) fn reset(state: &State) {
    state.reset();
    let setup = hold(&state.beginning).clone();
    // It was applied once to such a state, so it can be again.
    let _ = apply(state, setup);
}

/// Numbers of the ads that were added, in their order; a replaced ad keeps its number.
fn seed_ads(state: &State, seed: SeedAds) -> Result<Vec<i64>, SetupError> {
    let refused = |fault: AdFault| SetupError::new(format!("ads of {}: {}", seed.login, fault.reason()));
    for id in seed.remove {
        ads::replace(state, &seed.login, id, None).map_err(refused)?;
    }
    let login = seed.login.to_lowercase();
    let known = |ad: &Ad| hold(&state.library).ads.get(&login, ad.id).is_some();
    let (old, new): (Vec<Ad>, Vec<Ad>) = seed.ads.into_iter().partition(known);
    for ad in old {
        ads::replace(state, &login, ad.id, Some(ad)).map_err(refused)?;
    }
    ads::seed(state, &login, new).map_err(refused)
}

fn set_time(state: &State, change: &ClockChange) -> Result<(), SetupError> {
    let clock = state.settings.clock.as_ref();
    if let Some(still) = change.standing {
        state.watch.stand(still, clock);
    }
    if let Some(time) = change.time()? {
        state.watch.set(time, clock);
    }
    state.watch.advance(change.advance_ms.unwrap_or(0).into());
    Ok(())
}

fn set_accounts(state: &State, accounts: Accounts) -> Result<(), SetupError> {
    let now = state.now();
    let Accounts { yandex, facebook, creatives, evotor } = accounts;
    let refused = |part: &'static str| move |fault: SeedFault| SetupError::new(format!("accounts.{part}: {fault}"));
    let facebook = facebook.iter().map(|account| match account {
        Value::String(number) => AdAccount::new(number),
        Value::Number(number) => AdAccount::new(&number.to_string()),
        object => AdAccount::read(object),
    });
    let facebook: Vec<AdAccount> = facebook.collect::<Result<_, _>>().map_err(refused("facebook"))?;
    let evotor = evotor.into_iter().map(|store| read_store(store, now));
    let evotor: Vec<(Store, Vec<Product>)> = evotor.collect::<Result<_, _>>().map_err(refused("evotor"))?;
    state.change(|settings| settings.yandex.logins = yandex);
    state.accounts.reset(&[]);
    facebook.into_iter().try_for_each(|account| state.accounts.add(account)).map_err(refused("facebook"))?;
    for Creative { account, hash, creative } in &creatives {
        state.accounts.bind(account, hash, creative).map_err(refused("creatives"))?;
    }
    state.shops.reset(&[], now);
    for (store, products) in evotor {
        let id = store.id.clone();
        state.shops.add_store(store).map_err(refused("evotor"))?;
        products
            .into_iter()
            .try_for_each(|product| state.shops.add_product(&id, product))
            .map_err(refused("evotor"))?;
    }
    Ok(())
}

/// A store by its id, or an object of its members and `products`, each an id or an object.
fn read_store(mut store: Value, now: i64) -> Result<(Store, Vec<Product>), SeedFault> {
    if let Value::String(id) = &store {
        return Ok((Store::new(id)?, Vec::new()));
    }
    let products = store.as_object_mut().and_then(|members| members.remove("products")).unwrap_or_default();
    let products = match products {
        Value::Null => Vec::new(),
        Value::Array(products) => products,
        _ => return Err(SeedFault::Member("products".to_owned())),
    };
    let products = products.iter().map(|product| match product {
        Value::String(id) => Product::new(id, now),
        object => Product::read(object, now),
    });
    Ok((Store::read(&store)?, products.collect::<Result<_, _>>()?))
}

fn set_quotas(state: &State, quotas: &Quotas) {
    let Quotas { yandex, facebook, evotor } = quotas;
    state.change(|settings| {
        settings.yandex.daily_points = yandex.daily_points.unwrap_or(settings.yandex.daily_points);
        settings.yandex.image_quota = yandex.image_quota.unwrap_or(settings.yandex.image_quota);
        settings.yandex.concurrency = yandex.concurrency.unwrap_or(settings.yandex.concurrency);
        let YandexSettings { live4_daily_calls, live4_daily_points, live4_item_points, .. } = &mut settings.yandex;
        *live4_daily_calls = yandex.live4_daily_calls.unwrap_or(*live4_daily_calls);
        *live4_daily_points = yandex.live4_daily_points.unwrap_or(*live4_daily_points);
        *live4_item_points = yandex.live4_item_points.unwrap_or(*live4_item_points);
        settings.facebook.hourly_calls = facebook.hourly_calls.unwrap_or(settings.facebook.hourly_calls);
        settings.facebook.account_score = facebook.account_score.unwrap_or(settings.facebook.account_score);
        settings.facebook.app_hourly_calls = facebook.app_hourly_calls.unwrap_or(settings.facebook.app_hourly_calls);
        settings.facebook.enforce_limits = facebook.enforce_limits.unwrap_or(settings.facebook.enforce_limits);
        settings.evotor.rate_limit = evotor.rate_limit.unwrap_or(settings.evotor.rate_limit);
        settings.evotor.rate_seconds = evotor.rate_seconds.unwrap_or(settings.evotor.rate_seconds);
    });
    let now = state.now();
    for (login, left) in &yandex.points_left {
        state.points.set(&login.to_lowercase(), *left, now);
    }
    for (account, calls) in &facebook.calls_made {
        state.usage.set(account.strip_prefix("act_").unwrap_or(account), *calls, now);
    }
}

fn add_fault(state: &State, fault: Fault) -> Result<(), SetupError> {
    fault.check()?;
    if state.script.add(fault) { Ok(()) } else { Err(SetupError::new(format!("faults: {MOST_FAULTS} wait already"))) }
}
