//! Finding and reading the settings file.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::fault::{Fault, Reach};
use super::{Paths, Settings};

/// A settings file that was looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where.
    pub path: PathBuf,
    /// What it says; the defaults where there is none.
    pub settings: Settings,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// A settings file that was asked for and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the settings file {} cannot be read: {why}", path.display())]
pub struct BadFile {
    path: PathBuf,
    why: String,
}

impl Paths {
    /// The settings file, where no other was asked for.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Reads the settings: of `asked`, which must be there, else of the usual file, which need not be.
    ///
    /// # Errors
    /// [`BadFile`] when there is a file that cannot be read.
    pub fn read_settings(&self, asked: Option<&Path>) -> Result<Found, BadFile> {
        let path = asked.map_or_else(|| self.settings(), Path::to_owned);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && asked.is_none() => String::new(),
            Err(error) => return Err(BadFile { path, why: error.to_string() }),
        };
        let (settings, faults) = Settings::read(&text);
        Ok(Found { path, settings, faults })
    }
}

impl Found {
    /// The faults with which nothing may go on, each in words.
    #[must_use]
    pub fn stops(&self) -> Vec<String> {
        self.told(&[Reach::Judging, Reach::Work])
    }

    /// The faults with which not even a rollback may go on, each in words.
    #[must_use]
    pub fn stops_rollback(&self) -> Vec<String> {
        self.told(&[Reach::Work])
    }

    /// The faults with which the cockpit goes on as it comes, each in words.
    #[must_use]
    pub fn warns(&self) -> Vec<String> {
        self.told(&[Reach::Look])
    }

    fn told(&self, reaches: &[Reach]) -> Vec<String> {
        self.faults
            .iter()
            .filter(|fault| reaches.contains(&fault.reach))
            .map(|fault| fault.in_file(&self.path))
            .collect()
    }
}
