//! Uploads by URL of Live 4: tasks that end when the emulator's clock has reached their time and their picture has been
//! fetched. Here they are only remembered; `fetch` brings the pictures.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::upload::{Prepared, Refusal, place};
use crate::journal::{Ticket, Upload};
use crate::lock::hold;
use crate::state::State;

/// The most tasks of all advertisers together.
const MOST_TASKS: usize = 100_000;

/// How a task ended.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The image is in the library, by its hash; its content is named in its URL.
    Done {
        hash: String,
        content: String,
    },
    Failed(Refusal),
}

/// What came of fetching a task's picture.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// A picture that waits for the task's time; its journal entry stays open until then.
    Picture {
        prepared: Prepared,
        ticket: Ticket,
        upload: Upload,
    },
    Nothing(Refusal),
}

/// One upload by URL.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) id: i64,
    pub(crate) login: String,
    pub(crate) url: String,
    pub(crate) name: String,
    /// Absent while the task is pending.
    pub(crate) end: Option<End>,
    fetched: Option<Fetched>,
    created: i64,
    due: i64,
    claim: Claim,
}

/// The right to bring one task its picture. After a reset another task may have the same number, but not this claim.
#[derive(Debug, Clone)]
pub(crate) struct Claim(Arc<()>);

/// The tasks of all advertisers, by number.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    tasks: BTreeMap<i64, Task>,
    open: BTreeSet<i64>,
    pending: HashMap<String, usize>,
    last: i64,
}

impl Tasks {
    /// Begins a task that ends at `due` or later; `None` when there are as many as the emulator takes.
    pub(crate) fn begin(&mut self, login: &str, url: &str, name: String, now: i64, due: i64) -> Option<(i64, Claim)> {
        if self.tasks.len() >= MOST_TASKS {
            return None;
        }
        self.last += 1;
        let (id, claim) = (self.last, Claim(Arc::default()));
        let task = Task {
            id,
            login: login.to_owned(),
            url: url.to_owned(),
            name,
            end: None,
            fetched: None,
            created: now,
            due,
            claim: claim.clone(),
        };
        self.tasks.insert(id, task);
        self.open.insert(id);
        *self.pending.entry(login.to_owned()).or_default() += 1;
        Some((id, claim))
    }

    /// How many tasks of an advertiser have not ended.
    pub(crate) fn pending(&self, login: &str) -> usize {
        self.pending.get(login).copied().unwrap_or_default()
    }

    /// All tasks, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// Brings a task what was fetched for it. A picture that nobody waits for any more is handed back.
    pub(crate) fn bring(&mut self, id: i64, claim: &Claim, fetched: Fetched) -> Option<Prepared> {
        match (self.tasks.get_mut(&id), fetched) {
            (Some(task), fetched) if Arc::ptr_eq(&task.claim.0, &claim.0) && task.end.is_none() => {
                task.fetched = Some(fetched);
                None
            }
            (_, Fetched::Picture { prepared, .. }) => Some(prepared),
            (_, Fetched::Nothing(_)) => None,
        }
    }

    /// Takes out what was fetched for the tasks whose time has come: number, login, name, picture.
    fn ripe(&mut self, now: i64) -> Vec<(i64, String, String, Fetched)> {
        let mut ripe = Vec::new();
        for id in &self.open {
            let Some(task) = self.tasks.get_mut(id).filter(|task| task.due <= now) else { continue };
            if let Some(fetched) = task.fetched.take() {
                ripe.push((task.id, task.login.clone(), task.name.clone(), fetched));
            }
        }
        ripe
    }

    fn end(&mut self, id: i64, end: End) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        task.end = Some(end);
        self.open.remove(&id);
        if let Some(pending) = self.pending.get_mut(&task.login) {
            *pending = pending.saturating_sub(1);
            if *pending == 0 {
                self.pending.remove(&task.login);
            }
        }
    }

    fn forget(&mut self, now: i64, kept: i64) {
        while let Some(oldest) = self.tasks.first_entry() {
            let task = oldest.get();
            if task.end.is_none() || now.saturating_sub(task.created) < kept {
                break;
            }
            oldest.remove();
        }
    }
}

/// Ends the tasks whose time has come: their images enter the libraries. Forgets tasks that ended long ago.
pub(crate) fn settle(state: &State) {
    let now = state.now();
    let mut library = hold(&state.library);
    for (id, login, name, fetched) in library.tasks.ripe(now) {
        let end = match fetched {
            Fetched::Picture { prepared, ticket, upload } => {
                let content = prepared.content.name.clone();
                let (hash, new) = place(&mut library, &login, name, prepared);
                ticket.settle(upload, if new { "stored" } else { "known" });
                ticket.close(200);
                End::Done { hash, content }
            }
            Fetched::Nothing(refusal) => End::Failed(refusal),
        };
        library.tasks.end(id, end);
    }
    library.tasks.forget(now, state.live().yandex.upload_task_kept_millis);
}

#[cfg(test)]
mod tests {
    use super::super::texts;
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_task_ends_when_its_time_has_come_and_its_picture_is_there_and_is_forgotten_a_day_later() {
        let clock = Arc::new(crate::clock::ManualClock::new(0));
        let state = State::new(Settings { clock: clock.clone(), ..Settings::default() });
        let refusal = Refusal::new(5004, texts::FILE_TYPE);
        let (id, claim) = hold(&state.library).tasks.begin("me", "u", "n".to_owned(), 0, 10).unwrap();
        let ended = || {
            settle(&state);
            hold(&state.library).tasks.iter().map(|task| task.end.is_some()).collect::<Vec<_>>()
        };
        let strange = Claim(Arc::default());
        assert!(hold(&state.library).tasks.bring(id, &strange, Fetched::Nothing(refusal)).is_none());
        clock.advance(10);
        assert_eq!(ended(), [false]);
        assert!(hold(&state.library).tasks.bring(id, &claim, Fetched::Nothing(refusal)).is_none());
        assert_eq!(hold(&state.library).tasks.pending("me"), 1);
        assert_eq!(ended(), [true]);
        assert_eq!(hold(&state.library).tasks.pending("me"), 0);
        clock.advance(86_399_989);
        assert_eq!(ended(), [true]);
        clock.advance(1);
        assert!(ended().is_empty());
    }
}
