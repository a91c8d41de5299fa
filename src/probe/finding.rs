//! What the answers of a probe show of the declared split: a count of its own, never mixed with metrics. Each request
//! has a new connection, so none hangs on another: D = 1, and the level is 0.1 % for all backends together.

use super::tally::Tally;
use super::whose::{Known, whose};
use crate::route::BackendRef;
use crate::stats::{ShareWord, excluded_leak, interval, requests_until_consistent, share_word};

/// Level of the whole probe.
const LEVEL: f64 = 0.001;
/// A leak to a backend of weight 0 that would matter, as for counts of metrics: 135 requests would have shown it.
const LEAK: f64 = 0.05;

/// What a probe has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The declared split is served.
    Proven(String),
    /// It cannot be told.
    Unproven(String),
    /// Something else is served.
    Disproven(String),
}

/// Judges whether `declared` (shares, 0 to 1, in the order of `backends`) is what answered.
///
/// Answers of which it is not known whose they are may be anybody's: nothing is said that they could turn.
#[must_use]
pub fn judge(declared: &[f64], backends: &[(BackendRef, Known)], tally: &Tally) -> Finding {
    let mut hits = vec![0.0; declared.len()];
    let mut unknown: Vec<&str> = Vec::new();
    let mut unclear = f64::from(tally.unnamed.answers + tally.without_answer());
    for (version, count) in &tally.versions {
        if let Some(index) = whose(version, backends) {
            hits[index] += f64::from(count.answers);
        } else {
            unclear += f64::from(count.answers);
            unknown.push(version);
        }
    }
    let missed = missed(tally, &unknown);
    let with = |words: String| if missed.is_empty() { words } else { format!("{words}; {missed}") };
    if hits.iter().sum::<f64>() <= 0.0 {
        return Finding::Unproven(with("no answer is known to be of a backend of this split".to_owned()));
    }
    let found = shown(declared, &hits);
    let turned = unclear > 0.0
        && (0..declared.len()).any(|index| {
            let mut otherwise = hits.clone();
            otherwise[index] += unclear;
            std::mem::discriminant(&shown(declared, &otherwise)) != std::mem::discriminant(&found)
        });
    match found {
        Finding::Proven(words) | Finding::Disproven(words) if turned => {
            Finding::Unproven(with(format!("{words}, but {unclear:.0} requests more could change that")))
        }
        Finding::Proven(words) => Finding::Proven(with(words)),
        Finding::Disproven(words) => Finding::Disproven(with(words)),
        Finding::Unproven(words) => Finding::Unproven(with(words)),
    }
}

/// What cannot be counted for a backend, and why.
fn missed(tally: &Tally, unknown: &[&str]) -> String {
    let mut words = Vec::new();
    if tally.unnamed.answers > 0 {
        words.push(format!("{} answers name no version", tally.unnamed.answers));
    }
    if let Some(first) = unknown.first() {
        let list = unknown.join(", ");
        words.push(format!("it is not known whose {list} is: say it with --version-of BACKEND={first}"));
    }
    if let Some(why) = tally.why_lost() {
        words.push(format!("{} requests had no answer: {why}", tally.without_answer()));
    }
    words.join("; ")
}

/// What these hits show, by themselves.
fn shown(declared: &[f64], hits: &[f64]) -> Finding {
    let total: f64 = hits.iter().sum();
    let (mut words, mut needed, mut proven) = (Vec::new(), 0.0_f64, true);
    let parked = || declared.iter().zip(hits).filter(|(share, _)| **share <= 0.0);
    let strayed: f64 = parked().map(|(_, hits)| hits).sum();
    if strayed > 0.0 {
        return Finding::Disproven(format!(
            "{strayed:.0} of {total:.0} requests reached a backend of weight 0"
        ));
    }
    if parked().next().is_some() {
        let leak = excluded_leak(total, 1.0);
        needed = (LEVEL.ln() / (-LEAK).ln_1p()).ceil();
        proven = total >= needed;
        // A bound is rounded up: rounded down it would claim what was not shown.
        let leak = (leak * 1000.0).ceil() / 10.0;
        words.push(format!(
            "0 of {total:.0} requests reached a backend of weight 0: leak < {leak:.1} % (99 %)"
        ));
    }
    // Of two backends one tells the other.
    let tested = if declared.len() == 2 { 1 } else { declared.len() };
    #[expect(clippy::cast_precision_loss, reason = "at most 16 backends")]
    let level = LEVEL / tested as f64;
    let shares = declared.iter().zip(hits).skip(declared.len() - tested);
    for (share, hits) in shares.filter(|(share, _)| **share > 0.0 && **share < 1.0) {
        let seen = interval(*hits, total, level);
        let [is, lo, hi, said] = [hits / total, seen.lo, seen.hi, *share].map(|share| share * 100.0);
        let found =
            format!("{is:.1} % answered ({lo:.1} to {hi:.1}) of {total:.0} requests, {said:.1} % declared");
        match share_word(seen, *share) {
            ShareWord::Inconsistent => return Finding::Disproven(format!("not the declared split: {found}")),
            ShareWord::Consistent => {}
            ShareWord::CannotTell => proven = false,
        }
        needed = needed.max(requests_until_consistent(*share, level).unwrap_or(f64::INFINITY));
        words.push(found);
    }
    let words = words.join("; ");
    match (proven, total < needed && needed.is_finite()) {
        (true, _) => Finding::Proven(words),
        (false, true) => Finding::Unproven(format!("{words}; about {needed:.0} can tell")),
        (false, false) => Finding::Unproven(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Answer;

    fn pair() -> Vec<(BackendRef, Known)> {
        let backend = |name: &str, version: &str| {
            let known = Known { of_pods: vec![version.to_owned()], ..Known::default() };
            (BackendRef::service("shop", name, 80), known)
        };
        vec![backend("stable", "v1"), backend("canary", "v2")]
    }

    fn tally(versions: &[(&str, u32)], unnamed: u32) -> Tally {
        let mut tally = Tally::default();
        for (version, count) in versions {
            for _ in 0..*count {
                tally.add(Answer::Came { version: Some((*version).to_owned()), status: 200 });
            }
        }
        for _ in 0..unnamed {
            tally.add(Answer::Came { version: None, status: 503 });
        }
        tally
    }

    fn found(declared: [f64; 2], versions: &[(&str, u32)], unnamed: u32) -> Finding {
        judge(&declared, &pair(), &tally(versions, unnamed))
    }

    #[test]
    fn two_hundred_answers_prove_a_drain_and_one_hit_disproves_it() {
        let Finding::Proven(words) = found([1.0, 0.0], &[("v1", 200)], 0) else { panic!() };
        assert_eq!(words, "0 of 200 requests reached a backend of weight 0: leak < 2.3 % (99 %)");
        let Finding::Unproven(words) = found([1.0, 0.0], &[("v1", 134)], 0) else { panic!() };
        assert!(words.ends_with("about 135 can tell"), "{words}");
        let Finding::Disproven(words) = found([1.0, 0.0], &[("v1", 199), ("v2", 1)], 0) else { panic!() };
        assert_eq!(words, "1 of 200 requests reached a backend of weight 0");
    }

    #[test]
    fn a_split_is_told_by_the_share_test() {
        let of = |stable, canary| found([0.9, 0.1], &[("v1", stable), ("v2", canary)], 0);
        let Finding::Unproven(words) = of(180, 20) else { panic!() };
        assert!(words.contains("10.0 % answered (") && words.ends_with("about 971 can tell"), "{words}");
        assert!(matches!(of(900, 100), Finding::Proven(_)));
        assert!(matches!(of(120, 80), Finding::Disproven(_)));
    }

    #[test]
    fn what_names_no_version_can_take_a_proof_away() {
        let Finding::Unproven(words) = found([1.0, 0.0], &[("v1", 199)], 1) else { panic!() };
        let maybe = "0 of 199 requests reached a backend of weight 0: leak < 2.3 % (99 %), but 1 requests more could change that";
        assert_eq!(words, format!("{maybe}; 1 answers name no version"));
        assert!(
            matches!(found([0.9, 0.1], &[("v1", 1800), ("v2", 200)], 3), Finding::Proven(_)),
            "3 of 2000"
        );
        let Finding::Unproven(words) = found([0.9, 0.1], &[("v9", 200)], 0) else { panic!() };
        assert!(
            words.contains("it is not known whose v9 is: say it with --version-of BACKEND=v9"),
            "{words}"
        );
        let still = found([1.0, 0.0], &[("v1", 100), ("v2", 50)], 5);
        assert!(matches!(still, Finding::Disproven(_)), "nobody's answers cannot undo hits: {still:?}");
    }

    #[test]
    fn what_had_no_answer_may_have_been_anybodys() {
        let mut tally = tally(&[("v1", 190)], 0);
        (0..10).for_each(|_| tally.add(Answer::Lost("no answer within 5 s".to_owned())));
        let Finding::Unproven(words) = judge(&[1.0, 0.0], &pair(), &tally) else { panic!() };
        assert!(words.ends_with("10 requests had no answer: no answer within 5 s"), "{words}");
    }
}
