//! The settings file as it would be by default, for people to change.

use std::fmt::Write;

use crate::keys::{Binding, Context, Key, Keymap};

/// What stands before the keys.
const SETTINGS: &str = include_str!("sample.toml");

const KEYS: &str = "
# Keys: one, or a list of which the first is shown in hints. Characters as typed (G is shift-g), ctrl-a to ctrl-z,
# ";

/// Every setting with its default and what it is for, all of them commented out.
#[must_use]
pub fn sample() -> String {
    let names: Vec<&str> = Key::names().collect();
    let mut text = format!("{SETTINGS}{KEYS}{}.\n", names.join(", "));
    for context in Context::ALL {
        let keymap = Keymap::default();
        let rows: Vec<&Binding> =
            keymap.iter().filter(|row| row.context == context && !row.action.is_fixed()).collect();
        if rows.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n# {}.\n[keys.{}]", context.title(), context.name());
        for row in rows {
            let keys: Vec<String> = row.keys.iter().map(|key| format!("{:?}", key.to_string())).collect();
            let keys = match keys.as_slice() {
                [one] => one.clone(),
                all => format!("[{}]", all.join(", ")),
            };
            let setting = format!("#{} = {keys}", row.action.name());
            let _ = writeln!(text, "{setting:<36} # {}", row.help);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn the_sample_says_what_is_so_without_it() {
        let sample = sample();
        assert_eq!(Settings::read(&sample), (Settings::default(), Vec::new()));
        // With every setting in force; prose has a blank behind its #.
        let in_force: String = sample
            .lines()
            .map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n"
            })
            .collect();
        let settings = in_force.lines().filter(|line| line.contains(" = ")).count();
        assert!(settings > 60, "{settings}\n{in_force}");
        assert_eq!(Settings::read(&in_force), (Settings::default(), Vec::new()), "{in_force}");
    }

    #[test]
    fn the_sample_has_every_setting() {
        // One that does not exist in each section tells all that do.
        let sample = sample();
        let sections = ["", "prometheus", "roles", "production", "gate", "logs", "times", "keys"];
        let lists = ["provider", "probe"].map(|list| (list, format!("[[{list}]]")));
        let heads =
            sections.map(|name| (name, if name.is_empty() { String::new() } else { format!("[{name}]") }));
        for (section, head) in heads.into_iter().chain(lists) {
            let (_, faults) = Settings::read(&format!("{head}\nxxxxxxxxxx = 1"));
            let known = faults.iter().find_map(|fault| fault.message.split_once("there are: "));
            for name in known.unwrap().1.split(", ") {
                let there = [
                    format!("\n#{name} = "),
                    format!("\n# {name} = "),
                    format!("\n[{name}]"),
                    format!("[{name}."),
                    format!("[{section}.{name}]"),
                    format!("[{section}.{name}."),
                    format!("[[{name}]]"),
                ];
                assert!(there.iter().any(|text| sample.contains(text)), "{head} {name}");
            }
        }
    }
}
