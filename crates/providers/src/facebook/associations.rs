//! Which creatives use an image. The provider tells it with the images, so that a page of images is a page of their
//! creatives here, cut to the size that is asked for.

use polyptych_domain::{AdId, AlbumId, Association, AssociationFilter, Error, ErrorKind, ImageId, Page, PageRequest};
use polyptych_wire_facebook::AdImage;

use super::{Facebook, HASHES_PER_CALL, convert};
use crate::call::BadAnswer;

/// Between the associations of a page of images that were told already, and the provider's cursor of that page.
const SEPARATOR: char = '~';

impl Facebook {
    pub(super) async fn list_creatives(
        &self,
        account: &AlbumId,
        filter: &AssociationFilter,
        page: &PageRequest,
    ) -> Result<Page<Association>, Error> {
        if !filter.ads.is_empty() {
            let message = "the provider does not tell what a creative shows; ask for images instead";
            return Err(self.line.error(account, ErrorKind::Unsupported, message));
        }
        self.line.check_batch(account, filter.images.len(), HASHES_PER_CALL)?;
        let (skip, after) = match page.after.as_deref().map(cursor) {
            None => (0, None),
            Some(Some(cursor)) => cursor,
            Some(None) => {
                let message = "the page token is not one of this library";
                return Err(self.line.error(account, ErrorKind::InvalidArgument, message));
            }
        };
        let mut list = self.list_of(account).with_hashes(filter.images.iter().map(ImageId::as_str));
        list = list.with_limit(page.size.min(super::CAPABILITIES.page_size).into());
        list.after.clone_from(&after);
        let (rows, next, call, answer) = self.rows(account, list).await?;
        let told: Result<Vec<_>, BadAnswer> = rows.into_iter().map(associations).collect();
        let told = told.map_err(|error| call.unreadable(&answer, error))?;
        let all = told.into_iter().flatten();
        let size = page.size as usize;
        let mut items: Vec<Association> = all.skip(skip).take(size.saturating_add(1)).collect();
        let next = if items.len() > size {
            items.truncate(size);
            Some(format!("{}{SEPARATOR}{}", skip.saturating_add(size), after.unwrap_or_default()))
        } else {
            next.map(|next| format!("0{SEPARATOR}{next}"))
        };
        Ok(Page { items, next })
    }
}

/// How many associations to pass over, and the cursor of the page that they are on; none for the first page.
fn cursor(text: &str) -> Option<(usize, Option<String>)> {
    let (skip, after) = text.split_once(SEPARATOR)?;
    Some((skip.parse().ok()?, Some(after.to_owned()).filter(|after| !after.is_empty())))
}

/// The creatives of an image. An ad may use it through none that is told.
fn associations(image: AdImage) -> Result<Vec<Association>, BadAnswer> {
    let id = convert::id(image.hash.as_deref())?;
    let creatives: Option<Vec<AdId>> = image.creatives.into_iter().map(AdId::new).collect();
    let creatives = creatives.ok_or_else(|| BadAnswer::from("a creative without a number"))?;
    let used = !creatives.is_empty() || image.is_associated_creatives_in_adgroups == Some(true);
    let mut told: Vec<_> =
        creatives.into_iter().map(|ad| Association { ad: Some(ad), ..Association::new(id.clone()) }).collect();
    if used && told.is_empty() {
        told.push(Association::new(id));
    }
    Ok(told)
}
