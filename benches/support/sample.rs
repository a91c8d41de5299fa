//! Random numbers of the distributions that traffic has, from a seed.

#![expect(clippy::many_single_char_names, reason = "the names of the papers")]

use fastrand::Rng;

/// Below this mean, numbers are drawn by inversion; above by transformed rejection with squeeze (W. Hörmann 1993: PTRS
/// and BTRS).
const SMALL_MEAN: f64 = 10.0;

/// Above 0, for logarithms.
fn open(rng: &mut Rng) -> f64 {
    1.0 - rng.f64()
}

/// A Poisson number.
pub fn poisson(rng: &mut Rng, mean: f64) -> f64 {
    if mean < SMALL_MEAN {
        return inverse(rng, (-mean).exp(), |k| mean / k);
    }
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.024_83 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let squeeze = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let (u, v) = (rng.f64() - 0.5, open(rng));
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= squeeze {
            return k;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let accept = k * mean.ln() - mean - libm::lgamma(k + 1.0);
        if (v * inverse_alpha / (a / (us * us) + b)).ln() <= accept {
            return k;
        }
    }
}

/// How many of `n` happen that each have probability `p`.
pub fn binomial(rng: &mut Rng, n: f64, p: f64) -> f64 {
    if n <= 0.0 || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return n;
    }
    if p > 0.5 {
        return n - binomial(rng, n, 1.0 - p);
    }
    let odds = p / (1.0 - p);
    if n * p < SMALL_MEAN {
        return inverse(rng, (n * (-p).ln_1p()).exp(), |k| (n - k + 1.0) * odds / k).min(n);
    }
    let spread = (n * p * (1.0 - p)).sqrt();
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let squeeze = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * spread;
    let mode = ((n + 1.0) * p).floor();
    let at_mode = libm::lgamma(mode + 1.0) + libm::lgamma(n - mode + 1.0);
    loop {
        let (u, v) = (rng.f64() - 0.5, open(rng));
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + n * p + 0.5).floor();
        if us >= 0.07 && v <= squeeze {
            return k;
        }
        if !(0.0..=n).contains(&k) {
            continue;
        }
        let accept = at_mode - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0) + (k - mode) * odds.ln();
        if (v * alpha / (a / (us * us) + b)).ln() <= accept {
            return k;
        }
    }
}

/// By inversion: `mass` is the probability of 0, `ratio(k)` that of k for one of k − 1.
fn inverse(rng: &mut Rng, mut mass: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut left, mut k) = (rng.f64(), 0.0);
    while left > mass && mass > 0.0 {
        left -= mass;
        k += 1.0;
        mass *= ratio(k);
    }
    k
}

/// An exponential number of mean 1: a Gamma number of mean and variance 1.
pub fn exponential(rng: &mut Rng) -> f64 {
    -open(rng).ln()
}

/// Whether means and variances are right, to five standard errors.
pub fn is_sound() -> bool {
    const DRAWS: u32 = 40_000;
    let sound = |mean: f64, variance: f64, draw: &mut dyn FnMut() -> f64| {
        let draws: Vec<f64> = (0..DRAWS).map(|_| draw()).collect();
        let n = f64::from(DRAWS);
        let found = draws.iter().sum::<f64>() / n;
        let spread = draws.iter().map(|x| (x - found).powi(2)).sum::<f64>() / n;
        // The kurtosis of these is at most that of an exponential number, or of a rare event: 9 + 1/variance.
        let of_variance = ((9.0 + 1.0 / variance) / n).sqrt();
        (found - mean).abs() <= 5.0 * (variance / n).sqrt()
            && (spread / variance - 1.0).abs() <= 5.0 * of_variance
    };
    let mut rng = Rng::with_seed(3);
    let poissons = [0.05, 3.0, 9.9, 10.0, 57.0, 4_000.0];
    let binomials =
        [(10.0, 0.3), (5_000.0, 0.001), (100.0, 0.11), (5_000.0, 0.4), (300.0, 0.97), (1e6, 0.002)];
    poissons.into_iter().all(|mean| sound(mean, mean, &mut || poisson(&mut rng, mean)))
        && binomials
            .into_iter()
            .all(|(n, p)| sound(n * p, n * p * (1.0 - p), &mut || binomial(&mut rng, n, p)))
        && sound(1.0, 1.0, &mut || exponential(&mut rng))
}
