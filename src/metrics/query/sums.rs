//! Questions for sums over all targets: where there are too many samples to read each, the server follows the counters by
//! the rules of [`super::super::increments`].

use std::time::Duration;

use prometheus_http_query::Selector;

use super::super::decode::Labels;
use super::super::increments::{FORGET, IDENTITY};
use super::{Question, REPLICA_LABELS, duration, quoted};

/// How often a question of this file names a metric: values of each series that the server looks up for one of its answers.
pub(in crate::metrics) const LOOK_UPS: u32 = 4;

impl Question {
    /// What was counted in the `width` before an instant, by class.
    pub fn risen(&self, width: Duration) -> String {
        let classes: Vec<&str> = self.provider.class_labels().collect();
        self.rise(&self.provider.requests, &classes, width)
    }

    /// The same by latency bucket, if there is a histogram.
    pub fn risen_buckets(&self, width: Duration) -> Option<String> {
        Some(self.rise(self.provider.latency.as_ref()?, &["le"], width))
    }

    /// Series by which somebody began to count anew in the `width` before an instant: fallen ones, and those of new targets.
    pub fn anew(&self, width: Duration) -> String {
        let Ends { now, before } = self.ends(&self.provider.requests, width);
        format!("count({now} < {before} or {now} unless on ({}) {before})", IDENTITY.join(", "))
    }

    /// The series of the request counters that has most samples in the last `window`.
    pub fn fullest(&self, window: Duration) -> String {
        format!("topk(1, count_over_time({}))", self.raw(window))
    }

    /// Every stored sample of the request counter with these labels in the last `window`.
    pub fn raw_of(&self, labels: &Labels, window: Duration) -> String {
        let start = Selector::new().metric(&self.provider.requests);
        let all: Vec<(&str, String)> =
            labels.iter().map(|(name, value)| (name.as_str(), quoted(value))).collect();
        let selector = all.iter().fold(start, |selector, (name, value)| selector.eq(name, value));
        format!("{selector}[{}]", duration(window))
    }

    /// Counters follow each other series by series, so nothing is extrapolated, and whole numbers stay whole. One that fell
    /// began at 0, and one that was not there as well if its target was; of a new target nobody knows.
    ///
    /// A difference of sums would take a pod that came for a jump, and `increase()` loses the first error of a pod.
    fn rise(&self, metric: &str, labels: &[&str], width: Duration) -> String {
        let (by, Ends { now, before }) = (self.by(labels), self.ends(metric, width));
        format!("sum by ({by}) ({now} - {before} >= 0 or {now} and on ({}) {before})", IDENTITY.join(", "))
    }

    /// The counters at an instant and `width` before it. Of the two halves of an HA pair the one that is ahead.
    fn ends(&self, metric: &str, width: Duration) -> Ends {
        let (replicas, selector) = (REPLICA_LABELS.join(", "), self.selector(metric));
        let at = |offset: &str| {
            format!("max without ({replicas}) (last_over_time({selector}[{}]{offset}))", duration(FORGET))
        };
        Ends { now: at(""), before: at(&format!(" offset {}", duration(width))) }
    }
}

struct Ends {
    now: String,
    before: String,
}
