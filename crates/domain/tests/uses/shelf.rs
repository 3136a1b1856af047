//! A library in memory: it refuses what it is told to, image by image or call by call, and counts.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use polyptych_domain::*;

/// Those of Yandex Direct v5.
pub(crate) const PRICES: Prices = Prices {
    upload: Price { call: 20, image: 20 },
    get: Price { call: 15, image: 1 },
    delete: Price { call: 10, image: 0 },
    refused_image: 20,
    refused_call: 50,
    evidence: Evidence::Assumed,
    source: "this test",
};

const RULES: Rules = Rules {
    classes: &[ImageClass {
        name: "ANY",
        formats: &[Format::Png],
        size: SizeRule::Any,
        max_bytes: 100_000,
        automatic: true,
        evidence: Evidence::Assumed,
        source: "this test",
    }],
    name: NameRule { max_chars: 20, extension_required: true, evidence: Evidence::Assumed, source: "this test" },
    images_per_album: None,
    cases: &[],
    advice: &[],
};

/// The same for albums that hold one image.
const SINGLE: Rules = Rules { images_per_album: Some(1), ..RULES };

/// What it holds and has seen.
#[derive(Default)]
struct Book {
    images: BTreeMap<(String, String), String>,
    contents: BTreeMap<String, Content>,
    stored: BTreeMap<(String, Sha256), u32>,
    refused: BTreeSet<String>,
    spoilt: BTreeSet<String>,
    lost: BTreeSet<String>,
    /// Images that come back in the place of the one that an upload of this name was to replace.
    restored: BTreeMap<String, String>,
    panicking: BTreeSet<String>,
    locked_out: bool,
    exhausted: BTreeSet<String>,
    at_once: u32,
    most_at_once: u32,
    blind: bool,
    down: bool,
    looks: usize,
    calls: u64,
    sent: usize,
    points: u64,
    largest: usize,
    downloads: usize,
    copies: usize,
    most_read: usize,
    tasks: Vec<Task>,
    lost_imports: u32,
}

/// A picture that it fetches by itself.
struct Task {
    url: String,
    name: String,
    /// Looks that still find it at work; `None` where each does.
    pending: Option<u32>,
    fails: bool,
}

pub(crate) struct Shelf {
    id: LibraryId,
    capabilities: Capabilities,
    rules: &'static Rules,
    /// How often an upload lets others run before it is applied.
    pub(crate) pauses: AtomicU32,
    /// How often a change lets others run after it was applied, before it is answered.
    pub(crate) pauses_after: AtomicU32,
    /// Whether a look that finds nothing proves that nothing is there.
    pub(crate) sees_absence: AtomicBool,
    book: Arc<Mutex<Book>>,
}

pub(crate) fn id(name: &str) -> LibraryId {
    LibraryId::new(name).unwrap()
}

/// A small picture, a different one for each number.
pub(crate) fn picture(number: u32) -> Vec<u8> {
    let [_, red, green, blue] = number.to_be_bytes();
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbImage::from_pixel(4, 4, Rgb([red, green, blue]));
    DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

impl Shelf {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        Self::with(name, 3, 10_000)
    }

    /// Copies between its albums by itself.
    pub(crate) fn copying(name: &str) -> Arc<Self> {
        let mut shelf = Self::plain(name, 3, 10_000);
        shelf.capabilities.copy = Capability::Native;
        Arc::new(shelf)
    }

    pub(crate) fn grouping(name: &str, uploads: u32) -> Arc<Self> {
        Self::with(name, uploads, 10_000)
    }

    /// Each of its albums holds one image, and a new one takes the place of the old one.
    pub(crate) fn single(name: &str) -> Arc<Self> {
        Arc::new(Self { rules: &SINGLE, ..Self::plain(name, 1, 1) })
    }

    pub(crate) fn deleting(name: &str, deletes: u32) -> Arc<Self> {
        Self::with(name, 3, deletes)
    }

    /// One that keeps identical bytes as often as they come.
    pub(crate) fn forgetful(name: &str) -> Arc<Self> {
        let mut shelf = Arc::into_inner(Self::new(name)).unwrap();
        shelf.capabilities.deduplicates = Capability::Absent;
        Arc::new(shelf)
    }

    /// One that takes one call at a time, with one image.
    pub(crate) fn step_by_step(name: &str) -> Arc<Self> {
        let mut shelf = Arc::into_inner(Self::with(name, 1, 1)).unwrap();
        shelf.capabilities.calls_at_once = 1;
        Arc::new(shelf)
    }

    /// One that fetches pictures by itself, and is found at work twice.
    pub(crate) fn fetching(name: &str) -> Arc<Self> {
        let mut shelf = Arc::into_inner(Self::new(name)).unwrap();
        shelf.capabilities.import_url = Capability::Native;
        Arc::new(shelf)
    }

    /// Another library with the same albums.
    pub(crate) fn beside(&self, name: &str) -> Arc<Self> {
        let book = Arc::clone(&self.book);
        Arc::new(Self { rules: self.rules, book, ..Self::plain(name, 3, 10_000) })
    }

    fn with(name: &str, uploads_per_call: u32, deletes_per_call: u32) -> Arc<Self> {
        Arc::new(Self::plain(name, uploads_per_call, deletes_per_call))
    }

    fn plain(name: &str, uploads_per_call: u32, deletes_per_call: u32) -> Self {
        let capabilities = Capabilities {
            deduplicates: Capability::Native,
            replace: Capability::Absent,
            download: Capability::Native,
            copy: Capability::Emulated,
            associations: Capability::Absent,
            associate: Capability::Absent,
            albums: Capability::Absent,
            room: Capability::Absent,
            import_url: Capability::Emulated,
            uploads_per_call,
            upload_bytes_per_call: 1 << 20,
            deletes_per_call,
            page_size: 100,
            calls_at_once: 4,
            prices: PRICES,
        };
        Self {
            id: id(name),
            capabilities,
            rules: &RULES,
            pauses: AtomicU32::new(0),
            pauses_after: AtomicU32::new(0),
            sees_absence: AtomicBool::new(false),
            book: Arc::default(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// Refuses each image of this name.
    pub(crate) fn refuse(&self, name: &str) {
        self.book().refused.insert(name.to_owned());
    }

    /// Refuses each call that holds an image of this name.
    pub(crate) fn spoil(&self, name: &str) {
        self.book().spoilt.insert(name.to_owned());
    }

    /// Loses the answer to each image of this name, which it keeps.
    pub(crate) fn lose(&self, name: &str) {
        self.book().lost.insert(name.to_owned());
    }

    /// Fails each replacement by an image of this name, and puts back what was there as another image.
    pub(crate) fn restore(&self, name: &str, image: &str) {
        self.book().restored.insert(name.to_owned(), image.to_owned());
    }

    /// Panics at each image of this name.
    pub(crate) fn panic_at(&self, name: &str) {
        self.book().panicking.insert(name.to_owned());
    }

    /// Holds a picture that it was not sent.
    pub(crate) fn hold_content(&self, album: &str, number: u32) {
        let content = Content::from_bytes(picture(number));
        let image = content.sha256().to_string();
        let mut book = self.book();
        book.images.insert((album.to_owned(), image.clone()), "old.png".to_owned());
        book.contents.insert(image, content);
    }

    pub(crate) fn lock_out(&self) {
        self.book().locked_out = true;
    }

    /// Lets the account of an album have no points left.
    pub(crate) fn exhaust(&self, album: &str) {
        self.book().exhausted.insert(album.to_owned());
    }

    /// How many uploads there were at a time.
    pub(crate) fn most_at_once(&self) -> u32 {
        self.book().most_at_once
    }

    pub(crate) fn hold(&self, album: &str, images: Range<u32>) {
        let mut book = self.book();
        book.images.extend(images.map(|image| ((album.to_owned(), image.to_string()), String::new())));
    }

    pub(crate) fn rename(&self, album: &str, image: &str, name: &str) {
        self.book().images.insert((album.to_owned(), image.to_owned()), name.to_owned());
    }

    pub(crate) fn name_of(&self, album: &str, image: &str) -> String {
        self.book().images[&(album.to_owned(), image.to_owned())].clone()
    }

    /// The images of an album.
    pub(crate) fn images_of(&self, album: &str) -> Vec<ImageId> {
        let book = self.book();
        let held = book.images.keys().filter(|(held, _)| held == album);
        held.map(|(_, image)| ImageId::new(image.as_str()).unwrap()).collect()
    }

    /// Deletes an image behind the back of the domain.
    pub(crate) fn lose_image(&self, album: &str, image: &ImageId) {
        self.book().images.remove(&(album.to_owned(), image.to_string())).unwrap();
    }

    /// Deletes everything behind the back of the domain.
    pub(crate) fn empty(&self) {
        self.book().images.clear();
    }

    /// Refuses every change since it is out of service, or no longer.
    pub(crate) fn down(&self, down: bool) {
        self.book().down = down;
    }

    pub(crate) fn held(&self) -> usize {
        self.book().images.len()
    }

    /// Loses the answers to the next imports, which it carries out.
    pub(crate) fn lose_imports(&self, times: u32) {
        self.book().lost_imports = times;
    }

    /// Has begun to fetch a picture that nobody waited for.
    pub(crate) fn begin(&self, url: &str, name: &str, pending: Option<u32>, fails: bool) {
        self.book().tasks.push(Task { url: url.to_owned(), name: name.to_owned(), pending, fails });
    }

    /// Pictures that it was asked to fetch, or began to.
    pub(crate) fn tasks(&self) -> usize {
        self.book().tasks.len()
    }

    /// Lets no look succeed, or every look.
    pub(crate) fn blind(&self, blind: bool) {
        self.book().blind = blind;
    }

    pub(crate) fn looks(&self) -> usize {
        self.book().looks
    }

    pub(crate) fn calls(&self) -> u64 {
        self.book().calls
    }

    /// Images in uploads that were answered.
    pub(crate) fn sent(&self) -> usize {
        self.book().sent
    }

    pub(crate) fn points(&self) -> u64 {
        self.book().points
    }

    pub(crate) fn largest_group(&self) -> usize {
        self.book().largest
    }

    /// Pictures that were opened, images that it copied by itself, and images in its largest reading of several.
    pub(crate) fn copying_seen(&self) -> (usize, usize, usize) {
        let book = self.book();
        (book.downloads, book.copies, book.most_read)
    }

    pub(crate) fn times_stored(&self, album: &str, content: &Sha256) -> u32 {
        self.book().stored.get(&(album.to_owned(), *content)).copied().unwrap_or(0)
    }
}

pub(crate) async fn pauses(times: &AtomicU32) {
    for _ in 0..times.load(Ordering::SeqCst) {
        pause().await;
    }
}

/// Lets others run once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut paused, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
