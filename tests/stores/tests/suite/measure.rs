//! What the database carries, what it keeps of it, and what processes ask of it that have nothing to do: not a test of
//! anything, and run only when asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use polyptych_domain::{Claimed, Confirmed, Costs, ItemOutcome, Known};
use polyptych_store::{Store, StoreConfig};

use crate::audit::event;
use crate::world::{World, deletion, image, key, taken};

/// How long each step is repeated.
const TIME: Duration = Duration::from_secs(5);
/// Callers at once per process.
const CALLERS: u8 = 8;

/// What is repeated.
#[derive(Debug, Clone, Copy)]
enum Step {
    KnownUpload,
    NewUpload,
    Event,
    Place,
    Operation,
}

impl Step {
    async fn run(self, store: &Store, caller: u8, round: u64) {
        let album = format!("a{caller}-{round}");
        match self {
            Self::KnownUpload => assert!(store.catalogue().find(&key("known", caller)).await.unwrap().is_none()),
            Self::NewUpload => {
                let (claims, key) = (store.claims(), key(&album, caller));
                assert!(store.catalogue().find(&key).await.unwrap().is_none());
                let Claimed::Ours(claim) = claims.claim(&key).await.unwrap() else { panic!("it is free") };
                assert!(claims.sending(&claim, "a.png", None).await.unwrap());
                let known = Known { image: image(&album), name: None, class: None };
                claims.settle(&claim, Some((&key, &known))).await.unwrap();
            }
            Self::Event => store.audit().record(&[event("anna", round)]).await.unwrap(),
            Self::Place => drop(store.places().acquire(&format!("login{caller}"), 5).await.unwrap()),
            Self::Operation => {
                let submitted = store.operations().submit(deletion("anna", 1)).await.unwrap();
                let (lease, _) = store.operations().take(&submitted.id).await.unwrap().unwrap();
                store.operations().begin(&lease, &[0]).await.unwrap();
                let outcome = ItemOutcome::Deleted(Confirmed::default());
                store.operations().settle(&lease, &[(0, outcome)], &Costs::new()).await.unwrap();
                store.operations().finish(&lease, polyptych_domain::Ending::Succeeded).await.unwrap();
            }
        }
    }
}

/// Rows that are there already when it is measured what they slow down.
const OLD: i64 = 300_000;
/// How long processes are watched that have nothing to do.
const IDLE: Duration = Duration::from_secs(10);

pub(crate) async fn measure(world: World) {
    kept(&world).await;
    for processes in [1, 4] {
        let stores = open(&world, processes).await;
        for step in [Step::KnownUpload, Step::NewUpload, Step::Event, Step::Place, Step::Operation] {
            rate(&stores, step, "").await;
        }
        close(stores).await;
    }
    if world.url.starts_with("postgres") {
        for processes in [1, 4, 16] {
            idle(&world, processes).await;
        }
    }
    fill(&world).await;
    let stores = open(&world, 1).await;
    for step in [Step::KnownUpload, Step::NewUpload, Step::Event, Step::Operation] {
        rate(&stores, step, &format!(" beside {OLD} old rows")).await;
    }
    close(stores).await;
}

async fn open(world: &World, processes: u8) -> Vec<Arc<Store>> {
    let mut stores = Vec::new();
    for _ in 0..processes {
        stores.push(Arc::new(Store::open(&StoreConfig::new(&world.url)).await.unwrap()));
    }
    stores
}

async fn close(stores: Vec<Arc<Store>>) {
    for store in stores {
        Arc::into_inner(store).unwrap().close().await.unwrap();
    }
}

/// How often a step is done in a second.
async fn rate(stores: &[Arc<Store>], step: Step, beside: &str) {
    static ROUND: AtomicU64 = AtomicU64::new(0);
    let round = ROUND.fetch_add(1_000_000_000, Ordering::Relaxed);
    let mut tasks = Vec::new();
    for (number, store) in stores.iter().enumerate() {
        for caller in 0..CALLERS {
            let (store, caller) = (Arc::clone(store), u8::try_from(number).unwrap() * CALLERS + caller);
            tasks.push(tokio::spawn(repeated(step, store, caller, round)));
        }
    }
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    took.sort();
    let (count, middle, slow) = (took.len(), took[took.len() / 2], took[took.len() * 99 / 100]);
    let (rate, processes) = (count as f64 / TIME.as_secs_f64(), stores.len());
    println!(
        "{processes} processes, {step:?}{beside}: {rate:.0} per second, half within {middle:.1?}, 99 of 100 within {slow:.1?}"
    );
}

/// What is kept of each step, with its indexes.
async fn kept(world: &World) {
    const REPEATS: u64 = 2000;
    let store = Store::open(&world.config().without_background()).await.unwrap();
    let own = ["operations", "operation_items", "operation_tries", "catalogue", "audit"];
    let size = async || match world.url.starts_with("postgres") {
        true => {
            let tables = own.map(|table| format!("pg_total_relation_size('{table}')")).join(" + ");
            world.number(&format!("SELECT CAST({tables} AS BIGINT)")).await
        }
        false => world.number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").await,
    };
    for step in [Step::Operation, Step::NewUpload, Step::Event] {
        let before = size().await;
        for round in 0..REPEATS {
            step.run(&store, 0, round).await;
        }
        let bytes = (size().await - before) / REPEATS.cast_signed();
        println!("{step:?} keeps {bytes} bytes");
    }
    let before = size().await;
    for _ in 0..20 {
        let (lease, _) = taken(&*store.operations(), 1000).await;
        let places: Vec<u64> = (0..1000).collect();
        store.operations().begin(&lease, &places).await.unwrap();
        let outcomes: Vec<_> =
            places.iter().map(|place| (*place, ItemOutcome::Deleted(Confirmed::default()))).collect();
        store.operations().settle(&lease, &outcomes, &Costs::new()).await.unwrap();
    }
    println!("an item of a large operation keeps {} bytes", (size().await - before) / 20_000);
    store.close().await.unwrap();
}

/// What processes ask of a server that have nothing to do.
async fn idle(world: &World, processes: u8) {
    let stores = open(world, processes).await;
    let due = stores.iter().map(|store| {
        let mut due = store.due();
        tokio::spawn(async move { due.next().await })
    });
    let due: Vec<_> = due.collect();
    let count = async |what: &str| {
        world.number(&format!("SELECT {what} FROM pg_stat_database WHERE datname = current_database()")).await
    };
    let (commits, rows) = (count("xact_commit").await, count("tup_returned + tup_fetched").await);
    tokio::time::sleep(IDLE).await;
    let seconds = i64::try_from(IDLE.as_secs()).unwrap();
    let (commits, rows) = (count("xact_commit").await - commits, count("tup_returned + tup_fetched").await - rows);
    println!(
        "{processes} processes that do nothing: {} statements, {} rows read per second",
        commits / seconds,
        rows / seconds
    );
    for one in due {
        one.abort();
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    close(stores).await;
}

/// Rows of a past that is long.
async fn fill(world: &World) {
    let numbers = match world.url.starts_with("postgres") {
        true => format!("generate_series(1, {OLD}) AS numbers (n)"),
        false => format!(
            "(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {OLD}) SELECT n FROM numbers)"
        ),
    };
    for sql in [
        "INSERT INTO operations (id, client, kind, task, phase, total, created, updated, paused, due) \
         SELECT 'old' || n, 'c' || (n % 100), 'delete', '{}', 'succeeded', 1, n, n, n, n FROM ",
        "INSERT INTO operation_items (operation, place, state, outcome) SELECT 'old' || n, 0, 'succeeded', '{}' FROM ",
        "INSERT INTO catalogue (library, album, sha256, image, recorded) \
         SELECT 'shelf', 'a' || (n % 1000), 'digest' || n, 'image' || n, n FROM ",
        "INSERT INTO audit (time, client, verb, library, album, points) \
         SELECT n, 'c' || (n % 100), 'delete', 'shelf', 'a', 0 FROM ",
    ] {
        world.execute(&format!("{sql}{numbers}")).await;
    }
    world.execute("ANALYZE").await;
}

/// How long each repetition took.
async fn repeated(step: Step, store: Arc<Store>, caller: u8, from: u64) -> Vec<Duration> {
    let (started, mut took) = (Instant::now(), Vec::new());
    while started.elapsed() < TIME {
        let begun = Instant::now();
        step.run(&store, caller, from + took.len() as u64).await;
        took.push(begun.elapsed());
    }
    took
}
