//! A theme by its name: the user's own, else one that comes with the program.

use std::fs;

use thiserror::Error;

use crate::config::Paths;
use crate::ui::theme::{self, Depth, Theme, ThemeError};

/// The theme `name`: the user's own of that name, else the one that comes with the program.
///
/// # Errors
/// [`BadTheme`] naming what there is, or the file and the place in it.
pub fn load(paths: &Paths, name: &str, depth: Depth) -> Result<Theme, BadTheme> {
    let own = |name: &str| fs::read_to_string(paths.themes().join(format!("{name}.toml"))).ok();
    let plain = !name.contains(['/', '\\']);
    let text = own(name).filter(|_| plain).or_else(|| theme::built_in(name).map(ToOwned::to_owned));
    let text = text.ok_or_else(|| BadTheme::Unknown { name: name.to_owned(), known: names(paths) })?;
    Ok(Theme::load(name, &text, depth, own)?)
}

/// The names of all themes there are, with the user's own.
#[must_use]
pub fn names(paths: &Paths) -> Vec<String> {
    let files = fs::read_dir(paths.themes()).into_iter().flatten().flatten();
    let own = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".toml")?.to_owned()));
    let mut names: Vec<String> =
        theme::BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).chain(own).collect();
    names.sort();
    names.dedup();
    names
}

/// Why there is no such theme.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadTheme {
    /// No file and no built-in theme has this name.
    #[error("there is no theme '{name}'; there are: {}", known.join(", "))]
    Unknown {
        /// The name that was given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A file that cannot be used.
    #[error(transparent)]
    Broken(#[from] ThemeError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(folder: &std::path::Path) -> Paths {
        Paths { state: folder.join("state"), config: folder.join("config") }
    }

    #[test]
    fn an_own_theme_stands_before_the_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(folder.path());
        assert_eq!(load(&paths, "dark", Depth::Ansi16).unwrap().name(), "dark");
        fs::create_dir_all(paths.themes()).unwrap();
        fs::write(paths.themes().join("dark.toml"), "inherits = \"nothing\"").unwrap();
        fs::write(paths.themes().join("mine.toml"), "inherits = \"mono\"").unwrap();
        assert!(matches!(load(&paths, "dark", Depth::Ansi16), Err(BadTheme::Broken(_))));
        assert_eq!(load(&paths, "mine", Depth::Ansi16).unwrap().name(), "mine");
    }

    #[test]
    fn an_unknown_theme_is_told_what_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let refused = load(&paths(folder.path()), "../mine", Depth::Ansi16).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "there is no theme '../mine'; there are: colorblind, colorblind-light, dark, light, mono"
        );
    }
}
