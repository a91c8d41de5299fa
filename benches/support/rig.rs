//! Where the parts of tests/rig are, if it is up.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// The rig's settings; `None` when it is not up.
pub fn env() -> Option<HashMap<String, String>> {
    let path = std::env::var("TIDEGATE_RIG_ENV").ok().or_else(|| {
        let up = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig/up");
        let output = Command::new(up).arg("--print-env-path").output().ok()?;
        String::from_utf8(output.stdout).ok()
    })?;
    let text = std::fs::read_to_string(path.trim()).ok()?;
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Some(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}
