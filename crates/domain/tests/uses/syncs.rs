//! Albums brought to what a manifest wants: what a plan shows, that exactly that is done, and when nothing is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures_executor::block_on;
use futures_util::StreamExt;
use polyptych_domain::*;

use crate::shelf::{Shelf, pauses, picture};
use crate::world::{InMemory, World, album, polled};

/// The pictures of these numbers, the first ones kept, the last one at an address.
fn pictures(world: &World, numbers: &[u32]) -> Vec<ManifestPicture> {
    let (last, kept) = numbers.split_last().unwrap();
    let common = |number: &u32, source| ManifestPicture {
        key: number.to_string(),
        name: Some(format!("{number}.png")),
        source,
        fit: Fit::None,
        animation: Animation::Refuse,
    };
    let url = PictureUrl::new(format!("https://pictures.test/{last}.png")).unwrap();
    let mut pictures: Vec<_> = kept
        .iter()
        .map(|number| {
            let content = Content::from_bytes(picture(*number));
            block_on(world.store.blobs.put(&ClientId::local(), &content)).unwrap();
            common(number, PictureSource::Kept { sha256: content.sha256(), len: content.len() })
        })
        .collect();
    pictures.push(common(last, PictureSource::Url { url }));
    pictures
}

fn wants(name: &str, numbers: &[u32], delete_others: bool) -> ManifestAlbum {
    let pictures = numbers.iter().map(|number| Wish { picture: number.to_string(), class: None }).collect();
    ManifestAlbum { album: album("one", name), pictures, delete_others }
}

fn manifest(world: &World) -> Manifest {
    Manifest {
        pictures: pictures(world, &[1, 2, 3]),
        albums: vec![wants("a", &[1, 2, 3], true), wants("b", &[3], false)],
    }
}

fn apply(world: &World, plan: &Plan) -> OperationId {
    world.submit(Task::Sync(Box::new(SyncTask { plan: plan.clone() })))
}

/// What a plan does, in short.
fn steps(plan: &Plan) -> Vec<String> {
    let told = |step: &PlanStep| match step {
        PlanStep::Upload { album, picture, replace, .. } => {
            format!("{} {picture} to {}", if *replace { "replace" } else { "upload" }, album.album)
        }
        PlanStep::Delete { album, image, .. } => format!("delete {image} from {}", album.album),
    };
    plan.steps.iter().map(told).collect()
}

fn upload(world: &World, name: &str, number: u32) {
    let command = UploadCommand::new(album("one", name), format!("{number}.png"), picture(number));
    block_on(world.service().upload(command)).unwrap();
}

fn kept(plan: &Plan, reason: KeepReason) -> usize {
    plan.kept.iter().filter(|kept| kept.reason == reason).count()
}

#[test]
fn a_plan_shows_what_is_sent_kept_and_deleted_and_what_it_costs_and_changes_nothing() {
    let world = World::new(vec![Shelf::new("one")]);
    world.shelves[0].hold("a", 100..102);
    world.shelves[0].hold("b", 200..201);
    upload(&world, "a", 2);
    let (calls, sent) = (world.shelves[0].calls(), world.shelves[0].sent());
    let plan = world.plan(&manifest(&world)).unwrap();
    let expected = ["upload 1 to a", "upload 3 to a", "upload 3 to b", "delete 100 from a", "delete 101 from a"];
    assert_eq!(steps(&plan), expected);
    assert_eq!((kept(&plan, KeepReason::Wanted), plan.objections.len()), (1, 0));
    let cost = plan.costs[&LibraryId::new("one").unwrap()];
    // Two lists (3 and 1 images), two uploads of 2 and 1, one deletion.
    assert_eq!((cost.calls, cost.points), (2 + 2 + 1, (15 + 3) + (15 + 1) + (20 + 40) + (20 + 20) + 10));
    assert_eq!((world.shelves[0].calls(), world.shelves[0].sent()), (calls, sent));
    let stored: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(stored, plan);
}

#[test]
fn carrying_out_a_plan_does_it_exactly_and_there_is_nothing_left_to_do() {
    let world = World::new(vec![Shelf::new("one")]);
    world.shelves[0].hold("a", 100..102);
    let manifest = manifest(&world);
    let plan = world.plan(&manifest).unwrap();
    let operation = world.run(&apply(&world, &plan));
    assert_eq!((operation.phase, operation.progress.succeeded), (Phase::Succeeded, plan.steps.len() as u64));
    let (calls, sent) = (world.shelves[0].calls(), world.shelves[0].sent());
    assert_eq!((sent, world.shelves[0].held()), (4, 4));
    let again = world.plan(&manifest).unwrap();
    assert!(again.is_empty() && kept(&again, KeepReason::Wanted) == 4);
    assert_eq!(world.run(&apply(&world, &again)).phase, Phase::Succeeded);
    assert_eq!((world.shelves[0].calls(), world.shelves[0].sent()), (calls, sent));
}

#[test]
fn a_world_that_has_changed_is_told_and_nothing_is_done() {
    let changes: [fn(&World); 3] =
        [|world| world.shelves[0].hold("a", 300..301), |world| world.shelves[0].empty(), |world| upload(world, "a", 1)];
    for change in changes {
        let world = World::new(vec![Shelf::new("one")]);
        world.shelves[0].hold("a", 100..102);
        let plan = world.plan(&manifest(&world)).unwrap();
        change(&world);
        let (calls, sent) = (world.shelves[0].calls(), world.shelves[0].sent());
        let operation = world.run(&apply(&world, &plan));
        assert_eq!(operation.phase, Phase::Failed);
        let failure = operation.failure.unwrap();
        assert_eq!(failure.kind, ErrorKind::PlanOutdated);
        assert!(failure.message.contains("libraries/one/albums/a"), "{}", failure.message);
        assert_eq!((world.shelves[0].calls(), world.shelves[0].sent()), (calls, sent));
    }
}

#[test]
fn a_sync_goes_on_after_a_crash_at_any_point_and_ends_as_planned() {
    for polls in 1.. {
        let world = World::new(vec![Shelf::new("one")]);
        world.shelves[0].hold("a", 100..105);
        let manifest = manifest(&world);
        let plan = world.plan(&manifest).unwrap();
        let world = world.slow();
        let id = apply(&world, &plan);
        let (runner, stop) = (world.runner(), Stop::default());
        let ended = polled(Box::pin(runner.run(&id, &stop)).as_mut(), polls).is_some();
        if !ended {
            world.store.operations.bury(&id);
        }
        let operation = world.run(&id);
        assert_eq!((operation.phase, operation.progress.failed, operation.progress.unknown), (Phase::Succeeded, 0, 0));
        assert_eq!(world.shelves[0].held(), 4);
        for number in [1, 2, 3] {
            let twice = world.shelves[0].times_stored("a", &Sha256::of(&picture(number)));
            let told = |item: &ItemRecord| match &item.outcome {
                Some(ItemOutcome::Stored(record)) => record.resent,
                _ => 0,
            };
            let resent: u32 = world.items(&id).iter().map(told).sum();
            assert!(twice <= 1 + resent, "{polls}: {twice} with {resent} told");
        }
        assert!(world.plan(&manifest).unwrap().is_empty());
        if ended {
            assert!(polls > 10);
            break;
        }
    }
}

#[test]
fn nothing_is_deleted_from_an_album_for_which_a_picture_cannot_be_brought() {
    let world = World::new(vec![Shelf::new("one")]);
    world.shelves[0].hold("a", 100..102);
    world.shelves[0].hold("b", 200..202);
    let mut wanted = manifest(&world);
    wanted.albums = vec![wants("a", &[1], true), wants("b", &[2], true)];
    // A name that the rules refuse is seen by the plan.
    wanted.pictures[0].name = Some("1.txt".to_owned());
    let plan = world.plan(&wanted).unwrap();
    assert_eq!(steps(&plan), ["upload 2 to b", "delete 200 from b", "delete 201 from b"]);
    assert_eq!((plan.objections.len(), kept(&plan, KeepReason::Objection)), (1, 2));
    assert_eq!(plan.objections[0].failure.kind, ErrorKind::RulesViolated);
    // What only the provider refuses is seen on the way.
    world.shelves[0].refuse("2.png");
    let operation = world.run(&apply(&world, &plan));
    assert_eq!((operation.phase, operation.progress.failed), (Phase::Succeeded, 3));
    assert_eq!(world.shelves[0].held(), 4);
}

#[test]
fn an_image_that_an_upload_turns_out_to_be_is_not_deleted() {
    let world = World::new(vec![Shelf::new("one")]);
    world.shelves[0].hold_content("a", 1);
    let manifest = Manifest { pictures: pictures(&world, &[1]), albums: vec![wants("a", &[1], true)] };
    let plan = world.plan(&manifest).unwrap();
    let image = Sha256::of(&picture(1)).to_string();
    assert_eq!(steps(&plan), ["upload 1 to a".to_owned(), format!("delete {image} from a")]);
    let operation = world.run(&apply(&world, &plan));
    assert_eq!((operation.phase, operation.progress.succeeded, world.shelves[0].held()), (Phase::Succeeded, 2, 1));
    assert!(world.plan(&manifest).unwrap().is_empty());
}

#[test]
fn an_image_that_the_catalogue_does_not_know_is_recognised_by_name_and_bytes_where_the_library_serves_them() {
    let shelf = Shelf::new("one");
    upload(&World::new(vec![Arc::clone(&shelf)]), "a", 1);
    let world = World::new(vec![Arc::clone(&shelf)]);
    let manifest = Manifest { pictures: pictures(&world, &[1]), albums: vec![wants("a", &[1], true)] };
    let plan = world.plan(&manifest).unwrap();
    assert!(plan.is_empty() && kept(&plan, KeepReason::Wanted) == 1, "{:?}", steps(&plan));
}

#[test]
fn an_album_of_one_image_changes_it_only_where_others_may_be_deleted() {
    for (may, expected, objections) in [(true, vec!["replace 1 to a"], 1), (false, vec![], 2)] {
        let world = World::new(vec![Shelf::single("one")]);
        world.shelves[0].hold("a", 100..101);
        let manifest = Manifest { pictures: pictures(&world, &[1, 2]), albums: vec![wants("a", &[1, 2], may)] };
        let plan = world.plan(&manifest).unwrap();
        assert_eq!(
            (steps(&plan), plan.objections.len()),
            (expected.iter().map(ToString::to_string).collect(), objections)
        );
    }
}

#[test]
fn a_plan_is_an_operation_whose_only_item_it_is() {
    let world = World::new(vec![Shelf::new("one")]);
    world.shelves[0].hold("a", 100..102);
    let manifest = manifest(&world);
    let id = world.submit(Task::Plan(Box::new(PlanTask { manifest: manifest.clone() })));
    let operation = world.run(&id);
    assert_eq!((operation.phase, operation.progress.succeeded, operation.progress.total), (Phase::Succeeded, 1, 1));
    let Some(ItemOutcome::Planned(plan)) = world.items(&id).remove(0).outcome else { panic!("there is no plan") };
    assert_eq!(*plan, world.plan(&manifest).unwrap());
    // What keeps a plan from being made is the end of its operation.
    let mut unknown = manifest;
    unknown.albums[1].album = album("two", "a");
    let operation = world.run_to_its_end(&world.submit(Task::Plan(Box::new(PlanTask { manifest: unknown }))));
    assert_eq!((operation.phase, operation.failure.unwrap().kind), (Phase::Failed, ErrorKind::LibraryNotFound));
}

#[test]
fn a_picture_at_an_address_is_fetched_once_for_the_plan_and_all_that_follows() {
    let world = World::new(vec![Shelf::new("one")]);
    let plan = world.plan(&manifest(&world)).unwrap();
    let fetched = || world.fetched.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!((fetched(), plan.blobs().len()), (1, 3));
    assert_eq!(world.run(&apply(&world, &plan)).phase, Phase::Succeeded);
    assert_eq!(fetched(), 1);
}

#[test]
fn what_is_not_kept_any_more_is_fetched_again_or_needs_another_plan() {
    let world = World::new(vec![Shelf::new("one")]);
    let plan = world.plan(&manifest(&world)).unwrap();
    let forget = |needed: &[Sha256]| {
        world.store.blobs.collect(needed);
        world.store.blobs.collect(needed);
    };
    forget(&plan.manifest.blobs());
    assert_eq!(world.run(&apply(&world, &plan)).phase, Phase::Succeeded);
    assert_eq!(world.fetched.load(std::sync::atomic::Ordering::SeqCst), 2);

    let world = World::new(vec![Shelf::new("one")]);
    let plan = world.plan(&manifest(&world)).unwrap();
    world.store.blobs.collect(&[]);
    world.store.blobs.collect(&[]);
    let operation = world.run(&apply(&world, &plan));
    assert_eq!((operation.phase, operation.failure.unwrap().kind), (Phase::Failed, ErrorKind::PlanOutdated));
    assert_eq!(world.shelves[0].sent(), 0);
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_before_any_call() {
    let world = World::new(vec![Shelf::new("one")]);
    let mut wanted = manifest(&world);
    wanted.albums[0].pictures[0].picture = "9".to_owned();
    assert_eq!(world.plan(&wanted).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let mut wanted = manifest(&world);
    wanted.albums[1].album = album("two", "a");
    assert_eq!(world.plan(&wanted).unwrap_err().kind(), ErrorKind::LibraryNotFound);
    assert_eq!(world.shelves[0].calls(), 0);
}

/// Serves the later picture sooner, and counts how many are waited for at once.
#[derive(Default)]
struct Crowd {
    at_once: AtomicU32,
    most: AtomicU32,
}

#[async_trait]
impl Fetcher for Crowd {
    async fn fetch(&self, url: &PictureUrl, _: u64) -> Result<Fetched, Error> {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(at_once, Ordering::SeqCst);
        let number: u32 = url.as_str().rsplit('/').next().unwrap().trim_end_matches(".png").parse().unwrap();
        pauses(&AtomicU32::new(20 - number)).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        match number {
            5 => Err(Error::new(ErrorKind::SourceUnavailable, "there is no such picture")),
            _ => Ok(Fetched { len: None, pieces: futures_util::stream::iter([Ok(picture(number).into())]).boxed() }),
        }
    }
}

#[test]
fn four_pictures_are_fetched_at_once_and_the_plan_has_them_in_the_order_of_the_manifest() {
    let world = World::new(vec![Shelf::new("one")]);
    let pictures = (1..11).map(|number| ManifestPicture {
        key: number.to_string(),
        name: Some(format!("{number}.png")),
        source: PictureSource::Url { url: PictureUrl::new(format!("https://pictures.test/{number}.png")).unwrap() },
        fit: Fit::None,
        animation: Animation::Refuse,
    });
    let numbers: Vec<u32> = (1..11).collect();
    let manifest = Manifest { pictures: pictures.collect(), albums: vec![wants("a", &numbers, false)] };
    let crowd = Arc::new(Crowd::default());
    let gallery = Pictures::new(Arc::clone(&crowd) as _, Arc::new(InMemory), 1 << 20);
    let plan = block_on(world.service().plan_sync(&manifest, world.store.blobs.as_ref(), &gallery)).unwrap();
    let expected: Vec<_> =
        (1..11).filter(|number| *number != 5).map(|number| format!("upload {number} to a")).collect();
    assert_eq!(steps(&plan), expected);
    assert_eq!(plan.objections.iter().map(|objection| objection.picture.as_str()).collect::<Vec<_>>(), ["5"]);
    assert_eq!((crowd.most.load(Ordering::SeqCst), plan.fetched.len()), (4, 9));
}

/// What two libraries with the same albums want of them.
fn shared(world: &World, entries: [(&str, &str, &[u32], bool); 2]) -> Manifest {
    let albums = entries.map(|(library, name, numbers, delete_others)| ManifestAlbum {
        album: album(library, name),
        ..wants(name, numbers, delete_others)
    });
    Manifest { pictures: pictures(world, &[1, 2]), albums: albums.to_vec() }
}

#[test]
fn what_one_library_wants_of_an_album_is_not_deleted_through_another_one_that_has_it_too() {
    let shelf = Shelf::new("one");
    let world = World::new(vec![Arc::clone(&shelf), shelf.beside("two")]);
    upload(&world, "a", 1);
    upload(&world, "a", 2);
    shelf.hold("a", 100..102);
    // The second library has never heard of its picture, and recognises it by its bytes.
    let manifest = shared(&world, [("one", "a", &[1], true), ("two", "a", &[2], true)]);
    let plan = world.plan(&manifest).unwrap();
    assert_eq!(steps(&plan), ["delete 100 from a", "delete 101 from a"]);
    assert_eq!((kept(&plan, KeepReason::Wanted), plan.objections.len()), (4, 0));
    assert_eq!(world.run(&apply(&world, &plan)).progress.succeeded, 2);
    assert_eq!((shelf.held(), world.plan(&manifest).unwrap().is_empty()), (2, true));
}

#[test]
fn an_image_that_an_upload_through_another_library_turns_out_to_be_is_not_deleted() {
    let shelf = Shelf::new("one");
    let world = World::new(vec![Arc::clone(&shelf), shelf.beside("two")]);
    shelf.hold_content("a", 2);
    let manifest = shared(&world, [("one", "a", &[1], true), ("two", "a", &[2], true)]);
    let plan = world.plan(&manifest).unwrap();
    let image = Sha256::of(&picture(2)).to_string();
    assert_eq!(
        steps(&plan),
        ["upload 1 to a".to_owned(), "upload 2 to a".to_owned(), format!("delete {image} from a")]
    );
    let operation = world.run(&apply(&world, &plan));
    assert_eq!((operation.phase, operation.progress.succeeded, shelf.held()), (Phase::Succeeded, 3, 2));
    assert!(world.plan(&manifest).unwrap().is_empty());
}

#[test]
fn nothing_is_deleted_from_an_album_for_which_a_picture_cannot_be_brought_through_another_library() {
    let shelf = Shelf::new("one");
    let world = World::new(vec![Arc::clone(&shelf), shelf.beside("two")]);
    shelf.hold("a", 100..102);
    let mut manifest = shared(&world, [("one", "a", &[1], true), ("two", "a", &[2], true)]);
    // The plan does not see that only the provider refuses it.
    shelf.refuse("2.png");
    let plan = world.plan(&manifest).unwrap();
    assert_eq!(steps(&plan).len(), 4);
    let operation = world.run(&apply(&world, &plan));
    assert_eq!((operation.progress.succeeded, operation.progress.failed, shelf.held()), (1, 3, 3));
    manifest.pictures[1].name = Some("2.txt".to_owned());
    let plan = world.plan(&manifest).unwrap();
    assert!(plan.is_empty(), "{:?}", steps(&plan));
    assert_eq!((plan.objections.len(), kept(&plan, KeepReason::Objection)), (1, 4));
}

#[test]
fn others_are_deleted_only_where_each_entry_for_what_is_or_may_be_the_album_allows_it() {
    for (name, may, deleted, objections) in
        [("a", true, 2, 0), ("a", false, 0, 1), ("self", true, 2, 0), ("self", false, 0, 1), ("b", false, 2, 0)]
    {
        let shelf = Shelf::new("one");
        let world = World::new(vec![Arc::clone(&shelf), shelf.beside("two")]);
        shelf.hold("a", 100..102);
        let plan = world.plan(&shared(&world, [("one", "a", &[], true), ("two", name, &[], may)])).unwrap();
        assert_eq!((plan.steps.len(), plan.objections.len()), (deleted, objections), "{name} {may}");
        if let [objection] = plan.objections.as_slice() {
            assert_eq!((objection.failure.kind, &*objection.picture), (ErrorKind::InvalidArgument, ""));
            assert!(objection.failure.message.contains(&format!("libraries/two/albums/{name}")), "{objection:?}");
        }
        let operation = world.run(&apply(&world, &plan));
        assert_eq!((operation.phase, shelf.held()), (Phase::Succeeded, 2 - deleted));
    }
}

#[test]
fn an_album_of_one_image_does_not_change_it_for_one_library_where_another_one_wants_it() {
    let shelf = Shelf::single("one");
    let world = World::new(vec![Arc::clone(&shelf), shelf.beside("two")]);
    upload(&world, "a", 1);
    let plan = world.plan(&shared(&world, [("one", "a", &[1], true), ("two", "a", &[2], true)])).unwrap();
    assert!(plan.is_empty(), "{:?}", steps(&plan));
    assert_eq!(plan.objections[0].failure.kind, ErrorKind::AlbumOccupied);
    // Where each wants another picture in the place of the image, the first one has it.
    shelf.empty();
    shelf.hold("a", 100..101);
    let plan = world.plan(&shared(&world, [("one", "a", &[1], true), ("two", "a", &[2], true)])).unwrap();
    assert_eq!((steps(&plan), plan.objections.len()), (vec!["replace 1 to a".to_owned()], 1));
}
