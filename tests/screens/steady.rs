//! What goes on moves nothing that somebody looks at.

use tidegate::demo::Scenario;

use super::cockpit::Cockpit;

/// The row and column of `words`.
fn place(frame: &str, words: &str) -> Option<(usize, usize)> {
    let mut rows = frame.lines().enumerate();
    rows.find_map(|(row, line)| Some((row, line.find(words)?)))
}

#[tokio::test(start_paused = true)]
async fn the_list_stays_where_it_is_during_a_whole_rollback() {
    let mut cockpit = Cockpit::open(Scenario::Failing, (80, 24), "dark");
    cockpit.see("metrics ok").await;
    cockpit.press("@checkout");
    let before = cockpit.text();
    cockpit.press("r");
    cockpit.see("ALL TRAFFIC").await;
    cockpit.press("y");
    let mut stages = Vec::new();
    cockpit
        .watch("proven", |frame| {
            for row in ["shop/checkout", "shop/orders", "wallet/payments", "? help"] {
                assert_eq!(
                    place(frame, row).map(|at| at.0),
                    place(&before, row).map(|at| at.0),
                    "{row}\n{frame}"
                );
            }
            for stage in ["written", "observed  ", "observed:", "traffic follows"] {
                if frame.contains(stage) && !stages.contains(&stage) {
                    stages.push(stage);
                }
            }
        })
        .await;
    assert!(stages.contains(&"traffic follows"), "the change was seen: {stages:?}");
    cockpit.press("Down");
    cockpit.rest(15).await;
    assert!(!cockpit.text().contains("checkout rollback"), "the message has gone\n{}", cockpit.text());
}
