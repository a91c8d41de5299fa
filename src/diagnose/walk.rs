//! The value that the walk ends with, for the verb and for the screen.

use serde::Serialize;

/// What is known of one thing that was looked at, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was looked at and is fine.
    Ok,
    /// It works, and a person should know about it.
    Warning,
    /// It cannot be known, with the reason.
    Unknown,
    /// It is broken.
    Broken,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "not known",
            Self::Broken => "broken",
        }
    }
}

/// Where the walk looks, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// What the route itself says, and who takes its requests.
    Route,
    /// Its parents and their Gateways.
    Parents,
    /// Services and endpoints.
    Backends,
    /// Which version requests really reach.
    Split,
    /// Errors by version.
    Errors,
    /// Retries and time-outs.
    Limits,
}

impl Place {
    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Parents => "parents and Gateway",
            Self::Backends => "Services and endpoints",
            Self::Split => "live split",
            Self::Errors => "errors by version",
            Self::Limits => "retries and time-outs",
        }
    }
}

/// One thing that was seen, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it means.
    pub verdict: Verdict,
    /// What was seen: the numbers, conditions and names.
    pub seen: String,
    /// What to do.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The entry of the catalogue of failures that tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<&'static str>,
}

impl Finding {
    fn new(verdict: Verdict, seen: impl Into<String>) -> Self {
        Self { verdict, seen: seen.into(), advice: None, explain: None }
    }

    pub(super) fn ok(seen: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, seen)
    }

    pub(super) fn warning(seen: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, seen)
    }

    pub(super) fn unknown(seen: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, seen)
    }

    pub(super) fn broken(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Verdict::Broken, seen).advise(advice)
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    pub(super) fn explained(mut self, name: &'static str) -> Self {
        self.explain = Some(name);
        self
    }
}

/// One step of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Where.
    pub step: Place,
    /// The worst of its findings.
    pub verdict: Verdict,
    /// What was seen, the worst first.
    pub findings: Vec<Finding>,
}

impl Step {
    pub(super) fn new(step: Place, found: impl IntoIterator<Item = Vec<Finding>>) -> Self {
        let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        let verdict = findings.first().map_or(Verdict::Ok, |finding| finding.verdict);
        Self { step, verdict, findings }
    }
}

/// The walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The route's namespace.
    pub namespace: Box<str>,
    /// The route's name.
    pub name: Box<str>,
    /// The generation that was looked at.
    pub generation: i64,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

impl Walk {
    /// The first step in which something is broken, with what is.
    #[must_use]
    pub fn first_broken(&self) -> Option<(&Step, &Finding)> {
        let step = self.steps.iter().find(|step| step.verdict == Verdict::Broken)?;
        Some((step, step.findings.first()?))
    }

    /// The worst of all steps.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.steps.iter().map(|step| step.verdict).max().unwrap_or(Verdict::Unknown)
    }

    /// The last step of the walk: what to do.
    #[must_use]
    pub fn what_to_do(&self) -> String {
        if let Some((step, finding)) = self.first_broken() {
            let advice = finding.advice.as_deref().unwrap_or("see above");
            return format!("first broken: {}; {advice}", step.step.title());
        }
        let in_doubt = self.steps.iter().filter(|step| step.verdict == Verdict::Unknown);
        let in_doubt: Vec<_> = in_doubt.map(|step| step.step.title()).collect();
        let words = if in_doubt.is_empty() {
            "nothing is broken".to_owned()
        } else {
            format!("nothing that could be seen is broken; not known: {}", in_doubt.join(", "))
        };
        match self.warnings() {
            (0, _) => words,
            (1, places) => format!("{words}; 1 warning: {places}"),
            (warnings, places) => format!("{words}; {warnings} warnings: {places}"),
        }
    }

    /// How many there are, and in which steps.
    fn warnings(&self) -> (usize, String) {
        let of = |step: &Step| step.findings.iter().filter(|one| one.verdict == Verdict::Warning).count();
        let places = self.steps.iter().filter(|step| of(step) > 0).map(|step| step.step.title());
        (self.steps.iter().map(of).sum(), places.collect::<Vec<_>>().join(", "))
    }
}
