//! What the shelf does when it is called.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use polyptych_domain::*;

use super::{PRICES, Shelf, Task, pauses};

impl Shelf {
    /// Does what an upload asks for.
    fn apply(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        let mut book = self.book();
        book.calls += 1;
        book.sent += uploads.len();
        book.largest = book.largest.max(uploads.len());
        if book.down {
            return Err(Error::new(ErrorKind::ProviderUnavailable, "down"));
        }
        if book.locked_out {
            return Err(Error::new(ErrorKind::CredentialRefused, "no"));
        }
        if book.exhausted.contains(album.as_str()) {
            return Err(Error::new(ErrorKind::QuotaExhausted, "no points are left"));
        }
        if self.rules.images_per_album == Some(1) {
            book.images.retain(|(held, _), _| held != album.as_str());
        }
        if let Some(image) = uploads.iter().find_map(|upload| book.restored.get(&upload.name).cloned()) {
            book.images.insert((album.to_string(), image), String::new());
            let message = "the image was refused, and the old one put back";
            return Err(Error::new(ErrorKind::ProviderRefused, message).with_applied(Applied::Unknown));
        }
        if uploads.iter().any(|upload| book.spoilt.contains(&upload.name)) {
            book.points += PRICES.refused_call;
            return Err(refusal("the request is not valid"));
        }
        book.points += PRICES.upload.of(uploads.len() as u64);
        let request_id = Some(format!("request-{}", book.calls));
        let outcomes = uploads.iter().map(|upload| {
            if book.refused.contains(&upload.name) {
                return Err(refusal("the image is not valid"));
            }
            let content = upload.content.sha256();
            let image = content.to_string();
            book.contents.insert(image.clone(), upload.content.clone());
            *book.stored.entry((album.to_string(), content)).or_default() += 1;
            let key = (album.as_str().to_ascii_lowercase(), image.clone());
            book.images.entry(key).or_insert_with(|| upload.name.clone());
            if book.lost.contains(&upload.name) {
                let message = "there was no answer in time";
                return Err(Error::new(ErrorKind::ProviderTimeout, message).with_applied(Applied::Unknown));
            }
            let image = Image::new(album.clone(), ImageId::new(image).unwrap());
            Ok(Uploaded { request_id: request_id.clone(), ..image.into() })
        });
        Ok(outcomes.collect())
    }

    /// Does what a copy asks for.
    fn copy_now(&self, from: &AlbumId, to: &AlbumId, id: &ImageId) -> Result<Uploaded, Error> {
        let mut book = self.book();
        book.calls += 1;
        book.points += PRICES.upload.of(1);
        book.copies += 1;
        let name = book.images.get(&(from.to_string(), id.to_string())).cloned();
        let name = name.ok_or_else(|| Error::new(ErrorKind::ImageNotFound, "there is no such image"))?;
        book.images.insert((to.to_string(), id.to_string()), name);
        let request_id = Some(format!("request-{}", book.calls));
        Ok(Uploaded { request_id, ..Image::new(to.clone(), id.clone()).into() })
    }

    /// Does what a deletion asks for.
    fn remove(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        let mut book = self.book();
        book.calls += 1;
        book.largest = book.largest.max(ids.len());
        if book.down {
            return Err(Error::new(ErrorKind::ProviderUnavailable, "down"));
        }
        book.points += PRICES.delete.call;
        let request_id = Some(format!("request-{}", book.calls));
        let outcomes = ids.iter().map(|id| {
            let gone = book.images.remove(&(album.to_string(), id.to_string()));
            let confirmed = Confirmed { request_id: request_id.clone() };
            gone.map(|_| confirmed).ok_or_else(|| Error::new(ErrorKind::ImageNotFound, "there is no such image"))
        });
        Ok(outcomes.collect())
    }
}

fn refusal(message: &str) -> Error {
    let said =
        ProviderError { code: Some("8000".to_owned()), request_id: Some("42".to_owned()), ..ProviderError::default() };
    Error::new(ErrorKind::ProviderRefused, message).with_provider_error(said)
}

#[async_trait]
impl ImageLibrary for Shelf {
    fn id(&self) -> &LibraryId {
        &self.id
    }
    fn provider(&self) -> Provider {
        Provider::YandexDirectV5
    }
    fn encoding(&self) -> &'static str {
        "json"
    }
    fn default_album(&self) -> Option<&AlbumId> {
        None
    }
    fn canonical(&self, album: &AlbumId) -> AlbumId {
        AlbumId::new(album.as_str().to_ascii_lowercase()).unwrap()
    }
    fn known_as(&self, album: &AlbumId) -> Option<AlbumId> {
        Some(self.canonical(album)).filter(|album| album.as_str() != "self")
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    fn rules(&self) -> &'static Rules {
        self.rules
    }
    async fn upload(&self, album: &AlbumId, uploads: &[Upload]) -> Result<Vec<Result<Uploaded, Error>>, Error> {
        {
            let mut book = self.book();
            book.at_once += 1;
            book.most_at_once = book.most_at_once.max(book.at_once);
        }
        pauses(&self.pauses).await;
        let panicking = uploads.iter().any(|upload| self.book().panicking.contains(&upload.name));
        assert!(!panicking, "as told");
        let told = self.apply(album, uploads);
        self.book().at_once -= 1;
        pauses(&self.pauses_after).await;
        told
    }
    async fn look_for(&self, album: &AlbumId, upload: &Upload, _: jiff::Timestamp) -> Result<Found, Error> {
        pauses(&self.pauses).await;
        let mut book = self.book();
        book.looks += 1;
        book.points += PRICES.get.of(1);
        if book.blind {
            return Err(Error::new(ErrorKind::ProviderUnavailable, "down"));
        }
        let image = upload.content.sha256().to_string();
        let key = (album.as_str().to_ascii_lowercase(), image.clone());
        Ok(match book.images.contains_key(&key) {
            true => Found::Image(Box::new(Image::new(album.clone(), ImageId::new(image).unwrap()))),
            false if self.sees_absence.load(Ordering::SeqCst) => Found::Absent,
            false => Found::Unclear,
        })
    }
    async fn list(&self, album: &AlbumId, _: &PageRequest) -> Result<Page<Image>, Error> {
        let mut book = self.book();
        let held = |(held, _): &(String, String)| held == album.as_str();
        book.points += PRICES.get.of(book.images.keys().filter(|key| held(key)).count() as u64);
        let held = book.images.iter().filter(|(key, _)| held(key));
        let items = held.map(|((_, image), name)| Image {
            name: Some(name.clone()),
            ..Image::new(album.clone(), ImageId::new(image.as_str()).unwrap())
        });
        Ok(Page { items: items.collect(), next: None })
    }
    async fn get(&self, album: &AlbumId, id: &ImageId) -> Result<Image, Error> {
        let mut book = self.book();
        book.calls += 1;
        book.points += PRICES.get.of(1);
        match book.images.get(&(album.to_string(), id.to_string())) {
            Some(name) => Ok(Image { name: Some(name.clone()), ..Image::new(album.clone(), id.clone()) }),
            None => Err(Error::new(ErrorKind::ImageNotFound, "there is no such image")),
        }
    }
    async fn get_many(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Image, Error>>, Error> {
        let mut book = self.book();
        book.calls += 1;
        book.most_read = book.most_read.max(ids.len());
        book.points += PRICES.get.of(ids.len() as u64);
        let images = ids.iter().map(|id| match book.images.get(&(album.to_string(), id.to_string())) {
            Some(name) => {
                let name = Some(name.clone()).filter(|name| !name.is_empty());
                Ok(Image { name, ..Image::new(album.clone(), id.clone()) })
            }
            None => Err(Error::new(ErrorKind::ImageNotFound, "there is no such image")),
        });
        Ok(images.collect())
    }
    async fn download(&self, _: &AlbumId, image: &Image, _: u64) -> Result<Fetched, Error> {
        let mut book = self.book();
        book.downloads += 1;
        match book.contents.get(image.id.as_str()) {
            Some(content) => {
                let pieces = content.source().chunks().map_err(|error| panic!("{error}"));
                Ok(Fetched { len: Some(content.len()), pieces: pieces.boxed() })
            }
            None => Err(Error::new(ErrorKind::ProviderUnavailable, "the picture is not served")),
        }
    }
    async fn copy(&self, from: &AlbumId, to: &AlbumId, id: &ImageId) -> Result<Uploaded, Error> {
        pauses(&self.pauses).await;
        let copied = self.copy_now(from, to, id);
        pauses(&self.pauses_after).await;
        copied
    }
    async fn delete(&self, album: &AlbumId, ids: &[ImageId]) -> Result<Vec<Result<Confirmed, Error>>, Error> {
        pauses(&self.pauses).await;
        let told = self.remove(album, ids);
        pauses(&self.pauses_after).await;
        told
    }
    async fn import(&self, _: &AlbumId, url: &PictureUrl, name: &str) -> Result<(ImportTicket, Confirmed), Error> {
        self.begin(url.as_str(), name, Some(2), name.starts_with("bad"));
        let mut book = self.book();
        book.points += PRICES.upload.of(1);
        if book.lost_imports > 0 {
            book.lost_imports -= 1;
            let message = "there was no answer in time";
            return Err(Error::new(ErrorKind::ProviderTimeout, message).with_applied(Applied::Unknown));
        }
        let task = (book.tasks.len() - 1).to_string();
        let confirmed = Confirmed { request_id: Some(format!("import-{task}")) };
        Ok((ImportTicket(task), confirmed))
    }
    async fn import_status(&self, album: &AlbumId, ticket: &ImportTicket) -> Result<ImportStatus, Error> {
        let mut book = self.book();
        book.points += PRICES.get.of(1);
        let Some(task) = book.tasks.get_mut(ticket.0.parse::<usize>().unwrap()) else {
            return Ok(ImportStatus::Forgotten);
        };
        Ok(match &mut task.pending {
            None => ImportStatus::Pending,
            Some(0) if task.fails => ImportStatus::Failed(refusal("the image is not valid")),
            Some(0) => ImportStatus::Stored(Image::new(album.clone(), ImageId::new(task.name.as_str()).unwrap())),
            Some(left) => {
                *left -= 1;
                ImportStatus::Pending
            }
        })
    }
    async fn find_import(&self, _: &AlbumId, url: &PictureUrl, name: &str) -> Result<Option<ImportTicket>, Error> {
        let mut book = self.book();
        book.points += PRICES.get.of(1);
        let same = |task: &Task| task.url == url.as_str() && task.name == name;
        Ok(book.tasks.iter().rposition(same).map(|place| ImportTicket(place.to_string())))
    }
    async fn quota(&self, _: &AlbumId) -> Result<Quota, Error> {
        Ok(Quota::default())
    }
}
