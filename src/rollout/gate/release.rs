//! Whether what was counted is of the release that would get more traffic.

use super::{Check, GateInput};
use crate::rollout::restart::ago;
use crate::rollout::{ChangeRecord, weight_keys, weights_of};
use crate::stats::Verdict;

/// What is to be said where a backend that advances has traffic, and runs another image than when it got its share: holds
/// until all its pods do. `None` where that is not so, or not known.
pub(super) fn check(input: &GateInput<'_>) -> Option<Check> {
    let record = ChangeRecord::newest(input.route)?;
    let change = input.plan.main_change()?;
    let rule = input.route.rules.get(change.rule)?;
    let namespace = &input.route.id.namespace;
    // Weights that somebody else wrote are counted since then.
    if weights_of(record.after.get(&change.rule)?, rule, namespace)? != change.before {
        return None;
    }
    let keys = weight_keys(&change.backends, namespace);
    let places = keys.iter().zip(&change.backends).zip(&change.before);
    let mut running =
        places.filter(|((_, backend), before)| **before > 0 && input.plan.advancing.contains(backend));
    running.find_map(|((key, backend), _)| {
        let then = record.images.get(key)?;
        let (_, release) = input.releases.iter().find(|(known, _)| known == backend)?;
        let other = release.images.iter().find(|image| *image != then)?;
        let named = |image: &str| image.rsplit('/').next().unwrap_or(image).to_owned();
        let [other, then] = [other, then].map(|image| named(image));
        let written = record.at.parse().ok();
        let (verdict, words) = match written.and_then(|written| release.whole_since(written)) {
            _ if release.images.len() > 1 => {
                (Verdict::Hold, format!("pods of {key} are being replaced: {other} beside {then}"))
            }
            Some(since) => {
                let since = ago(input.now, since);
                (Verdict::Pass, format!("{key} runs {other}, whole {since}: counted from then on, not as {then}"))
            }
            None => {
                let words = format!(
                    "{key} runs {other} now, and ran {then} when it got this share: since when is not known, so nothing counts"
                );
                (Verdict::Hold, words)
            }
        };
        Some(Check { name: "release", verdict, words })
    })
}
