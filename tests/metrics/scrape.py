"""Asks for metrics as Prometheus does and reads them with Prometheus' own parsers; both texts must say the same.

Usage: scrape.py ADDRESS:PORT; prints a JSON object of all samples, `name{label=value}` to number.
"""

import json
import sys
import urllib.request

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics


def fetch(address, accept):
    request = urllib.request.Request(f"http://{address}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def samples(families):
    found = {}
    for family in families:
        assert family.documentation, family.name
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            name = sample.name + (f"{{{labels}}}" if labels else "")
            assert name not in found, name
            found[name] = sample.value
    return found


address = sys.argv[1]
media, text = fetch(address, "text/plain")
assert media.startswith("text/plain; version=0.0.4"), media
media, open_text = fetch(address, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
assert media.startswith("application/openmetrics-text; version=1.0.0"), media
plain = samples(parser.text_string_to_metric_families(text))
found = samples(openmetrics.text_string_to_metric_families(open_text))
assert plain.keys() == found.keys(), plain.keys() ^ found.keys()
print(json.dumps(found))
