//! Ctrl-C: the first asks to begin nothing more, the second gives up what is under way, the third ends the command whatever it does.

use std::sync::Arc;

use anyhow::Result;
use tokio::sync::watch;

/// What the user has asked for so far. Clones tell the same.
#[derive(Debug, Clone)]
pub(crate) struct Stop(Arc<watch::Receiver<u32>>);

impl Stop {
    /// Listens to Ctrl-C from now on.
    pub(crate) fn listen() -> Self {
        let (pressed, seen) = watch::channel(0);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                pressed.send_modify(|times| *times += 1);
            }
            // Without a handler nothing can be asked; the sender has to live on, or it would look as if all was.
            std::future::pending::<()>().await;
        });
        Self(Arc::new(seen))
    }

    /// Whether nothing more is to be begun.
    pub(crate) fn asked(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Completes when nothing more is to be begun.
    pub(crate) async fn gently(&self) {
        self.at_least(1).await;
    }

    /// Completes when what is under way is to be given up.
    pub(crate) async fn now(&self) {
        self.at_least(2).await;
    }

    /// Completes when the command is to end without another word.
    pub(crate) async fn at_once(&self) {
        self.at_least(3).await;
    }

    /// What `work` makes, which changes nothing; nothing when nothing more is to be begun.
    ///
    /// # Errors
    /// That of the work.
    pub(crate) async fn or<T: Default>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            made = work => made,
            () = self.gently() => Ok(T::default()),
        }
    }

    async fn at_least(&self, times: u32) {
        let mut seen = watch::Receiver::clone(&self.0);
        if seen.wait_for(|pressed| *pressed >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
