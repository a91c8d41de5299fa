//! What eyes see of the themes that ship: enough contrast, and verdicts that stay apart for all kinds of eyes.

use palette::color_difference::{Ciede2000, Wcag21RelativeContrast};
use palette::convert::IntoColorUnclamped;
use palette::{Clamp, Lab, LinSrgb, Srgb};
use ratatui::style::{Color, Modifier};

use super::*;

type Matrix = [[f32; 3]; 3];

/// How people with one kind of cones missing see linear sRGB: the matrices of severity 1.0 from G. M. Machado,
/// M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
/// IEEE Transactions on Visualization and Computer Graphics 15(6), 2009.
const EYES: [(&str, Matrix); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// What must not be mistaken for each other: the verdicts, the versions, and a bad number among a version's.
const PAIRS: [(Role, Role); 6] = [
    (Role::Ok, Role::Warn),
    (Role::Ok, Role::Bad),
    (Role::Warn, Role::Bad),
    (Role::Stable, Role::Canary),
    (Role::Stable, Role::Bad),
    (Role::Canary, Role::Bad),
];

/// Differences in CIEDE2000, where 1 is just seen side by side. Every theme keeps the first, as the glyph and the
/// word beside each colour carry the state as well; those for the purpose keep the second.
const APART: f32 = 9.5;
const WELL_APART: f32 = 18.0;

/// Black, GitHub, Tokyo Night, Catppuccin Mocha, VS Code.
const DARK: [u32; 5] = [0x00_0000, 0x0d_1117, 0x1a_1b26, 0x1e_1e2e, 0x1e_1e1e];
/// White, One Light, Solarized, Catppuccin Latte, Gruvbox.
const LIGHT: [u32; 5] = [0xff_ffff, 0xfa_fafa, 0xfd_f6e3, 0xef_f1f5, 0xfb_f1c7];

fn seen(colour: Color) -> Srgb<f32> {
    let Color::Rgb(red, green, blue) = colour else { panic!("{colour:?}") };
    Srgb::new(red, green, blue).into_format()
}

fn contrast(one: Color, two: Color) -> f32 {
    seen(one).relative_contrast(seen(two))
}

fn through(colour: Color, matrix: &Matrix) -> Lab {
    let LinSrgb { red, green, blue, .. } = seen(colour).into_linear();
    let [red, green, blue] = matrix.map(|row| row[0] * red + row[1] * green + row[2] * blue);
    LinSrgb::new(red, green, blue).clamp().into_color_unclamped()
}

/// The themes with colours, and the backgrounds that they are made for.
fn themes() -> impl Iterator<Item = (&'static str, Theme, [Color; 5])> {
    BUILT_IN.iter().filter_map(|(name, _)| {
        let theme = Theme::built_in(name, Depth::TrueColor).unwrap();
        let grounds = match theme.background()? {
            Background::Dark => DARK,
            Background::Light => LIGHT,
        };
        Some((*name, theme, grounds.map(Color::from_u32)))
    })
}

#[test]
fn all_but_mono_say_for_which_background_they_are() {
    assert_eq!(themes().count(), BUILT_IN.len() - 1);
}

#[test]
fn everything_can_be_read_on_its_background_and_under_the_selection() {
    for (name, theme, grounds) in themes() {
        let selected = theme.style(Role::Selection).bg.unwrap();
        for role in Role::ALL {
            let style = theme.style(role);
            let Some(colour) = style.fg else { continue };
            // WCAG 2.1: 7 is AAA, 4.5 is AA. Lines and tracks need only be seen.
            let (least, least_selected) = match role {
                Role::Text => (7.0, 7.0),
                Role::Border => (1.5, 1.4),
                Role::Muted | Role::NoData => (4.5, 3.5),
                _ => (4.5, 4.0),
            };
            if let Some(own) = style.bg {
                assert!(contrast(colour, own) >= 4.5, "{name} {role:?}: {:.2}", contrast(colour, own));
                continue;
            }
            for ground in grounds {
                let contrast = contrast(colour, ground);
                assert!(contrast >= least, "{name} {role:?} on {ground}: {contrast:.2}");
            }
            let contrast = contrast(colour, selected);
            assert!(contrast >= least_selected, "{name} {role:?} selected: {contrast:.2}");
        }
        for ground in grounds {
            assert!(contrast(selected, ground) >= 1.1, "{name}: the selection on {ground}");
        }
    }
}

#[test]
fn verdicts_and_versions_stay_apart_for_all_eyes() {
    for (name, theme, _) in themes() {
        let least = if name.starts_with("colorblind") { WELL_APART } else { APART };
        for (one, two) in PAIRS {
            for (eyes, matrix) in EYES {
                let [first, second] = [one, two].map(|role| through(theme.style(role).fg.unwrap(), &matrix));
                let apart = first.difference(second);
                assert!(apart >= least, "{name}: {one:?} and {two:?}, {eyes}: {apart:.1}");
            }
        }
    }
}

/// Sixteen colours are the user's own, so all that can be asked for is that no two names are the same.
#[test]
fn sixteen_colours_keep_them_apart_too() {
    for (name, ..) in themes() {
        let theme = Theme::built_in(name, Depth::Ansi16).unwrap();
        for (one, two) in PAIRS {
            assert_ne!(theme.style(one).fg, theme.style(two).fg, "{name}: {one:?} and {two:?}");
        }
        assert!(theme.style(Role::Selection).add_modifier.contains(Modifier::REVERSED), "{name}");
    }
}

/// The published colours of the simulation and of the difference, so that the checks above measure what they say.
#[test]
fn the_measure_is_right() {
    let difference = |one: (f32, f32, f32), two: (f32, f32, f32)| -> f32 {
        let lab = |(l, a, b)| Lab::<palette::white_point::D65>::new(l, a, b);
        lab(one).difference(lab(two))
    };
    // G. Sharma and others, "The CIEDE2000 Color-Difference Formula", 2005: pairs 1 and 25.
    assert!((difference((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485)) - 2.0425).abs() < 1e-3);
    assert!((difference((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)) - 1.2644).abs() < 1e-3);
    assert!((contrast(Color::from_u32(0x77_7777), Color::from_u32(0xff_ffff)) - 4.478).abs() < 1e-2);
    // Red is dark to those without its cones, and green is no longer green.
    let protanopia = &EYES[1].1;
    let [red, green] = [0xff_0000, 0x00_ff00].map(|colour| through(Color::from_u32(colour), protanopia));
    assert!(red.l < 45.0 && green.a > -20.0, "{red:?} {green:?}");
}
