//! The fault matrix: every form, operation and fault, each in a world of its own, judged by the rules of
//! [`crate::expect`] and by the emulator's journal.

use std::error::Error as _;
use std::fmt;

use futures_util::{StreamExt, stream};
use polyptych_domain::{AlbumId, Applied, Error, ErrorKind, ImageId, ImageLibrary, Upload};
use polyptych_emulator::JournalEntry;

use crate::expect::{self, Expected, Operation, Outcome};
use crate::fault::{Action, Ending, FAULTS, Fault};
use crate::form::{FORMS, Form};
use crate::world::{self, CANARY, Strike, World};

/// How many worlds there are at once.
const AT_ONCE: usize = 48;

/// The length of a picture of which a part is sent: much more than what the client, two sockets and their buffers take
/// before the proxy has read any of it.
const LONG: usize = 2_000_000;

/// The length of any other.
const SHORT: usize = 3_000;

/// One case.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// The provider's form.
    pub form: &'static Form,
    /// What is asked.
    pub operation: Operation,
    /// What goes wrong.
    pub fault: &'static Fault,
    /// How often.
    pub strike: Strike,
    /// Whether the emulator deduplicates.
    pub deduplicate: bool,
}

impl Cell {
    /// Whether it waits for a limit of time to run out.
    pub fn is_slow(&self) -> bool {
        matches!(
            self.fault.action,
            Action::Drip | Action::CutRequest(_, Ending::Silence) | Action::CutAnswer(_, Ending::Silence)
        )
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { form, operation, fault, strike, .. } = self;
        let deduplicate = if self.deduplicate { "" } else { ", no deduplication" };
        write!(f, "{} / {operation:?} / {} {strike:?}{deduplicate}", form.name, fault.name)
    }
}

/// What became of a case.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The case.
    pub cell: Cell,
    /// What the call told; `None` where it did not end.
    pub outcome: Option<Outcome>,
    /// How often the provider carried the write out.
    pub applied: usize,
    /// How often the library says that it sent the image once more.
    pub resent: u32,
    /// Requests that the provider got whole.
    pub requests: usize,
    /// All that its error says; empty where there is none.
    pub said: String,
    /// What is wrong with it, one line each.
    pub problems: Vec<String>,
}

/// All cases in which `strike` and `deduplicate` are as said.
pub fn cells(strike: Strike, deduplicate: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    for form in &FORMS {
        for operation in Operation::ALL {
            cells.extend(FAULTS.iter().map(|fault| Cell { form, operation, fault, strike, deduplicate }));
        }
    }
    cells
}

/// Runs the cases, some at once, and returns their verdicts in order.
pub async fn run(cells: Vec<Cell>) -> Vec<Verdict> {
    let judged = |(place, cell): (usize, Cell)| async move {
        // A task of its own, so that a panic is a verdict, too.
        let verdict = tokio::spawn(judge(cell)).await;
        (place, verdict.unwrap_or_else(|error| Verdict::failed(cell, format!("panicked: {error}"))))
    };
    // Those that wait begin first, and the others fill the time.
    let mut cells: Vec<_> = cells.into_iter().enumerate().collect();
    cells.sort_by_key(|(_, cell)| !cell.is_slow());
    let mut verdicts: Vec<_> = stream::iter(cells).map(judged).buffer_unordered(AT_ONCE).collect().await;
    verdicts.sort_by_key(|(place, _)| *place);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

impl Verdict {
    fn failed(cell: Cell, problem: String) -> Self {
        Self { cell, outcome: None, applied: 0, resent: 0, requests: 0, said: String::new(), problems: vec![problem] }
    }

    /// What is wrong, with the case before it.
    pub fn complaints(&self) -> impl Iterator<Item = String> {
        self.problems.iter().map(|problem| format!("{}: {problem}", self.cell))
    }
}

async fn judge(cell: Cell) -> Verdict {
    match examine(cell).await {
        Ok(verdict) => verdict,
        Err(error) => Verdict::failed(cell, format!("could not be run: {error:#}")),
    }
}

async fn examine(cell: Cell) -> anyhow::Result<Verdict> {
    let Cell { form, operation, fault, strike, deduplicate } = cell;
    let world = World::start(form, (fault, operation.stage(), strike), deduplicate).await?;
    let album = form.album(1);
    let cut = operation == Operation::Upload && matches!(fault.action, Action::CutRequest(..));
    let upload = world::upload(form, 1, if cut { LONG } else { SHORT });
    let target = match operation {
        Operation::Upload => None,
        _ => Some(world.prepare(&album, &upload).await?),
    };
    let before = world.provider.journal().last().map_or(0, |entry| entry.sequence);

    world.arm(true);
    let mut called = call(world.library.as_ref(), operation, &album, &upload, target.as_ref()).await;
    world.arm(false);
    world.proxy.settled().await;

    let journal = world.provider.journal_after(before);
    let applied = journal.iter().map(writes).sum();
    let answered = journal.iter().filter(|entry| entry.state == "answered").count();
    let held = world.look(&album).await?;
    let (outcome, problems) = (Some(called.outcome), std::mem::take(&mut called.problems));
    let mut verdict = Verdict {
        cell,
        outcome,
        applied,
        resent: called.resent,
        requests: answered,
        said: called.said.clone(),
        problems,
    };

    let expected = expect::expected(form, operation, fault, strike);
    if !expected.outcomes.contains(&called.outcome) {
        let expected: Vec<_> = expected.outcomes.iter().map(ToString::to_string).collect();
        verdict.problems.push(format!("{}; expected {}", called.outcome, expected.join(" or ")));
    }
    if (applied, called.resent) != (expected.applied, expected.resent) {
        let Expected { applied: times, resent, .. } = expected;
        let told = called.resent;
        verdict.problems.push(format!("applied {applied}, resent {told}; expected applied {times}, resent {resent}"));
    }
    let passed = world.proxy.log().passed();
    if answered != passed {
        verdict.problems.push(format!("the proxy passed {passed} requests on, the provider answered {answered}"));
    }
    let present = match called.id.as_ref().or(target.as_ref()) {
        Some(id) => held.iter().any(|image| image.id == *id),
        None => !held.is_empty(),
    };
    verdict.problems.extend(contradictions(operation, &called, applied, present));
    if operation == Operation::Upload && !deduplicate && !form.one_per_album() && held.len() != applied {
        verdict.problems.push(format!("{applied} uploads carried out left {} images", held.len()));
    }
    Ok(verdict)
}

/// How many writes of a request the provider carried out, before it deduplicated any.
pub(crate) fn writes(entry: &JournalEntry) -> usize {
    let uploads = entry.uploads.iter().filter(|upload| matches!(upload.outcome.as_str(), "stored" | "known")).count();
    uploads + entry.deletes.iter().filter(|delete| delete.outcome == "deleted").count()
}

/// What a call says that is not so.
fn contradictions(operation: Operation, called: &Called, applied: usize, present: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |right: bool, what: &str| {
        if !right {
            found.push(format!("{what} (carried out {applied} times, resent {}, there: {present})", called.resent));
        }
    };
    match operation {
        Operation::List | Operation::Get | Operation::Quota => {
            check(applied == 0 && present, "a read changed something")
        }
        Operation::Upload | Operation::Delete => {
            check(applied <= 1 + called.resent as usize, "carried out more often than it says");
            match called.outcome {
                Outcome::Done => check(applied >= 1, "lost: it says that it was done"),
                Outcome::Failed(_, Applied::No) => check(applied == 0, "it says that nothing was done"),
                Outcome::Failed(_, Applied::Yes) => check(applied >= 1, "it says that it was done"),
                Outcome::Failed(_, Applied::Unknown) => {}
            }
            check((applied > 0) == (present == (operation == Operation::Upload)), "the album contradicts the journal");
        }
    }
    found
}

/// What a call told.
struct Called {
    outcome: Outcome,
    /// The image that it returned.
    id: Option<ImageId>,
    resent: u32,
    said: String,
    problems: Vec<String>,
}

async fn call(
    library: &dyn ImageLibrary,
    operation: Operation,
    album: &AlbumId,
    upload: &Upload,
    target: Option<&ImageId>,
) -> Called {
    let mut resent = 0;
    let told: Result<Option<ImageId>, Error> = match (operation, target) {
        (Operation::Upload, _) => single(library.upload(album, std::slice::from_ref(upload)).await).map(|uploaded| {
            resent = uploaded.resent;
            Some(uploaded.image.id)
        }),
        (Operation::List, _) => {
            let page = library.list(album, &world::first_page()).await;
            page.map(|page| page.items.into_iter().next().map(|image| image.id))
        }
        (Operation::Get, Some(id)) => library.get(album, id).await.map(|image| Some(image.id)),
        (Operation::Delete, Some(id)) => single(library.delete(album, std::slice::from_ref(id)).await).map(|_| None),
        (Operation::Quota, _) => library.quota(album).await.map(|_| None),
        (_, None) => Err(Error::new(ErrorKind::Internal, "nothing was prepared")),
    };
    let mut problems = Vec::new();
    let mut check = |right: bool, what: &str| {
        if !right {
            problems.push(what.to_owned());
        }
    };
    match told {
        Ok(id) => {
            let read = matches!(operation, Operation::List | Operation::Get);
            check(!read || id.as_ref() == target, "it returned another image");
            Called { outcome: Outcome::Done, id, resent, said: String::new(), problems }
        }
        Err(error) => {
            let said = says(&error);
            check(!said.contains(CANARY), "its error holds the credential");
            check(!error.to_string().contains('\n'), "its error is not one line");
            let (outcome, resent) = (Outcome::Failed(error.kind(), error.applied()), error.resent());
            Called { outcome, id: None, resent, said, problems }
        }
    }
}

/// The outcome of a batch of one.
pub(crate) fn single<T>(outcomes: Result<Vec<Result<T, Error>>, Error>) -> Result<T, Error> {
    let missing = || Err(Error::new(ErrorKind::Internal, "no outcome for one item"));
    outcomes?.pop().unwrap_or_else(missing)
}

/// Everything that an error says: `Display`, `Debug`, and both of each of its causes.
pub fn says(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n{error}\n{error:?}"));
        cause = error.source();
    }
    text
}
