//! The request is lost, or its answer is.

use super::store::{Inner, Store, drain, set};
use super::{rig, rollback, step};
use crate::pilot::{DryRun, NotWritten};

#[tokio::test(start_paused = true)]
async fn a_write_that_was_never_answered_is_not_called_unwritten() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.drop_requests = usize::MAX));
    assert!(matches!(rig.write(rollback()).await, Err(NotWritten::Unknown(_))));
    assert_eq!(rig.journal.unfinished().unwrap().len(), 1, "the next start looks again");
}

#[tokio::test(start_paused = true)]
async fn what_stops_a_later_attempt_does_not_make_an_unanswered_one_unwritten() {
    let lost = |inner: &mut Inner| {
        inner.drop_requests = 1;
        inner.races = vec![drain];
    };
    let rig = rig(Store::new(95, 5).with(lost));
    let Err(NotWritten::Unknown(words)) = rig.write(rollback()).await else { panic!("it may have arrived") };
    assert!(words.contains("not answered") && words.contains("somebody else did it"), "{words}");
    assert_eq!(rig.journal.unfinished().unwrap().len(), 1, "the next start looks again");
}

/// Admission may take a write, answer 200, and store what was there before, or something else.
#[tokio::test]
async fn what_the_server_does_not_hold_is_not_called_written() {
    let with = |mutate| rig(Store::new(95, 5).with(|inner| inner.mutates = Some(mutate)));
    for intent in [step(), rollback()] {
        let undone = with(|route| set(route, 95, 5));
        let prepared = undone.prepare(intent.clone()).await.unwrap();
        let DryRun::Refused(words) = &prepared.planned[0].dry_run else {
            panic!("{:?}", prepared.planned[0].dry_run)
        };
        assert!(words.contains("rule 0 has checkout-stable 95, checkout-canary 5"), "{words}");
        let Err(NotWritten::Refused(words)) = undone.write(intent.clone()).await else {
            panic!("{intent:?}")
        };
        assert!(words.contains("changed nothing"), "{words}");
        assert!(undone.journal.unfinished().unwrap().is_empty());

        let other = with(|route| set(route, 93, 7));
        let Err(NotWritten::Unknown(words)) = other.write(intent.clone()).await else { panic!("{intent:?}") };
        assert!(words.contains("rule 0 has checkout-stable 93, checkout-canary 7"), "{words}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_again_by_the_id_in_the_annotation() {
    let rig = rig(Store::new(95, 5).with(|inner| inner.lose_answers = 1));
    rig.write(step()).await.unwrap();
    assert_eq!(rig.store.weights(), (90, 10), "written once");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_starts_again_is_given_time_to_tell_what_it_has() {
    let away = |reads| Store::new(95, 5).with(|inner| (inner.lose_answers, inner.fail_reads) = (1, reads));
    let soon = rig(away(5));
    soon.write(step()).await.unwrap();
    let late = rig(away(50));
    assert!(matches!(late.write(step()).await, Err(NotWritten::Unknown(_))));
    assert_eq!((soon.store.weights(), late.store.weights()), ((90, 10), (90, 10)));
}

#[tokio::test(start_paused = true)]
async fn an_advance_without_an_answer_is_not_sent_twice_and_a_rollback_is() {
    let lost = || Store::new(95, 5).with(|inner| inner.drop_requests = 1);
    let advance = rig(lost());
    assert!(matches!(advance.write(step()).await, Err(NotWritten::Unknown(_))));
    assert_eq!(advance.store.weights(), (95, 5));
    assert_eq!(advance.journal.unfinished().unwrap().len(), 1, "its end is not known");
    let rollback_rig = rig(lost());
    rollback_rig.write(rollback()).await.unwrap();
    assert_eq!(rollback_rig.store.weights(), (100, 0));
}
