//! Text from outside, made fit to show: short, on one line, without secrets.

/// Replaces what looks like a credential: JSON web tokens, `Bearer ...`, `token: ...`, passwords in URLs and
/// long random runs of characters. Better one word too many than a token in a screenshot.
fn redact(text: &str) -> String {
    let mut out = Vec::new();
    let mut secret_next = false;
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let named = names_a_secret(bare);
        if secret_next || looks_random(word) {
            out.push("[redacted]".to_owned());
        } else if let Some((key, _)) = split_assignment(word) {
            out.push(format!("{key}[redacted]"));
        } else {
            out.push(without_url_password(word));
        }
        // `Bearer XYZ`, `"token": "XYZ"`, `--password XYZ`
        let announces = word.ends_with([':', '=']) || word.starts_with("--") || bare == "Bearer";
        secret_next = named && announces;
    }
    out.join(" ")
}

/// The first line that says something, redacted and no longer than `max` characters.
pub(crate) fn first_line(text: &str, max: usize) -> String {
    let text = text.trim();
    if text.starts_with('<') {
        return "an HTML page, probably from a proxy or a load balancer".to_owned();
    }
    let line = redact(text.lines().find(|line| !line.trim().is_empty()).unwrap_or(""));
    if line.chars().count() <= max {
        return line;
    }
    line.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

fn names_a_secret(word: &str) -> bool {
    const NAMES: [&str; 8] =
        ["token", "password", "passwd", "secret", "bearer", "apikey", "api-key", "authorization"];
    let word = word.to_ascii_lowercase();
    NAMES.iter().any(|name| word.ends_with(name))
}

/// `token=XYZ`, `{"clientSecret":"XYZ"}`: the part to keep and the value.
fn split_assignment(word: &str) -> Option<(&str, &str)> {
    word.match_indices(['=', ':']).map(|(at, _)| word.split_at(at + 1)).find(|(key, value)| {
        names_a_secret(key.trim_end_matches(|c: char| !c.is_alphanumeric()))
            && value.chars().any(char::is_alphanumeric)
    })
}

/// A run of 32 or more characters of base64 with digits and letters in it, not a path and not a host.
fn looks_random(word: &str) -> bool {
    word.contains("eyJ")
        || word.split(|c: char| !(c.is_ascii_alphanumeric() || "+_-".contains(c))).any(|run| {
            run.len() >= 32
                && run.bytes().any(|b| b.is_ascii_digit())
                && run.bytes().any(|b| b.is_ascii_alphabetic())
        })
}

fn without_url_password(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://[redacted]{}", &rest[at..]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_survive() {
        for text in [
            "Authorization: Bearer s3cr3t",
            "cannot use token s3cr3t-eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            r#"{"status":{"token":"s3cr3t"}}"#,
            "login --password s3cr3t failed",
            "AWS_SESSION_TOKEN=s3cr3t aws eks get-token",
            "proxy http://me:s3cr3t@proxy.example:3128/ refused",
            "key s3cr3tAbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
        ] {
            assert!(!redact(text).contains("s3cr3t"), "{text} -> {}", redact(text));
        }
    }

    #[test]
    fn plain_words_stay() {
        for text in [
            "Error loading SSO Token: Token for my-sso does not exist",
            "exec: aws: executable file not found in $PATH",
            "open /home/ann/.aws/sso/cache/creds.json: no such file",
            "httproutes.gateway.networking.k8s.io \"checkout\" is forbidden",
        ] {
            let shown = redact(text);
            assert!(shown.split_whitespace().count() == text.split_whitespace().count(), "{shown}");
        }
        assert_eq!(redact("no such host api.example"), "no such host api.example");
    }

    #[test]
    fn one_line_and_short() {
        assert_eq!(first_line("\n  first\nsecond", 80), "first");
        assert_eq!(first_line("abcdef", 4), "abc…");
        assert!(first_line("<html><body>502</body></html>", 80).starts_with("an HTML page"));
    }
}
