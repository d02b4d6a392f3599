"""How long personas take: a million customers, and 20,000 beside k-prototypes.

Run by `make bench`. Each figure is of a process of its own, so that its memory is its own.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import time

import numpy as np
import pandas as pd
from kmodes.kprototypes import KPrototypes
from sklearn.metrics import adjusted_rand_score

from cxlib.personas.clustering import find_personas

GROUPS, NUMBERS, CATEGORIES = 4, 6, 6
MANY, SOME = 1_000_000, 20_000


def customers(count: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers of four groups with twelve mixed features, and the group of each."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(GROUPS, count, p=[0.35, 0.30, 0.20, 0.15])
    table = {}
    for number in range(NUMBERS):
        centres = 1.15 * rng.normal(size=GROUPS)
        table[f"number {number}"] = centres[truth] + rng.normal(size=count)
    for number in range(CATEGORIES):
        shares = rng.dirichlet(np.full(4, 0.6), GROUPS).cumsum(axis=1)[truth]
        level = (rng.random((count, 1)) > shares).sum(axis=1).clip(0, 3)
        table[f"category {number}"] = np.array(list("abcd"), dtype=object)[level]
    index = pd.Index([f"C{i:07d}" for i in range(count)], name="customer_id")
    return pd.DataFrame(table, index=index), truth


def _answer(ask, count: int, seed: int, sender) -> None:
    table, truth = customers(count, seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    labels = ask(table)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sender.send((seconds, adjusted_rand_score(truth, labels), before / 1e6, peak / 1e6))


def timed(ask, count: int, seed: int) -> tuple[float, float, float, float]:
    """Seconds, adjusted Rand index with the truth, and gigabytes before and at the peak."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(ask, count, seed, sender))
    process.start()
    sender.close()
    answer = receiver.recv()
    process.join()
    return answer


def ours(table: pd.DataFrame) -> np.ndarray:
    """Everything: which features, whether there is anything, how many, and who is what."""
    return find_personas(table).labels.fillna("none").to_numpy()


def ours_of_four(table: pd.DataFrame) -> np.ndarray:
    """The number of groups given, as k-prototypes has to be given it."""
    return find_personas(table, count=GROUPS).labels.to_numpy()


def theirs(table: pd.DataFrame, starts: int = 10) -> np.ndarray:
    """K-prototypes as it comes, on standardised numbers, with the number of groups given."""
    numbers = table.iloc[:, :NUMBERS]
    ready = table.assign(**(numbers - numbers.mean()) / numbers.std())
    places = list(range(NUMBERS, NUMBERS + CATEGORIES))
    model = KPrototypes(GROUPS, n_init=starts, random_state=0)
    return model.fit_predict(ready.to_numpy(), categorical=places)


def theirs_once(table: pd.DataFrame) -> np.ndarray:
    """K-prototypes from a single start."""
    return theirs(table, starts=1)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(f"{os.cpu_count()} cores; medians of {runs} runs", flush=True)
    many = [timed(ours, MANY, seed) for seed in range(runs)]
    seconds, index, before, peak = (statistics.median(each) for each in zip(*many, strict=True))
    print(
        f"{MANY:,} customers, 12 features: {seconds:.1f} s, {peak:.2f} GB at the peak "
        f"({before:.2f} GB of it before), adjusted Rand index {index:.3f}",
        flush=True,
    )
    asked = {ours: [], ours_of_four: [], theirs_once: [], theirs: []}
    for seed in range(runs):
        for ask, answers in asked.items():
            answers.append(timed(ask, SOME, seed))
    medians = {
        ask: [statistics.median(each) for each in zip(*answers, strict=True)]
        for ask, answers in asked.items()
    }
    names = {
        ours: "find_personas", ours_of_four: "find_personas, number given",
        theirs_once: "k-prototypes, one start", theirs: "k-prototypes as it comes",
    }  # fmt: skip
    for ask, (seconds, index, *_) in medians.items():
        print(
            f"{SOME:,} customers: {names[ask]}: {seconds:.1f} s, adjusted Rand index {index:.3f}; "
            f"k-prototypes takes {medians[theirs][0] / seconds:.1f} times as long",
            flush=True,
        )


if __name__ == "__main__":
    main()
