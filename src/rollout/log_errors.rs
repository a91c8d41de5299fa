//! Errors in the logs of each version: what `kubectl logs | grep -c ERROR` would count, beside how much there was to log.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use regex::Regex;
use thiserror::Error;

use super::gate::Check;
use crate::stats::{Verdict, interval};

/// What a line of an error looks like, unless the settings say otherwise: a level in capitals, or the word of a crash.
const USUAL: &str = r#"\b(ERROR|FATAL|CRITICAL|PANIC)\b|\bpanic:|^[EF]\d{4} |level"?[=:] ?"?(error|fatal)"#;
/// Level of the interval by which versions are compared.
const ALPHA: f64 = 0.001;
/// More than so many times stable's share is too much.
const TIMES: f64 = 2.0;
/// And by at least so much.
const MARGIN: f64 = 0.005;
/// Below this many lines nothing is said.
const FEWEST_LINES: f64 = 20.0;
/// What the check is called.
pub const LOG_CHECK: &str = "log errors";
/// Lines that are shown.
const SHOWN: usize = 3;

/// What a line of an error looks like.
#[derive(Debug, Clone)]
pub struct LogPattern(Regex);

/// How errors in logs are counted.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRules {
    /// What one looks like.
    pub pattern: LogPattern,
    /// How far back logs are read (5 min).
    pub since: Duration,
}

impl Default for LogRules {
    fn default() -> Self {
        Self { pattern: LogPattern::default(), since: Duration::from_mins(5) }
    }
}

/// A text that is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it is no regular expression: {0}")]
pub struct BadLogPattern(String);

impl Default for LogPattern {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a test reads it")]
        USUAL.parse().expect("an expression")
    }
}

impl FromStr for LogPattern {
    type Err = BadLogPattern;

    fn from_str(text: &str) -> Result<Self, BadLogPattern> {
        Regex::new(text).map(Self).map_err(|error| {
            let words = error.to_string();
            BadLogPattern(words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
        })
    }
}

impl PartialEq for LogPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Display for LogPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().fmt(f)
    }
}

/// What was counted in the logs of one version.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogErrors {
    /// Pods whose logs were read.
    pub pods: usize,
    /// Lines that were read.
    pub lines: usize,
    /// Those of them that look like errors.
    pub errors: usize,
    /// Some of these, the newest last.
    pub examples: Vec<String>,
    /// What was not read, and why.
    pub unread: Vec<String>,
}

impl LogErrors {
    /// Counts in the logs of some pods.
    #[must_use]
    pub fn count<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        unread: Vec<String>,
        pattern: &LogPattern,
    ) -> Self {
        let mut counted = Self { unread, ..Self::default() };
        for text in texts {
            counted.pods += 1;
            for line in text.lines() {
                counted.lines += 1;
                if pattern.0.is_match(line) {
                    counted.errors += 1;
                    counted.examples.push(line.to_owned());
                }
            }
            let old = counted.examples.len().saturating_sub(SHOWN);
            counted.examples.drain(..old);
        }
        counted
    }

    /// In words: `12 of 4000 lines in 3 pods`; `requests` are those that the version had in the same time.
    #[must_use]
    pub fn words(&self, requests: Option<f64>) -> String {
        let Self { pods, lines, errors, .. } = self;
        if *pods == 0 {
            return format!("not known: {}", self.unread.join("; "));
        }
        // Of some pods only, the requests of all say nothing.
        let per = requests.filter(|requests| *requests >= 1.0 && self.unread.is_empty()).map(|requests| {
            #[expect(clippy::cast_precision_loss, reason = "at most 50,000 lines")]
            let share = *errors as f64 / requests * 1000.0;
            format!(", {share:.1} for 1000 requests")
        });
        let rest = if self.unread.is_empty() {
            String::new()
        } else {
            format!("; not read: {}", self.unread.join("; "))
        };
        let pods = if *pods == 1 { "1 pod".to_owned() } else { format!("{pods} pods") };
        format!("{errors} of {lines} lines in {pods}{}{rest}", per.unwrap_or_default())
    }
}

/// Whether a canary logs errors more than twice as often as stable, by a difference that is more than chance. Per
/// request where those of both are known, all logs were read and no request logs several; else per line.
#[must_use]
pub fn log_check(
    (canary, of_canary): (&LogErrors, Option<f64>),
    (stable, of_stable): (&LogErrors, Option<f64>),
) -> Check {
    #[expect(clippy::cast_precision_loss, reason = "at most 50,000 lines")]
    let float = |count: usize| count as f64;
    let fits = |log: &LogErrors, requests: Option<f64>| {
        requests.filter(|n| *n >= float(log.errors) && log.unread.is_empty())
    };
    let per_request = fits(canary, of_canary).zip(fits(stable, of_stable));
    let (n_canary, n_stable) = per_request.unwrap_or((float(canary.lines), float(stable.lines)));
    let words = format!("canary {}; stable {}", canary.words(of_canary), stable.words(of_stable));
    let verdict = if canary.pods == 0 || stable.pods == 0 {
        Verdict::NoData
    } else if n_canary < FEWEST_LINES || n_stable < FEWEST_LINES {
        // Nobody logs without being asked to: too little to judge is no fault.
        Verdict::NotApplicable
    } else {
        let worse = interval(float(canary.errors), n_canary, ALPHA).lo;
        let than = interval(float(stable.errors), n_stable, ALPHA).hi;
        if worse > TIMES * than + MARGIN { Verdict::Hold } else { Verdict::Pass }
    };
    Check { name: LOG_CHECK, verdict, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(errors: usize, lines: usize) -> LogErrors {
        LogErrors { pods: 1, lines, errors, ..LogErrors::default() }
    }

    #[test]
    fn levels_are_found_and_words_are_not() {
        let pattern = LogPattern::default();
        let errors = [
            "2026-03-01T12:00:00Z ERROR payment refused",
            "E0301 12:00:00.000000 1 main.go:7] no",
            r#"{"level":"error","msg":"x"}"#,
            "time=1 level=fatal msg=x",
            "panic: runtime error",
        ];
        let others = ["GET /errors 200", "no error", r#"{"level":"info","msg":"0 errors"}"#, "INFO ERRORS=0"];
        let text = [errors.as_slice(), &others].concat().join("\n");
        let counted = LogErrors::count([text.as_str()], Vec::new(), &pattern);
        assert_eq!((counted.pods, counted.lines, counted.errors), (1, 9, 5), "{counted:?}");
        assert_eq!(counted.examples, errors[2..], "the newest");
        assert!(
            "(".parse::<LogPattern>().unwrap_err().to_string().starts_with("it is no regular expression: ")
        );
    }

    #[test]
    fn more_than_twice_as_many_holds_and_chance_does_not() {
        let of = |canary: (usize, usize), stable: (usize, usize)| {
            log_check((&log(canary.0, canary.1), None), (&log(stable.0, stable.1), None)).verdict
        };
        assert_eq!(of((200, 2000), (20, 20_000)), Verdict::Hold);
        assert_eq!(of((2, 2000), (20, 20_000)), Verdict::Pass);
        assert_eq!(of((2, 30), (20, 20_000)), Verdict::Pass, "two lines are chance");
        assert_eq!(of((4000, 20_000), (2500, 20_000)), Verdict::Pass, "not twice as many");
        assert_eq!(of((5, 10), (20, 20_000)), Verdict::NotApplicable);
        let unread = LogErrors { unread: vec!["no right".to_owned()], ..LogErrors::default() };
        let blind = log_check((&unread, None), (&log(1, 1000), None));
        assert_eq!(
            (blind.verdict, blind.words.starts_with("canary not known: no right")),
            (Verdict::NoData, true)
        );
    }

    #[test]
    fn requests_make_a_chatty_version_comparable() {
        let (canary, stable) = (log(60, 60), log(60, 600));
        let verdict = |requests| log_check((&canary, requests), (&stable, requests)).verdict;
        assert_eq!(verdict(None), Verdict::Hold, "per line it looks bad");
        assert_eq!(verdict(Some(6000.0)), Verdict::Pass, "per request it is the same");
        assert_eq!(log(6, 40).words(Some(3000.0)), "6 of 40 lines in 1 pod, 2.0 for 1000 requests");
        let partly = LogErrors { unread: vec!["2 more pods".to_owned()], ..canary.clone() };
        let check = log_check((&partly, Some(6000.0)), (&stable, Some(6000.0)));
        assert_eq!(check.verdict, Verdict::Hold, "requests of pods that were not read do not count");
        assert_eq!(partly.words(Some(6000.0)), "60 of 60 lines in 1 pod; not read: 2 more pods");
    }
}
