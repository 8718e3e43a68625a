#!/usr/bin/env python3
"""Holds all queries against the oracle at a million events: in order and out of order, one partition and four.

    million.py MILLRACE [EVENTS]

Takes some minutes and 2 GB in the temporary folder. Prints a line a query and exits with 1 when one differs.
"""

import os
import subprocess
import sys
import tempfile

ORACLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oracle.py")
CASES = [("in order", 1, 1), ("groups of 1000", 1000, 4)]


def main(millrace, count="1000000"):
    listed = subprocess.run([millrace, "nexmark", "list"], check=True, capture_output=True, text=True).stdout
    queries = [line.split()[0] for line in listed.splitlines()]
    failed = False
    for what, group, partitions in CASES:
        print("%s events, %s, %d partition(s)" % (count, what, partitions), flush=True)
        stream = ["--events", count, "--group", str(group)]
        with tempfile.TemporaryDirectory() as folder:
            events = os.path.join(folder, "events.jsonl")
            subprocess.run([millrace, "nexmark", "generate", "--output", events] + stream, check=True)
            answers = []
            for query in queries:
                rows = os.path.join(folder, query)
                run = [millrace, "nexmark", "run", "--query", query, "--output", rows, "--partitions", str(partitions)]
                subprocess.run(run + stream, check=True, stdout=subprocess.DEVNULL)
                answers.append(query + "=" + rows)
            failed |= subprocess.run([sys.executable, ORACLE, events] + answers).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
