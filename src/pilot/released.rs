//! Which release a backend runs, and whether a rollback returns to what was served before.

use super::states::Prepared;
use super::trace::images;
use crate::cluster::Pods;
use crate::rollout::{ChangeRecord, Effect, Release, weight_keys};

/// What these pods run.
#[must_use]
pub fn release(pods: &Pods) -> Release {
    Release { images: pods.images.iter().map(ToString::to_string).collect(), newest_pod: pods.newest }
}

impl Prepared {
    /// A backend that a rollback wakes up, and that no longer runs what it ran at the newest change; in words. `None` where
    /// that is not so, or not known.
    #[must_use]
    pub fn released_since(&self) -> Option<String> {
        let main = self.main().filter(|main| main.plan.effect == Effect::Rollback)?;
        let change = main.plan.main_change()?;
        let left = ChangeRecord::newest(&main.fresh)?.images;
        let now = images(&main.plan, &self.backends);
        let keys = weight_keys(&change.backends, &main.plan.route.namespace);
        let weights = change.before.iter().zip(&change.after);
        let woken = keys.iter().zip(weights).filter(|(_, (before, after))| **before == 0 && **after > 0);
        woken.map(|(key, _)| key).find_map(|key| {
            let (then, now) = (left.get(key)?, now.get(key)?);
            let named = |image: &str| image.rsplit('/').next().unwrap_or(image).to_owned();
            (then != now).then(|| {
                format!(
                    "no return: {key} runs {} now, and ran {} at the newest change",
                    named(now),
                    named(then)
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::app::fixture::{backend, prepared, split};
    use crate::rollout::{Demand, Intent, Verdict};

    #[test]
    fn a_rollback_to_another_release_than_was_left_says_so() {
        let rollback_after = |images: serde_json::Value| {
            let mut route = split("web", 2, &[("web-blue", 0), ("web-green", 100)]);
            let weights = |blue, green| json!({"0": {"web-blue": blue, "web-green": green}});
            let record = json!({
                "id": "1", "namespace": "shop", "route": "web", "uid": &*route.uid, "actor": "anna",
                "at": "2026-03-01T11:00:00Z", "action": "flip", "verdict": "pass", "images": images,
                "before": weights(100, 0), "after": weights(0, 100),
            });
            route.last_change = Some(record.to_string().into());
            let (from, into) = (backend("web-green"), backend("web-blue"));
            let intent = Intent::Drain { from, into, other_paths: false };
            prepared(&route, &intent, Verdict::NotApplicable, Demand::Yes).released_since()
        };
        let image = |tag: &str| format!("registry.example/shop/checkout:{tag}");
        let words =
            "no return: web-blue runs checkout:v1.4.1 now, and ran checkout:v1.3.0 at the newest change";
        assert_eq!(rollback_after(json!({"web-blue": image("v1.3.0")})).as_deref(), Some(words));
        assert_eq!(rollback_after(json!({"web-blue": image("v1.4.1")})), None);
        assert_eq!(rollback_after(json!({"web-green": image("v1.3.0")})), None, "it is what is left now");
    }
}
