"""What `sim alerts` says beside what Prometheus says; called by .ci/alerts."""

import json
import os
import re
import sys
import time
import urllib.parse
import urllib.request

STEP = 60


def grammar(path):
    """Each scrape is read by the parser of Prometheus' client for Python.

    One scrape at a time: the parser drops all but one line of a histogram's second point (its check for truncated
    timestamps takes it for a repetition), and then misses the buckets.
    """
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    lines = open(path).read().split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-2:]
    times, last, samples = [], {}, 0
    for line in lines[:-2]:
        if not line.startswith("#"):
            series, at = line.rsplit(" ", 1)
            series = series.rsplit(" ", 1)[0]
            assert float(at) > last.get(series, -1), f"times do not ascend: {line}"
            last[series] = float(at)
            times.append(at)
    for at in dict.fromkeys(times):
        kept = [line for line in lines[:-2] if line.startswith("#") or line.endswith(" " + at)]
        families = list(text_string_to_metric_families("\n".join(kept) + "\n# EOF\n"))
        samples += sum(len(family.samples) for family in families)
    assert samples == len(times), (samples, len(times))
    print(f"{samples} samples of {len(last)} series in OpenMetrics")


def firing(rule, at):
    """The labels of the alerts of a rule that fire at a time, by sim."""
    firings = rule["points"][0]["replications"][0]["firings"]
    there = [it for it in firings if it["from_s"] <= at and (it["to_s"] is None or at < it["to_s"])]
    return sorted(sorted((key, value) for key, value in it["labels"].items()) for it in there)


def get(url, **query):
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}") as answer:
        return json.load(answer)["data"]["result"]


def queries(path, url):
    """Prometheus evaluates each expression on the blocks; with `for`, its firings are those of sim, minute by minute."""
    for _ in range(100):
        try:
            urllib.request.urlopen(url + "/-/ready").close()
            break
        except OSError:
            time.sleep(0.1)
    document = json.load(open(path))
    for rule in document["rules"]:
        end = rule["points"][0]["replications"][0]["end_s"]
        results = get(url + "/api/v1/query_range", query=rule["expr"], start=0, end=end, step=STEP)
        active = {}
        for series in results:
            labels = {key: value for key, value in series["metric"].items() if key != "__name__"}
            labels = labels | rule["labels"] | {"alertname": rule["alert"]}
            active[tuple(sorted(labels.items()))] = {round(at) for at, _ in series["values"]}
        count, since = 0, {}
        for at in range(0, int(end) + 1, STEP):
            since = {labels: since.get(labels, at) for labels, times in active.items() if at in times}
            fires = sorted(list(labels) for labels, begun in since.items() if at - begun >= rule["for_s"])
            assert fires == firing(rule, at), f"{rule['alert']} at {at} s: {fires}, but sim: {firing(rule, at)}"
            count += len(fires)
        minutes = int(end) // STEP + 1
        print(f"{rule['alert']}: Prometheus agrees at {minutes} evaluations, {count} alerts fire")


def tests(path, metrics, rules):
    """The same as a file for promtool's rule tests."""
    import yaml

    document = json.load(open(path))
    text = open(rules).read()
    series, times = {}, set()
    for line in open(metrics).read().split("\n"):
        found = re.fullmatch(r"([a-zA-Z_:][\w:]*)(\{.*\}) (\S+) (\S+)", line)
        if found:
            times.add(float(found[4]))
            if re.search(rf"\b{found[1]}\b", text):
                series.setdefault(found[1] + found[2], {})[float(found[4])] = found[3]
    times = sorted(times)
    # Where a scrape failed, the series ends with a stale marker.
    values = {name: " ".join(points.get(at, "stale") for at in times) for name, points in series.items()}
    expected = []
    for rule in document["rules"]:
        end = rule["points"][0]["replications"][0]["end_s"]
        for at in range(0, int(end) + 1, STEP):
            alerts = [{"exp_labels": {key: value for key, value in labels if key != "alertname"}} for labels in firing(rule, at)]
            expected.append({"eval_time": f"{at}s", "alertname": rule["alert"], "exp_alerts": alerts})
    test = {
        "interval": f"{round(times[1] - times[0])}s",
        "input_series": [{"series": name, "values": points} for name, points in values.items()],
        "alert_rule_test": expected,
    }
    print(yaml.safe_dump({"rule_files": [os.path.abspath(rules)], "evaluation_interval": f"{STEP}s", "tests": [test]}))


def dashboard(path):
    """Grafana's own types read the dashboard and write it again: what they do not know would be missing."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    written = json.load(open(path))
    again = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(written)))

    def compare(mine, theirs, place):
        if isinstance(mine, dict):
            for key, value in mine.items():
                # What is empty or not set may be left out.
                if value not in (None, "", [], {}, False, 0):
                    assert key in theirs, f"{place}.{key} is unknown to Grafana"
                    compare(value, theirs[key], f"{place}.{key}")
        elif isinstance(mine, list):
            assert len(mine) == len(theirs), place
            for index, (one, other) in enumerate(zip(mine, theirs)):
                compare(one, other, f"{place}[{index}]")
        else:
            assert mine == theirs, f"{place}: {mine} became {theirs}"

    compare(written, again, "dashboard")
    print(f"{len(written['panels'])} panels and rows of a Grafana dashboard")


{"dashboard": dashboard, "grammar": grammar, "queries": queries, "tests": tests}[sys.argv[1]](*sys.argv[2:])
