//! Whose a version is that an answer names.

use crate::route::BackendRef;

/// What is known of one backend of the split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The versions that a person says are its.
    pub told: Vec<String>,
    /// What its pods call their version: image tags, and labels.
    pub of_pods: Vec<String>,
    /// Somebody answers there, and it cannot be read what: any version may be its.
    pub unknown: bool,
}

/// Whose a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// The backend's, by its index.
    Backend(usize),
    /// Of several of them.
    Several,
    /// Of none.
    Nobody,
}

/// Whose `version` is: what a person said comes first, then the names of the backends, then what their pods say. The
/// last tells nothing while a backend of which neither is known may answer so as well.
#[must_use]
pub fn whose(version: &str, backends: &[(BackendRef, Known)]) -> Named {
    let is = |rule: usize, (backend, known): &(BackendRef, Known)| match rule {
        0 => known.told.iter().any(|told| told == version),
        1 => &*backend.name == version,
        _ => known.of_pods.iter().any(|own| own == version),
    };
    for rule in 0..3 {
        let mut found = (0..backends.len()).filter(|index| is(rule, &backends[*index]));
        let may_be_anothers =
            rule == 2 && backends.iter().any(|(_, known)| known.unknown && known.told.is_empty());
        match (found.next(), found.next()) {
            (Some(_), None) if may_be_anothers => return Named::Several,
            (Some(index), None) => return Named::Backend(index),
            (Some(_), Some(_)) => return Named::Several,
            _ => {}
        }
    }
    Named::Nobody
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(name: &str, told: &[&str], of_pods: &[&str]) -> (BackendRef, Known) {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let known = Known { told: texts(told), of_pods: texts(of_pods), unknown: false };
        (BackendRef::service("shop", name, 80), known)
    }

    #[test]
    fn a_version_is_its_backends_by_word_by_name_or_by_its_pods() {
        let two = [backend("stable", &[], &["v1.4.1"]), backend("canary", &["blue"], &["v1.5.0"])];
        assert_eq!(whose("v1.5.0", &two), Named::Backend(1));
        assert_eq!(whose("stable", &two), Named::Backend(0));
        assert_eq!(whose("blue", &two), Named::Backend(1));
        assert_eq!(whose("v9", &two), Named::Nobody);
        let same = [backend("stable", &[], &["v1"]), backend("canary", &[], &["v1"])];
        assert_eq!(whose("v1", &same), Named::Several, "the same image behind both tells nothing");
        let told = [backend("stable", &["v1"], &["v1"]), backend("canary", &[], &["v1"])];
        assert_eq!(whose("v1", &told), Named::Backend(0), "unless a person tells");
    }

    #[test]
    fn a_backend_of_which_nothing_can_be_read_may_answer_with_any_version() {
        let mut two = [backend("stable", &[], &["v1"]), backend("canary", &[], &[])];
        assert_eq!(whose("v1", &two), Named::Backend(0), "nobody answers there");
        two[1].1.unknown = true;
        assert_eq!(whose("v1", &two), Named::Several);
        assert_eq!(whose("stable", &two), Named::Backend(0));
        two[1].1.told = vec!["v2".to_owned()];
        assert_eq!(whose("v1", &two), Named::Backend(0), "a person tells what it answers");
    }
}
