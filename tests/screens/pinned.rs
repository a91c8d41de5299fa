//! Every screen and layer, pinned as text with its styles at three sizes in two themes.

use tidegate::demo::Scenario;

use super::cockpit::Cockpit;
use super::styles::pinned;

/// A screen, and the way to it: what must be seen, and which keys are pressed then.
pub struct Screen {
    name: &'static str,
    pub way: &'static [(&'static str, &'static str)],
}

pub const SCREENS: &[Screen] = &[
    Screen { name: "routes", way: &[("metrics ok", "@checkout")] },
    Screen { name: "split", way: &[("metrics ok", "@checkout Enter")] },
    Screen { name: "step", way: &[("metrics ok", "@checkout s"), ("y confirm", "")] },
    Screen { name: "rollback", way: &[("metrics ok", "@checkout r"), ("y confirm", "")] },
    Screen { name: "proven", way: &[("metrics ok", "@checkout r"), ("y confirm", "y"), ("[proven]", "")] },
    Screen {
        name: "after",
        way: &[("metrics ok", "@checkout Enter r"), ("y confirm", "y"), ("[proven]", "")],
    },
    Screen { name: "weights", way: &[("metrics ok", "@checkout w Tab 25")] },
    Screen { name: "ladder", way: &[("metrics ok", "@checkout Enter Tab j Enter"), ("go to stage", "")] },
    Screen { name: "timeline", way: &[("metrics ok", "@checkout l")] },
    Screen { name: "yaml", way: &[("metrics ok", "@checkout d"), ("apiVersion", "")] },
    Screen { name: "walk", way: &[("metrics ok", "@checkout x"), ("live split", "")] },
    Screen { name: "walk broken", way: &[("metrics ok", "@reviews x"), ("first broken", "")] },
    Screen { name: "name", way: &[("metrics ok", "@orders f"), ("type ", "orders-gr")] },
    Screen { name: "reason", way: &[("metrics ok", "@reviews s"), ("2 checked elsewhere", "3batch")] },
    Screen { name: "quit", way: &[("metrics ok", "@checkout r"), ("y confirm", "y q")] },
    Screen { name: "filter", way: &[("metrics ok", "/pay")] },
    Screen { name: "palette", way: &[("metrics ok", "@checkout : chk")] },
    Screen { name: "messages", way: &[("metrics ok", "@checkout . . s"), ("y confirm", "n m")] },
    Screen { name: "help", way: &[("metrics ok", "@checkout ?")] },
];

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

#[tokio::test(start_paused = true)]
async fn screens() {
    for screen in SCREENS {
        let mut cockpit = Cockpit::open(Scenario::Failing, SIZES[1], "dark");
        cockpit.go(screen.way).await;
        for size in SIZES {
            for theme in ["dark", "mono"] {
                cockpit.resize(size);
                cockpit.wear(theme);
                let name = format!("{} {}x{} {theme}", screen.name, size.0, size.1);
                insta::assert_snapshot!(name, pinned(cockpit.frame()));
            }
        }
    }
}
