"""What every benchmark prints: the machine, a table of figures, and the same as JSON.

These machines are noisy, so that a figure about speed is a ratio of two things timed in turn within
one run (`alternate`), never a bare number of seconds from another day.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with `--json FILE`, which every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser


def machine() -> dict[str, Any]:
    """Processor, cores that this process may use, Python; torch's threads where it is loaded."""
    facts: dict[str, Any] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    if "torch" in sys.modules:
        import torch

        facts["torch"] = torch.__version__
        facts["threads"] = torch.get_num_threads()
        if torch.cuda.is_available():
            facts["gpu"] = torch.cuda.get_device_name()
    return facts


def alternate(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each run, one after the other in every round; a round before is dropped."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def show(title: str, rows: Sequence[dict[str, Any]], json_file: Path | None = None) -> None:
    """Prints the machine and the rows, which share their keys; writes both to `json_file`."""
    facts = machine()
    print(f"{title}\n" + ", ".join(f"{key} {value}" for key, value in facts.items()) + "\n")
    if rows:
        table = [[*rows[0]], *([_text(value) for value in row.values()] for row in rows)]
        widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
        for line in table:
            cells = [line[0].ljust(widths[0])]
            cells += [c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)]
            print("  ".join(cells).rstrip())
    if json_file:
        text = json.dumps({"title": title, "machine": facts, "rows": list(rows)}, indent=2)
        json_file.write_text(text + "\n", encoding="utf-8")


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
