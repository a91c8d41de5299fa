//! The pictures in `screenshots/`: which there are, and whether they still show what the program draws.

use std::path::PathBuf;
use std::{env, fs};

use tidegate::demo::Scenario;
use tidegate::ui::theme::{Depth, Theme};

use super::cockpit::Cockpit;
use super::{png, svg};

/// What must be on the screen, and which keys are pressed then.
type Way = &'static [(&'static str, &'static str)];

/// A picture, and the way to it.
struct Picture {
    /// Of the files.
    name: &'static str,
    /// Columns and rows.
    size: (u16, u16),
    theme: &'static str,
    way: Way,
}

const WIDE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);

const LIST: Way = &[("metrics ok", "@checkout")];

const PICTURES: &[Picture] = &[
    Picture { name: "routes", size: WIDE, theme: "dark", way: LIST },
    Picture { name: "routes-80x24", size: SMALL, theme: "dark", way: LIST },
    Picture { name: "routes-light", size: WIDE, theme: "light", way: LIST },
    Picture { name: "routes-colorblind", size: WIDE, theme: "colorblind", way: LIST },
    Picture { name: "routes-mono", size: WIDE, theme: "mono", way: LIST },
    Picture { name: "split", size: WIDE, theme: "dark", way: &[("metrics ok", "@checkout Enter")] },
    Picture {
        name: "step",
        size: WIDE,
        theme: "dark",
        way: &[("metrics ok", "@checkout s"), ("y confirm", "")],
    },
    Picture {
        name: "rollback",
        size: WIDE,
        theme: "dark",
        way: &[("metrics ok", "@checkout r"), ("y confirm", "")],
    },
    Picture {
        name: "proven",
        size: WIDE,
        theme: "dark",
        way: &[
            ("metrics ok", "@checkout s"),
            ("y confirm", "y"),
            ("[proven]", "r"),
            ("ALL TRAFFIC", "y"),
            ("[proven]", ""),
        ],
    },
    Picture {
        name: "after",
        size: (120, 40),
        theme: "dark",
        way: &[("metrics ok", "@checkout Enter r"), ("y confirm", "y"), ("[proven]", "")],
    },
    Picture {
        name: "rollback-80x24",
        size: SMALL,
        theme: "light",
        way: &[("metrics ok", "@checkout r"), ("y confirm", "")],
    },
    Picture {
        name: "ladder",
        size: WIDE,
        theme: "dark",
        way: &[("metrics ok", "@checkout Enter Tab j Enter"), ("go to stage", "")],
    },
    Picture { name: "weights", size: WIDE, theme: "dark", way: &[("metrics ok", "@checkout w Tab 25")] },
    Picture { name: "timeline", size: SMALL, theme: "dark", way: &[("metrics ok", "@checkout l")] },
    Picture {
        name: "yaml",
        size: SMALL,
        theme: "dark",
        way: &[("metrics ok", "@checkout d"), ("apiVersion", "")],
    },
    Picture {
        name: "diagnose",
        size: WIDE,
        theme: "dark",
        way: &[("metrics ok", "@reviews x"), ("first broken", "")],
    },
    Picture { name: "palette", size: SMALL, theme: "dark", way: &[("metrics ok", "@checkout : chk")] },
    Picture { name: "help", size: WIDE, theme: "dark", way: &[("metrics ok", "?")] },
];

/// Set to 1, the pictures are drawn anew instead of compared.
const UPDATE: &str = "UPDATE_SCREENSHOTS";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("screenshots")
}

async fn draw(picture: &Picture) -> String {
    let mut cockpit = Cockpit::open(Scenario::Failing, picture.size, picture.theme);
    cockpit.go(picture.way).await;
    let background = Theme::built_in(picture.theme, Depth::TrueColor).unwrap().background();
    svg::draw(cockpit.frame(), background, "tidegate demo")
}

/// Draws them with `UPDATE_SCREENSHOTS=1`; else tells which are stale.
#[tokio::test(start_paused = true)]
async fn the_pictures_show_what_the_program_draws() {
    let update = env::var_os(UPDATE).is_some();
    let mut stale = Vec::new();
    let mut known = Vec::new();
    for picture in PICTURES {
        let [vector, pixels] = ["svg", "png"].map(|kind| folder().join(format!("{}.{kind}", picture.name)));
        let drawn = draw(picture).await;
        let rendered = png::render(&drawn);
        if update {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&vector, &drawn).unwrap();
            rendered.save_png(&pixels).unwrap();
        }
        let same = fs::read_to_string(&vector).is_ok_and(|stored| stored == drawn)
            && fs::read(&pixels).is_ok_and(|stored| png::shows(&stored, &rendered));
        if !same {
            stale.push(picture.name);
        }
        known.extend([vector, pixels]);
    }
    assert!(
        stale.is_empty(),
        "stale: {stale:?}; draw them anew with {UPDATE}=1 cargo test --test screens pictures"
    );
    let others: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !known.contains(path))
        .collect();
    assert!(others.is_empty(), "no picture of the list: {others:?}");
}
