//! A published figure beside a simulated one: whether they agree within the errors of both.

/// Standard errors that two figures may be apart. Some 400 are compared.
const ERRORS: f64 = 4.0;

/// How a figure was met.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The simulated figure, and the published one in brackets.
    pub text: String,
    /// Whether they agree.
    pub agrees: bool,
}

impl Cell {
    fn new(simulated: &str, published: &str, agrees: bool) -> Self {
        let mark = if agrees { "" } else { " (!)" };
        Self { text: format!("{simulated} [{published}]{mark}"), agrees }
    }
}

/// A share in percent as it was published, from so many repetitions, beside `hits` of `n`.
pub fn share(published: f64, repetitions: f64, hits: usize, n: usize) -> Cell {
    let (hits, n) = (number(hits), number(n));
    // One event more in each, so that none seen is not none at all.
    let pooled = (published / 100.0 * repetitions + hits + 1.0) / (repetitions + n + 2.0);
    let error = (pooled * (1.0 - pooled) * (1.0 / repetitions + 1.0 / n)).sqrt();
    let rounding = if published < 9.95 { 0.0005 } else { 0.005 };
    let agrees = (hits / n - published / 100.0).abs() <= ERRORS * error + rounding;
    Cell::new(&percent(hits / n), &percent(published / 100.0), agrees)
}

/// Times until something was found, in seconds, ∞ where it never was; published as `median / 95 %`, as the share that was
/// found where that is less than half, or as `–` for less than 5 %. `tick`: the distance at which it could be found.
pub fn times(published: &str, repetitions: f64, mut found: Vec<f64>, tick: f64) -> Cell {
    found.sort_by(f64::total_cmp);
    let n = found.len();
    let hits = found.iter().filter(|time| time.is_finite()).count();
    let (median, late) = (quantile(&found, 0.5), quantile(&found, 0.95));
    let simulated = if median.is_finite() {
        format!("{} / {}", duration(median), duration(late))
    } else {
        percent(number(hits) / number(n))
    };
    let figure = published.split('(').next().unwrap_or(published).trim();
    let agrees = match figure.split_once(" / ") {
        Some((median, late)) => {
            let agrees = |text, q| around(&found, q, repetitions, tick, time(text));
            agrees(median, 0.5) && agrees(late, 0.95)
        }
        None if figure == "–" => number(hits) / number(n) <= 0.05 + ERRORS * (0.0475 / number(n)).sqrt(),
        None => {
            let percent: f64 = figure.trim_end_matches(" %").parse().unwrap_or(f64::NAN);
            share(percent, repetitions, hits, n).agrees
        }
    };
    Cell::new(&simulated, figure, agrees)
}

/// Whether a published quantile lies between the simulated ones that its error allows.
fn around(sorted: &[f64], q: f64, repetitions: f64, tick: f64, (published, rounding): (f64, f64)) -> bool {
    let n = number(sorted.len());
    let apart = ERRORS * (q * (1.0 - q) * (1.0 / n + 1.0 / repetitions)).sqrt() + 1.0 / n;
    let least = if q > apart { quantile(sorted, q - apart) } else { 0.0 };
    let most = if q + apart < 1.0 { quantile(sorted, q + apart) } else { f64::INFINITY };
    let slack = tick + rounding;
    least - slack <= published && published <= most + slack
}

/// The smallest value that at least a part `q` of all does not exceed.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let index = (q * (number(sorted.len()) - 1.0)).ceil() as usize;
    sorted.get(index).copied().unwrap_or(f64::INFINITY)
}

/// A published time in seconds, and how far it may have been rounded.
fn time(text: &str) -> (f64, f64) {
    let value = |number: &str| number.parse().unwrap_or(f64::NAN);
    match text.split_once(' ') {
        Some((number, "s")) => (value(number), 0.0),
        Some((number, _)) if number.contains('.') => (60.0 * value(number), 3.0),
        Some((number, _)) => (60.0 * value(number), 30.0),
        None => (f64::INFINITY, 0.0),
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        never if never.is_infinite() => "–".to_owned(),
        short if short < 120.0 => format!("{short:.0} s"),
        minutes if minutes < 600.0 => format!("{:.1} min", minutes / 60.0),
        long => format!("{:.0} min", long / 60.0),
    }
}

fn percent(part: f64) -> String {
    if part > 0.0 && part < 0.0995 {
        format!("{:.1} %", part * 100.0)
    } else {
        format!("{:.0} %", part * 100.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}
