//! What somebody would type to make the same change.

use super::patch::json_patch;
use super::plan::Plan;

/// One line for a POSIX shell that makes what `plan` makes, but for the note on the route, under the same lock.
#[must_use]
pub fn kubectl(context: &str, plan: &Plan) -> String {
    let patch = serde_json::to_string(&json_patch(plan, &[])).unwrap_or_default();
    format!(
        "kubectl --context {} -n {} patch httproute {} --type=json -p {}",
        quoted(context),
        quoted(&plan.route.namespace),
        quoted(&plan.route.name),
        quoted(&patch)
    )
}

/// As one word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:@".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        assert_eq!(quoted("prod-eu"), "prod-eu");
        assert_eq!(quoted("arn:aws:eks:eu-1:1/x"), "arn:aws:eks:eu-1:1/x");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(reboot)"), "'$(reboot)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
