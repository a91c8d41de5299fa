#!/usr/bin/env python3
"""Records what another implementation of docs/statistics.md says, tick by tick: the file that `replays.rs` demands.

    record.py FOLDER > recorded.jsonl

FOLDER holds that implementation as `core.py` (numpy and scipy): e-processes, dispersion, confidence sequences and edges of
histograms as functions of whole arrays. How they are put together to checks is written here, independently of `src/stats`.
One line is one scenario: what was fed, and what is expected at the end of each round.
"""
import json
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import core  # noqa: E402

LN = np.log
ENVOY = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]
FEW = [100, 300, 1200, 5000]


def short(value):
    """Eleven digits: enough for a comparison to nine."""
    return None if not np.isfinite(value) else float(f"{value:.11g}")


def listed(array):
    return [short(value) for value in array]


def column(array):
    return np.asarray(array, float)[None, :]


def two(met):
    """Met at the end of two rounds running."""
    return met & np.concatenate([[False], met[:-1]])


class Rollout:
    """Ticks of two versions at equal distances. `nc` to `es` are arrays; `stages` are (tick, share, share before, next)."""

    def __init__(self, name, nc, ec, ns, es, stages, seconds=5.0, history=None, targets=1, scale=1.0, paired=True,
                 scrape=None, canaries=1, slow_c=None, slow_s=None, edges=(), raw=True):
        self.name, self.stages, self.seconds, self.targets = name, stages, seconds, targets
        self.nc, self.ec, self.ns, self.es = (np.asarray(z, float) for z in (nc, ec, ns, es))
        self.history = history          # (ns, es) or (ns, es, slow); one value a tick, targets in turn
        self.scale, self.paired, self.canaries, self.raw = scale, paired, canaries, raw
        self.scrape = scrape or seconds
        self.slow_c, self.slow_s, self.edges = slow_c, slow_s, list(edges)
        self.block_seconds = max(60.0, self.scrape)
        self.block = int(round(self.block_seconds / seconds)) * targets
        self.ticks = len(self.nc)

    def window(self, array, before, tick, seconds):
        """Sum over the ticks of the last `seconds` before the start of `tick`, and how long that really is."""
        wide = int(round(seconds / self.seconds)) * self.targets
        every = np.concatenate([before, array])
        end = len(before) + tick
        begin = max(0, end - wide)
        return every[begin:end].sum(), (end - begin) / self.targets * self.seconds

    def rate(self, tick):
        none = np.zeros(len(self.history[0]))
        stable, wide = self.window(self.ns, self.history[0], tick, 600.0)
        canary, _ = self.window(self.nc, none, tick, 600.0)
        return (stable + canary) / wide if wide else 0.0

    def bursts(self, x):
        """c, phi and rate of a signal of stable's history."""
        n = self.history[0]
        blocks = [(n[i:i + self.block].sum(), x[i:i + self.block].sum()) for i in range(0, len(n), self.block)]
        rate = x.sum() / n.sum() if n.sum() else 0.0
        if len(blocks) < 10 or not n.sum():
            return 2.0, 0.0, rate
        phi = float(core.phi_history(column([b[0] for b in blocks]), column([b[1] for b in blocks]))[0])
        if not self.raw:
            return 2.0, phi, rate
        if self.targets == 1:
            return float(core.cluster_factor(column(x))[0]), phi, rate
        streams = [x[i::self.targets] for i in range(self.targets)]
        d2 = sum(((s[1:] - s[:-1]) ** 2).sum() for s in streams)
        total = sum((s[1:] + s[:-1]).sum() for s in streams)
        return float(np.clip((10 + d2) / (10 + total), 1, 10)), phi, rate

    def plan(self):
        """(requests of the canary in a block, its share) as planned for each tick."""
        requests, shares = np.zeros(self.ticks), np.zeros(self.ticks)
        for tick, share, _, _ in self.stages:
            requests[tick:] = self.rate(tick) * share * self.block_seconds
            shares[tick:] = share
        return requests, shares

    def dispersion(self, nc, xc, ns, xs, bursts):
        """D for each tick. The expectation is that of the plan, not of what came."""
        c, phi, rate = bursts
        requests, shares = self.plan()
        original, at = core.prior_dispersion, [0]

        def planned(*_):
            tick = at[0] * self.block
            at[0] += 1
            return original(np.array([c]), np.array([phi]), np.array([requests[tick] * rate]), shares[tick])

        core.prior_dispersion = planned
        try:
            one = np.array([1.0])
            return core.dispersion_full(column(nc), column(xc), column(ns), column(xs), self.block, one, one, one)[0]
        finally:
            core.prior_dispersion = original

    def starts(self):
        rises = {tick for tick, share, before, _ in self.stages if share > before} | {0}
        return core.inject_schedule(self.ticks, self.seconds, rises)

    def worse(self, pair, ratio, slack, dispersion):
        nc, xc, ns, xs = (column(z) for z in pair)
        weights = self.starts()
        return core.eproc(nc, xc, ns, xs, ratio, slack, core.FAIL_G, core.FAIL_W, column(dispersion / self.scale),
                          weights)[0]

    def better(self, pair, ratio, slack, dispersion, begin, end):
        nc, xc, ns, xs = (column(z[begin:end]) for z in pair)
        return core.eproc(nc, xc, ns, xs, ratio, slack, core.PASS_G, core.PASS_W,
                          column(dispersion[begin:end] / self.scale))[0]

    def compared(self, xc, xs, cluster):
        """Ticks that may be compared; with separate targets one is known when the next one has come."""
        pair = [self.nc, xc, self.ns, xs]
        if self.paired:
            return pair
        same = core.settled(column(self.ns), column(xs), cluster)[0]
        return [z * same for z in pair]

    def stage_ends(self):
        begins = [stage[0] for stage in self.stages]
        return zip(self.stages, begins[1:] + [self.ticks])

    def errors(self):
        bursts = self.bursts(self.history[1])
        pair = self.compared(self.ec, self.es, bursts[0])
        swapped = pair[2:] + pair[:2]
        d = self.dispersion(*pair, bursts)
        gross = np.minimum(d, 10)
        worse = np.minimum(self.worse(pair, 1, .001, d), self.worse(pair, 1.25, 0, d))
        out = dict(
            worse=worse,
            twice_as_bad=self.worse(pair, 2, .005, gross),
            above_limit=self.worse(pair, 0, .01, gross),
            stable_above_limit=self.worse(swapped, 0, .01, gross),
            twice_stable=self.worse(pair, 2, 0, d),
            burn_fails=self.worse(pair, 0, .008, gross),
            stable_burn_fails=self.worse(swapped, 0, .008, gross),
            burn_warns=self.worse(pair, 0, .002, gross),
            dispersion=d,
        )
        good = np.full(self.ticks, np.nan)
        margins = np.full(self.ticks, np.nan)
        for (begin, share, _, following), end in self.stage_ends():
            m = core.pass_margin(max(self.rate(begin), 1e-300), following)
            margins[begin:end] = m
            if share >= 1:
                good[begin:end] = self.better(pair, 0, .01, d, begin, end)
            else:
                one = self.better(pair, 1, m, d, begin, end)
                other = self.better(pair, 1.25, 0, d, begin, end)
                good[begin:end] = np.logaddexp(one, other) - LN(2)
        out |= dict(good_enough=good, margin=margins)
        step = self.targets
        rounds = {key: value[step - 1::step] for key, value in out.items()}
        return rounds | self.verdicts(rounds, np.cumsum(pair[1])[step - 1::step])

    def verdicts(self, at, errors):
        """The first failed round with its rule, and in which rounds it passes."""
        step, count = self.targets, len(at['worse'])
        sums = lambda z, before, tick, seconds: self.window(z, before, tick, seconds)[0]
        none = np.zeros(len(self.history[0]))
        ends = [(i + 1) * step for i in range(count)]
        lonely = np.array([sums(self.ns, self.history[0], t, 600.0) < 20 for t in ends])
        most = np.maximum.accumulate(np.maximum(at['worse'], 0))
        top = lambda key: np.maximum.accumulate(np.maximum(at[key], 0))
        enough = errors >= 3
        k = self.canaries
        guilty = lambda stable: lonely | ((most >= LN(10)) & (top(stable) < LN(20)))
        met = dict(
            a=(at['worse'] >= LN(250 * k)) & enough,
            b=(at['twice_as_bad'] >= LN(500 * k)) & enough,
            c=(at['above_limit'] >= LN(500 * k)) & enough & guilty('stable_above_limit'),
        )
        closed = {rule: two(flags) for rule, flags in met.items()}
        failed = np.logical_or.reduce(list(closed.values()))
        first = int(failed.argmax()) if failed.any() else None
        rule = next((rule for rule in 'abc' if first is not None and closed[rule][first]), None)
        passes = np.zeros(count, bool)
        for (begin, share, _, _), end in self.stage_ends():
            for i in range(begin // step, end // step):
                t = ends[i]
                nc, ns = self.nc[begin:t].sum(), self.ns[begin:t].sum()
                baked = (t - begin) / step * self.seconds >= 120 - 1e-6
                passes[i] = (at['good_enough'][i] >= LN(20) and at['worse'][i] < LN(20) and nc >= 20 and baked
                             and (ns >= 20 or share >= 1) and not (first is not None and i >= first))
        both = (at['above_limit'] >= LN(500 * k)) & enough & (top('stable_above_limit') >= LN(20))
        passes &= ~both
        burns = np.array([self.short_burn(t, none) for t in ends])
        burn = two((at['burn_fails'] >= LN(500 * k)) & enough & guilty('stable_burn_fails') & (burns >= 8))
        return dict(failed=[first, rule], passes=[int(p) for p in passes],
                    burn_failed=int(burn.argmax()) if burn.any() else None)

    def short_burn(self, tick, none):
        """Burn rate of the canary in 5 minutes or as long as it takes to have 375 requests; below 0 if an hour has fewer."""
        n, x = np.concatenate([none, self.nc[:tick]]), np.concatenate([none, self.ec[:tick]])
        step = self.targets
        wide = int(round(300 / self.seconds)) * step
        while n[-wide:].sum() < 375:
            wide += 1
            if wide > min(len(n), int(round(3600 / self.seconds)) * step):
                return -1.0
        return x[-wide:].sum() / n[-wide:].sum() / .001

    def latency(self):
        out = {}
        edges = np.array(self.edges, float)
        hist = [self.bursts(self.history[2][k]) for k in range(len(edges))]
        pairs = [self.compared(self.slow_c[k], self.slow_s[k], hist[k][0]) for k in range(len(edges))]
        ds = [self.dispersion(*pairs[k], hist[k]) for k in range(len(edges))]
        for i, q in enumerate((.95, .99)):
            # The reference changes with the stages; the tests for "slower" are recorded for one stage only.
            begin, _, _, following = self.stages[0]
            n, _ = self.window(self.ns, self.history[0], begin, 1800.0)
            above = [self.window(self.slow_s[k], self.history[2][k], begin, 1800.0)[0] for k in range(len(edges))]
            survival = np.maximum(above, .5) / n
            low, up = core.pick_edges(edges, survival, q)
            ratio = {k: core.allowed_ratio(edges, survival, k) for k in (low, up)}
            e = [self.worse(pairs[k], ratio[k], .002, ds[k]) for k in (low, up)]
            m = min(5 * core.pass_margin(self.rate(begin), following), .5)
            out[f'worse{i}'] = np.logaddexp(*e) - LN(2)
            out[f'good_enough{i}'] = self.better(pairs[up], ratio[up], m, ds[up], begin, self.ticks)
            out[f'dispersion{i}'] = ds[up]
            out[f'allowed{i}'] = np.full(self.ticks, ratio[up])
        slower = [two(out[f'worse{i}'] >= LN(200 * self.canaries)) for i in (0, 1)]
        failed = slower[0] | slower[1]
        return out, int(failed.argmax()) if failed.any() else None

    def record(self, latency=False):
        # Decided one tick late with separate targets: what is known after tick i is what is expected at tick i − 1.
        line = dict(kind='latency' if latency else 'errors', name=self.name, seconds=self.seconds, targets=self.targets,
                    scale=self.scale, paired=self.paired, scrape=self.scrape, canaries=self.canaries, raw=self.raw,
                    edges=self.edges, stages=self.stages)
        whole = lambda z: [int(v) if float(v).is_integer() else short(v) for v in z]
        line['history'] = [whole(self.history[0]), whole(self.history[1])]
        line['ticks'] = [whole(z) for z in (self.nc, self.ec, self.ns, self.es)]
        if latency:
            line['history_slow'] = [whole(z) for z in self.history[2]]
            line['slow'] = [[whole(z) for z in self.slow_c], [whole(z) for z in self.slow_s]]
            expected, failed = self.latency()
            line['failed'] = failed
        else:
            expected = self.errors()
            for key in ('failed', 'passes', 'burn_failed'):
                line[key] = expected.pop(key)
        line['expected'] = {key: listed(value) for key, value in expected.items()}
        return line


def constant(share, following=None):
    return [(0, share, 0.0, following or min(1.0, 2 * share))]


def traffic(rng, rps, share, ticks, seconds=5.0):
    return rng.poisson(rps * seconds * np.broadcast_to(share, ticks)), rng.poisson(
        rps * seconds * (1 - np.broadcast_to(share, ticks)))


def past(rng, rps, rate, seconds=5.0, minutes=30, thirds=False):
    ns = rng.poisson(rps * seconds, int(minutes * 60 / seconds))
    es = np.minimum(3 * rng.binomial(ns, rate / 3), ns) if thirds else rng.binomial(ns, rate)
    return ns.astype(float), es.astype(float)


def error_scenarios():
    ladder = np.repeat([.05, .10, .25], 48)
    steps = [(0, .05, .0, .10), (48, .10, .05, .25), (96, .25, .10, .5)]

    def simple(name, seed, rps, share, pc, ps=.002, ticks=120, seconds=5.0, **kw):
        rng = np.random.default_rng(seed)
        stages = kw.pop('stages', None) or constant(float(share))
        nc, ns = traffic(rng, rps, share, ticks, seconds)
        ec, es = rng.binomial(nc, pc), rng.binomial(ns, ps)
        history = kw.pop('history', None) or past(rng, rps, np.max(ps) if np.ndim(ps) else ps, seconds)
        return Rollout(name, nc, ec, ns, es, stages, seconds, history, **kw)

    yield simple('healthy ladder', 1, 100, ladder, .002, ticks=144, stages=steps)
    yield simple('1 % errors', 2, 200, .1, .01)
    yield simple('5 % errors', 3, 100, .05, .05, ticks=60)
    yield simple('all requests fail', 4, 10, .1, 1.0, ticks=36)
    yield simple('healthy, much traffic', 5, 2000, .5, .002, ticks=72)
    yield simple('late onset', 6, 100, .25, np.where(np.arange(120) < 72, .002, .03))
    outage = np.where((np.arange(120) >= 40) & (np.arange(120) < 64), .3, .002)
    yield simple('outage of both', 7, 100, .1, outage, outage)
    yield simple('both above the limit', 8, 100, .3, .05, .05, ticks=72)
    yield simple('low traffic', 9, .2, .25, .02, seconds=20.0, ticks=100)
    yield simple('scrapes of 15 s', 10, 50, .1, .02, seconds=15.0, ticks=80)
    yield simple('scrapes of 90 s', 11, 50, .2, .01, seconds=90.0, ticks=40)
    yield simple('three canaries', 12, 100, .05, .03, ticks=72, canaries=3)
    yield simple('no history', 13, 50, .1, .01, ticks=72, history=(np.zeros(0), np.zeros(0)))
    yield simple('short history', 14, 50, .1, .01, ticks=72, history=past(np.random.default_rng(3), 50, .002, minutes=8))
    yield simple('history by minutes', 15, 50, .1, .004, ticks=72, raw=False)
    shares = np.repeat([.05, .25, .05], 36)
    yield simple('share up and down', 16, 100, shares, .004, ticks=108,
                 stages=[(0, .05, 0.0, .25), (36, .25, .05, .5), (72, .05, .25, .1)])
    yield simple('no stable traffic', 17, 20, 1.0, .03, ticks=60, stages=[(0, 1.0, .0, 1.0)],
                 history=(np.zeros(360), np.zeros(360)))
    yield simple('no stable traffic, healthy', 18, 20, 1.0, .001, ticks=60, stages=[(0, 1.0, .5, 1.0)],
                 history=(np.zeros(360), np.zeros(360)))

    rng = np.random.default_rng(20)
    nc, ns = traffic(rng, 100, .1, 120)
    thirds = lambda n, p: np.minimum(3 * rng.binomial(n, p / 3), n)
    yield Rollout('errors in threes', nc, thirds(nc, .006), ns, thirds(ns, .006), constant(.1), 5.0,
                  past(rng, 100, .006, thirds=True))
    gamma = lambda: np.repeat(rng.gamma(2, .5, 10), 12)
    nc, ns = traffic(rng, 300, .3, 120)
    yield Rollout('bursts of each', nc, rng.binomial(nc, np.clip(.01 * gamma(), 0, 1)), ns,
                  rng.binomial(ns, np.clip(.01 * gamma(), 0, 1)), constant(.3), 5.0, past(rng, 300, .01))
    nc, ns = traffic(rng, 30, .1, 120)
    quiet = (np.arange(120) % 30) < 10
    nc, ns2 = nc * ~quiet, ns * ((np.arange(120) % 40) >= 5)
    yield Rollout('ticks without requests', nc, rng.binomial(nc, .02), ns2, rng.binomial(ns2, .005), constant(.1), 5.0,
                  past(rng, 30, .005))
    # A pod restarts: what it counted since the last scrape is lost, and of the other half nothing.
    nc, ns = traffic(rng, 100, .2, 120)
    ec, es = rng.binomial(nc, .02), rng.binomial(ns, .002)
    for tick in (10, 25, 26, 60, 99):
        nc[tick], ec[tick] = nc[tick] // 2, ec[tick] // 2
        ns[tick + 3], es[tick + 3] = ns[tick + 3] // 3, es[tick + 3] // 3
    yield Rollout('counters reset', nc, ec, ns, es, constant(.2), 5.0, past(rng, 100, .002))
    nc, ns = traffic(rng, 80, .1, 72)
    ec, es = rng.binomial(nc, .02), rng.binomial(ns, .002)
    yield Rollout('extrapolated counts', nc * 4 / 3, ec * 4 / 3, ns * 4 / 3, es * 4 / 3, constant(.1), 5.0,
                  past(rng, 80, .002), scale=.75)
    nc, ns = traffic(rng, 100, .1, 144)
    yield Rollout('two replicas', nc, rng.binomial(nc, .01), ns, rng.binomial(ns, .002), constant(.1), 5.0,
                  past(rng, 100, .002, seconds=2.5), targets=2)

    # Separate targets, scraped every 15 s at different times, and an outage of both: counters read at common times.
    for name, seed, extra in (('separate, outage of both', 30, 0.0), ('separate, 5 % errors', 31, .05)):
        rng = np.random.default_rng(seed)
        long = 1500
        nc, ns = rng.poisson(50, long), rng.poisson(450, long)
        t = np.arange(long)
        rate = np.where((t >= 610) & (t < 730) & (extra == 0), .5, .002)
        read = lambda z, phase: np.diff(np.interp(np.arange(15, long - 15, 15), np.arange(phase, long, 15),
                                                  np.cumsum(z)[phase::15]))
        ec, es = rng.binomial(nc, np.minimum(rate + extra, 1)), rng.binomial(ns, rate)
        yield Rollout(name, read(nc, 3), read(ec, 3), read(ns, 10), read(es, 10), constant(.1), 15.0,
                      past(rng, 500, .002, 15.0), paired=False)


def latency_scenarios():
    from scipy.stats import norm

    def slow(rng, n, factor, edges):
        out, left, before = [], n, np.ones(len(n))
        for edge in edges:
            p = 1 - norm.cdf(LN(edge / (40.0 * factor)) / .8)
            left = rng.binomial(left, np.clip(p / before, 0, 1))
            out.append(left.astype(float))
            before = p
        return out

    for i, (name, edges, rps, share, factor, common) in enumerate((
            ('healthy', ENVOY, 100, .1, 1.0, 0), ('twice as slow', ENVOY, 100, .1, 2.0, 0),
            ('1.3 times as slow, few edges', FEW, 1000, .5, 1.3, 0), ('both slow at times', ENVOY, 100, .25, 1.0, .3),
            ('twice as slow, few edges', FEW, 200, .1, 2.0, 0))):
        rng = np.random.default_rng(100 + i)
        ticks = 96
        nc, ns = traffic(rng, rps, share, ticks)
        both = np.repeat(np.exp(rng.normal(0, common, 8)), 12) if common else np.ones(ticks)
        hn = rng.poisson(rps * 5.0, 180)
        history = (hn.astype(float), np.zeros(180), slow(rng, hn, np.ones(180), edges))
        yield Rollout(name, nc, np.zeros(ticks), ns, np.zeros(ticks), constant(share), 5.0, history, edges=edges,
                      slow_c=slow(rng, nc, factor * both, edges), slow_s=slow(rng, ns, both, edges))


def share_scenarios():
    """(name, hits, requests, old, new, sticky) in ticks of 5 s."""
    for i, (name, rps, old, new, really, way, sticky) in enumerate((
            ('moves at once', 100, .05, .10, .10, 'random', False), ('a small first step', 10, 0, .01, .01, 'random', False),
            ('stays', 100, .05, .10, .05, 'random', False), ('half way', 300, .25, .50, .375, 'random', False),
            ('too much', 100, .10, .25, .375, 'random', False), ('slow data plane', 200, .05, .25, 'late', 'random', False),
            ('round robin', 100, .10, .25, .25, 'robin', False), ('sticky, unknown', 100, .05, .10, .10, 'sticky', False),
            ('sticky, known', 100, .05, .10, .10, 'sticky', True), ('back', 50, .50, .10, .10, 'random', False),
            ('low traffic', .5, .25, .50, .50, 'random', False))):
        rng = np.random.default_rng(200 + i)
        ticks = 144
        share = np.where(np.arange(ticks) < 20, old, new) if really == 'late' else np.full(ticks, really)
        if way == 'sticky':
            sessions = lambda p: np.convolve(rng.poisson(rps * .5 * p, ticks + 24), np.ones(24), 'valid')[:ticks]
            nc, ns = rng.poisson(sessions(new) * 10 / 24), rng.poisson(sessions(1 - new) * 10 / 24)
        elif way == 'robin':
            n = rng.poisson(rps * 5, ticks)
            nc = np.diff(np.floor(np.concatenate([[0], np.cumsum(n * share)])))
            ns = n - nc
        else:
            nc, ns = rng.poisson(rps * 5 * share), rng.poisson(rps * 5 * (1 - share))
        yield share_line(name, nc.astype(float), (nc + ns).astype(float), old, new, sticky)


def share_line(name, x, n, old, new, sticky):
    level, ticks = .001 / 4, len(x)
    tau, close = core.share_band(new)
    old_tau = core.share_band(old)[0]
    middle = (old + new) / 2
    rows = []
    runs = []
    for start in (0, 12, 36, 120):
        d = core.share_D(column(n[start:]), column(x[start:]), 12, D0=10.0 if sticky else 1.0)[0]
        X, N = np.cumsum(x[start:]), np.cumsum(n[start:])
        lo, hi = core.cs(X / d, N / d, level, iters=80)
        runs.append((start, lo, hi, d, X, N))
    for t in range(ticks):
        known = [(s, lo[t - s], hi[t - s], d[t - s], X[t - s], N[t - s]) for s, lo, hi, d, X, N in runs if t >= s]
        word = {}
        for s, lo, hi, *_ in known:
            if lo > new + tau or hi < new - tau:
                word[s] = 'inconsistent'
            elif lo >= new - close and hi <= new + close:
                word[s] = 'consistent'
        at = max(word) if word else 0
        s, lo, hi, d, X, N = next(run for run in known if run[0] == at)
        beyond = lambda point: any((r[1] > point if new > old else r[2] < point) and word.get(r[0]) != 'inconsistent'
                                   for r in known)
        if word.get(at) == 'inconsistent':
            move = 'between' if lo > old + old_tau or hi < old - old_tau else 'stayed'
        else:
            move = 'undecided' if not beyond(old) else 'moved' if beyond(middle) else 'follows'
        rows.append([at, word.get(at, 'unknown'), move, short(lo), short(hi), short(d)])
    whole = lambda z: [int(v) for v in z]
    return dict(kind='shares', name=name, old=old, new=new, sticky=sticky, hits=whole(x), requests=whole(n), expected=rows)


if __name__ == '__main__':
    with np.errstate(all='ignore'):
        lines = [scenario.record() for scenario in error_scenarios()]
        lines += [scenario.record(latency=True) for scenario in latency_scenarios()]
        lines += list(share_scenarios())
    for line in lines:
        print(json.dumps(line, separators=(',', ':')))
        told = {'errors': lambda: (line['failed'], line['burn_failed'], sum(line['passes'])),
                'latency': lambda: line['failed'], 'shares': lambda: line['expected'][-1][:3]}[line['kind']]()
        print(line['kind'], line['name'], told, file=sys.stderr)
