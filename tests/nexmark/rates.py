#!/usr/bin/env python3
"""Measures the rate of every query and prints a table in Markdown.

    rates.py MILLRACE [EVENTS] [QUERY …]

Each query runs three times, with the sink on and snapshots every 10 s; the run with the least CPU time counts, which is that
of the whole process. Where there is a plain loop over the same events, it is measured in the same process after it.
"""

import json
import subprocess
import sys

# Events a second and core of Flink on the same queries, where figures are known (thousands).
FLINK = {"q0": 155, "q4": 34, "q5": 22, "q7": 12, "q11": 40, "q12": 76, "q16": 19, "q19": 44}
PLAIN = {"q0", "q4", "q5", "q7", "q11", "q16", "q19"}
REPEATS = 3


def measure(millrace, query, count):
    runs = []
    for _ in range(REPEATS):
        command = [millrace, "nexmark", "run", "--query", query, "--events", count, "--json"]
        if query in PLAIN:
            command.append("--baseline")
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return min(runs, key=lambda r: r["cpu_seconds"])


def main(millrace, count="10000000", *queries):
    if not queries:
        listed = subprocess.run([millrace, "nexmark", "list"], check=True, capture_output=True, text=True).stdout
        queries = [line.split()[0] for line in listed.splitlines()]
    print("| query | M events/s | M events/s per core | ns CPU an event | plain loop | ratio | × Flink | rows | MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for query in queries:
        r = measure(millrace, query, count)
        plain = "%.0f ns" % r["plain_loop_ns_per_event"] if query in PLAIN else ""
        ratio = "%.2f" % r["ratio_to_plain_loop"] if query in PLAIN else ""
        times = "%.0f" % (r["events_per_s_per_core"] / 1000 / FLINK[query]) if query in FLINK else ""
        print(
            "| %s | %.2f | %.2f | %.0f | %s | %s | %s | %d | %.0f |"
            % (
                query,
                r["events_per_s"] / 1e6,
                r["events_per_s_per_core"] / 1e6,
                r["cpu_ns_per_event"],
                plain,
                ratio,
                times,
                r["rows"],
                r["peak_memory_mb"],
            ),
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
