#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Validates manifests against the schemas of the Kubernetes API, strictly: what isn't known is wrong. Prints them as one JSON list."""

import json
import pathlib
import sys

import jsonschema
import yaml

DEFINITIONS = json.loads(pathlib.Path(__file__).with_name("schema.json").read_text())


class Strict(yaml.SafeLoader):
    """As the API server reads YAML: a key that is there twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


def schema_of(manifest):
    def says(definition, key):
        return manifest.get(key) in definition.get("properties", {}).get(key, {}).get("enum", [])

    for name, definition in DEFINITIONS["$defs"].items():
        if says(definition, "apiVersion") and says(definition, "kind"):
            return {"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS["$defs"]}
    sys.exit(f"no schema for {manifest.get('apiVersion')} {manifest.get('kind')}")


manifests, wrong = [], []
for path in sys.argv[1:]:
    for manifest in yaml.load_all(pathlib.Path(path).read_text(), Strict):
        for error in jsonschema.Draft7Validator(schema_of(manifest)).iter_errors(manifest):
            wrong.append(f"{path}: {error.json_path}: {error.message}")
        manifests.append(manifest)
if wrong:
    sys.exit("\n".join(wrong))
json.dump(manifests, sys.stdout)
