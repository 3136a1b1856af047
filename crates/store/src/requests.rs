//! Requests that callers may repeat, as rows. A request is its process's until it is answered, and anybody's once that
//! process is taken for dead. What this process has under way it knows by itself: so a row of its own that it does not know
//! is one whose beginning it was not told of, and is begun again; and an answer that could not be written is not lost.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use polyptych_domain::{Begun, ClientId, Error, ErrorKind, Request, Requests, Sha256};

use crate::error::{Fault, Problem, internal, names_no_member, unreadable};
use crate::pool::args;
use crate::store::Shared;

/// Most answers that wait in memory for the database to come back.
const MOST_UNWRITTEN: usize = 10_000;

type Key = (ClientId, String);

/// The domain's [`Requests`] over the database.
pub(crate) struct SqlRequests {
    shared: Arc<Shared>,
    ours: Mutex<HashMap<Key, Ours>>,
    /// Those that were broken off while the database was away, and when they were begun.
    abandoned: Mutex<Vec<(Key, i64)>>,
}

/// A request of this process.
struct Ours {
    digest: Sha256,
    begun: i64,
    /// What was answered, where it could not be written.
    unwritten: Option<Vec<u8>>,
}

/// What is known of a request without asking the database.
enum Here {
    /// Nothing. It is noted as ours, until the guard is dropped unless that keeps it.
    Unknown,
    Other,
    Running,
    Answered(Vec<u8>),
}

#[async_trait]
impl Requests for SqlRequests {
    async fn begin(&self, client: &ClientId, request: &Request) -> Result<Begun, Error> {
        let key = (client.clone(), request.id.clone());
        let now = self.shared.now();
        match self.enter(&key, request.digest, now) {
            Here::Unknown => {}
            Here::Other => return Err(mismatch()),
            Here::Running => return Ok(Begun::Running),
            Here::Answered(answer) => {
                // Whether it is written now or not, it is known.
                if let Err(error) = self.finish(client, &request.id, &answer).await {
                    tracing::warn!(%error, "the answer to a request is kept in memory only");
                }
                return Ok(Begun::Done(answer));
            }
        }
        let mut entered = Entered { requests: self, key: Some(key), unheard: Some(now) };
        let begun = self.begin_row(client, request, now).await;
        if !begun.as_ref().is_err_and(|error| error.kind() == ErrorKind::Internal) {
            entered.unheard = None;
        }
        if begun.as_ref().is_ok_and(|begun| *begun == Begun::Fresh) {
            entered.key = None;
        }
        begun
    }

    async fn finish(&self, client: &ClientId, id: &str, answer: &[u8]) -> Result<(), Error> {
        let key = (client.clone(), id.to_owned());
        let written = self.write(&key, answer).await;
        let mut ours = self.ours();
        match written {
            Ok(()) => {
                ours.remove(&key);
                Ok(())
            }
            Err(fault) => {
                let unwritten = ours.values().filter(|ours| ours.unwritten.is_some()).count();
                match ours.get_mut(&key) {
                    Some(kept) if unwritten < MOST_UNWRITTEN => kept.unwritten = Some(answer.to_owned()),
                    _ => drop(ours.remove(&key)),
                }
                Err(internal(fault))
            }
        }
    }

    async fn abandon(&self, client: &ClientId, id: &str) -> Result<(), Error> {
        let key = (client.clone(), id.to_owned());
        let begun = match self.ours().get(&key) {
            // One that was answered stays, also where the answer could not be written yet.
            Some(ours) if ours.unwritten.is_some() => return Ok(()),
            Some(ours) => ours.begun,
            None => return Ok(()),
        };
        let removed = self.remove(&key, begun).await;
        self.ours().remove(&key);
        if removed.is_err() {
            self.note(key, begun);
        }
        removed.map_err(internal)
    }
}

impl SqlRequests {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, ours: Mutex::default(), abandoned: Mutex::default() }
    }

    /// Writes the answers and removes the requests that could not be, so that other processes learn of them, too.
    pub(crate) async fn make_up(&self) -> Result<(), Fault> {
        let answered: Vec<(Key, Vec<u8>)> = {
            let ours = self.ours();
            let answer = |(key, ours): (&Key, &Ours)| Some((key.clone(), ours.unwritten.clone()?));
            ours.iter().filter_map(answer).collect()
        };
        for (key, answer) in answered {
            self.write(&key, &answer).await?;
            self.ours().remove(&key);
        }
        let abandoned = self.abandoned().clone();
        for (key, begun) in abandoned {
            // One that was begun anew ends by itself.
            if !self.ours().contains_key(&key) {
                self.remove(&key, begun).await?;
            }
            self.abandoned().retain(|noted| *noted != (key.clone(), begun));
        }
        Ok(())
    }

    async fn write(&self, (client, id): &Key, answer: &[u8]) -> Result<(), Fault> {
        let sql = "UPDATE requests SET answer = $3, member = NULL WHERE client = $1 AND id = $2 AND answer IS NULL";
        let text = base64_simd::STANDARD.encode_to_string(answer);
        self.shared.db.execute(sql, args![client.as_str(), id, &text]).await.map(drop)
    }

    async fn remove(&self, (client, id): &Key, begun: i64) -> Result<(), Fault> {
        let sql =
            "DELETE FROM requests WHERE client = $1 AND id = $2 AND member = $3 AND begun = $4 AND answer IS NULL";
        let me = self.shared.members.me();
        self.shared.db.execute(sql, args![client.as_str(), id, &*me, begun]).await.map(drop)
    }

    fn enter(&self, key: &Key, digest: Sha256, begun: i64) -> Here {
        match self.ours().entry(key.clone()) {
            Entry::Vacant(free) => {
                free.insert(Ours { digest, begun, unwritten: None });
                Here::Unknown
            }
            Entry::Occupied(ours) if ours.get().digest != digest => Here::Other,
            Entry::Occupied(ours) => ours.get().unwritten.clone().map_or(Here::Running, Here::Answered),
        }
    }

    async fn begin_row(&self, client: &ClientId, request: &Request, now: i64) -> Result<Begun, Error> {
        let me = self.shared.members.me();
        match self.begin_as(&me, client, request, now).await {
            Err(Problem::Fault(fault)) if names_no_member(&fault) => {
                self.shared.members.rejoin(&me).await.map_err(internal)?;
                self.begin_as(&self.shared.members.me(), client, request, now).await.map_err(Error::from)
            }
            begun => begun.map_err(Error::from),
        }
    }

    async fn begin_as(&self, me: &str, client: &ClientId, request: &Request, now: i64) -> Result<Begun, Problem> {
        let begin = "INSERT INTO requests (client, id, digest, begun, member) SELECT $1, $2, $3, $4, $5 \
                     WHERE NOT EXISTS (SELECT 1 FROM operations WHERE client = $1 AND request_id = $2) ON CONFLICT (client, id) DO UPDATE \
                     SET digest = excluded.digest, begun = excluded.begun, member = excluded.member, answer = NULL \
                     WHERE requests.begun - excluded.begun >= $6 OR excluded.begun - requests.begun >= $6 \
                     OR (requests.answer IS NULL AND requests.digest = excluded.digest \
                     AND (requests.member IS NULL OR requests.member = excluded.member)) RETURNING digest";
        let digest = request.digest.to_string();
        // One that seems to be begun as far in the future is not known either: then the clock was set back.
        let kept = i64::try_from(self.shared.members.requests_kept().as_micros()).unwrap_or(i64::MAX);
        let args = args![client.as_str(), &request.id, &digest, now, me, kept];
        if !self.shared.db.returning(begin, args).await?.is_empty() {
            return Ok(Begun::Fresh);
        }
        let read = "SELECT digest, answer FROM requests WHERE client = $1 AND id = $2";
        let rows = self.shared.db.read(read, args![client.as_str(), &request.id]).await?;
        let Some(row) = rows.first() else {
            let made = "SELECT 1 FROM operations WHERE client = $1 AND request_id = $2";
            return match self.shared.db.read(made, args![client.as_str(), &request.id]).await?.is_empty() {
                // Abandoned between the two statements: whoever asks again finds it free.
                true => Ok(Begun::Running),
                false => Err(Problem::Refused(mismatch())),
            };
        };
        if row.get::<String, _>("digest")? != digest {
            return Err(Problem::Refused(mismatch()));
        }
        let Some(answer) = row.get::<Option<String>, _>("answer")? else { return Ok(Begun::Running) };
        Ok(Begun::Done(base64_simd::STANDARD.decode_to_vec(answer).map_err(|error| unreadable(error.to_string()))?))
    }

    /// Notes that a request is to be removed, which other processes else take for one under way.
    fn note(&self, key: Key, begun: i64) {
        let mut abandoned = self.abandoned();
        if abandoned.len() < MOST_UNWRITTEN {
            abandoned.push((key, begun));
        }
    }

    fn abandoned(&self) -> MutexGuard<'_, Vec<(Key, i64)>> {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table is whole between calls.
    fn ours(&self) -> MutexGuard<'_, HashMap<Key, Ours>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a request out of ours again that did not become ours, also where its caller has gone.
struct Entered<'a> {
    requests: &'a SqlRequests,
    key: Option<Key>,
    /// When it was begun, as long as nobody has heard whether the row says so.
    unheard: Option<i64>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        self.requests.ours().remove(&key);
        if let Some(begun) = self.unheard {
            self.requests.note(key, begun);
        }
    }
}

fn mismatch() -> Error {
    Error::new(ErrorKind::RequestMismatch, "this request id was used for something else not long ago")
}
