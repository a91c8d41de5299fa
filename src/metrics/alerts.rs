//! Which alerts fire: one question, for whatever names a route, one of its Services, or a namespace of theirs.

use prometheus_http_query::Selector;

use super::provider::Matcher;
use super::query::{one_of, quoted};

/// Whom alerts may be about: labels, and the values of which one is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The labels, any of which may name it.
    pub labels: Vec<&'static str>,
    /// The names.
    pub names: Vec<String>,
}

/// The question; nothing where there is nobody to ask about.
pub(super) fn firing(about: &[Named], matchers: &[Matcher]) -> Option<String> {
    let fixed: Vec<(&str, String)> =
        matchers.iter().map(|matcher| (matcher.label.as_str(), quoted(&matcher.regex()))).collect();
    let one = |label: &'static str, names: &[String]| {
        let pattern = one_of(names);
        let all = Selector::new().metric("ALERTS").eq("alertstate", "firing").regex_eq(label, &pattern);
        fixed.iter().fold(all, |selector, (label, values)| selector.regex_eq(label, values)).to_string()
    };
    let all: Vec<String> = about
        .iter()
        .filter(|named| !named.names.is_empty())
        .flat_map(|named| named.labels.iter().map(|label| one(label, &named.names)))
        .collect();
    (!all.is_empty()).then(|| all.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_for_every_label() {
        let named = |labels: &[&'static str], names: &[&str]| Named {
            labels: labels.to_vec(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(
            firing(
                &[named(&["service", "service_name"], &["a.b", "c"]), named(&["namespace"], &["shop"])],
                &[]
            )
            .unwrap(),
            "{__name__=\"ALERTS\",alertstate=\"firing\",service=~\"a\\\\.b|c\"} or \
             {__name__=\"ALERTS\",alertstate=\"firing\",service_name=~\"a\\\\.b|c\"} or \
             {__name__=\"ALERTS\",alertstate=\"firing\",namespace=~\"shop\"}"
        );
        assert_eq!(firing(&[named(&["service"], &[])], &[]), None);
        let eu = Matcher { label: "cluster".to_owned(), values: vec!["prod-eu".parse().unwrap()] };
        assert_eq!(
            firing(&[named(&["route"], &["web"])], &[eu]).unwrap(),
            "{__name__=\"ALERTS\",alertstate=\"firing\",route=~\"web\",cluster=~\"prod-eu\"}"
        );
    }
}
