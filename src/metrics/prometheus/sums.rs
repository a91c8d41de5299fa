//! What was counted where there are too many samples to read each: the server adds up, and keeps its instants apart by
//! a fixed width, so that the same question has the same answer whenever it is put.

use std::time::Duration;

use futures::future::try_join;
use jiff::Timestamp;

use super::super::decode::{Answer, RawSeries};
use super::super::error::MetricError;
use super::super::increments;
use super::super::query::{LOOK_UPS, Question};
use super::super::samples::{Samples, Sums};
use super::super::ticks::{Beside, PATIENCE};
use super::PrometheusSource;

/// Series that are read sample by sample at most.
const MOST_SERIES: f64 = 5_000.0;
/// Samples that are read at one look at most: some 6 MiB.
pub(super) const MOST_SAMPLES: f64 = 200_000.0;
/// Narrowest sums, in seconds.
const NARROWEST: f64 = 5.0;
/// Widest sums, in seconds: older ticks need not be told apart more closely.
const WIDEST: f64 = 60.0;
/// Values of series that a server looks up for one look at most: some ten seconds of its time,
const MOST_LOOK_UPS: f64 = 32e6;
/// and for one question.
const LOOK_UPS_AT_ONCE: f64 = 4e6;
/// Scrape intervals in which it is looked for somebody who began to count anew.
const LATELY: u32 = 4;
/// The scrape interval is told by the samples of so long a time.
const SCRAPED_OVER: Duration = Duration::from_mins(5);

/// How a past is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    /// In sums; `None` is sample by sample.
    pub sums: Option<Sums>,
    /// How far back.
    pub past: Duration,
}

/// How to read so many `series`, scraped every `interval`, over `past`, if no more than `most` samples are to be read.
pub(super) fn plan(series: f64, interval: Duration, past: Duration, most: f64) -> Plan {
    let (each, seconds) = (interval.as_secs_f64(), past.as_secs_f64());
    if series <= MOST_SERIES && series * seconds / each <= most {
        return Plan { sums: None, past };
    }
    let of_one = series * f64::from(LOOK_UPS);
    let widths = (MOST_LOOK_UPS / of_one).floor().max(1.0);
    // As it was configured: what is measured jitters.
    let narrowest = ((each * 10.0).round() / 10.0).max(NARROWEST);
    let width = (seconds / widths).clamp(narrowest, narrowest.max(WIDEST)).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 4 million")]
    let at_once = (LOOK_UPS_AT_ONCE / of_one).floor().clamp(1.0, 4e6) as u32;
    let past = past.min(Duration::from_secs_f64(width * widths));
    Plan { sums: Some(Sums { width: Duration::from_secs_f64(width), at_once, interval: None }), past }
}

impl PrometheusSource {
    /// Adds the sums that are missing of those that are over by now.
    pub(super) async fn sum_up(
        &self,
        question: &Question,
        samples: &mut Samples,
        mut sums: Sums,
    ) -> Result<Beside, MetricError> {
        let now = Timestamp::now();
        let newest = self.transport.whole(&question.newest()).await?.series;
        self.unambiguous(question, &newest)?;
        if sums.interval.is_none() {
            sums.interval = self.measured(question).await?;
            samples.sums = Some(sums);
        }
        let Sums { width, at_once, interval } = sums;
        let mut beside = Beside { width, interval, newest, over: None, anew: None };
        let (Some(last), Some(interval)) = (beside.last(), interval) else { return Ok(beside) };
        let over = last.checked_sub(interval.mul_f64(PATIENCE)).unwrap_or(last);
        let over = floor(over, width);
        let from = now.checked_sub(samples.missing(now, self.baseline())).unwrap_or(Timestamp::MIN);
        let mut from = floor(from, width);
        while from < over {
            let until = over.min(from.checked_add(width * at_once).unwrap_or(over));
            let start = from.checked_add(width).unwrap_or(over);
            let range = |promql| async move {
                match promql {
                    Some(promql) => self.transport.whole_range(promql, start, until, width).await,
                    None => Ok(Answer::default()),
                }
            };
            let (risen, buckets) = (question.risen(width), question.risen_buckets(width));
            let (risen, buckets) = try_join(range(Some(&risen)), range(buckets.as_deref())).await?;
            self.unambiguous(question, &risen.series)?;
            samples.add(until, [risen.series, buckets.series].concat());
            from = until;
        }
        beside.over = Some(over);
        beside.anew = self.anew(question, last, interval).await?;
        Ok(beside)
    }

    /// When somebody began to count anew, if that was lately.
    async fn anew(
        &self,
        question: &Question,
        last: Timestamp,
        interval: Duration,
    ) -> Result<Option<Timestamp>, MetricError> {
        let step = Duration::from_secs_f64(interval.as_secs_f64().ceil());
        let start = last.checked_sub(step * LATELY).unwrap_or(last);
        let answer = self.transport.whole_range(&question.anew(step), start, last, step).await?;
        Ok(answer.series.iter().filter_map(|series| series.samples.last()).map(|(at, _)| *at).max())
    }

    /// The scrape interval by the samples of one series; `None` where they are too few to tell.
    pub(super) async fn measured(&self, question: &Question) -> Result<Option<Duration>, MetricError> {
        let fullest = self.transport.whole(&question.fullest(SCRAPED_OVER)).await?;
        let Some(RawSeries { labels, .. }) = fullest.series.first() else { return Ok(None) };
        let one = self.transport.whole(&question.raw_of(labels, SCRAPED_OVER)).await?;
        Ok(increments::interval(&one.series))
    }
}

/// The last multiple of `width` that is not later.
fn floor(at: Timestamp, width: Duration) -> Timestamp {
    let width = i64::try_from(width.as_secs()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_second(at.as_second().div_euclid(width) * width).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(15);
    const SIX_HOURS: Duration = Duration::from_hours(6);

    fn found(series: f64, interval: Duration, past: Duration) -> (Option<(u64, u32)>, u64) {
        let Plan { sums, past } = plan(series, interval, past, MOST_SAMPLES);
        (sums.map(|sums| (sums.width.as_secs(), sums.at_once)), past.as_secs())
    }

    #[test]
    fn few_samples_are_read_each_and_many_in_sums_as_narrow_as_they_may_be() {
        let minutes = |n| Duration::from_mins(n);
        assert_eq!(found(0.0, S, SIX_HOURS), (None, 21_600));
        assert_eq!(found(138.0, S, SIX_HOURS), (None, 21_600));
        assert_eq!(found(1_000.0, S, minutes(30)), (None, 1_800));
        assert_eq!(found(1_000.0, S, SIX_HOURS), (Some((15, 1000)), 21_600));
        assert_eq!(found(5_001.0, S, minutes(1)), (Some((15, 199)), 60), "too many series for any past");
        assert_eq!(found(20_000.0, S, SIX_HOURS), (Some((54, 50)), 21_600));
        assert_eq!(found(1_000.0, Duration::from_millis(1500), SIX_HOURS), (Some((5, 1000)), 21_600));
        let rare = Duration::from_millis(119_900);
        assert_eq!(
            found(6_000.0, rare, SIX_HOURS),
            (Some((120, 166)), 21_600),
            "none narrower than a scrape"
        );
        assert_eq!(found(100_000.0, S, SIX_HOURS), (Some((60, 10)), 4_800), "so far back and no further");
    }

    #[test]
    fn sums_end_at_the_same_instants_whenever_they_are_asked_for() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!([29, 30, 44, -1].map(|second| floor(at(second), S)), [15, 30, 30, -15].map(at));
    }
}
