//! Claims as rows: held by a member, freed with it. The intent stays behind for whoever claims next.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use polyptych_domain::{Claim, Claimed, Claims, ContentKey, Error, Intent, Known};

use crate::catalogue;
use crate::debts::Debt;
use crate::error::{Fault, internal, names_no_member, unreadable};
use crate::patience::again;
use crate::pool::{Row, args};
use crate::store::Shared;

/// The domain's [`Claims`] over the database.
pub(crate) struct SqlClaims(pub(crate) Arc<Shared>);

#[async_trait]
impl Claims for SqlClaims {
    async fn claim(&self, key: &ContentKey) -> Result<Claimed, Error> {
        let me = self.0.members.me();
        let claimed = match self.claim_as(&me, key).await {
            Err(fault) if names_no_member(&fault) => {
                self.0.members.rejoin(&me).await.map_err(internal)?;
                self.claim_as(&self.0.members.me(), key).await
            }
            claimed => claimed,
        };
        claimed.map_err(internal)
    }

    async fn sending(&self, claim: &Claim, name: &str, class: Option<&str>) -> Result<bool, Error> {
        let sql = "UPDATE claims SET intent_name = $6, intent_class = $7, intent_since = COALESCE(intent_since, $8) \
                   WHERE library = $1 AND album = $2 AND sha256 = $3 AND token = $4 AND member = $5";
        let mine = Mine::of(&self.0, claim);
        let args = args![mine.library, mine.album, &mine.digest, claim.token, &*mine.member, name, class, self.0.now()];
        Ok(self.0.db.execute(sql, args).await.map_err(internal)? == 1)
    }

    async fn settle(&self, claim: &Claim, known: Option<(&ContentKey, &Known)>) -> Result<(), Error> {
        let settle = || async {
            let sql = "DELETE FROM claims \
                       WHERE library = $1 AND album = $2 AND sha256 = $3 AND token = $4 AND member = $5";
            let mine = Mine::of(&self.0, claim);
            let mut tx = self.0.db.begin().await?;
            let held =
                tx.execute(sql, args![mine.library, mine.album, &mine.digest, claim.token, &*mine.member]).await?;
            // Who has lost the claim may have been away for long: what it knows may no longer be so.
            if let (1, Some((key, known))) = (held, known) {
                catalogue::record(&mut tx, key, known, self.0.now()).await?;
            }
            tx.commit().await?;
            #[cfg(feature = "failpoints")]
            if known.is_some() {
                polyptych_failpoint::reach("after-record");
            }
            Ok::<(), Fault>(())
        };
        again(settle).await.map_err(internal)
    }

    async fn leave(&self, claim: &Claim) -> Result<(), Error> {
        again(|| leave(&self.0, claim)).await.map_err(internal)
    }

    fn abandon(&self, claim: &Claim) {
        let (shared, claim) = (Arc::clone(&self.0), claim.clone());
        self.0.runtime.spawn(async move {
            if let Err(fault) = again(|| leave(&shared, &claim)).await {
                tracing::warn!(error = %fault, "a claim cannot be left until the database is there again");
                shared.debts.note(Debt::Claim(claim));
            }
        });
    }
}

/// One under which nothing was sent is no more; otherwise its intent stays.
pub(crate) async fn leave(shared: &Shared, claim: &Claim) -> Result<(), Fault> {
    const UNSENT: &str = "DELETE FROM claims WHERE library = $1 AND album = $2 AND sha256 = $3 AND token = $4 \
                          AND member = $5 AND intent_since IS NULL";
    const SENT: &str = "UPDATE claims SET member = NULL WHERE library = $1 AND album = $2 AND sha256 = $3 \
                        AND token = $4 AND member = $5";
    let mine = Mine::of(shared, claim);
    let args = args![mine.library, mine.album, &mine.digest, claim.token, &*mine.member];
    let mut tx = shared.db.begin().await?;
    if tx.execute(UNSENT, args).await? == 0 {
        tx.execute(SENT, args).await?;
    }
    tx.commit().await
}

/// What a claim of this process is found by.
struct Mine<'a> {
    library: &'a str,
    album: &'a str,
    digest: String,
    member: Arc<str>,
}

impl<'a> Mine<'a> {
    fn of(shared: &Shared, claim: &'a Claim) -> Self {
        let album = &claim.key.album;
        Self {
            library: album.library.as_str(),
            album: album.album.as_str(),
            digest: claim.key.sha256.to_string(),
            member: shared.members.me(),
        }
    }
}

impl SqlClaims {
    /// A settled claim leaves no row, so a new one's token is the next of this process, which starts at the time of day.
    async fn claim_as(&self, me: &str, key: &ContentKey) -> Result<Claimed, Fault> {
        let sql = "INSERT INTO claims (library, album, sha256, token, member) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (library, album, sha256) DO UPDATE SET member = excluded.member, \
                   token = CASE WHEN excluded.token > claims.token THEN excluded.token ELSE claims.token + 1 END \
                   WHERE claims.member IS NULL OR claims.member = excluded.member \
                   RETURNING token, intent_name, intent_class, intent_since";
        let (library, album) = (key.album.library.as_str(), key.album.album.as_str());
        let token = self.0.next_token();
        let rows = self.0.db.returning(sql, args![library, album, &key.sha256.to_string(), token, me]).await?;
        let Some(row) = rows.first() else { return Ok(Claimed::Theirs) };
        Ok(Claimed::Ours(Claim { key: key.clone(), token: row.get("token")?, earlier: intent(row)? }))
    }
}

fn intent(row: &Row) -> Result<Option<Intent>, Fault> {
    let Some(since) = row.get::<Option<i64>, _>("intent_since")? else { return Ok(None) };
    let since = Timestamp::from_microsecond(since).map_err(unreadable)?;
    Ok(Some(Intent { name: row.get("intent_name")?, class: row.get("intent_class")?, since }))
}
