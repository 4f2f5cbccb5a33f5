"""The alerts as Kubernetes takes them, made from the rules that Prometheus takes.

    python ops/kubernetes_rules.py

Writes deploy/kubernetes/base/prometheusrule.yaml anew from ops/prometheus/allsun.rules.yml.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "ops" / "prometheus" / "allsun.rules.yml"
RESOURCE = ROOT / "deploy" / "kubernetes" / "base" / "prometheusrule.yaml"
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


def resource(rules: str) -> str:
    """The resource whose specification is the text of the *rules*, groups and all."""
    return HEAD + textwrap.indent(rules[rules.index("groups:") :], "  ")


if __name__ == "__main__":
    RESOURCE.write_text(resource(RULES.read_text(encoding="utf-8")), encoding="utf-8")
