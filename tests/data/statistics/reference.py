# SPDX-License-Identifier: Apache-2.0
"""Reference values from SciPy, or from definitions followed to the letter, as JSON beside
this file:

    python3 reference.py

Made with SciPy 1.10.1. R has no test with zeros after Pratt, and none that is exact with
ties; SciPy has the first, and all signs of a few ranks can be tried out.
"""
import itertools
import json
import math

import numpy
from scipy import stats

rng = numpy.random.default_rng(6)


def write_cases(file, about, cases):
    with open(file, "w", encoding="ascii") as out:
        json.dump({"about": about, "cases": cases}, out, indent=1)
        out.write("\n")


def exact_p(values):
    """Each rank with either sign, all of them: 2^n tables."""
    ranks = stats.rankdata(numpy.abs(values))
    ranks, signs = ranks[values != 0], values[values != 0] > 0
    seen = ranks[signs].sum()
    sums = numpy.array([sum(r for r, sign in zip(ranks, table) if sign)
                        for table in itertools.product((False, True), repeat=len(ranks))])
    return min(1.0, 2 * min((sums <= seen).mean(), (sums >= seen).mean()))


def pratt():
    cases = []
    for values in ([0, 0, 1, 2, 3, 4, -5], [1, 1, 1, -1, 2, 2], [0, 1, 1, 1, 1, 1, 1],
                   [20, 20, 20, 40, 40, 0, 0, -20, 60, 20, 40, 80], [5] * 6,
                   [-1, 2, -3, 4, 0, -6, 7, 7, 8, 8, 9, 9, 0, 10]):
        values = numpy.array(values, dtype=float)
        cases.append({"kind": "all signs", "values": values.tolist(),
                      "p_value": exact_p(values)})
    for n, step in ((60, 1), (100, 20), (400, 5)):
        values = step * numpy.round(rng.normal(0.4 * step, 2 * step, n) / step)
        p_value = stats.wilcoxon(values, zero_method="pratt", correction=True,
                                 mode="approx").pvalue
        cases.append({"kind": "scipy.stats.wilcoxon(zero_method='pratt', correction=True)",
                      "values": values.tolist(), "p_value": p_value})
    write_cases("pratt.json", "ties and zeros: exact by all signs, or SciPy", cases)


def wilson(s, n, z=stats.norm.ppf(0.975)):
    """The roots of (s/n - p)^2 = z^2 p (1 - p) / n."""
    roots = numpy.roots([1 + z * z / n, -2 * s / n - z * z / n, (s / n) ** 2])
    return sorted(float(r.real) for r in roots)


def differences():
    cases = []
    for s, n, t, m in ((56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29),
                       (0, 10, 0, 20), (0, 10, 0, 10), (10, 10, 0, 20), (10, 10, 0, 10),
                       (95, 100, 99, 100), (1, 1, 1, 1)):
        (low_p, high_p), (low_q, high_q) = wilson(s, n), wilson(t, m)
        p, q = s / n, t / m
        cases.append({"first": [s, n], "second": [t, m], "interval": [
            p - q - math.sqrt((p - low_p) ** 2 + (high_q - q) ** 2),
            p - q + math.sqrt((high_p - p) ** 2 + (q - low_q) ** 2)]})
    write_cases("differences.json", "Newcombe's method 10, from the roots of Wilson's equation",
                cases)


def walsh_interval(values):
    """All averages are made, and the ranks follow from the variance that is counted."""
    n = len(values)
    sums = numpy.add.outer(values, values)
    averages = numpy.sort(sums[numpy.triu_indices(n)] / 2)
    shift = numpy.median(averages)
    shares = ((sums < 2 * shift).sum(axis=1) + (sums <= 2 * shift).sum(axis=1)) / 2 / n
    half = 2 * stats.norm.ppf(0.975) * shares.std() / math.sqrt(n)
    low = math.floor((0.5 - half) * len(averages))
    high = math.ceil((0.5 + half) * len(averages))
    return shift, averages[low - 1], averages[high - 1]


def many():
    cases = []
    for values in (rng.normal(180, 40, 501), rng.exponential(100, 1000),
                   20 * numpy.round(rng.normal(8, 2, 800))):
        values = numpy.round(values, 3)
        shift, low, high = walsh_interval(values)
        cases.append({"values": values.tolist(), "shift": shift, "interval": [low, high]})
    write_cases("many.json", "shift and interval of many pairs, all Walsh averages made", cases)


pratt()
differences()
many()
