//! The ladder: the canary shares to stop at.

use std::fmt;

use thiserror::Error;

use super::weights::SHARE_SCALE;
use crate::route::Route;

/// A canary share to stop at, in hundredths of a percent (0 to 10,000), so that stages compare exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stage(u32);

impl Stage {
    /// The stage at `share` hundredths of a percent, 0 to 10,000.
    #[must_use]
    pub fn new(share: u32) -> Option<Self> {
        (share <= SHARE_SCALE).then_some(Self(share))
    }

    /// All traffic: where a promotion ends.
    pub const ALL: Self = Self(SHARE_SCALE);

    /// Reads a share in percent with at most two decimals, as `25`, `0.5` or `25%`; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('%').unwrap_or(text).trim_end();
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || decimals.len() > 2 || !digits(whole) || !digits(decimals) {
            return None;
        }
        let hundredths: u32 = format!("{decimals:0<2}").parse().ok()?;
        Self::new(whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(hundredths)?)
    }

    /// Hundredths of a percent, 0 to 10,000.
    #[must_use]
    pub fn share(self) -> u32 {
        self.0
    }

    /// Whether this is all traffic.
    #[must_use]
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0) / 100.0)
    }
}

/// The stages in rising order, without repeats; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder(Vec<Stage>);

/// Why a text is no ladder.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadLadder {
    /// No stage at all.
    #[error("the ladder has no stages; give canary shares in percent, for example 0 1 5 10 25 50 100")]
    Empty,
    /// Not a share.
    #[error("'{0}' is no stage; give a canary share from 0 to 100 percent, with at most two decimals")]
    Stage(String),
}

impl Default for Ladder {
    fn default() -> Self {
        Self([0, 100, 500, 1000, 2500, 5000, 10_000].map(Stage).to_vec())
    }
}

impl Ladder {
    /// Reads shares in percent, separated by spaces or commas.
    ///
    /// # Errors
    /// [`BadLadder`] when there is none, or one is not between 0 and 100 with at most two decimals.
    pub fn parse(text: &str) -> Result<Self, BadLadder> {
        let mut stages = text
            .split([' ', ',', '%'])
            .filter(|word| !word.is_empty())
            .map(|word| Stage::parse(word).ok_or_else(|| BadLadder::Stage(word.to_owned())))
            .collect::<Result<Vec<_>, _>>()?;
        stages.sort_unstable();
        stages.dedup();
        if stages.is_empty() { Err(BadLadder::Empty) } else { Ok(Self(stages)) }
    }

    /// The route's own ladder, by its annotation; `self` where it has none that can be read.
    #[must_use]
    pub fn of(&self, route: &Route) -> Self {
        route.stages.as_deref().and_then(|text| Self::parse(text).ok()).unwrap_or_else(|| self.clone())
    }

    /// Why the route's own ladder cannot be read, if it has one that cannot.
    #[must_use]
    pub fn fault(route: &Route) -> Option<BadLadder> {
        route.stages.as_deref().and_then(|text| Self::parse(text).err())
    }

    /// The stages in rising order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.0
    }

    /// The first stage above the share `weight / sum`. Off the ladder, at 17 %, that is 25 %.
    #[must_use]
    pub fn next(&self, weight: u64, sum: u64) -> Option<Stage> {
        self.0.iter().copied().find(|stage| compare(*stage, weight, sum).is_gt())
    }

    /// The last stage below the share `weight / sum`. Off the ladder, at 17 %, that is 10 %.
    #[must_use]
    pub fn back(&self, weight: u64, sum: u64) -> Option<Stage> {
        self.0.iter().rev().copied().find(|stage| compare(*stage, weight, sum).is_lt())
    }

    /// How many stages lie at or below the share `weight / sum`: the `3` of `3/7`.
    #[must_use]
    pub fn position(&self, weight: u64, sum: u64) -> usize {
        self.0.iter().take_while(|stage| compare(**stage, weight, sum).is_le()).count()
    }
}

fn compare(stage: Stage, weight: u64, sum: u64) -> std::cmp::Ordering {
    (u64::from(stage.0) * sum).cmp(&(weight * u64::from(SHARE_SCALE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ladder: &Ladder, weight: u64, sum: u64) -> (Option<u32>, Option<u32>, usize) {
        let share = |stage: Option<Stage>| stage.map(Stage::share);
        (share(ladder.back(weight, sum)), share(ladder.next(weight, sum)), ladder.position(weight, sum))
    }

    #[test]
    fn neighbours_on_and_off_the_ladder() {
        let ladder = Ladder::default();
        assert_eq!(at(&ladder, 0, 100), (None, Some(100), 1));
        assert_eq!(at(&ladder, 5, 100), (Some(100), Some(1000), 3));
        assert_eq!(at(&ladder, 17, 100), (Some(1000), Some(2500), 4));
        assert_eq!(at(&ladder, 1, 3), (Some(2500), Some(5000), 5), "one third is no exact stage");
        assert_eq!(at(&ladder, 7, 7), (Some(5000), None, 7));
    }

    #[test]
    fn parses_percent_with_two_decimals() {
        let stages = |text| Ladder::parse(text).map(|l| l.0.iter().map(|s| s.0).collect::<Vec<_>>());
        assert_eq!(stages("0, 0.25 12.5% 100 0"), Ok(vec![0, 25, 1250, 10_000]));
        assert_eq!(stages(" , "), Err(BadLadder::Empty));
        for bad in ["101", "-1", "1.234", "five", "1e2", ".", "99999999999"] {
            assert_eq!(stages(bad), Err(BadLadder::Stage(bad.to_owned())), "{bad}");
        }
    }
}
