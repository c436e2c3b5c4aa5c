# SPDX-License-Identifier: Apache-2.0
"""What is written about the agent is what the agent does: manual, catalog, diagram, units."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

ROOT, UNITS, DIAGRAM, KEYS = sys.argv[1:5]


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60)


class Manual(unittest.TestCase):
    def table(self):
        rows = [line.split("\t") for line in run(KEYS).stdout.splitlines()]
        self.assertGreater(len(rows), 30)
        return rows

    def documented(self):
        """(section, key) to the text below it."""
        entries, section, keys = {}, None, []
        for line in read("docs/man/attestd.conf.5").splitlines():
            if line.startswith(".Ss ["):
                section = re.match(r"\.Ss \[(\w+)", line).group(1)
                keys = []
            elif line.startswith(".Sh"):
                section = None
            elif section and line.startswith(".It Cm "):
                keys = re.findall(r"Cm (\w+) Ns =", line)
                for key in keys:
                    entries[(section, key)] = ""
            elif section:
                for key in keys:
                    entries[(section, key)] += line + "\n"
        return entries

    def test_every_setting_is_documented_and_no_other(self):
        self.assertEqual({(s, k) for s, k, _ in self.table()}, set(self.documented()))

    def test_every_default_is_documented(self):
        documented = self.documented()
        for section, key, fallback in self.table():
            text = documented[(section, key)]
            if fallback != "-":
                defaults = re.findall(r"^Defaults?: (.*)\.$", text, re.M)
                self.assertTrue(defaults, key)
                self.assertIn(fallback, defaults[0].split(" and "), key)

    def test_the_default_configuration_sets_nothing_and_names_real_settings(self):
        keys = {key for _, key, _ in self.table()}
        lines = read("systemd/attestd.conf").splitlines()
        self.assertEqual([line for line in lines if line and not line.startswith("#")], ["[Verifier default]"])
        self.assertEqual(lines[-1], "[Verifier default]")
        named = [match[1] for match in (re.match(r"# +(\w+)=", line) for line in lines) if match]
        self.assertEqual(named, ["URL", "Trust"])
        self.assertLessEqual(set(named), keys)


class Journal(unittest.TestCase):
    def test_the_catalog_compiles(self):
        if not shutil.which("journalctl"):
            self.skipTest("no journalctl")
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(f"{root}/usr/lib/systemd/catalog")
            os.makedirs(f"{root}/var/lib/systemd/catalog")
            shutil.copy(f"{ROOT}/systemd/attestd.catalog", f"{root}/usr/lib/systemd/catalog")
            result = run("journalctl", f"--root={root}", "--update-catalog")
            self.assertEqual((result.returncode, result.stdout), (0, ""))


class Diagram(unittest.TestCase):
    def test_the_lifecycle_diagram_is_the_tables(self):
        page = read("docs/architecture.md")
        match = re.search(r"<!-- lifecycle -->\n(.*?)<!-- end lifecycle -->", page, re.S)
        self.assertTrue(match, "docs/architecture.md has no lifecycle section")
        self.assertEqual(match.group(1), run(DIAGRAM).stdout,
                         "replace it by what lifecycle-diagram prints")


class Bus(unittest.TestCase):
    def test_the_polkit_actions_are_those_that_are_asked_for(self):
        policy = ElementTree.parse(f"{ROOT}/systemd/org.attestd.agent1.policy").getroot()
        actions = {action.get("id") for action in policy.findall("action")}
        asked = set(re.findall(r'"(org\.attestd\.agent1\.[a-z-]+)"', read("src/agent/calls.c")))
        self.assertEqual(actions, asked)
        for action in policy.findall("action"):
            owner = action.find("annotate[@key='org.freedesktop.policykit.owner']")
            self.assertEqual(owner.text, "unix-user:attestd")
            self.assertEqual({e.text for e in action.find("defaults")}, {"auth_admin"})
        for page in ("docs/dbus/org.attestd.Agent1.md", "docs/man/attestd.8"):
            for action in actions:
                self.assertIn(action, read(page))

    def test_the_errors_of_the_interface_are_in_the_catalogue(self):
        names = set(re.findall(r'\{ "([a-z0-9-]+)"', "".join(
            read(path) for path in glob.glob(f"{ROOT}/src/format/catalog-*.c"))))
        for name in re.findall(r"org\.attestd\.Error\.([A-Z]\w+)",
                               read("docs/dbus/org.attestd.Agent1.md")):
            dashed = re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
            self.assertIn(dashed, names)

    def test_the_bus_policy_is_xml(self):
        for name in ("systemd/org.attestd.Agent1.conf", "docs/dbus/org.attestd.Agent1.xml"):
            ElementTree.fromstring(read(name))


class Units(unittest.TestCase):
    NAMES = ("attestd.service", "attest-round@.service", "attest-collect@.service",
             "attest-release@.service", "attestd.socket", "attest-round.socket",
             "attest-collect.socket", "attest-release.socket", "attestd.slice")
    CEILINGS = {"attestd.service": 1.0, "attest-round@.service": 2.5,
                "attest-collect@.service": 2.5, "attest-release@.service": 2.5}

    def setUp(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze")
        self.directory = tempfile.TemporaryDirectory()
        for name in self.NAMES:
            source = f"{UNITS}/{name}" if name.endswith(".service") else f"{ROOT}/systemd/{name}"
            with open(source) as file:
                text = file.read()
            # The programs need not be installed where the tests run.
            text = re.sub(r"^(ExecStart|ExecReload)=\S+", r"\1=/bin/true", text, flags=re.M)
            with open(f"{self.directory.name}/{name}", "w") as file:
                file.write(text)

    def tearDown(self):
        self.directory.cleanup()

    def test_systemd_has_nothing_to_say_about_them(self):
        result = run("systemd-analyze", "verify", "--man=no",
                     *(f"{self.directory.name}/{name}" for name in self.NAMES))
        lines = [line for line in result.stdout.splitlines() if self.directory.name in line
                 or "attest" in line]
        self.assertEqual((result.returncode, lines), (0, []))

    def test_what_one_worker_wrote_stays_out_of_swap_when_it_has_ended(self):
        for name in self.CEILINGS:
            with open(f"{self.directory.name}/{name}") as file:
                lines = file.read().splitlines()
            self.assertLessEqual({"Slice=attestd.slice", "MemorySwapMax=0"}, set(lines), name)
        with open(f"{self.directory.name}/attestd.slice") as file:
            self.assertIn("MemorySwapMax=0", file.read().splitlines())

    def test_their_exposure_is_below_the_ceiling(self):
        for name, ceiling in self.CEILINGS.items():
            result = run("systemd-analyze", "security", "--offline=yes", "--no-pager",
                         f"{self.directory.name}/{name}")
            match = re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)
            if not match:
                self.skipTest("systemd-analyze cannot judge offline")
            self.assertLessEqual(float(match.group(1)), ceiling, name)
            print(f"{name}: {match.group(1)}", end=" ")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:], verbosity=2)
