"""The processes of a study beside a terminal."""

import subprocess
import sys

BEGUN = """
import os, signal, time
from multiprocessing import forkserver
from equipoise.studies.workers import _context

_context("equipoise.studies.carry_out")
server = forkserver._forkserver._forkserver_pid
for _ in range(5):
    os.kill(server, signal.SIGINT)
    time.sleep(0.05)
assert os.waitpid(server, os.WNOHANG) == (0, 0)
assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
"""


def test_ctrl_c_while_the_first_imports_last_is_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", BEGUN], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
