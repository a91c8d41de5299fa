//! The requests that nobody makes: who would get them, how many fail, how long they take.
//!
//! Nothing runs while nobody looks: the past is made up to the present when it is asked for, second by second. Each
//! second of each flow has random numbers of its own, so a seed gives the same past whoever asks, and when.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use crate::route::{BackendRef, Route, RouteId, Rule};

/// One counter is read this often.
pub const SCRAPE: Duration = Duration::from_secs(2);
const TICK: SignedDuration = SignedDuration::from_secs(1);
const TICKS_A_SCRAPE: u64 = 2;
/// How much is remembered: what a gate counts, and a little more.
const SAMPLES: usize = 360;

/// Upper edges of the latency buckets in milliseconds; one more is without end.
pub const EDGES: [f64; 23] = [
    1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 400.0,
    500.0, 750.0, 1000.0, 2000.0, 5000.0, 10_000.0,
];

/// Requests of one kind, all of which one rule takes.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The route.
    pub route: RouteId,
    /// The rule.
    pub rule: usize,
    /// Requests a second, on average.
    pub rate: f64,
}

/// How a version answers.
#[derive(Debug, Clone, Copy)]
pub struct Behaviour {
    /// Share of requests that fail, 0 to 1.
    pub errors: f64,
    /// Median latency in milliseconds.
    pub median: f64,
    /// How widely latency is spread: of its logarithm, the standard deviation.
    pub spread: f64,
    /// What a share above this costs: a version that does not bear load.
    pub strained_above: Option<f64>,
}

/// Share of failures that each further share of the requests adds to a strained version.
const STRAIN_ERRORS: f64 = 2.4;
/// How much slower it gets.
const STRAIN_LATENCY: f64 = 9.0;
/// It never fails more often than this.
const WORST: f64 = 0.65;

impl Behaviour {
    fn at(self, share: f64) -> Self {
        let strain = self.strained_above.map_or(0.0, |from| (share - from).max(0.0));
        Self {
            errors: (self.errors + strain * STRAIN_ERRORS).min(WORST),
            median: self.median * (1.0 + strain * STRAIN_LATENCY),
            ..self
        }
    }
}

/// What a counter shows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counters {
    /// Requests.
    pub requests: u64,
    /// Failed ones among them.
    pub errors: u64,
    /// Requests by latency; not cumulative.
    pub buckets: [u64; EDGES.len() + 1],
}

/// All counters at one moment.
#[derive(Debug, Clone)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// By backend; one that never had a request has none.
    pub counters: HashMap<BackendRef, Counters>,
}

/// The simulator.
#[derive(Debug)]
pub struct Traffic {
    seed: u64,
    flows: Vec<Flow>,
    behaviours: HashMap<BackendRef, Behaviour>,
    /// What the data plane will serve from when on.
    planned: BTreeMap<(Timestamp, u64), Arc<Route>>,
    plans: u64,
    served: HashMap<RouteId, Arc<Route>>,
    origin: Timestamp,
    /// Seconds made up.
    ticks: u64,
    counters: HashMap<BackendRef, Counters>,
    samples: VecDeque<Sample>,
}

impl Traffic {
    /// Traffic since `origin`.
    pub fn new(
        seed: u64,
        origin: Timestamp,
        flows: Vec<Flow>,
        behaviours: HashMap<BackendRef, Behaviour>,
    ) -> Self {
        Self {
            seed,
            flows,
            behaviours,
            planned: BTreeMap::new(),
            plans: 0,
            served: HashMap::new(),
            origin,
            ticks: 0,
            counters: HashMap::new(),
            samples: VecDeque::new(),
        }
    }

    /// The gateway serves this route from `at` on. What has passed already is not made up again.
    pub fn serve(&mut self, at: Timestamp, route: Arc<Route>) {
        self.plans += 1;
        self.planned.insert((at, self.plans), route);
    }

    /// The counters as they were read until `now`, oldest first.
    pub fn samples(&mut self, now: Timestamp) -> &VecDeque<Sample> {
        loop {
            let at = self.origin.saturating_add(TICK * i32::try_from(self.ticks + 1).unwrap_or(i32::MAX));
            let at = at.unwrap_or(Timestamp::MAX);
            if at > now {
                return &self.samples;
            }
            self.tick(at);
        }
    }

    fn tick(&mut self, at: Timestamp) {
        while let Some(entry) = self.planned.first_entry()
            && entry.key().0 <= at
        {
            let route = entry.remove();
            self.served.insert(route.id.clone(), route);
        }
        let flows = std::mem::take(&mut self.flows);
        for (number, flow) in flows.iter().enumerate() {
            let mut random = self.random(number as u64);
            if let Some(route) = self.served.get(&flow.route).cloned()
                && let Some(rule) = route.rules.get(flow.rule)
            {
                let requests = arrivals(flow.rate * self.swell(number), &mut random);
                self.send(rule, requests, &mut random);
            }
        }
        self.flows = flows;
        self.ticks += 1;
        if self.ticks.is_multiple_of(TICKS_A_SCRAPE) {
            self.samples.push_back(Sample { at, counters: self.counters.clone() });
            if self.samples.len() > SAMPLES {
                self.samples.pop_front();
            }
        }
    }

    /// Random numbers of this second and flow alone.
    fn random(&self, flow: u64) -> Rng {
        let mut random = Rng::with_seed(self.seed ^ self.ticks.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Rng::with_seed(random.u64(..) ^ flow.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    /// Traffic comes and goes in waves of some minutes.
    #[expect(clippy::cast_precision_loss, reason = "seconds of a demo")]
    fn swell(&self, flow: usize) -> f64 {
        let phase = self.ticks as f64 / (190.0 + 37.0 * flow as f64) + flow as f64;
        1.0 + 0.12 * (phase * std::f64::consts::TAU).sin()
    }

    fn send(&mut self, rule: &Rule, requests: u64, random: &mut Rng) {
        let sum: u64 = rule.backends.iter().map(|backend| u64::from(backend.weight)).sum();
        if sum == 0 {
            // The gateway answers these itself, with 500.
            return;
        }
        let mut left = (requests, sum);
        for backend in &rule.backends {
            let weight = u64::from(backend.weight);
            if weight == 0 {
                continue;
            }
            let count =
                if weight == left.1 { left.0 } else { binomial(left.0, ratio(weight, left.1), random) };
            left = (left.0 - count, left.1 - weight);
            self.answer(&backend.to, count, ratio(weight, sum), random);
        }
        for mirror in &rule.mirrors {
            self.answer(&mirror.to, requests, 1.0, random);
        }
    }

    fn answer(&mut self, backend: &BackendRef, requests: u64, share: f64, random: &mut Rng) {
        let Some(behaviour) = self.behaviours.get(backend).map(|behaviour| behaviour.at(share)) else {
            return;
        };
        if requests == 0 {
            return;
        }
        let counters = self.counters.entry(backend.clone()).or_default();
        counters.requests += requests;
        counters.errors += binomial(requests, behaviour.errors, random);
        let below = below_edges(behaviour);
        for _ in 0..requests {
            let drawn = random.f64();
            let bucket = below.iter().position(|below| drawn < *below).unwrap_or(EDGES.len());
            if let Some(count) = counters.buckets.get_mut(bucket) {
                *count += 1;
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "weights are below 2^24")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The share of requests that take no longer than each edge: latency is log-normal.
fn below_edges(behaviour: Behaviour) -> [f64; EDGES.len()] {
    EDGES.map(|edge| {
        let deviations = (edge / behaviour.median).ln() / behaviour.spread;
        0.5 * (1.0 + libm::erf(deviations / std::f64::consts::SQRT_2))
    })
}

/// How many requests come in a second in which `mean` are expected.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and not below 0")]
fn arrivals(mean: f64, random: &mut Rng) -> u64 {
    let normal: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    (mean + mean.sqrt() * normal).round().max(0.0) as u64
}

/// How many of `trials` succeed.
fn binomial(trials: u64, chance: f64, random: &mut Rng) -> u64 {
    (0..trials).filter(|_| random.f64() < chance).count() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn route(stable: u32, canary: u32) -> Arc<Route> {
        let route = json!({
            "metadata": { "namespace": "shop", "name": "checkout", "uid": "u", "generation": 1 },
            "spec": { "rules": [{ "backendRefs": [
                { "name": "stable", "port": 80, "weight": stable }, { "name": "canary", "port": 80, "weight": canary },
            ] }] },
        });
        Arc::new(Route::from_json(&route.to_string()).unwrap())
    }

    fn traffic(seed: u64) -> Traffic {
        let behaviour = Behaviour { errors: 0.01, median: 20.0, spread: 0.4, strained_above: Some(0.05) };
        let backends = ["stable", "canary"].map(|name| (BackendRef::service("shop", name, 80), behaviour));
        let flow = Flow { route: RouteId::new("shop", "checkout"), rule: 0, rate: 200.0 };
        Traffic::new(seed, Timestamp::UNIX_EPOCH, vec![flow], backends.into())
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn it_does_not_matter_who_asks_and_when() {
        let (mut often, mut once) = (traffic(7), traffic(7));
        for traffic in [&mut often, &mut once] {
            traffic.serve(second(0), route(90, 10));
            traffic.serve(second(30), route(100, 0));
        }
        for at in 1..60 {
            often.samples(second(at));
        }
        let last = |traffic: &mut Traffic| traffic.samples(second(60)).back().unwrap().counters.clone();
        assert_eq!(last(&mut often), last(&mut once));
        let mut other = traffic(8);
        other.serve(second(0), route(90, 10));
        assert_ne!(last(&mut other), last(&mut once));
    }

    #[test]
    fn weights_decide_and_strain_shows() {
        let count = |stable: u32, canary: u32| {
            let mut traffic = traffic(1);
            traffic.serve(second(0), route(stable, canary));
            let counters = traffic.samples(second(60)).back().unwrap().counters.clone();
            counters.get(&BackendRef::service("shop", "canary", 80)).copied().unwrap_or_default()
        };
        let (none, some, many) = (count(100, 0), count(95, 5), count(75, 25));
        assert_eq!(none.requests, 0);
        assert!((400..800).contains(&some.requests), "{some:?}");
        assert!((2500..3500).contains(&many.requests), "{many:?}");
        assert!(ratio(some.errors, some.requests) < 0.05 && ratio(many.errors, many.requests) > 0.3);
        assert_eq!(many.buckets.iter().sum::<u64>(), many.requests);
    }
}
