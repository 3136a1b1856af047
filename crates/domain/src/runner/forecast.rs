//! What a task would cost, told before it becomes an operation and without a call: counted in the groups in which its
//! operation is then carried out.

use std::collections::{BTreeMap, BTreeSet};

use super::copies;
use crate::work::{CopyTask, DeleteTask, ImportTask, PublishTask, Task};
use crate::{AlbumName, Capability, Cost, Costs, Fit, ImageLibrary, ImageName, LibraryId, Price, Service};

impl Service {
    /// What a task would cost if every image of it were taken, and none were known to be where it goes. Bytes are told
    /// where they are known: of a plan that is carried out. Of a picture that the provider fetches by itself one look at
    /// how it stands is counted. A library that is not configured costs nothing; a plan is made without a forecast.
    ///
    /// For pictures that are at hand, [`Service::estimate_publish`] tells more.
    pub fn forecast(&self, task: &Task) -> Costs {
        let mut forecast = Forecast { service: self, costs: Costs::new() };
        match task {
            Task::Import(task) => forecast.import(task),
            Task::Delete(task) => forecast.delete(task),
            Task::Publish(task) => forecast.publish(task),
            Task::Copy(task) => forecast.copy(task),
            Task::Plan(_) => {}
            Task::Sync(task) => forecast.costs.clone_from(&task.plan.costs),
        }
        forecast.costs
    }
}

struct Forecast<'s> {
    service: &'s Service,
    costs: Costs,
}

impl<'s> Forecast<'s> {
    fn library(&self, id: &LibraryId) -> Option<&'s dyn ImageLibrary> {
        self.service.library(id).ok().map(AsRef::as_ref)
    }

    /// A call for so many images.
    fn call(&mut self, library: &dyn ImageLibrary, price: Price, images: usize) {
        let cost = Cost { calls: 1, points: price.of(images as u64), bytes: 0 };
        *self.costs.entry(library.id().clone()).or_default() += cost;
    }

    /// Uploads that share calls.
    fn uploads(&mut self, library: &dyn ImageLibrary, images: usize) {
        for images in parts(images, library.capabilities().uploads_per_call) {
            self.call(library, library.capabilities().prices.upload, images);
        }
    }

    fn import(&mut self, task: &ImportTask) {
        let mut albums = BTreeMap::<&AlbumName, Vec<bool>>::new();
        for item in &task.items {
            let plain = item.target.class.is_none() && task.terms.fit == Fit::None;
            albums.entry(&item.target.album).or_default().push(plain);
        }
        for (album, items) in albums {
            let Some(library) = self.library(&album.library) else { continue };
            let capabilities = library.capabilities();
            let fetches = capabilities.import_url == Capability::Native;
            for group in items.chunks(capabilities.uploads_per_call.max(1) as usize) {
                let native = group.iter().filter(|plain| fetches && **plain).count();
                for _ in 0..native {
                    self.call(library, capabilities.prices.upload, 1);
                    self.call(library, capabilities.prices.get, 1);
                }
                self.uploads(library, group.len() - native);
            }
        }
    }

    fn delete(&mut self, task: &DeleteTask) {
        for (album, images) in distinct(&task.images) {
            let Some(library) = self.library(&album.library) else { continue };
            for images in parts(images, library.capabilities().deletes_per_call) {
                self.call(library, library.capabilities().prices.delete, images);
            }
        }
    }

    /// The same picture is sent once into an album.
    fn publish(&mut self, task: &PublishTask) {
        let targets: BTreeSet<_> = task.targets.iter().map(|target| (&target.album, &target.class)).collect();
        for (album, _) in targets {
            if let Some(library) = self.library(&album.library) {
                self.uploads(library, 1);
            }
        }
    }

    fn copy(&mut self, task: &CopyTask) {
        let target = &task.target;
        let Some(to) = self.library(&target.album.library) else { return };
        for (album, images) in distinct(&task.images) {
            let Some(from) = self.library(&album.library) else { continue };
            let same = from.id() == to.id();
            if same && to.canonical(&album.album) == to.canonical(&target.album.album) {
                continue;
            }
            let native = same && to.capabilities().copy == Capability::Native && target.class.is_none();
            for group in parts(images, copies::GROUP) {
                if native {
                    (0..group).for_each(|_| self.call(to, to.capabilities().prices.upload, 1));
                    continue;
                }
                for images in parts(group, from.capabilities().page_size) {
                    self.call(from, from.capabilities().prices.get, images);
                }
                self.uploads(to, group);
            }
        }
    }
}

/// So many in parts of at most `most` each, at least one each.
fn parts(all: usize, most: u32) -> impl Iterator<Item = usize> {
    let most = most.max(1) as usize;
    (0..all.div_ceil(most)).map(move |part| most.min(all - part * most))
}

/// How many distinct images there are of each album.
fn distinct(images: &[ImageName]) -> BTreeMap<&AlbumName, usize> {
    let distinct: BTreeSet<_> = images.iter().map(|name| (&name.album, name.image.as_str())).collect();
    let mut albums = BTreeMap::<&AlbumName, usize>::new();
    for (album, _) in distinct {
        *albums.entry(album).or_default() += 1;
    }
    albums
}
