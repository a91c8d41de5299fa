//! The keys as a table for README.

use super::{Context, Keymap};

/// A table in Markdown: one line a context, the keys with what they do.
#[must_use]
pub fn markdown(keymap: &Keymap) -> String {
    let mut text = "| where | keys |\n|---|---|\n".to_owned();
    for context in Context::ALL {
        let cell = |line: super::Entry| {
            let keys: Vec<String> = line.keys.iter().map(|key| format!("`{key}`")).collect();
            format!("{} {}", keys.join(" "), line.help)
        };
        let cells: Vec<String> = super::sheet(keymap, context).into_iter().map(cell).collect();
        text.extend(["| ", context.title(), " | ", &cells.join(" · "), " |\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    /// With `INSTA_UPDATE=always` README is rewritten.
    #[test]
    fn readme_has_the_keys_of_the_table() {
        const MARKS: [&str; 2] = ["<!-- keys -->\n", "<!-- /keys -->"];
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = fs::read_to_string(path).unwrap();
        let (before, rest) = readme.split_once(MARKS[0]).unwrap();
        let (table, after) = rest.split_once(MARKS[1]).unwrap();
        let wanted = markdown(&Keymap::default());
        if table != wanted && env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            fs::write(path, [before, MARKS[0], &wanted, MARKS[1], after].concat()).unwrap();
            return;
        }
        assert_eq!(
            table, wanted,
            "put what `tidegate config keys` prints between the marks, or set INSTA_UPDATE=always"
        );
    }
}
