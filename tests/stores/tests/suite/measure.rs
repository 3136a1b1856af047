//! What the database carries: not a test of anything, and run only when asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polyptych_domain::{Claimed, Known};
use polyptych_store::{Store, StoreConfig};

use crate::audit::event;
use crate::world::{World, deletion, image, key};

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
                claims.settle(&claim, Some(&known)).await.unwrap();
            }
            Self::Event => store.audit().record(&[event("anna", round)]).await.unwrap(),
            Self::Place => drop(store.places().acquire(&format!("login{caller}"), 5).await.unwrap()),
            Self::Operation => {
                let submitted = store.operations().submit(deletion("anna", 1)).await.unwrap();
                let (lease, _) = store.operations().take(&submitted.id).await.unwrap().unwrap();
                store.operations().begin(&lease, &[0]).await.unwrap();
                let outcome = polyptych_domain::ItemOutcome::Deleted;
                store.operations().settle(&lease, &[(0, outcome)]).await.unwrap();
                store.operations().finish(&lease, polyptych_domain::Ending::Succeeded).await.unwrap();
            }
        }
    }
}

pub(crate) async fn measure(world: World) {
    for processes in [1, 4] {
        let mut stores = Vec::new();
        for _ in 0..processes {
            stores.push(Arc::new(Store::open(&StoreConfig::new(&world.url)).await.unwrap()));
        }
        for step in [Step::KnownUpload, Step::NewUpload, Step::Event, Step::Place, Step::Operation] {
            let mut tasks = Vec::new();
            for (number, store) in stores.iter().enumerate() {
                for caller in 0..CALLERS {
                    let (store, caller) = (Arc::clone(store), u8::try_from(number).unwrap() * CALLERS + caller);
                    tasks.push(tokio::spawn(repeated(step, store, caller, processes)));
                }
            }
            let mut took = Vec::new();
            for task in tasks {
                took.extend(task.await.unwrap());
            }
            took.sort();
            let (count, slow) = (took.len(), took[took.len() * 99 / 100]);
            let rate = count as f64 / TIME.as_secs_f64();
            println!("{processes} processes, {step:?}: {rate:.0} per second, 99 of 100 within {slow:.1?}");
        }
    }
}

/// How long each repetition took.
async fn repeated(step: Step, store: Arc<Store>, caller: u8, processes: u64) -> Vec<Duration> {
    let (started, mut took) = (Instant::now(), Vec::new());
    while started.elapsed() < TIME {
        let begun = Instant::now();
        step.run(&store, caller, processes * 1_000_000_000 + took.len() as u64).await;
        took.push(begun.elapsed());
    }
    took
}
