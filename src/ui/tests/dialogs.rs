//! What a dialog says first, and when it can be confirmed.

use super::*;

#[test]
fn the_destination_is_the_first_line_and_eight_lines_tell_what_matters() {
    let dialog = |bench: &mut Bench| -> Vec<String> {
        let text = text(bench, SMALL);
        let inside = text.lines().filter_map(|line| line.strip_prefix("│ ")).take(8);
        inside.map(|line| line.trim_end_matches([' ', '│']).to_owned()).collect()
    };
    let shown = dialog(&mut rollback());
    assert!(shown[0].starts_with("ALL TRAFFIC -> checkout-stable  v1.4.1  3/3 ready"), "{shown:#?}");
    let all = shown.join("\n");
    for needed in
        ["prod-eu", "shop/checkout", "5 -> 0", "5 % -> 0 %", "3/3 ready", "2 other paths remain", "y confirm"]
    {
        assert!(all.contains(needed), "{needed} is not in\n{all}");
    }
    let shown = dialog(&mut nobody_ready());
    assert!(shown[0].starts_with("0 READY -> 503 FOR ALL   ALL TRAFFIC -> checkout-stable"), "{shown:#?}");
    assert!(shown.join("\n").contains("type checkout-stable: checkout-st"), "{shown:#?}");
}

#[test]
fn a_dialog_that_is_not_armed_says_wait() {
    let mut bench = shop();
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes);
    assert!(text(&mut bench, SMALL).contains("y (wait)"));
    bench.after(300);
    assert!(text(&mut bench, SMALL).contains("y confirm"));
    bench.after(30_000);
    assert!(text(&mut bench, SMALL).contains("EXPIRED - s to refresh"));
}

#[test]
fn what_has_expired_does_not_ask_for_another_y() {
    let mut bench = shop();
    bench.keys("s").prepared(Verdict::Pass, Demand::Yes).keys("y");
    assert!(text(&mut bench, SMALL).contains("press y again"));
    bench.after(30_000);
    let shown = text(&mut bench, SMALL);
    assert!(shown.contains("EXPIRED") && !shown.contains("press y again"), "{shown}");
    bench.keys("y");
    assert!(text(&mut bench, SMALL).contains("expired: prepare it again first"));
}
