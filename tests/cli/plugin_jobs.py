"""Two jobs that know the plug-in mine.py, in two workers: python -m tests.cli.plugin_jobs forkserver|spawn|ray."""

import multiprocessing
import sys
from pathlib import Path

from equipoise.common.plugins import load_plugin
from equipoise.experiments.config import to_yaml
from equipoise.recipes.catalogue import recipe
from equipoise.studies import ray_cluster, workers

if __name__ == "__main__":
    load_plugin(Path("mine.py"))
    jobs = [recipe("my-digits"), recipe("my-digits")]
    if sys.argv[1] == "ray":
        done = ray_cluster.run_jobs_on_ray(to_yaml, jobs, "local", 2, 0.0)
    else:
        workers.get_ready = lambda function: multiprocessing.get_context(sys.argv[1])
        done = workers.run_jobs(to_yaml, jobs, 2)
    print(done == [to_yaml(job) for job in jobs])
