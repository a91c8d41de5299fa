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

/// The index of the backend whose `version` is: what a person said comes first, then the names of the backends, then what
/// their pods say. The last tells nothing while a backend of which neither is known may answer so as well. `None` where it is
/// nobody's, or may be of several.
#[must_use]
pub fn whose(version: &str, backends: &[(BackendRef, Known)]) -> Option<usize> {
    let all = |is: &dyn Fn(&BackendRef, &Known) -> bool| -> Vec<usize> {
        (0..backends.len()).filter(|index| is(&backends[*index].0, &backends[*index].1)).collect()
    };
    let may_be_anothers = backends.iter().any(|(_, known)| known.unknown && known.told.is_empty());
    let told = all(&|_, known| known.told.iter().any(|told| told == version));
    let named = all(&|backend, _| *backend.name == *version);
    let of_pods = all(&|_, known| !may_be_anothers && known.of_pods.iter().any(|own| own == version));
    match [told, named, of_pods].into_iter().find(|found| !found.is_empty())?.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
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
        assert_eq!(whose("v1.5.0", &two), Some(1));
        assert_eq!(whose("stable", &two), Some(0));
        assert_eq!(whose("blue", &two), Some(1));
        assert_eq!(whose("v9", &two), None);
        let same = [backend("stable", &[], &["v1"]), backend("canary", &[], &["v1"])];
        assert_eq!(whose("v1", &same), None, "the same image behind both tells nothing");
        let told = [backend("stable", &["v1"], &["v1"]), backend("canary", &[], &["v1"])];
        assert_eq!(whose("v1", &told), Some(0), "unless a person tells");
    }

    #[test]
    fn a_backend_of_which_nothing_can_be_read_may_answer_with_any_version() {
        let mut two = [backend("stable", &[], &["v1"]), backend("canary", &[], &[])];
        assert_eq!(whose("v1", &two), Some(0), "nobody answers there");
        two[1].1.unknown = true;
        assert_eq!(whose("v1", &two), None);
        assert_eq!(whose("stable", &two), Some(0));
        two[1].1.told = vec!["v2".to_owned()];
        assert_eq!(whose("v1", &two), Some(0), "a person tells what it answers");
    }
}
