//! What things mean, and how that looks: semantic roles, filled in by a TOML file.

mod colour;
mod document;
mod environment;

use std::fmt;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

pub use colour::Depth;
pub use environment::{Background, default_name, wants_ascii};

/// What a piece of the screen means. Views know roles, never colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What one reads.
    Text,
    /// Labels, hints, what is quiet or stale.
    Muted,
    /// Where the eye should go: titles, keys, the focused pane.
    Accent,
    /// The stable version and its numbers.
    Stable,
    /// The canary and its numbers.
    Canary,
    /// A passed check, a healthy state.
    Ok,
    /// Hold: look before you go on.
    Warn,
    /// A failed check, a broken state.
    Bad,
    /// Nothing is known here.
    NoData,
    /// Laid over the selected row.
    Selection,
    /// Lines between panes.
    Border,
    /// Read-only, production, frozen.
    Banner,
}

impl Role {
    /// Every role, in the order of a theme file.
    pub const ALL: [Self; 12] = [
        Self::Text,
        Self::Muted,
        Self::Accent,
        Self::Stable,
        Self::Canary,
        Self::Ok,
        Self::Warn,
        Self::Bad,
        Self::NoData,
        Self::Selection,
        Self::Border,
        Self::Banner,
    ];

    /// Its key in a theme file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Accent => "accent",
            Self::Stable => "stable",
            Self::Canary => "canary",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::NoData => "no-data",
            Self::Selection => "selection",
            Self::Border => "border",
            Self::Banner => "banner",
        }
    }
}

/// The themes that come with the program: name and text.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("colorblind", include_str!("../../themes/colorblind.toml")),
    ("colorblind-light", include_str!("../../themes/colorblind-light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// The text of a theme that comes with the program.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(built_in, _)| *built_in == name).map(|(_, text)| *text)
}

/// How each role looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    background: Option<Background>,
    /// What is painted below everything where the terminal is of the other kind.
    ground: Option<Color>,
    styles: [Style; Role::ALL.len()],
}

/// No theme at all, for when even the one asked for is broken: readable, and the selection can be seen.
impl Default for Theme {
    fn default() -> Self {
        let styles = Role::ALL.map(|role| match role {
            Role::Selection | Role::Banner => Style::new().add_modifier(Modifier::REVERSED),
            _ => Style::new(),
        });
        Self { name: "none".into(), background: None, ground: None, styles }
    }
}

impl Theme {
    /// A theme that comes with the program.
    #[must_use]
    pub fn built_in(name: &str, depth: Depth) -> Option<Self> {
        Self::load(name, built_in(name)?, depth, |_| None).ok()
    }

    /// Reads a theme. `resolve` finds the text of the one it inherits, before those that come with the program.
    ///
    /// # Errors
    /// With the line and the key of the first thing that is wrong, here or in an inherited theme.
    pub fn load(
        name: &str,
        text: &str,
        depth: Depth,
        resolve: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ThemeError> {
        let chain = document::chain(name, text, resolve)?;
        let mut styles = [Style::new(); Role::ALL.len()];
        for role in Role::ALL {
            styles[role as usize] = document::style(&chain, role, depth)?;
        }
        Ok(Self {
            name: name.into(),
            background: document::background(&chain),
            ground: document::ground(&chain, depth),
            styles,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The terminals that it is made for; `None` when it fits all.
    #[must_use]
    pub fn background(&self) -> Option<Background> {
        self.background
    }

    /// What every cell has below it on a terminal with this background: nothing where the theme is made for it, so that
    /// transparency and the terminal's own tone stay.
    #[must_use]
    pub fn ground(&self, terminal: Background) -> Style {
        let painted = self.ground.filter(|_| self.background != Some(terminal));
        painted.map_or(Style::new(), |colour| Style::new().bg(colour))
    }

    /// How `role` looks.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

/// What is wrong with a theme, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ThemeError {
    /// The theme; it may be an inherited one.
    pub theme: String,
    /// Counted from one.
    pub line: usize,
    /// Such as `roles.selection`; empty when the place has none.
    pub key: String,
    /// In words.
    pub message: String,
}

impl fmt::Display for ThemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "theme {}, line {}", self.theme, self.line)?;
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

#[cfg(test)]
mod sight;
#[cfg(test)]
mod tests;
