# SPDX-License-Identifier: Apache-2.0
"""What docs/operations.md says of metrics, and the alerts it recommends, against the files that are
really written: each name is there, with each label."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from lab import until
from secretslab import SecretsLab, is_refusal, release

PROGRAM, SOURCE = sys.argv[1:3]
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? [-0-9.]+$")


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def labels(text):
    """Of "a="b",c="d"": {("a", "b"), …}."""
    return set(re.findall(r'(\w+)="([^"]*)"', text or ""))


def metrics_of(text):
    """The labels of every sample: {name: {(label, value), …}}."""
    found = {}
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match:
            found.setdefault(match[1], set()).update(labels(match[2]))
    return found


class Alerts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A run in which everything has happened that a metric tells of."""
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.release.script = lambda asked: release(asked, {"missing"})
            lab.start_on_bus()
            lab.trust()
            lab.wait_for("TRUSTED")
            assert is_refusal(lab.ask(secret="missing").get())
            lab.call_later("Attest")
            lab.worker.reply("failed", timings_usec={"challenge": 1, "total": 2}, clock_skew_sec=7)
            path = f"{lab.runtime}/metrics/attestd.prom"

            def written():
                with open(path, encoding="utf-8") as file:
                    cls.text = file.read()
                return "release_refusals_total{" in cls.text and "round_findings_total{" in cls.text

            until(written, "the metrics")
        cls.metrics = metrics_of(cls.text)
        cls.page = read("docs/operations.md")
        cls.rules = re.search(r"```yaml\n(groups:.*?)```", cls.page, re.S)[1]

    def test_the_table_has_every_metric_with_its_labels_and_no_other(self):
        told = {}
        for row in re.findall(r"^\| (`attestd_.*?) \| ", self.page, re.M):
            for name, names in re.findall(r"`([a-z_]+)(?:\{([a-z,]+)\})?`", row):
                told[name] = set(names.split(",")) if names else set()
        written = {name: {label for label, _ in found} for name, found in self.metrics.items()}
        self.assertEqual(told, written)

    def test_every_alert_names_what_is_there(self):
        verifier = read("src/verifier/shared.c").replace('"\n', "").replace("\\", "")
        verifier = re.sub(r'\n\s*"', "", verifier)
        alerts = re.findall(r"^\s+- alert: (\w+).*?\n\s+expr: (.+)$", self.rules, re.M)
        self.assertGreaterEqual(len(alerts), 10)
        for alert, expression in alerts:
            names = re.findall(r"\b(attestd_\w+|attest_verifier_\w+)(?:\{(.*?)\})?", expression)
            self.assertTrue(names, alert)
            for name, wanted in names:
                with self.subTest(alert=alert, metric=name):
                    if name.startswith("attestd_"):
                        self.assertIn(name, self.metrics)
                        self.assertLessEqual(labels(wanted), self.metrics[name])
                    else:
                        self.assertRegex(verifier, rf"\b{name}\b")
                        for label, value in labels(wanted):
                            self.assertRegex(verifier, rf'{name}{{[^}}]*{label}="{value}"')

    def test_prometheus_takes_the_rules(self):
        if not shutil.which("promtool"):
            self.skipTest("no promtool")
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(self.rules)
            file.flush()
            result = subprocess.run(["promtool", "check", "rules", file.name], stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
        self.assertEqual(result.returncode, 0, result.stdout)


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
