#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Sum up the totals that stress programs print.

    totals.py line FILE                             one line for people
    totals.py json FILE SECONDS SANITIZER FINDINGS  for build/results/stress-*.json

FILE holds one JSON object per line, as the programs print them.
"""
import json
import pathlib
import sys

ENDINGS = ("handled", "left", "dropped", "returned", "unsent", "answered", "failed", "no_reply",
           "gone", "timed_out", "given_up", "full", "drained", "broken", "unborn")
# Further events.
EVENTS = ("tasks", "combining", "pooled", "suspensions", "completions", "permits", "deadlocks", "observations",
          "faults", "signals")


def main():
    command, path = sys.argv[1:3]
    runs = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    total = {}
    for run in runs:
        for key, value in run.items():
            if isinstance(value, int) and key != "seed":
                total[key] = total.get(key, 0) + value
    messages = total.get("posts", 0) + total.get("requests", 0)
    if command == "line":
        print(f"{len(runs)} programs, {total.get('rounds', 0)} rounds,"
              f" {total.get('servers', 0)} servers, {messages} messages"
              f" ({total.get('requests', 0)} requests): " +
              ", ".join(f"{total.get(key, 0)} {key.replace('_', ' ')}" for key in ENDINGS) +
              "; " + ", ".join(f"{total.get(key, 0)} {key}" for key in EVENTS))
    elif command == "json":
        seconds, sanitizer, findings = sys.argv[3:6]
        print(json.dumps({
            "messages": messages,
            "posts": total.get("posts", 0),
            "requests": total.get("requests", 0),
            "servers": total.get("servers", 0),
            "endings": {key: total.get(key, 0) for key in ENDINGS},
            **{key: total.get(key, 0) for key in EVENTS},
            "rounds": total.get("rounds", 0),
            "programs": len(runs),
            "seconds": int(seconds),
            "sanitizer": sanitizer,
            "findings": int(findings),
        }, indent=1))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
