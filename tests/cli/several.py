"""Carries out several commands, one after the other: python -m tests.cli.several JSON."""

import json
import sys

from equipoise.cli.main import main

if __name__ == "__main__":
    print([main(words) for words in json.loads(sys.argv[1])])
