"""The alerts as Kubernetes takes them, made from the rules that Prometheus takes.

    python ops/kubernetes_rules.py [ADDRESS]

Writes deploy/kubernetes/base/prometheusrule.yaml anew from ops/prometheus/allsun.rules.yml. With
the ADDRESS at which the folder ops/runbooks is served, alerts link to it.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "ops" / "prometheus" / "allsun.rules.yml"
RESOURCE = ROOT / "deploy" / "kubernetes" / "base" / "prometheusrule.yaml"
RUNBOOKS = "ops/runbooks"
HEAD = """\
# Made by ops/kubernetes_rules.py from ops/prometheus/allsun.rules.yml: change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: allsun
  labels:
    app.kubernetes.io/name: allsun
spec:
"""


def resource(rules: str, address: str = RUNBOOKS) -> str:
    """The resource whose specification is the text of the *rules*, groups and all."""
    groups = textwrap.indent(rules[rules.index("groups:") :], "  ")
    return HEAD + groups.replace(
        f"runbook_url: {RUNBOOKS}/", f"runbook_url: {address.rstrip('/')}/"
    )


if __name__ == "__main__":
    made = resource(RULES.read_text(encoding="utf-8"), *sys.argv[1:2])
    RESOURCE.write_text(made, encoding="utf-8")
