//! Where a key is pressed, and what that means for the others.

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Wherever one is.
    Anywhere,
    /// The list of routes, besides [`Context::Split`].
    Routes,
    /// An open split, besides [`Context::Split`].
    View,
    /// A split, whether it is selected in the list or open.
    Split,
    /// A dialog that asks for confirmation.
    Dialog,
    /// The rollback dialog, besides [`Context::Dialog`].
    Rollback,
    /// The weight editor.
    Weights,
    /// A line of text that is being typed: other keys are letters.
    Text,
    /// A filter, or what is searched in the palette: other keys are letters.
    Find,
    /// The help, and other texts.
    Help,
    /// An object as YAML, besides [`Context::Help`].
    Yaml,
    /// The question whether to quit.
    Quit,
}

impl Context {
    /// Every context, in the order of the help.
    pub const ALL: [Self; 12] = [
        Self::Split,
        Self::Routes,
        Self::View,
        Self::Dialog,
        Self::Rollback,
        Self::Weights,
        Self::Text,
        Self::Find,
        Self::Help,
        Self::Yaml,
        Self::Quit,
        Self::Anywhere,
    ];

    /// Its name in the settings file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Routes => "routes",
            Self::View => "view",
            Self::Split => "split",
            Self::Dialog => "dialog",
            Self::Rollback => "rollback",
            Self::Weights => "weights",
            Self::Text => "text",
            Self::Find => "find",
            Self::Help => "help",
            Self::Yaml => "yaml",
            Self::Quit => "quit",
        }
    }

    /// Whether a key can be pressed in both at once: the rollback dialog is a dialog, YAML is read as help is, a split
    /// is one in the list and in its own view, and everywhere is everywhere.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        const TOGETHER: [[Context; 2]; 4] = [
            [Context::Dialog, Context::Rollback],
            [Context::Split, Context::Routes],
            [Context::Split, Context::View],
            [Context::Help, Context::Yaml],
        ];
        self == other
            || [self, other].contains(&Self::Anywhere)
            || TOGETHER.iter().any(|pair| *pair == [self, other] || *pair == [other, self])
    }

    /// Whether it asks something, so that `y` confirms and `n` declines there.
    #[must_use]
    pub fn asks(self) -> bool {
        matches!(self, Self::Dialog | Self::Rollback | Self::Text | Self::Quit)
    }

    /// Whether letters are typed there, so that none can be a key.
    #[must_use]
    pub fn types_text(self) -> bool {
        matches!(self, Self::Text | Self::Find | Self::Weights)
    }

    /// Its heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Routes => "Routes",
            Self::View => "An open split",
            Self::Split => "On a split, selected or open",
            Self::Dialog => "In a dialog",
            Self::Rollback => "In the rollback dialog",
            Self::Weights => "Setting weights",
            Self::Text => "Typing a reason or a name",
            Self::Find => "Typing a filter or in the palette",
            Self::Help => "In help, messages and YAML",
            Self::Yaml => "In YAML",
            Self::Quit => "Asked whether to quit",
        }
    }
}
