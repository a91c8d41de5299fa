//! Values of flags that are more than a word or a number.

use super::Expected;
use crate::rollout::{self, MOST_WEIGHT};

pub(super) fn weight(text: &str) -> Result<(Box<str>, u32), String> {
    let Some((name, number)) = text.split_once('=') else {
        return Err(format!("it has no weight; give it as {text}=90"));
    };
    if name.is_empty() {
        return Err("it names no backend; give it as BACKEND=WEIGHT".to_owned());
    }
    let range = format!("weights are whole numbers from 0 to {MOST_WEIGHT}");
    let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("'{number}' is no weight; {range}"));
    }
    match number.parse::<u32>() {
        Ok(weight) if weight <= MOST_WEIGHT => Ok((name.into(), weight)),
        _ => Err(format!("weight {number} for '{name}' is out of range; {range}")),
    }
}

pub(super) fn version_of(text: &str) -> Result<(Box<str>, String), String> {
    let (backend, version) = text
        .split_once('=')
        .filter(|(backend, version)| !backend.is_empty() && !version.is_empty())
        .ok_or("give it as BACKEND=VERSION")?;
    Ok((backend.into(), version.to_owned()))
}

pub(super) fn shares(text: &str) -> Result<Expected, String> {
    let wrong = || "give the share of each backend, for example 90/10".to_owned();
    let numbers: Vec<u32> =
        text.split('/').map(|number| number.parse().ok()).collect::<Option<_>>().ok_or_else(wrong)?;
    let fits =
        numbers.len() > 1 && numbers.iter().any(|n| *n > 0) && numbers.iter().all(|n| *n <= MOST_WEIGHT);
    if fits { Ok(Expected(numbers)) } else { Err(wrong()) }
}

pub(super) fn share(text: &str) -> Result<rollout::Stage, String> {
    let hint = "give a canary share in percent from 0 to 100 with at most two decimals, for example 25";
    rollout::Stage::parse(text).ok_or_else(|| format!("it is no share; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights() {
        assert_eq!(weight("a=0"), Ok(("a".into(), 0)));
        assert_eq!(weight("a=1000000"), Ok(("a".into(), 1_000_000)));
        assert_eq!(weight("a").unwrap_err(), "it has no weight; give it as a=90");
        assert_eq!(weight("=1").unwrap_err(), "it names no backend; give it as BACKEND=WEIGHT");
        for bad in ["", "x", "1.5", "1e3", "10%", " 1", "0x1"] {
            let refused = weight(&format!("a={bad}")).unwrap_err();
            assert_eq!(refused, format!("'{bad}' is no weight; weights are whole numbers from 0 to 1000000"));
        }
        for bad in ["-1", "1000001", "99999999999999999999"] {
            let refused = weight(&format!("a={bad}")).unwrap_err();
            assert!(refused.starts_with(&format!("weight {bad} for 'a' is out of range")), "{refused}");
        }
    }
}
