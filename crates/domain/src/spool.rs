//! A spool in memory, for programs that link the domain alone and for tests: a few pictures at a time are in it.

use async_trait::async_trait;
use bytes::BytesMut;
use futures_util::TryStreamExt;

use crate::{Content, Error, Pieces, Spool};

/// Keeps pictures in memory, whatever their number: how many there are at once is for those who bring them.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemorySpool;

#[async_trait]
impl Spool for MemorySpool {
    async fn keep(&self, mut pieces: Pieces) -> Result<Content, Error> {
        let mut kept = BytesMut::new();
        while let Some(piece) = pieces.try_next().await? {
            kept.extend_from_slice(&piece);
        }
        Ok(Content::from_bytes(kept.freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use bytes::Bytes;
    use futures_executor::block_on;
    use futures_util::{StreamExt, stream};

    #[test]
    fn what_comes_in_pieces_is_kept_whole_or_not_at_all() {
        let pieces = |items: Vec<Result<Bytes, Error>>| stream::iter(items).boxed();
        let whole = pieces(vec![Ok(Bytes::from_static(b"ab")), Ok(Bytes::new()), Ok(Bytes::from_static(b"c"))]);
        assert_eq!(block_on(MemorySpool.keep(whole)).unwrap().source().read().unwrap(), "abc");
        let slow = Error::new(ErrorKind::ProviderTimeout, "slow");
        let broken = pieces(vec![Ok(Bytes::from_static(b"ab")), Err(slow)]);
        assert_eq!(block_on(MemorySpool.keep(broken)).unwrap_err().kind(), ErrorKind::ProviderTimeout);
    }
}
