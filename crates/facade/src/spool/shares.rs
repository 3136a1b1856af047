//! How many bytes all spool files have, and those of each client, so that none takes the place of all others. It knows no files:
//! whoever takes bytes gives them back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use polyptych_domain::ClientId;

use super::SpoolError;

/// The bytes of spool files. What nobody sent, such as a picture on its way between libraries, counts for all alone.
#[derive(Debug)]
pub(super) struct Shares {
    most: u64,
    most_per_client: u64,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: u64,
    /// Of clients that have any.
    clients: HashMap<ClientId, u64>,
}

impl Shares {
    pub(super) fn new(most: u64, most_per_client: u64) -> Self {
        Self { most, most_per_client, taken: Mutex::default() }
    }

    /// Takes `bytes` more.
    ///
    /// # Errors
    /// [`SpoolError::Full`], [`SpoolError::ShareFull`]; then nothing was taken.
    pub(super) fn take(&self, client: Option<&ClientId>, bytes: u64) -> Result<(), SpoolError> {
        self.change(|taken| {
            let within = |used: u64, most| used.checked_add(bytes).filter(|sum| *sum <= most);
            let all = within(taken.all, self.most).ok_or(SpoolError::Full)?;
            if let Some(client) = client {
                let used = taken.clients.get(client).copied().unwrap_or_default();
                let own = within(used, self.most_per_client).ok_or(SpoolError::ShareFull)?;
                taken.clients.insert(client.clone(), own);
            }
            taken.all = all;
            Ok(())
        })
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&self, client: Option<&ClientId>, bytes: u64) {
        self.change(|taken| {
            taken.all = taken.all.saturating_sub(bytes);
            let Some(client) = client else { return };
            match taken.clients.get_mut(client) {
                Some(own) if *own > bytes => *own -= bytes,
                _ => drop(taken.clients.remove(client)),
            }
        });
    }

    /// Counting goes on whatever panicked meanwhile.
    fn change<T>(&self, change: impl FnOnce(&mut Taken) -> T) -> T {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let done = change(&mut taken);
        metrics::gauge!("polyptych_spool_bytes").set(taken.all as f64);
        done
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.change(|taken| taken.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_share_whatever_others_have() {
        let shares = Shares::new(100, 40);
        let [anna, boris] = ["anna", "boris"].map(|name| ClientId::new(name).unwrap());
        shares.take(Some(&anna), 40).unwrap();
        assert!(matches!(shares.take(Some(&anna), 1), Err(SpoolError::ShareFull)));
        shares.take(Some(&boris), 40).unwrap();
        shares.take(None, 20).unwrap();
        shares.give_back(Some(&anna), 10);
        shares.take(None, 10).unwrap();
        assert!(matches!(shares.take(Some(&anna), 1), Err(SpoolError::Full)));
        for (client, bytes) in [(Some(&anna), 30), (Some(&boris), 40), (None, 30)] {
            shares.give_back(client, bytes);
        }
        assert_eq!(shares.used(), 0);
        assert!(shares.change(|taken| taken.clients.is_empty()));
        shares.take(Some(&anna), 40).unwrap();
    }
}
