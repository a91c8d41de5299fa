//! What the answers of a probe add up to.

use std::collections::BTreeMap;

/// One answer, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An answer with this status.
    Came {
        /// The version that it names; `None` if it names none.
        version: Option<String>,
        /// Its HTTP status.
        status: u16,
    },
    /// No answer, and why.
    Lost(String),
}

/// Answers of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// All.
    pub answers: u32,
    /// Those with a status of 500 or more.
    pub errors5xx: u32,
}

impl Count {
    fn add(&mut self, status: u16) {
        self.answers += 1;
        self.errors5xx += u32::from(status >= 500);
    }
}

/// All answers of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// By the version that they name.
    pub versions: BTreeMap<String, Count>,
    /// Those that name none.
    pub unnamed: Count,
    /// Requests without an answer, by why.
    pub lost: BTreeMap<String, u32>,
    /// Requests without an answer since the last answer.
    in_a_row: u32,
}

impl Tally {
    /// Takes one more.
    pub fn add(&mut self, answer: Answer) {
        self.in_a_row = if matches!(answer, Answer::Lost(_)) { self.in_a_row + 1 } else { 0 };
        match answer {
            Answer::Came { version: Some(version), status } => {
                self.versions.entry(version).or_default().add(status);
            }
            Answer::Came { version: None, status } => self.unnamed.add(status),
            Answer::Lost(why) => *self.lost.entry(why).or_default() += 1,
        }
    }

    /// Requests that were sent.
    #[must_use]
    pub fn sent(&self) -> u32 {
        let named: u32 = self.versions.values().map(|count| count.answers).sum();
        named + self.unnamed.answers + self.without_answer()
    }

    /// Requests without an answer.
    #[must_use]
    pub fn without_answer(&self) -> u32 {
        self.lost.values().sum()
    }

    /// How many requests in a row had no answer, up to now.
    #[must_use]
    pub fn silence(&self) -> u32 {
        self.in_a_row
    }

    /// The most frequent reason why there was no answer.
    #[must_use]
    pub fn why_lost(&self) -> Option<&str> {
        self.lost.iter().max_by_key(|(_, count)| **count).map(|(why, _)| why.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_version_and_5xx_apart() {
        let mut tally = Tally::default();
        let came =
            |version: Option<&str>, status| Answer::Came { version: version.map(str::to_owned), status };
        for answer in [
            came(Some("v1"), 200),
            came(Some("v1"), 503),
            came(None, 502),
            came(Some("v2"), 404),
            Answer::Lost("refused".to_owned()),
            Answer::Lost("refused".to_owned()),
        ] {
            tally.add(answer);
        }
        assert_eq!(tally.versions["v1"], Count { answers: 2, errors5xx: 1 });
        assert_eq!(tally.versions["v2"], Count { answers: 1, errors5xx: 0 });
        assert_eq!(tally.unnamed, Count { answers: 1, errors5xx: 1 });
        assert_eq!((tally.sent(), tally.without_answer(), tally.silence()), (6, 2, 2));
        assert_eq!(tally.why_lost(), Some("refused"));
        tally.add(came(None, 200));
        assert_eq!(tally.silence(), 0);
    }
}
