//! What the environment says about the terminal: which theme suits it, and which characters it can show.

use serde::Deserialize;

/// What a theme expects below its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    /// Light text on black or nearly so.
    Dark,
    /// Dark text on white or nearly so.
    Light,
}

impl Background {
    /// What the terminal says of itself in `COLORFGBG`, as rxvt, Konsole and iTerm2 do: `15;0`, `0;default;15`. The
    /// last number is the background's, among the sixteen colours.
    #[must_use]
    pub fn detect(environment: impl Fn(&str) -> Option<String>) -> Option<Self> {
        match environment("COLORFGBG")?.rsplit(';').next()?.parse().ok()? {
            7 | 9..=15 => Some(Self::Light),
            0..=6 | 8 => Some(Self::Dark),
            _ => None,
        }
    }
}

/// The theme for people who have not chosen one: `mono` when the environment wants no colours, `light` when the
/// terminal says that it is, else `dark`.
#[must_use]
pub fn default_name(environment: impl Fn(&str) -> Option<String>) -> &'static str {
    let no_color = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_color || term(&environment) == "dumb" {
        "mono"
    } else if Background::detect(environment) == Some(Background::Light) {
        "light"
    } else {
        "dark"
    }
}

/// Whether only ASCII can be relied on: a dumb terminal, the font of the Linux console, or a locale with
/// another character set than UTF-8. No locale at all says nothing.
#[must_use]
pub fn wants_ascii(environment: impl Fn(&str) -> Option<String>) -> bool {
    let named = |name| environment(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(named);
    let utf8 = |locale: &str| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    matches!(term(&environment).as_str(), "dumb" | "linux") || locale.is_some_and(|locale| !utf8(&locale))
}

fn term(environment: impl Fn(&str) -> Option<String>) -> String {
    environment("TERM").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(set: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn no_color_and_a_dumb_terminal_choose_mono() {
        let chosen = |set: &[(&str, &str)]| default_name(environment(set));
        assert_eq!(chosen(&[("TERM", "xterm")]), "dark");
        assert_eq!(chosen(&[("TERM", "xterm"), ("NO_COLOR", "")]), "dark");
        assert_eq!(chosen(&[("TERM", "xterm"), ("NO_COLOR", "1")]), "mono");
        assert_eq!(chosen(&[("TERM", "dumb"), ("COLORFGBG", "0;15")]), "mono");
    }

    #[test]
    fn a_terminal_that_says_it_is_light_gets_light() {
        let chosen = |says: &str| default_name(environment(&[("COLORFGBG", says)]));
        assert_eq!(["0;15", "0;default;15", "0;7", "12;9"].map(chosen), ["light"; 4]);
        assert_eq!(["15;0", "7;8", "15;default;0", "15;default", "", ";", "0;99"].map(chosen), ["dark"; 7]);
    }

    #[test]
    fn ascii_where_nothing_else_can_be_relied_on() {
        let ascii = |set: &[(&str, &str)]| wants_ascii(environment(set));
        assert!(ascii(&[("TERM", "dumb"), ("LANG", "en_US.UTF-8")]));
        assert!(ascii(&[("TERM", "linux")]));
        assert!(ascii(&[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
        assert!(ascii(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!ascii(&[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "de_DE.utf8")]));
        assert!(!ascii(&[("LC_CTYPE", "UTF-8")]));
        assert!(!ascii(&[]), "no locale says nothing");
    }
}
