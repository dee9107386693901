"""Loads a sweep's files with pandas and DuckDB, and asks both the same question.

    sim sweep experiments/pooling.toml --files csv,jsonl
    pip install pandas duckdb
    python3 docs/how-to/results.py output/pooling
"""

import sys
from pathlib import Path

import duckdb
import pandas

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "output/pooling")

# pandas: flags are "yes" and "no", and "inf" is never.
words = {"true_values": ["yes"], "false_values": ["no"]}
results = pandas.read_csv(folder / "results.csv", **words)
trials = pandas.read_csv(folder / "trials.csv", **words)
best = results.loc[results["throughput_per_min"].idxmax()]
print(f"pandas: {len(results)} points, {len(trials)} trials; the best throughput is "
      f"{best['throughput_per_min']:.0f}/min, with {best['variant']}")

# The mean of the replications is the estimate, whichever file tells it.
keys = list(results.columns[: results.columns.get_loc("replications")])
means = trials.groupby(keys, sort=False)["throughput_per_min"].mean().reset_index()
both = results.merge(means, on=keys, suffixes=("", "_of_trials"))
assert len(both) == len(results)
assert ((both["throughput_per_min"] - both["throughput_per_min_of_trials"]).abs() < 1e-3).all()

# DuckDB reads the same files in place, CSV or JSON lines, and Parquet where sim was built with it.
sources = {"csv": "read_csv", "jsonl": "read_json", "parquet": "read_parquet"}
for extension, reader in sources.items():
    file = folder / f"results.{extension}"
    if not file.exists():
        continue
    variant, throughput, points = duckdb.sql(f"""
        select arg_max(variant, throughput_per_min), max(throughput_per_min), count(*)
        from {reader}('{file}')
    """).fetchall()[0]
    print(f"DuckDB, {extension}: {points} points; the best throughput is {throughput:.0f}/min, with {variant}")
    assert (variant, points) == (best["variant"], len(results))
