//! A theme file: its form, its chain of ancestors, and where in it something is wrong.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use toml::Spanned;

use super::colour::{Colour, Depth};
use super::environment::Background;
use super::{Role, ThemeError, built_in};

/// More ancestors than anybody needs, so it is a circle.
const MOST_ANCESTORS: usize = 8;

/// A file as it was read.
pub(super) struct Document {
    name: String,
    text: String,
    entries: Entries,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    inherits: Option<Spanned<String>>,
    background: Option<Background>,
    #[serde(default)]
    palette: BTreeMap<String, Colour>,
    #[serde(default)]
    roles: BTreeMap<Role, Look>,
}

/// How a role looks; colours are names out of the palette.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "these are the keys of the file")]
struct Look {
    fg: Option<Spanned<String>>,
    bg: Option<Spanned<String>>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
    /// Instead of all the above on 16 colours.
    ansi: Option<Box<Look>>,
}

impl Look {
    fn modifiers(&self) -> Modifier {
        [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ]
        .into_iter()
        .filter_map(|(wanted, modifier)| wanted.then_some(modifier))
        .collect()
    }
}

impl Document {
    fn read(name: &str, text: String) -> Result<Self, ThemeError> {
        let entries = toml::from_str(&text)
            .map_err(|error| at(name, &text, error.span().unwrap_or_default(), error.message()))?;
        Ok(Self { name: name.into(), text, entries })
    }

    fn wrong(&self, place: Range<usize>, message: &str) -> ThemeError {
        at(&self.name, &self.text, place, message)
    }
}

/// The theme and its ancestors, itself first.
pub(super) fn chain(
    name: &str,
    text: &str,
    resolve: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Document>, ThemeError> {
    let mut chain = Vec::new();
    let mut next = Some(Document::read(name, text.into())?);
    while let Some(document) = next {
        next = match &document.entries.inherits {
            None => None,
            Some(parent) => {
                // The user's `dark` may build on ours.
                let own = (*parent.get_ref() != document.name).then(|| resolve(parent.get_ref())).flatten();
                let text = own.or_else(|| built_in(parent.get_ref()).map(Into::into)).ok_or_else(|| {
                    document.wrong(parent.span(), &format!("there is no theme {:?}", parent.get_ref()))
                })?;
                if chain.len() == MOST_ANCESTORS {
                    return Err(document.wrong(parent.span(), "the themes inherit each other in a circle"));
                }
                Some(Document::read(parent.get_ref(), text)?)
            }
        };
        chain.push(document);
    }
    Ok(chain)
}

/// The background that the youngest who says so is made for.
pub(super) fn background(chain: &[Document]) -> Option<Background> {
    chain.iter().find_map(|document| document.entries.background)
}

/// A colour that the theme's text can be read on: white or black, which leave its colours their contrast.
pub(super) fn ground(chain: &[Document], depth: Depth) -> Option<Color> {
    Some(match (background(chain)?, depth) {
        (Background::Light, Depth::Ansi16) => Color::White,
        (Background::Light, Depth::Ansi256) => Color::Indexed(231),
        (Background::Light, Depth::TrueColor) => Color::Rgb(255, 255, 255),
        (Background::Dark, Depth::Ansi16) => Color::Black,
        (Background::Dark, Depth::Ansi256) => Color::Indexed(16),
        (Background::Dark, Depth::TrueColor) => Color::Rgb(0, 0, 0),
    })
}

/// The style of a role: from the youngest theme that has it, in colours of the youngest that has them.
pub(super) fn style(chain: &[Document], role: Role, depth: Depth) -> Result<Style, ThemeError> {
    let found = chain.iter().find_map(|document| Some((document, document.entries.roles.get(&role)?)));
    let Some((document, look)) = found else {
        let [youngest, ..] = chain else { return Ok(Style::new()) };
        let message = format!("no role {:?}: give it, or inherit a theme that has it", role.key());
        let roles = youngest.text.find("[roles]").unwrap_or_default();
        return Err(youngest.wrong(roles..roles, &message));
    };
    let look = match &look.ansi {
        Some(ansi) if depth == Depth::Ansi16 => ansi,
        _ => look,
    };
    let colour = |name: &Spanned<String>| {
        let found = chain.iter().find_map(|document| document.entries.palette.get(name.get_ref()));
        found.map(|colour| colour.at(depth)).ok_or_else(|| {
            document.wrong(name.span(), &format!("no colour {:?} in the palette", name.get_ref()))
        })
    };
    Ok(Style {
        fg: look.fg.as_ref().map(colour).transpose()?,
        bg: look.bg.as_ref().map(colour).transpose()?,
        ..Style::new().add_modifier(look.modifiers())
    })
}

/// Says where `place` is: its line, and the key there with its table.
fn at(theme: &str, text: &str, place: Range<usize>, message: &str) -> ThemeError {
    let above = text.get(..place.start).unwrap_or(text).matches('\n').count();
    let line = text.lines().nth(above).unwrap_or_default();
    let table = text.lines().take(above + 1).filter_map(table).last();
    let key = line.split_once('=').map(|(key, _)| key.trim());
    let key = table.into_iter().chain(key).collect::<Vec<_>>().join(".");
    ThemeError { theme: theme.into(), line: above + 1, key, message: message.into() }
}

/// The table that a line opens.
fn table(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']')
}
