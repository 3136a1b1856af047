//! One suite of behaviour, run unchanged over SQLite and PostgreSQL, and over memory where that is meant to do the same; what is about pictures also over each kind of place for them. A case opens as many processes over one fresh database
//! as it wants; who is alive and what time it is, the case decides.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod blobs;
mod buckets;
mod catalogue;
mod claims;
mod dispatch;
mod hardship;
mod measure;
mod members;
mod operations;
mod outage;
mod places;
mod quotas;
mod requests;
mod schema;
mod tidy;
mod tries;
mod unreliable;
mod world;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use polyptych_postgres::Postgres;
use polyptych_s3::S3;
use world::{Pictures, World};

/// A case by its name.
type Case = (&'static str, fn(World) -> Pin<Box<dyn Future<Output = ()> + Send>>);

/// A case with a server of its own.
type Outage = fn() -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// The cases of a module.
macro_rules! cases {
    ($($module:ident: $($case:ident),+ $(,)?;)*) => {
        &[$($((concat!(stringify!($module), "::", stringify!($case)), |world| Box::pin($module::$case(world)))),+),*]
    };
}

const CASES: &[Case] = cases! {
    audit: an_event_is_told_as_it_was_recorded, pages_go_from_new_to_old_while_more_comes,
        events_are_found_by_client_library_and_time, events_are_listed_by_their_times_whatever_the_clock_did;
    places: no_more_than_the_limit_are_held_over_all_processes, other_limits_and_places_that_were_given_back_are_free,
        who_waits_gets_a_share_while_others_are_busy, places_of_a_dead_process_are_free,
        a_wait_that_is_given_up_takes_no_place;
    quotas: what_one_process_is_told_the_others_learn, what_a_dead_process_was_told_is_forgotten,
        a_store_that_has_closed_tells_and_asks_nothing_more;
    requests: a_repetition_gets_the_answer_of_the_first_one_and_only_of_its_client,
        another_request_under_the_same_id_is_refused_and_an_abandoned_one_begins_again,
        of_many_processes_one_begins_a_request, a_request_of_a_dead_process_begins_again,
        an_answer_is_kept_for_a_day_and_a_clock_set_back_does_not_keep_it_longer,
        of_processes_that_keep_requests_for_different_times_the_longest_counts;
    tidy: what_is_old_is_removed_and_what_is_not_stays, one_process_at_a_time_tidies_up_and_not_all_the_time,
        nothing_is_removed_for_an_hour_after_the_clock_has_jumped;
    catalogue: what_is_recorded_is_found_by_album_and_content, the_contents_of_images_are_told_in_their_album,
        a_second_record_replaces_the_first,
        forgotten_images_are_gone_with_every_content, a_name_with_a_nul_is_kept;
    claims: of_many_processes_one_gets_the_claim, what_is_settled_is_in_the_catalogue_and_free,
        a_claim_on_an_album_ends_with_the_content_that_it_holds,
        what_was_not_applied_leaves_nothing_behind, a_claim_that_is_left_tells_what_was_sent,
        an_abandoned_claim_is_free, a_dead_holders_intent_is_told, a_claim_of_this_process_is_granted_again,
        who_was_taken_for_dead_may_not_send_nor_settle;
    operations: a_submitted_operation_is_kept, a_repeated_request_makes_one_operation,
        a_request_id_with_another_request_is_refused, pages_go_from_new_to_old, lists_are_filtered,
        of_many_workers_one_takes_it, items_are_counted_by_their_last_outcome, many_items_fit_into_a_call,
        an_ended_operation_takes_no_more, an_untouched_operation_is_cancelled_at_once,
        a_worker_learns_that_it_is_to_end, only_what_has_ended_is_removed, unknown_operations_are_not_found,
        a_client_asks_for_no_more_than_it_has_room_for, a_request_id_of_another_call_is_refused,
        a_budget_and_costs_are_kept_with_or_without_an_outcome_and_by_the_holder_alone;
    tries: a_given_back_operation_pauses_longer_each_time, a_hint_prolongs_the_pause, a_clock_set_back_ends_pauses,
        the_last_try_ends_in_failure, an_outcome_makes_tries_count_anew, a_released_operation_is_due_and_has_no_try,
        workers_that_keep_dying_end_in_failure;
    members: a_dead_processs_operation_goes_on_elsewhere, a_stopped_process_finds_its_leases_lost,
        a_living_process_keeps_its_lease_whatever_the_date, a_watcher_that_slept_takes_nobody_for_dead,
        a_closed_process_leaves_its_work_at_once, a_taken_for_dead_process_can_work_again,
        what_a_dropped_process_held_is_due_within_six_seconds,;
    dispatch: what_is_submitted_is_due, what_another_process_submits_is_due_within_two_seconds,
        what_is_held_is_not_due, what_is_due_is_not_named_twice_in_a_row, a_change_wakes_who_waits,
        what_a_worker_has_abandoned_is_due_again, what_only_a_newer_program_can_do_keeps_nothing_waiting,
        a_change_of_another_process_is_seen;
    schema: many_processes_may_open_a_new_database,
        a_program_of_the_previous_schema_and_this_one_work_side_by_side,
        what_only_a_newer_program_can_read_is_left_to_it, a_newer_schema_that_allows_it_is_worked_with,
        a_newer_schema_that_does_not_is_refused, a_url_of_another_kind_is_refused_and_not_shown,
        many_processes_write_at_once;
};

/// Those about pictures, wherever their bytes are.
const OF_PICTURES: &[Case] = cases! {
    blobs: what_one_process_puts_another_one_opens, a_client_holds_what_it_has_put_and_keeps_it_by_asking,
        a_picture_that_many_put_at_once_is_kept_once,
        a_picture_that_was_damaged_is_not_given_as_a_whole, a_picture_whose_bytes_are_lost_is_kept_anew,
        what_is_not_what_it_is_said_to_be_is_not_kept,
        each_client_has_its_own_room, a_client_that_puts_many_at_once_stays_within_its_room,
        a_full_place_is_told_and_takes_pictures_again_once_there_is_room;
    tidy: pictures_stay_as_long_as_an_operation_needs_them,
        objects_that_nobody_names_are_swept_and_those_of_others_are_not;
};

/// Those about buckets only.
const OF_BUCKETS: &[Case] = cases! {
    buckets: a_large_picture_goes_in_parts, what_is_wrong_with_a_bucket_is_told_with_what_to_do,
        keys_that_are_refused_later_are_told_and_new_ones_are_used;
};

/// Those in which many do the same at once, for servers that refuse what does not fit in.
const AT_ONCE: &[Case] = cases! {
    blobs: a_picture_that_many_put_at_once_is_kept_once, a_client_that_puts_many_at_once_stays_within_its_room;
    claims: of_many_processes_one_gets_the_claim, who_was_taken_for_dead_may_not_send_nor_settle;
    operations: a_repeated_request_makes_one_operation, of_many_workers_one_takes_it,
        items_are_counted_by_their_last_outcome;
    places: no_more_than_the_limit_are_held_over_all_processes, who_waits_gets_a_share_while_others_are_busy;
    requests: of_many_processes_one_begins_a_request;
    members: a_dead_processs_operation_goes_on_elsewhere, a_taken_for_dead_process_can_work_again;
    schema: many_processes_may_open_a_new_database, many_processes_write_at_once;
};

/// Those that hold for one process without a database, too.
const IN_MEMORY: &[Case] = cases! {
    catalogue: what_is_recorded_is_found_by_album_and_content, the_contents_of_images_are_told_in_their_album,
        a_second_record_replaces_the_first,
        forgotten_images_are_gone_with_every_content;
    claims: what_was_not_applied_leaves_nothing_behind, a_claim_that_is_left_tells_what_was_sent,
        a_claim_of_this_process_is_granted_again;
    operations: a_submitted_operation_is_kept, a_repeated_request_makes_one_operation,
        a_request_id_with_another_request_is_refused, pages_go_from_new_to_old, lists_are_filtered,
        of_many_workers_one_takes_it, items_are_counted_by_their_last_outcome, many_items_fit_into_a_call,
        an_ended_operation_takes_no_more, an_untouched_operation_is_cancelled_at_once,
        a_worker_learns_that_it_is_to_end, only_what_has_ended_is_removed, unknown_operations_are_not_found,
        a_budget_and_costs_are_kept_with_or_without_an_outcome_and_by_the_holder_alone;
    tries: the_last_try_ends_in_failure, an_outcome_makes_tries_count_anew, a_released_operation_is_due_and_has_no_try;
};

/// What a file can come to, and a server cannot.
const OF_FILES: &[Case] = cases! {
    hardship: a_full_file_loses_nothing_and_takes_more_once_there_is_room,
        what_a_full_file_has_undone_keeps_nobody_from_writing, a_copy_is_the_database_of_one_moment;
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let servers = Postgres::find("the suite over PostgreSQL")
        .and_then(|postgres| Ok((postgres, S3::find("pictures in a bucket")?)));
    let (postgres, s3) = match servers {
        Ok((postgres, s3)) => (postgres.map(Arc::new), s3.map(Arc::new)),
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let of_files = OF_FILES.iter().map(|&(name, case)| trial(format!("sqlite::{name}"), World::sqlite, case));
    let mut trials: Vec<_> = of_files.collect();
    trials.push(
        trial("sqlite::measure".to_owned(), World::sqlite, |world| Box::pin(measure::measure(world)))
            .with_ignored_flag(true),
    );
    for &(name, case) in IN_MEMORY {
        trials.push(trial(format!("memory::{name}"), World::memory, case));
    }
    if let Some(postgres) = &postgres {
        let postgres = Arc::clone(postgres);
        let measure = trial(
            "postgres::measure".to_owned(),
            move || World::postgres(&postgres),
            |world| Box::pin(measure::measure(world)),
        );
        trials.push(measure.with_ignored_flag(true));
    }
    for &(name, case) in CASES {
        trials.push(trial(format!("sqlite::{name}"), World::sqlite, case));
        if let Some(postgres) = &postgres {
            let postgres = Arc::clone(postgres);
            trials.push(trial(format!("postgres::{name}"), move || World::postgres(&postgres), case));
        }
    }
    for &(name, case) in AT_ONCE {
        if let Some(postgres) = &postgres {
            let postgres = Arc::clone(postgres);
            trials.push(trial(format!("serializable::{name}"), move || World::serializable(&postgres), case));
        }
    }
    for (name, pictures) in places_of_pictures(s3.as_ref()) {
        let cases = OF_PICTURES.iter().chain(if name == "s3" { OF_BUCKETS } else { &[] });
        for &(case_name, case) in cases {
            let (sqlite, place) = (format!("sqlite::{name}::{case_name}"), pictures.clone());
            trials.push(trial(sqlite, move || World::sqlite().with_pictures(&place), case));
            if let Some(postgres) = &postgres {
                let (postgres, place) = (Arc::clone(postgres), pictures.clone());
                let world = move || World::postgres(&postgres).with_pictures(&place);
                trials.push(trial(format!("postgres::{name}::{case_name}"), world, case));
            }
        }
    }
    if postgres.as_deref().is_some_and(|postgres| matches!(postgres, Postgres::Own(_))) {
        let outages: [(&str, Outage); 4] = [
            ("a_server_that_comes_back_is_used_again", || Box::pin(outage::a_server_that_comes_back_is_used_again())),
            ("a_server_that_falls_silent_is_not_waited_for", || {
                Box::pin(outage::a_server_that_falls_silent_is_not_waited_for())
            }),
            ("what_was_taken_without_being_heard_of_is_due_again", || {
                Box::pin(outage::what_was_taken_without_being_heard_of_is_due_again())
            }),
            ("what_a_process_locked_that_stopped_in_a_transaction_is_freed", || {
                Box::pin(outage::what_a_process_locked_that_stopped_in_a_transaction_is_freed())
            }),
        ];
        for (name, case) in outages {
            trials.push(Trial::test(format!("postgres::outage::{name}"), move || {
                run(case());
                Ok(())
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop((postgres, s3));
    conclusion.exit_code()
}

/// Each kind of place that there is, by its name.
fn places_of_pictures(s3: Option<&Arc<S3>>) -> Vec<(&'static str, Pictures)> {
    let mut places = vec![("folder", Pictures::Folder), ("memory", Pictures::Memory(Arc::default()))];
    places.extend(s3.map(|s3| ("s3", Pictures::Bucket(Arc::clone(s3)))));
    places
}

fn trial<W>(name: String, world: W, case: fn(World) -> Pin<Box<dyn Future<Output = ()> + Send>>) -> Trial
where
    W: FnOnce() -> World + Send + 'static,
{
    Trial::test(name, move || {
        run(case(world()));
        Ok(())
    })
}

fn run(case: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(case);
}
