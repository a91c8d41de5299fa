//! Times with their unit, in flags, in the settings file and in annotations.

use std::time::Duration;

/// No wait is longer: with more, somebody mistook the unit.
const LONGEST: Duration = Duration::from_hours(24);

/// Reads a time such as `15s`, `500ms` or `1m 30s`, up to 24 hours.
///
/// # Errors
/// In words.
pub fn duration(text: &str) -> Result<Duration, String> {
    let hint = "give a time up to 24h with its unit, for example 15s, 500ms or 2m";
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| format!("it is no time; {hint}"))?;
    let duration = Duration::try_from(parsed).map_err(|_| format!("it is negative; {hint}"))?;
    if duration > LONGEST { Err(format!("it is too long; {hint}")) } else { Ok(duration) }
}

/// As [`duration`], but longer than nothing.
///
/// # Errors
/// In words.
pub fn positive(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("a time limit of 0 would end every wait at once".to_owned()),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(duration("15s"), Ok(Duration::from_secs(15)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for bad in ["", "15", "s", "-5s", "5s ago", "25h", "1mo"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(positive("0s").is_err());
    }
}
