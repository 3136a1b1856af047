//! Pages of rows from the newest to the oldest. A cursor is the number (`seq`) of the last row of the page before.

use polyptych_domain::{Error, ErrorKind, Page, PageRequest};

use crate::error::Fault;
use crate::pool::Row;

const MAX_PAGE: u32 = 1000;

/// Which rows a page is made of: those that come after a row, and one more than `size` of them, which tells whether others
/// follow.
pub(crate) struct Window {
    after: Option<i64>,
    size: usize,
}

impl Window {
    /// # Errors
    /// `InvalidArgument` where the cursor is none of these.
    pub(crate) fn of(page: &PageRequest) -> Result<Self, Error> {
        let after = match &page.after {
            Some(cursor) => Some(cursor.parse().map_err(|_| Error::new(ErrorKind::InvalidArgument, "no such page"))?),
            None => None,
        };
        Ok(Self { after, size: page.size.clamp(1, MAX_PAGE) as usize })
    }

    /// The number of the last row of the page before; absent for the first page.
    pub(crate) fn after(&self) -> Option<i64> {
        self.after
    }

    /// How many rows to ask for.
    pub(crate) fn limit(&self) -> i64 {
        self.size as i64 + 1
    }

    /// The page that these rows make. What a newer version has kept and this one cannot read is left out.
    pub(crate) fn page<T>(
        &self,
        mut rows: Vec<Row>,
        read: impl Fn(&Row) -> Result<T, Fault>,
    ) -> Result<Page<T>, Fault> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let next = match rows.last() {
            Some(last) if more => Some(last.get::<i64, _>("seq")?.to_string()),
            _ => None,
        };
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            match read(row) {
                Ok(item) => items.push(item),
                Err(fault) => tracing::warn!(error = %fault, "what is kept cannot be read and is not listed"),
            }
        }
        Ok(Page { items, next })
    }
}
