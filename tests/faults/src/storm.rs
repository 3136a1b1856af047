//! Thousands of uploads and deletes over all forms at once while a share of the requests is struck, and the account of it
//! afterwards: what each call said, against what the emulator's journal and its albums hold.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use polyptych_domain::{AlbumId, Applied, Error, ErrorKind, ImageId, ImageLibrary, PageRequest};
use polyptych_emulator::{Emulator, Running};

use crate::clock::Leaping;
use crate::fault::{Action, FAULTS, Fault};
use crate::form::{Bodies, FORMS, Form};
use crate::matrix::{says, single, writes};
use crate::process::Footprint;
use crate::proxy::{Passed, Proxy, Record, Script};
use crate::world::{CANARY, Patience, connect, roomy, upload};

/// Calls at once over all forms.
const AT_ONCE: usize = 64;

/// Accounts per form: retry budgets and limits of calls at once are kept per account.
const ACCOUNTS: u64 = 24;

/// Stands for a fault where there was none.
const NO_CAUSE: &str = "nothing";

/// Long enough for a busy machine, and short enough for hundreds of stalls.
const PATIENCE: Patience = Patience { idle: Duration::from_secs(2), total: Duration::from_secs(4), ..Patience::SHORT };

/// What memory may grow by in a second run of the same size, in KiB.
const MOST_GROWTH: u64 = 32 * 1024;

/// What memory may be above that of the idle process, in KiB: what an allocator keeps at hand after so many calls at once,
/// emulator and proxies included.
const MOST_KEPT: u64 = 96 * 1024;

/// The shortest picture; no other request has so long a body.
const SHORTEST: u64 = 2_000;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Decides operations, pictures and faults.
    pub seed: u64,
    /// Uploads and deletes.
    pub count: u64,
    /// Of 100 requests, how many are struck.
    pub struck: u64,
}

/// One form's part.
struct Side {
    form: &'static Form,
    number: u64,
    proxy: Proxy,
    library: Arc<dyn ImageLibrary>,
    direct: Arc<dyn ImageLibrary>,
    /// Images that are there and that nobody is deleting.
    held: Mutex<Vec<(AlbumId, ImageId)>>,
}

/// What one call said.
struct Said {
    side: usize,
    album: AlbumId,
    what: What,
    outcome: Result<(), (ErrorKind, Applied)>,
    resent: u32,
    found: bool,
    problem: Option<String>,
}

enum What {
    Upload { sha256: String, id: Option<ImageId> },
    Delete(ImageId),
}

/// The figures.
#[derive(Debug, Default)]
pub struct Account {
    /// Calls that were made: uploads, deletes.
    pub calls: (u64, u64),
    /// Calls that succeeded.
    pub done: u64,
    /// Uploads whose answer was lost and which were found by looking.
    pub found: u64,
    /// Images that were sent once more, as the library says.
    pub resent: u64,
    /// By form: calls, those that succeeded, uploads found, images sent once more, uploads applied more than once.
    pub forms: BTreeMap<&'static str, [u64; 5]>,
    /// Failures by kind and by what they say about having been applied.
    pub failures: BTreeMap<(String, &'static str), u64>,
    /// Requests at the proxies, those struck, and those that the provider got whole.
    pub requests: (u64, u64, u64),
    /// How often each fault struck.
    pub faults: BTreeMap<&'static str, u64>,
    /// Requests in the emulator's journal that it answered.
    pub answered: u64,
    /// Uploads of an album and a content that were applied more than once, and those among them that no call lists.
    pub twice: (u64, u64),
    /// The faults that made the provider get an upload once more, as the proxies saw it.
    pub causes: BTreeMap<&'static str, u64>,
    /// Calls that said to have succeeded and whose effect is not there.
    pub lost: u64,
    /// Calls that said that nothing was applied, or that it was, and are wrong.
    pub untrue: u64,
    /// Calls that panicked.
    pub panics: u64,
    /// Before anything was done, after the first half, and after the second.
    pub footprints: Option<[Footprint; 3]>,
    /// How long it took.
    pub took: Duration,
    /// What is wrong, one line each.
    pub problems: Vec<String>,
}

/// Carries out the plan in two halves, each in a world of its own, so that what the second leaves behind can be told from
/// what a first run needs anyway.
///
/// # Errors
/// If a port cannot be had.
pub async fn run(plan: Plan) -> anyhow::Result<Account> {
    let (mut account, idle, started) = (Account::default(), Footprint::now(), Instant::now());
    let half = plan.count / 2;
    weather(Plan { count: plan.count - half, ..plan }, &mut account).await?;
    let before = Footprint::back_to(idle).await;
    weather(Plan { count: half, seed: plan.seed.rotate_left(32) ^ plan.seed, ..plan }, &mut account).await?;
    let after = Footprint::back_to(idle).await;
    account.took = started.elapsed();
    account.footprints = Some([idle, before, after]);
    for (what, idle, after) in [("sockets", idle.sockets, after.sockets), ("tasks", idle.tasks, after.tasks)] {
        if after > idle {
            account.problems.push(format!("{after} {what} afterwards, {idle} while idle"));
        }
    }
    for (than, reading, most) in [("idle", idle, MOST_KEPT), ("after the first half", before, MOST_GROWTH)] {
        if after.resident > reading.resident + most {
            let more = after.resident - reading.resident;
            account.problems.push(format!("memory is {more} KiB more than {than}"));
        }
    }
    Ok(account)
}

async fn weather(plan: Plan, account: &mut Account) -> anyhow::Result<()> {
    let provider = Emulator::new(roomy(true)).serve().await?;
    let calm = Arc::new(AtomicBool::new(false));
    let sides: Arc<Vec<Side>> = Arc::new(
        (0..)
            .zip(&FORMS)
            .map(|(number, form)| Side::new(form, number, &provider, plan, &calm))
            .collect::<std::io::Result<_>>()?,
    );
    let said = {
        let calls = stream::iter(0..plan.count).map(|number| {
            let sides = Arc::clone(&sides);
            // A task of its own, so that a panic is counted and the others go on.
            async move { tokio::spawn(call(sides, plan, number)).await }
        });
        calls.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await
    };
    calm.store(true, Ordering::SeqCst);
    for side in sides.iter() {
        side.proxy.settled().await;
    }
    settle(&provider, &sides, said, account).await
}

impl Side {
    fn new(
        form: &'static Form,
        number: u64,
        provider: &Running,
        plan: Plan,
        calm: &Arc<AtomicBool>,
    ) -> std::io::Result<Self> {
        let seed = plan.seed.wrapping_add(number << 32);
        let proxy = Proxy::start(provider.local_addr(), script(form, seed, plan.struck, Arc::clone(calm)))?;
        let clock = Leaping::default();
        let library = connect(form, proxy.address(), PATIENCE, &clock, seed);
        let direct = connect(form, provider.local_addr(), Patience::LONG, &clock, seed);
        Ok(Self { form, number, proxy, library, direct, held: Mutex::default() })
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<(AlbumId, ImageId)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An album for upload `number`.
    fn album(&self, number: u64) -> AlbumId {
        let account = self.number * 1000 + number % ACCOUNTS;
        match () {
            () if self.form.one_per_album() => self.form.album(number),
            () if self.form.album == "self" => AlbumId::new(format!("advertiser-{account}")).expect("a login"),
            () => AlbumId::new(format!("{}", 1_000_000_000 + account)).expect("a number"),
        }
    }
}

/// Strikes `percent` of 100 requests, each with any of the faults, by the number of the request alone. Left out are an
/// address that refuses, which is not for single requests, and for Evotor a 429 that does not say how long: it closes the
/// library for half an hour, which nobody would wait for here. Left out is also damage to a file that is sent as it is: in a
/// chunk that decoders pass over nobody notices it, and the journal knows another file than the call.
fn script(form: &'static Form, seed: u64, percent: u64, calm: Arc<AtomicBool>) -> Script {
    let closes = |fault: &Fault| form.status_is_code && fault.name == "429";
    let changes = |fault: &Fault| form.bodies == Bodies::Files && fault.action == Action::CorruptRequest;
    let faults: Vec<&'static Fault> =
        FAULTS.iter().filter(|fault| fault.action != Action::Refuse && !closes(fault) && !changes(fault)).collect();
    Arc::new(move |seen| {
        let mut random = Rng::with_seed(seed ^ seen.sequence.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let struck = (random.u64(..100) < percent) && !calm.load(Ordering::SeqCst);
        struck.then(|| random.choice(&faults).copied()).flatten()
    })
}

/// Call `number`: an upload, or a delete where there is something to delete.
async fn call(sides: Arc<Vec<Side>>, plan: Plan, number: u64) -> Said {
    let mut random = Rng::with_seed(plan.seed.wrapping_add(number));
    let place = random.usize(..sides.len());
    let side = &sides[place];
    let victim = if random.u64(..100) < 40 { take_any(&mut side.held(), &mut random) } else { None };
    match victim {
        Some((album, id)) => {
            let told = single(side.library.delete(&album, std::slice::from_ref(&id)).await);
            let resent = told.as_ref().map_or_else(Error::resent, |_| 0);
            let problem = told.as_ref().err().and_then(leak);
            let outcome = told.map(drop).map_err(|error| (error.kind(), error.applied()));
            Said { side: place, album, what: What::Delete(id), outcome, resent, found: false, problem }
        }
        None => {
            let album = side.album(number);
            // One in twenty is long enough to be cut on its way.
            let length = if random.u64(..100) < 5 { 400_000 } else { SHORTEST + random.u64(..4_000) };
            let picture =
                upload(side.form, plan.seed.wrapping_add(number), usize::try_from(length).unwrap_or_default());
            let sha256 = picture.content.sha256().to_string();
            let told = single(side.library.upload(&album, &[picture]).await);
            let problem = told.as_ref().err().and_then(leak);
            let resent = told.as_ref().map_or_else(Error::resent, |uploaded| uploaded.resent);
            let found = told.as_ref().is_ok_and(|uploaded| uploaded.found);
            let id = told.as_ref().ok().map(|uploaded| uploaded.image.id.clone());
            if let Some(id) = &id {
                side.held().push((album.clone(), id.clone()));
            }
            let outcome = told.map(drop).map_err(|error| (error.kind(), error.applied()));
            Said { side: place, album, what: What::Upload { sha256, id }, outcome, resent, found, problem }
        }
    }
}

fn take_any<T>(items: &mut Vec<T>, random: &mut Rng) -> Option<T> {
    let place = random.choice(0..items.len())?;
    (place < items.len()).then(|| items.swap_remove(place))
}

fn leak(error: &Error) -> Option<String> {
    says(error).contains(CANARY).then(|| format!("an error holds the credential: {:?}", error.kind()))
}

/// Compares what was said with what is so.
async fn settle(
    provider: &Running,
    sides: &[Side],
    said: Vec<Result<Said, tokio::task::JoinError>>,
    account: &mut Account,
) -> anyhow::Result<()> {
    let journal = provider.journal();
    account.answered += journal.iter().filter(|entry| entry.state == "answered").count() as u64;
    for side in sides {
        for record in side.proxy.log().records() {
            account.requests.0 += 1;
            account.requests.1 += u64::from(record.fault.is_some());
            if let Some(fault) = record.fault {
                *account.faults.entry(fault).or_default() += 1;
            }
        }
        account.requests.2 += side.proxy.log().passed() as u64;
        for cause in causes(&side.proxy) {
            if cause == NO_CAUSE {
                account.problems.push(format!("{}: sent once more without a cause", side.form.name));
            }
            *account.causes.entry(cause).or_default() += 1;
        }
    }
    if account.answered != account.requests.2 {
        let (answered, passed) = (account.answered, account.requests.2);
        account.problems.push(format!("the proxies passed {passed} requests on, the provider answered {answered}"));
    }
    let applied: HashMap<(String, String), u64> =
        provider.upload_counts().into_iter().map(|count| ((count.album, count.sha256), count.applied)).collect();
    let deleted: HashSet<(String, String)> = journal
        .iter()
        .filter(|entry| writes(entry) > 0)
        .flat_map(|entry| &entry.deletes)
        .filter(|delete| delete.outcome == "deleted")
        .map(|delete| (delete.album.clone(), delete.image.clone()))
        .collect();
    let mut present: HashMap<(usize, AlbumId), HashSet<ImageId>> = HashMap::new();
    let mut gone: HashSet<(usize, AlbumId, ImageId)> = HashSet::new();
    for told in said.iter().flatten() {
        if let What::Delete(id) = &told.what {
            gone.insert((told.side, told.album.clone(), id.clone()));
        }
    }
    for told in said {
        let Ok(told) = told else {
            account.panics += 1;
            account.problems.push("a call panicked".to_owned());
            continue;
        };
        account.problems.extend(told.problem.clone());
        account.resent += u64::from(told.resent);
        account.found += u64::from(told.found);
        match &told.outcome {
            Ok(()) => account.done += 1,
            Err((kind, applied)) => {
                *account.failures.entry((format!("{kind:?}"), applied.as_str())).or_default() += 1;
            }
        }
        let side = &sides[told.side];
        let figures = account.forms.entry(side.form.name).or_default();
        for (figure, more) in
            figures.iter_mut().zip([1, u64::from(told.outcome.is_ok()), u64::from(told.found), u64::from(told.resent)])
        {
            *figure += more;
        }
        let key = (told.side, told.album.clone());
        if !present.contains_key(&key) {
            let images = all(side.direct.as_ref(), &told.album).await?;
            present.insert(key.clone(), images);
        }
        let held = present.get(&key);
        let is_there = |id: &ImageId| held.is_some_and(|held| held.contains(id));
        let name = |what: &str| format!("{} {}: {what}, said {:?}", side.form.name, told.album, told.outcome);
        let (carried_out, lost) = match &told.what {
            What::Upload { sha256, id } => {
                account.calls.0 += 1;
                let times = applied.get(&(told.album.as_str().to_owned(), sha256.clone())).copied().unwrap_or_default();
                if times > 1 {
                    figures[4] += 1;
                    account.twice.0 += 1;
                    if times > 1 + u64::from(told.resent) {
                        account.twice.1 += 1;
                        account.problems.push(name(&format!("applied {times} times, resent {}", told.resent)));
                    }
                }
                let kept = |id: &ImageId| is_there(id) || gone.contains(&(told.side, told.album.clone(), id.clone()));
                (times > 0, id.as_ref().is_some_and(|id| !kept(id)))
            }
            What::Delete(id) => {
                account.calls.1 += 1;
                let gone = deleted.contains(&(told.album.as_str().to_owned(), id.as_str().to_owned()));
                (gone, told.outcome.is_ok() && is_there(id))
            }
        };
        if lost {
            account.lost += 1;
            account.problems.push(name("lost"));
        }
        let truth = match told.outcome {
            Ok(()) | Err((_, Applied::Yes)) => carried_out,
            Err((_, Applied::No)) => !carried_out,
            Err((_, Applied::Unknown)) => true,
        };
        if !truth {
            account.untrue += 1;
            account.problems.push(name(&format!("carried out: {carried_out}")));
        }
    }
    Ok(())
}

/// For each upload that the provider got more than once: the fault that struck when it first did.
fn causes(proxy: &Proxy) -> Vec<&'static str> {
    let mut uploads: HashMap<(u64, u64), Vec<Record>> = HashMap::new();
    for record in proxy.log().records() {
        let Some(body) = record.body.filter(|(length, _)| *length >= SHORTEST) else { continue };
        if record.passed == Passed::Whole {
            uploads.entry(body).or_default().push(record);
        }
    }
    let again =
        uploads.into_values().filter(|records| records.len() > 1).filter_map(|records| records.into_iter().next());
    let cause = |first: Record| match first.fault {
        Some(fault) => fault,
        // Nothing struck, but the machine was so slow that a limit of time may have.
        None if first.took >= PATIENCE.idle / 2 => "a slow machine",
        None => NO_CAUSE,
    };
    again.map(cause).collect()
}

/// The ids of all images in an album.
async fn all(library: &dyn ImageLibrary, album: &AlbumId) -> anyhow::Result<HashSet<ImageId>> {
    let mut ids = HashSet::new();
    let mut request = PageRequest { size: 500, after: None };
    loop {
        let page = library.list(album, &request).await?;
        ids.extend(page.items.into_iter().map(|image| image.id));
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(ids),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |what: &str, value: String| writeln!(f, "  {what:<44} {value}");
        let (uploads, deletes) = self.calls;
        let (requests, struck, passed) = self.requests;
        row("uploads, deletes", format!("{uploads}, {deletes}"))?;
        row("requests at the proxies, struck", format!("{requests}, {struck} ({:.1} %)", percent(struck, requests)))?;
        row("requests passed whole: proxies, journal", format!("{passed}, {}", self.answered))?;
        row("calls that succeeded", format!("{} ({:.2} %)", self.done, percent(self.done, uploads + deletes)))?;
        row("uploads found by looking, sent once more", format!("{}, {}", self.found, self.resent))?;
        for (form, [calls, done, found, resent, twice]) in &self.forms {
            let figures =
                format!("{calls:>5} calls, {done:>5} done, {found:>4} found, {resent:>4} resent, {twice:>3} twice");
            row(&format!("  {form}"), figures)?;
        }
        for ((kind, applied), count) in &self.failures {
            row(&format!("failed: {kind}, applied: {applied}"), count.to_string())?;
        }
        row(
            "uploads applied twice: listed re-sends, others",
            format!("{}, {}", self.twice.0 - self.twice.1, self.twice.1),
        )?;
        let causes: Vec<_> = self.causes.iter().map(|(fault, count)| format!("{fault} {count}")).collect();
        for (place, some) in causes.chunks(3).enumerate() {
            row(if place == 0 { "  after" } else { "" }, some.join(", "))?;
        }
        row("lost, told wrongly, panics", format!("{}, {}, {}", self.lost, self.untrue, self.panics))?;
        if let Some(footprints) = self.footprints {
            let all = |figure: &dyn Fn(Footprint) -> String| footprints.map(figure).join(", ");
            let mib = all(&|footprint| format!("{:.1}", footprint.resident as f64 / 1024.0));
            row("resident MiB idle, after each half", mib)?;
            row("sockets idle, after each half", all(&|footprint| footprint.sockets.to_string()))?;
            row("tasks idle, after each half", all(&|footprint| footprint.tasks.to_string()))?;
        }
        row("seconds", format!("{:.1}", self.took.as_secs_f64()))
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
