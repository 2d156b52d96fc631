"""Runs the tests that inject faults one by one, and counts them for the table of docs/trust.md.

    taskset -c 2,3 python -m measurements.trust.trust_tests --out results/trust/tests.json

The tests of hosts need root, which may make network namespaces; a test that is skipped is not counted.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from equipoise.common.files import write_text_atomically
from equipoise.common.machine import git_commit
from measurements import ROOT

ROWS = {
    "a full disk (a file system of 400 kB)": "test_a_full_disk",
    "a write that fails": "test_a_failing_disk",
    "a checkpoint truncated, emptied, deleted or with a flipped bit": "test_a_damaged_checkpoint_is_named",
    "a flipped bit in a checkpoint's index": "test_no_flipped_bit_of_an_index",
    "a checkpoint of another format or recipe": "test_another_format test_a_format_is test_a_checkpoint_of_another",
    "a moved run, and one of another device": "test_a_moved_run test_another_device",
    "changed data": "test_changed_data",
    "NaN or infinity in a loss, gradient, parameter, buffer or moment": "test_the_first_offender test_a_step_that "
    "test_a_buffer_that test_a_moment_that test_a_running_statistic test_an_earlier_move test_it_stops_and_names "
    "test_it_goes_back test_it_gives_up test_a_resume_after_a_rollback",
    "two processes that train in one directory": "test_a_second_writer test_the_lock_of test_a_run_that_is_being",
    "hostile checkpoints, configurations and archives": "test_a_hostile test_hostile_yaml",
    "hostile ONNX files": "test_an_onnx_file",
    "names with control characters": "test_control_characters test_no_command_prints",
    "hostile names in a report": "test_hostile_names",
    "a killed rank": "test_a_killed_rank",
    "an interrupted run of two ranks": "test_an_interrupt_stops_all",
    "a host that is cut off": "test_a_host_that_is_cut_off",
}
FILES = (
    "tests/faults/test_checkpoints.py",
    "tests/faults/test_divergence.py",
    "tests/training/test_health.py",
    "tests/runs/test_lock.py",
    "tests/runs/report/test_report_pages.py",
    "tests/runs/report/test_report_browser.py",
    "tests/security/test_hostile_input.py",
    "tests/distributed/test_torchrun.py",
    "tests/distributed/test_hosts.py",
)


def cases() -> list[Any]:
    """Every test that ran, as pytest's report describes it."""
    with tempfile.TemporaryDirectory() as folder:
        report = f"{folder}/report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "slow or not slow", f"--junitxml={report}", *FILES]
        subprocess.run([*command, "-p", "no:randomly"], cwd=ROOT, check=False)
        return list(ElementTree.parse(report).getroot().iter("testcase"))


def row(found: list[Any], beginnings: list[str]) -> dict[str, Any]:
    ours = [case for case in found if any(case.get("name").startswith(each) for each in beginnings)]
    ran = [case for case in ours if case.find("skipped") is None]
    wrong = [case for case in ran if case.find("failure") is not None or case.find("error") is not None]
    seconds: dict[str, float] = {}
    for case in ran:
        for each in case.iter("property"):
            seconds[each.get("name")] = max(seconds.get(each.get("name"), 0.0), float(each.get("value")))
    return {"tried": len(ran), "lost_or_wrong": len(wrong), "skipped": len(ours) - len(ran)} | seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/trust/tests.json"))
    chosen, commit = parser.parse_args(), git_commit()
    found = cases()
    result = {"passport": {"commit": commit}, "rows": {name: row(found, tests.split()) for name, tests in ROWS.items()}}
    write_text_atomically(chosen.out, json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
