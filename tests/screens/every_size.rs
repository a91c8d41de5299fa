//! Every screen at every size, from nothing to 120x40.

use tidegate::demo::Scenario;

use super::cockpit::Cockpit;
use super::pinned::SCREENS;

/// The largest.
const MOST: (u16, u16) = (120, 40);

#[tokio::test(start_paused = true)]
async fn no_screen_panics_at_any_size() {
    for screen in SCREENS {
        let mut cockpit = Cockpit::open(Scenario::Failing, MOST, "mono");
        cockpit.go(screen.way).await;
        for columns in 0..=MOST.0 {
            // All narrow and flat ones, and of the others one in four, on diagonals.
            let drawn = |rows: &u16| columns < 24 || *rows < 12 || (columns + rows).is_multiple_of(4);
            for rows in (0..=MOST.1).filter(drawn) {
                cockpit.resize((columns, rows));
                cockpit.frame();
            }
        }
    }
}
