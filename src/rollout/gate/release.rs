//! Whether what was counted is of the release that would get more traffic: another one may have been deployed under the
//! same name since.

use super::{Check, GateInput};
use crate::rollout::{ChangeRecord, weight_keys, weights_of};
use crate::stats::Verdict;

/// Holds where a backend that advances has traffic, and runs another image than when it got its share; `None` where that
/// is not so, or not known.
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
        let (_, now) = input.images.iter().find(|(known, _)| known == backend)?;
        let other = now.iter().find(|image| image.as_str() != then)?;
        let named = |image: &str| image.rsplit('/').next().unwrap_or(image).to_owned();
        let words = format!(
            "{key} runs {} now, and ran {} when it got this share: what was counted is not of this release",
            named(other),
            named(then)
        );
        Some(Check { name: "release", verdict: Verdict::Hold, words })
    })
}
