//! What a key can ask for.

use crate::rollout::ChecklistItem;

/// What a key can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// One page down.
    PageDown,
    /// One page up.
    PageUp,
    /// The canary to the next stage.
    StepNext,
    /// The canary back one stage.
    StepBack,
    /// Drain the canary, or return to the previous version.
    RollBack,
    /// All traffic to the canary.
    Promote,
    /// Swap a pair.
    Flip,
    /// Take the newest change back.
    Undo,
    /// Count whether the declared split is served.
    Verify,
    /// Count the errors in the logs of each version.
    LogErrors,
    /// Note that a person has looked at an item of a rollback's checklist.
    Tick(ChecklistItem),
    /// Send the kubectl command to the terminal's clipboard.
    Copy,
    /// Edit the weights.
    SetWeights,
    /// Open what is selected; in the ladder, ask for the chosen stage.
    Open,
    /// The next pane.
    NextPane,
    /// What happened to the route.
    Timeline,
    /// All namespaces, or one.
    AllNamespaces,
    /// Show only rows that hold some words.
    Filter,
    /// Search for whatever can be done or gone to.
    Palette,
    /// Rows in another order.
    Sort,
    /// Show routes without a split, or leave them out.
    Quiet,
    /// The screen stands still, or goes on.
    Freeze,
    /// The next theme.
    Theme,
    /// What was said so far.
    Messages,
    /// The whole object as YAML.
    Yaml,
    /// Walk from the route to the requests, to what is broken.
    Diagnose,
    /// Show `managedFields`, or leave them out.
    ManagedFields,
    /// Drop the connection and open it again.
    Reconnect,
    /// Show the keys.
    Help,
    /// Close what is open.
    Close,
    /// Stop the job.
    Suspend,
    /// End the program, asking while a proof runs.
    Quit,
    /// End the program at once.
    QuitNow,
    /// Do what the dialog says.
    Confirm,
    /// Do nothing.
    Decline,
    /// The first, second, ... of a list.
    Choose(u8),
    /// Take the other paths to the drained backend as well.
    OtherPaths,
    /// Next field.
    NextField,
    /// Previous field.
    PreviousField,
    /// The input is complete: show what it would do, or stop typing. Never confirms.
    Done,
}

impl Action {
    /// Its name in the settings file and in the palette; stable, since files of users hold it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::Top => "top",
            Self::Bottom => "bottom",
            Self::PageDown => "page-down",
            Self::PageUp => "page-up",
            Self::StepNext => "step",
            Self::StepBack => "back",
            Self::RollBack => "roll-back",
            Self::Promote => "promote",
            Self::Flip => "flip",
            Self::Undo => "undo",
            Self::Verify => "verify",
            Self::LogErrors => "log-errors",
            Self::Tick(ChecklistItem::Consumers) => "consumers-off",
            Self::Tick(ChecklistItem::Flag) => "flag-off",
            Self::Tick(_) => "hypothesis-noted",
            Self::Copy => "copy",
            Self::SetWeights => "set-weights",
            Self::Open => "open",
            Self::NextPane => "next-pane",
            Self::Timeline => "timeline",
            Self::AllNamespaces => "all-namespaces",
            Self::Filter => "filter",
            Self::Palette => "palette",
            Self::Sort => "sort",
            Self::Quiet => "no-split",
            Self::Freeze => "freeze",
            Self::Theme => "theme",
            Self::Messages => "messages",
            Self::Yaml => "yaml",
            Self::Diagnose => "diagnose",
            Self::ManagedFields => "managed-fields",
            Self::Reconnect => "reconnect",
            Self::Help => "help",
            Self::Close => "close",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
            Self::QuitNow => "quit-now",
            Self::Confirm => "confirm",
            Self::Decline => "decline",
            Self::Choose(number) => {
                const NAMES: [&str; 9] = [
                    "choose-1", "choose-2", "choose-3", "choose-4", "choose-5", "choose-6", "choose-7",
                    "choose-8", "choose-9",
                ];
                NAMES.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or("choose")
            }
            Self::OtherPaths => "other-paths",
            Self::NextField => "next-field",
            Self::PreviousField => "previous-field",
            Self::Done => "done",
        }
    }

    /// Whether its keys are the same for everybody: what confirms, what declines, and the way out.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::Confirm | Self::Decline | Self::Choose(_) | Self::QuitNow)
    }

    /// Whether it must have a key: without one there is no way back, or no way to safety.
    #[must_use]
    pub fn is_needed(self) -> bool {
        self.is_fixed() || matches!(self, Self::Close | Self::Done | Self::Quit | Self::RollBack)
    }
}
