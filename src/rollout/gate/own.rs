//! A team's own checks: a query in `PromQL` with a bound on its answer.

use std::fmt;
use std::str::FromStr;

use super::Check;
use crate::stats::Verdict;

/// A check that a team wrote, as `QUERY < BOUND`.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnCheck {
    /// Its name.
    pub name: String,
    /// `PromQL`, in which `{{stable}}`, `{{canary}}`, `{{namespace}}` and `{{route}}` stand for names.
    pub query: String,
    /// What its answer must be.
    pub want: Want,
}

/// A comparison with a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Want {
    comparison: Comparison,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Comparison {
    /// The longer ones first: `<` begins `<=`.
    const ALL: [(&'static str, Self); 4] =
        [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Below), (">", Self::Above)];
}

impl Want {
    fn is_met(self, value: f64) -> bool {
        match self.comparison {
            Comparison::Below => value < self.bound,
            Comparison::AtMost => value <= self.bound,
            Comparison::Above => value > self.bound,
            Comparison::AtLeast => value >= self.bound,
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Comparison::ALL.into_iter().find(|(_, comparison)| *comparison == self.comparison);
        write!(f, "{} {}", sign.map_or("", |(sign, _)| sign), self.bound)
    }
}

/// The names that stand in a query.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Name of stable's Service.
    pub stable: &'a str,
    /// Name of the canary's.
    pub canary: &'a str,
    /// Namespace of the route.
    pub namespace: &'a str,
    /// Name of the route.
    pub route: &'a str,
}

impl OwnCheck {
    /// Reads `QUERY < BOUND`; the last comparison counts.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let hint = || format!("'{text}' is no check: give a query, a comparison (<, <=, >, >=) and a number");
        let at = text.rfind(['<', '>']).ok_or_else(hint)?;
        let (query, rest) = text.split_at(at);
        let want: Want = rest.parse().map_err(|()| hint())?;
        let query = query.trim();
        if query.is_empty() {
            return Err(hint());
        }
        if let Some(unknown) = placeholder(query).find(|name| !Names::KNOWN.contains(name)) {
            let known = Names::KNOWN.map(|name| format!("{{{{{name}}}}}")).join(", ");
            return Err(format!("{{{{{unknown}}}}} stands for nothing; there are: {known}"));
        }
        Ok(Self { name: name.to_owned(), query: query.to_owned(), want })
    }

    /// The query about these.
    #[must_use]
    pub fn query(&self, names: Names<'_>) -> String {
        let Names { stable, canary, namespace, route } = names;
        Names::KNOWN.into_iter().zip([stable, canary, namespace, route]).fold(
            self.query.clone(),
            // Names of Kubernetes objects need no quoting inside PromQL's strings.
            |query, (key, name)| query.replace(&format!("{{{{{key}}}}}"), name),
        )
    }
}

impl Names<'_> {
    const KNOWN: [&'static str; 4] = ["stable", "canary", "namespace", "route"];
}

fn placeholder(query: &str) -> impl Iterator<Item = &str> {
    query.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name)
}

impl FromStr for Want {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        let known = Comparison::ALL
            .into_iter()
            .find_map(|(sign, comparison)| text.strip_prefix(sign).map(|bound| (comparison, bound.trim())));
        let (comparison, bound) = known.ok_or(())?;
        let bound = bound.parse().ok().filter(|bound: &f64| bound.is_finite()).ok_or(())?;
        Ok(Self { comparison, bound })
    }
}

/// What came of a query: its value, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnAnswer {
    /// The check.
    pub check: OwnCheck,
    /// The answer.
    pub value: Result<f64, String>,
}

impl OwnAnswer {
    pub(super) fn check(&self) -> Check {
        let OwnCheck { name, want, .. } = &self.check;
        let (verdict, words) = match &self.value {
            Ok(value) if value.is_nan() => (Verdict::NoData, format!("{name}: the query gave no number")),
            Ok(value) => {
                let verdict = if want.is_met(*value) { Verdict::Pass } else { Verdict::Hold };
                (verdict, format!("{name}: {}, wanted {want}", four_digits(*value)))
            }
            Err(why) => (Verdict::NoData, format!("{name}: {why}")),
        };
        Check { name: "own check", verdict, words }
    }
}

/// A number with four significant digits at most.
fn four_digits(value: f64) -> String {
    let magnitude = value.abs().log10().floor();
    if !magnitude.is_finite() || !(-6.0..=9.0).contains(&magnitude) {
        return format!("{value}");
    }
    let scale = 10.0_f64.powf(3.0 - magnitude);
    format!("{}", (value * scale).round() / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = r#"sum(rate(x{service="{{canary}}",le="0.5"}[1m])) > 0 or vector(1)"#;

    #[test]
    fn the_last_comparison_is_the_bound() {
        let check = OwnCheck::parse("p", &format!("{QUERY} <= 1e-2")).unwrap();
        assert_eq!(check.query, QUERY);
        assert_eq!(check.want.to_string(), "<= 0.01");
        let names = Names { stable: "s", canary: "c", namespace: "n", route: "r" };
        assert!(check.query(names).contains(r#"service="c""#));
        for bad in ["", "x", "< 5", "x < many", "x == 5", "x < inf", "sum(x{a=\"{{canaries}}\"}) < 1"] {
            assert!(OwnCheck::parse("p", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_passes_or_holds_and_none_is_no_data() {
        let verdict = |text: &str, value: Result<f64, String>| {
            OwnAnswer { check: OwnCheck::parse("p", text).unwrap(), value }.check().verdict
        };
        for (text, value, expected) in [
            ("x < 1", 0.9, Verdict::Pass),
            ("x < 1", 1.0, Verdict::Hold),
            ("x <= 1", 1.0, Verdict::Pass),
            ("x > 1", 1.0, Verdict::Hold),
            ("x >= 1", 1.0, Verdict::Pass),
            ("x > 1", f64::NAN, Verdict::NoData),
            ("x < 1", f64::INFINITY, Verdict::Hold),
        ] {
            assert_eq!(verdict(text, Ok(value)), expected, "{text} {value}");
        }
        assert_eq!(verdict("x < 1", Err("503".to_owned())), Verdict::NoData);
    }
}
