"""Prints where records break the schemas, both read from the file named; runs in the readers' environment."""

import json
import sys
from pathlib import Path

from jsonschema import Draft7Validator

given = json.loads(Path(sys.argv[1]).read_text())
for name, records in given["records"].items():
    validator = Draft7Validator(given["schemas"][name])
    known = set(given["schemas"][name]["properties"])
    for record in records:
        for error in validator.iter_errors(record):
            print(name, record["id"], list(error.path), error.message[:200])
        for extra in sorted(set(record) - known):
            print(name, record["id"], "unknown to the schema:", extra)
