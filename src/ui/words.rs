//! State as glyph, word and colour: never colour alone.

use super::paint::Look;
use super::theme::Role;
use crate::app::{Change, Lamp, Tone, Worst};
use crate::pilot::{Ending, NotWritten};
use crate::rollout::{Interval, PointState, Verdict};
use crate::route::RouteState;

/// How a state looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign {
    pub glyph: &'static str,
    pub role: Role,
}

pub(super) fn good(look: &Look) -> Sign {
    Sign { glyph: if look.ascii { "+" } else { "✓" }, role: Role::Ok }
}

pub(super) fn bad(look: &Look) -> Sign {
    Sign { glyph: if look.ascii { "x" } else { "✗" }, role: Role::Bad }
}

pub(super) const LOOK: Sign = Sign { glyph: "!", role: Role::Warn };
pub(super) const UNKNOWN: Sign = Sign { glyph: "?", role: Role::NoData };
pub(super) const UNDER_WAY: Sign = Sign { glyph: "~", role: Role::Accent };

pub(super) fn route(state: &RouteState, look: &Look) -> Sign {
    match state {
        RouteState::Accepted => good(look),
        RouteState::Pending => Sign { glyph: "~", role: Role::Warn },
        RouteState::NoStatus => UNKNOWN,
        RouteState::Degraded(_) => LOOK,
        RouteState::Refused(_) | RouteState::NotAccepted(_) => bad(look),
    }
}

/// The sign of a row, and why it has it.
pub(super) fn worst(
    worst: Worst,
    change: Option<&Change>,
    state: &RouteState,
    look: &Look,
) -> (Sign, String) {
    let said = |word: &str| word.to_owned();
    match worst {
        Worst::NoWeight => (bad(look), said("weights 0")),
        Worst::Errors => (bad(look), said("errors")),
        Worst::UnderWay => (UNDER_WAY, said(change.map_or("", |change| change.stage.word()))),
        Worst::Unproven => match change.and_then(Change::ending) {
            Some(Ending::NotWritten(_)) => (LOOK, said("unknown")),
            Some(Ending::Disproven(_)) => (bad(look), said("disproven")),
            _ => (LOOK, said("unproven")),
        },
        Worst::Stale => (UNKNOWN, said("old numbers")),
        Worst::NoData => (UNKNOWN, said("no data")),
        Worst::NotAccepted
        | Worst::Refused
        | Worst::Degraded
        | Worst::Pending
        | Worst::NoStatus
        | Worst::Fine => (route(state, look), said(state.word())),
    }
}

pub(super) fn verdict(verdict: Verdict, look: &Look) -> Sign {
    match verdict {
        Verdict::Pass => good(look),
        Verdict::Hold => LOOK,
        Verdict::NoData => UNKNOWN,
        Verdict::Fail => bad(look),
        Verdict::NotApplicable => Sign { glyph: "-", role: Role::Muted },
    }
}

/// What is known of one thing to look at after a rollback.
pub(super) fn point(state: PointState, look: &Look) -> Sign {
    match state {
        PointState::Seen => good(look),
        PointState::NotSeen => LOOK,
        PointState::Unknown => UNKNOWN,
        PointState::Person => Sign { glyph: if look.ascii { "o" } else { "○" }, role: Role::Accent },
    }
}

pub(super) fn ending(ending: &Ending, look: &Look) -> Sign {
    match ending {
        Ending::Proven(_) => good(look),
        Ending::Unproven(_) => LOOK,
        Ending::NotWritten(NotWritten::Unknown(_)) => Sign { role: Role::Bad, ..UNKNOWN },
        Ending::Disproven(_) | Ending::NotWritten(_) => bad(look),
    }
}

/// Whether a rollback would work, with one word for it.
pub(super) fn lamp(lamp: &Lamp, look: &Look) -> (Sign, &'static str) {
    match lamp {
        Lamp::On => (good(look), "ready"),
        Lamp::Off(_) => (bad(look), "off"),
        Lamp::Unknown(_) => (UNKNOWN, ""),
        Lamp::Nothing(_) => (Sign { glyph: "-", role: Role::Muted }, ""),
    }
}

pub(super) fn tone(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Muted,
        Tone::Good => Role::Ok,
        Tone::Warn => Role::Warn,
        Tone::Bad => Role::Bad,
    }
}

/// An interval of shares in percent, rounded outwards: `4.2-6.1`, `12-15`.
pub(super) fn range(interval: Interval) -> String {
    let (lo, hi) = (interval.lo * 100.0, interval.hi * 100.0);
    if hi < 10.0 {
        format!("{:.1}-{:.1}", (lo * 10.0).floor() / 10.0, (hi * 10.0).ceil() / 10.0)
    } else {
        format!("{:.0}-{:.0}", lo.floor(), hi.ceil())
    }
}
