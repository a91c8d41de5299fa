//! `config`: where the settings file is, what it may say, what is wrong with it. And how the other verbs read it.

use std::fs;
use std::path::Path;

use super::args::Config;
use super::exit::{Exit, Failure};
use super::output::{print, say, tell, warn};
use super::themes::{self, BadTheme};
use crate::config::{Paths, Settings, sample};
use crate::keys::markdown;
use crate::ui::theme::Depth;

/// The settings, and what is wrong with those of the look and the keys, which are as shipped then.
///
/// # Errors
/// When anything else is wrong: a guess must not decide what is done to a cluster.
pub fn settings(paths: &Paths, asked: Option<&Path>) -> Result<(Settings, Vec<String>), Failure> {
    let found = paths.read_settings(asked).map_err(Failure::usage)?;
    unless(&found.stops())?;
    let warnings = found.warns();
    Ok((found.settings, warnings))
}

/// The settings for a rollback, and whether they say where numbers come from: it goes on without any where it is wrong
/// what a change is judged by, and tells so.
///
/// # Errors
/// When it is wrong which backend is drained, or on which cluster.
pub fn settings_of_rollback(paths: &Paths, asked: Option<&Path>) -> Result<(Settings, bool), Failure> {
    let found = paths.read_settings(asked).map_err(Failure::usage)?;
    unless(&found.stops_rollback())?;
    let wrong = found.stops();
    wrong.iter().for_each(warn);
    if !wrong.is_empty() {
        warn("the rollback goes on without numbers, so nothing is proven: mend the settings file");
    }
    Ok((found.settings, wrong.is_empty()))
}

fn unless(stops: &[String]) -> Result<(), Failure> {
    if stops.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "nothing was done, for the settings file is wrong:\n  {}\nmend it, or go on without it by --config /dev/null",
        stops.join("\n  ")
    )))
}

/// Runs `config`.
///
/// # Errors
/// In words, with its exit code.
pub fn run(what: &Config, paths: &Paths, asked: Option<&Path>) -> Result<Exit, Failure> {
    match what {
        Config::Path => say(asked.map_or_else(|| paths.settings(), Path::to_owned).display()),
        Config::Sample => print(&sample())?,
        Config::Check { file } => return check(paths, file.as_deref().or(asked)),
        Config::Keys => {
            let found = paths.read_settings(asked).map_err(Failure::usage)?;
            found.warns().iter().for_each(tell);
            print(&markdown(&found.settings.keymap))?;
        }
    }
    Ok(Exit::Done)
}

/// Settings and the user's own themes; each fault is a line of its own.
fn check(paths: &Paths, asked: Option<&Path>) -> Result<Exit, Failure> {
    let found = paths.read_settings(asked).map_err(Failure::usage)?;
    let mut wrong: Vec<(usize, String)> =
        found.faults.iter().map(|fault| (fault.line, fault.in_file(&found.path))).collect();
    if let Some(name) = &found.settings.theme
        && let Err(error @ BadTheme::Unknown { .. }) = themes::load(paths, name, Depth::Ansi16)
    {
        let text = fs::read_to_string(&found.path).unwrap_or_default();
        let line =
            text.lines().position(|line| line.trim_start().starts_with("theme")).unwrap_or_default() + 1;
        wrong.push((line, format!("{}:{line}: theme: {error}", found.path.display())));
    }
    wrong.sort_by_key(|(line, _)| *line);
    let mut wrong: Vec<String> = wrong.into_iter().map(|(_, words)| words).collect();
    for name in themes::names(paths) {
        if let Err(error) = themes::load(paths, &name, Depth::Ansi16) {
            wrong.push(format!("{}: {error}", paths.themes().join(format!("{name}.toml")).display()));
        }
    }
    if !wrong.is_empty() {
        wrong.iter().for_each(say);
        return Ok(Exit::Usage);
    }
    if found.path.exists() {
        say(format_args!("{}: nothing is wrong", found.path.display()));
    } else {
        say(format_args!("{}: there is no such file, so the defaults hold", found.path.display()));
    }
    Ok(Exit::Done)
}
