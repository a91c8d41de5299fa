use ratatui::style::Color;

use super::*;

fn load(text: &str) -> Result<Theme, ThemeError> {
    Theme::load("mine", text, Depth::TrueColor, |_| None)
}

fn refusal(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

#[test]
fn every_theme_that_ships_loads_at_every_depth() {
    for (name, text) in BUILT_IN {
        for depth in [Depth::Ansi16, Depth::Ansi256, Depth::TrueColor] {
            let theme = Theme::load(name, text, depth, |_| None).unwrap();
            assert_eq!(Theme::built_in(name, depth), Some(theme));
        }
    }
    assert_eq!(Theme::built_in("nope", Depth::TrueColor), None);
}

#[test]
fn mono_has_no_colour_and_the_selection_shows() {
    let mono = Theme::built_in("mono", Depth::TrueColor).unwrap();
    for role in Role::ALL {
        let style = mono.style(role);
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
    assert!(mono.style(Role::Selection).add_modifier.contains(Modifier::REVERSED));
    assert!(Theme::default().style(Role::Selection).add_modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_verdict_looks_like_nothing_else() {
    for (name, _) in BUILT_IN {
        for depth in [Depth::Ansi16, Depth::Ansi256, Depth::TrueColor] {
            let theme = Theme::built_in(name, depth).unwrap();
            for role in Role::ALL {
                assert!(role == Role::Bad || theme.style(role) != theme.style(Role::Bad), "{name}: {role:?}");
            }
            assert_ne!(theme.style(Role::Stable), theme.style(Role::Canary), "{name}");
        }
    }
}

#[test]
fn fewer_colours_fall_back() {
    let accent = |depth| Theme::built_in("dark", depth).unwrap().style(Role::Accent).fg;
    assert!(matches!(accent(Depth::TrueColor), Some(Color::Rgb(..))));
    assert!(matches!(accent(Depth::Ansi256), Some(Color::Indexed(16..))));
    assert_eq!(accent(Depth::Ansi16), Some(Color::LightBlue));
    let selection = Theme::built_in("dark", Depth::Ansi16).unwrap().style(Role::Selection);
    assert_eq!((selection.bg, selection.add_modifier), (None, Modifier::REVERSED));
}

#[test]
fn a_theme_inherits_what_it_does_not_say() {
    let theme = load(
        "inherits = \"dark\"\n[palette]\nsky = { rgb = \"#ff8800\", ansi = \"yellow\" }\n\
         [roles]\nborder = { fg = \"sky\", dim = true }",
    )
    .unwrap();
    let orange = Some(Color::Rgb(255, 136, 0));
    assert_eq!(theme.style(Role::Accent).fg, orange, "the parent's role in the child's colour");
    assert_eq!(theme.style(Role::Border), Style { fg: orange, ..Style::new().add_modifier(Modifier::DIM) });
    let dark = Theme::built_in("dark", Depth::TrueColor).unwrap();
    assert_eq!(theme.style(Role::Text), dark.style(Role::Text));
    assert_eq!((theme.name(), theme.background()), ("mine", Some(Background::Dark)));
    let light = load("inherits = \"dark\"\nbackground = \"light\"").unwrap();
    assert_eq!(light.background(), Some(Background::Light));
}

#[test]
fn parents_are_found_in_the_users_folder_first() {
    let users = |name: &str| (name == "dark").then(|| "inherits = \"mono\"\n".to_owned());
    let theme = Theme::load("mine", "inherits = \"dark\"", Depth::TrueColor, users).unwrap();
    assert_eq!(theme.style(Role::Text).fg, None);
    let own = Theme::load("dark", "inherits = \"dark\"", Depth::TrueColor, users).unwrap();
    assert!(own.style(Role::Text).fg.is_some(), "one's own `dark` builds on ours");
}

#[test]
fn refusals_name_line_and_key() {
    let refusals = [
        "inherits = \"dusk\"",
        "background = \"grey\"",
        "inherits = \"dark\"\ncolour = 1",
        "[palette]\n\nsky = { rgb = \"#12\", ansi = \"blue\" }",
        "[palette]\nsky = { rgb = \"#12Ω78\", ansi = \"blue\" }",
        "[palette]\nsky = { rgb = \"#112233\" }",
        "[palette]\nsky = { rgb = \"#112233\", ansi = \"azure\" }",
        "inherits = \"dark\"\n[roles]\nheadline = { bold = true }",
        "inherits = \"dark\"\n[roles]\nbad = { fg = \"scarlet\" }",
        "inherits = \"dark\"\n[roles]\nbad = { blink = true }",
        "inherits = \"dark\"\n[roles.bad]\nbold = 1",
        "[roles]\ntext = {}",
        "[palette\n",
        "",
    ];
    let told: Vec<_> = refusals.iter().map(|text| refusal(text)).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_circle_is_refused() {
    let circle = |name: &str| Some(format!("inherits = {:?}", if name == "one" { "two" } else { "one" }));
    let error = Theme::load("one", "inherits = \"two\"", Depth::TrueColor, circle).unwrap_err();
    assert!(error.message.contains("circle"), "{error}");
}

#[test]
fn keys_are_those_of_the_file() {
    for role in Role::ALL {
        let text = format!("inherits = \"mono\"\n[roles]\n{} = {{ bold = true, dim = true }}", role.key());
        let style = load(&text).unwrap().style(role);
        assert_eq!(style.add_modifier, Modifier::BOLD | Modifier::DIM, "{role:?}");
    }
}

#[test]
fn a_theme_for_the_other_kind_of_terminal_paints_its_own_background() {
    let ground = |name: &str, terminal| {
        let theme = Theme::built_in(name, Depth::TrueColor).unwrap();
        theme.ground(terminal).bg
    };
    assert_eq!(ground("light", Background::Dark), Some(Color::Rgb(255, 255, 255)));
    assert_eq!(ground("dark", Background::Light), Some(Color::Rgb(0, 0, 0)));
    assert_eq!(ground("colorblind-light", Background::Light), None, "transparency stays");
    assert_eq!([ground("mono", Background::Light), ground("mono", Background::Dark)], [None; 2]);
}
