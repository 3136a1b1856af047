//! A whole call over SOAP, from the list of a library to its images, beside the SOAP client that Python programs use. Both
//! ask a server that gives the same answer to everything.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use polyptych::WorkerPool;
use polyptych::domain::{LibraryId, PageRequest, Service};
use polyptych_service::server::Place;

use crate::contest::{Contender, Contest, Effort, timed};
use crate::load::server::own;
use crate::peer::Peer;
use crate::row::{Bound, Of, Row};

const GROUP: &str = "soap";

/// Images of an answer: the most of a page.
const IMAGES: u32 = 1_000;

/// The rows.
pub(crate) async fn run(program: &Path, effort: Effort, folder: &Path) -> Result<Vec<Row>> {
    let canned = own(&["canned", &IMAGES.to_string()], &folder.join("canned.log")).await?;
    let target = format!("http://{}", canned.address());
    let libraries = polyptych::open_libraries(&polyptych::emulated::config(&target))?;
    let service = Service::new(libraries, std::sync::Arc::new(WorkerPool::default()))?;
    let library = service.library(&LibraryId::new("yandex-v5-soap")?)?;
    let album = library.default_album().context("a library without a default album")?;
    let page = PageRequest { size: IMAGES, after: None };
    let runtime = tokio::runtime::Handle::current();
    let ours = timed(effort, || {
        let listed = runtime.block_on(library.list(album, &page))?;
        ensure!(listed.items.len() == IMAGES as usize, "{} images", listed.items.len());
        Ok(())
    });
    // It gives the other client the description of the service.
    let place = Place::new(program.to_owned())?;
    let emulator = place.emulate().await?;
    let emulator = format!("http://{}", emulator.address());
    let mut peer = Peer::start("zeep", "zeep_get.py", &[&target, &emulator, &IMAGES.to_string()]);
    let mut contenders: Vec<Contender<'_>> = vec![ours];
    let version = peer.as_ref().map(|peer| peer.version().to_owned());
    contenders.extend(peer.as_mut().map(Peer::contender));
    // The rounds wait for processes and block this thread, which nobody else needs meanwhile.
    let contest = tokio::task::block_in_place(|| Contest::run(effort, contenders))?;
    let figure = "SOAP get of 1,000 images, whole call";
    let row = Row::new(GROUP, figure, contest.millis(0)?, "ms");
    let row = match version {
        Some(version) => row.beside(version, contest.millis(1)?, contest.ratio(0, 1)?),
        None => row.beside_absent("zeep"),
    };
    Ok(vec![row.goal(Of::Ratio, Bound::AtMost(1.0 / 30.0))])
}
