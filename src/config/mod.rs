//! The settings file, its defaults, and where things live on this machine.
//!
//! Here: what a settings file may say, as plain values for those who need them; what is wrong with one, by line; the
//! folders for state and themes. Not here: what a flag is called and what it may hold, finding a theme by its name
//! (`cli/`), what a theme says (`ui/theme`). Called by `cli/`, once at the start.

mod bindings;
mod fault;
mod file;
mod probes;
mod prometheus;
mod providers;
mod sample;
mod section;
mod settings;

use std::path::PathBuf;

use etcetera::BaseStrategy;

pub use fault::{Fault, Reach};
pub use file::{BadFile, Found};
pub use probes::ProbeSetting;
pub use prometheus::Prometheus;
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
}
