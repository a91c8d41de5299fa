//! The settings file, its defaults, and where things live on this machine.
//!
//! Here: what a settings file may say, as plain values for those who need them; what is wrong with one, by line; the
//! folders for state and themes, and finding a theme by its name. Not here: what a flag is called and
//! what it may hold (`cli/`), what a theme's roles look like (`ui/theme`). Called by `cli/`, once at the start.

mod bindings;
mod duration;
mod fault;
mod file;
mod sample;
mod section;
mod settings;

use std::fs;
use std::path::PathBuf;

use etcetera::BaseStrategy;
use thiserror::Error;

use crate::ui::theme::{self, Depth, Theme, ThemeError};

pub use duration::{duration, positive};
pub use fault::{Fault, Reach};
pub use file::{BadFile, Found};
pub use sample::sample;
pub use settings::Settings;

/// The folder's name, below those of all programs.
const PROGRAM: &str = "tidegate";

/// Where things live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// What the program writes down by itself: journal, log.
    pub state: PathBuf,
    /// What the user wrote for it.
    pub config: PathBuf,
}

impl Paths {
    /// As the platform and the environment (`XDG_STATE_HOME`, `XDG_CONFIG_HOME`) say. Without a home directory
    /// it is the temporary folder: a rollback must not fail for the lack of one.
    #[must_use]
    pub fn find() -> Self {
        let strategy = etcetera::choose_base_strategy().ok();
        let state = strategy.as_ref().and_then(|found| found.state_dir().or_else(|| Some(found.data_dir())));
        let config = strategy.as_ref().map(BaseStrategy::config_dir);
        let below = |folder: Option<PathBuf>| folder.unwrap_or_else(std::env::temp_dir).join(PROGRAM);
        Self { state: below(state), config: below(config) }
    }

    /// The journal of changes made from this machine.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.state.join("journal.jsonl")
    }

    /// The log, written only when `TIDEGATE_LOG` is set.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.state.join("tidegate.log")
    }

    /// The user's themes.
    #[must_use]
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// The theme `name`: the user's own of that name, else the one that comes with the program.
    ///
    /// # Errors
    /// [`BadTheme`] naming what there is, or the file and the place in it.
    pub fn theme(&self, name: &str, depth: Depth) -> Result<Theme, BadTheme> {
        let own = |name: &str| fs::read_to_string(self.themes().join(format!("{name}.toml"))).ok();
        let plain = !name.contains(['/', '\\']);
        let text = own(name).filter(|_| plain).or_else(|| theme::built_in(name).map(ToOwned::to_owned));
        let text =
            text.ok_or_else(|| BadTheme::Unknown { name: name.to_owned(), known: self.theme_names() })?;
        Ok(Theme::load(name, &text, depth, own)?)
    }

    /// The names of all themes there are, with the user's own.
    #[must_use]
    pub fn theme_names(&self) -> Vec<String> {
        let files = fs::read_dir(self.themes()).into_iter().flatten().flatten();
        let own = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".toml")?.to_owned()));
        let mut names: Vec<String> =
            theme::BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).chain(own).collect();
        names.sort();
        names.dedup();
        names
    }
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
        assert_eq!(paths.theme("dark", Depth::Ansi16).unwrap().name(), "dark");
        fs::create_dir_all(paths.themes()).unwrap();
        fs::write(paths.themes().join("dark.toml"), "inherits = \"nothing\"").unwrap();
        fs::write(paths.themes().join("mine.toml"), "inherits = \"mono\"").unwrap();
        assert!(matches!(paths.theme("dark", Depth::Ansi16), Err(BadTheme::Broken(_))));
        assert_eq!(paths.theme("mine", Depth::Ansi16).unwrap().name(), "mine");
    }

    #[test]
    fn an_unknown_theme_is_told_what_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let refused = paths(folder.path()).theme("../mine", Depth::Ansi16).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "there is no theme '../mine'; there are: colorblind, colorblind-light, dark, light, mono"
        );
    }
}
