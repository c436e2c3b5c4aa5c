# SPDX-License-Identifier: Apache-2.0
"""attestctl doctor: each check that reads files or asks on the bus, provoked to its no. systemd,
attestd and attest-worker are stand-ins; the real ones are in tests/integration/ctl-doctor."""

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

ATTESTD, ATTESTCTL = sys.argv[1:3]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "agent"))

from lab import LIMIT, Lab, NAME, PATH  # noqa: E402
from gi.repository import Gio, GLib  # noqa: E402

MANAGER = "org.freedesktop.systemd1"
MANAGER_PATH = "/org/freedesktop/systemd1"
TARGET = "attested.target"
NOBODY = 65534
INTERFACES = Gio.DBusNodeInfo.new_for_xml(f"""<node>
<interface name="{MANAGER}.Manager">
  <method name="LoadUnit"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
  <method name="ListUnitsByPatterns"><arg type="as" direction="in"/><arg type="as" direction="in"/>
    <arg type="a(ssssssouso)" direction="out"/></method>
  <property name="Version" type="s" access="read"/>
</interface>
<interface name="{MANAGER}.Unit">
  <property name="LoadState" type="s" access="read"/>
  <property name="ActiveState" type="s" access="read"/>
  <property name="UnitFileState" type="s" access="read"/>
  <property name="BindsTo" type="as" access="read"/>
  <property name="BoundBy" type="as" access="read"/>
  <property name="WantedBy" type="as" access="read"/>
  <property name="RequiredBy" type="as" access="read"/>
</interface>
<interface name="{MANAGER}.Service">
  <property name="LoadCredential" type="a(ss)" access="read"/>
</interface>
<interface name="{NAME}">
  <property name="State" type="s" access="read"/>
  <property name="Verifier" type="s" access="read"/>
  <property name="Version" type="s" access="read"/>
  <property name="Simulated" type="b" access="read"/>
  <property name="LastError" type="(sss)" access="read"/>
  <property name="Findings" type="a(sssssss)" access="read"/>
  <property name="VerdictExpiresUSec" type="t" access="read"/>
  <property name="LastRoundUSec" type="t" access="read"/>
  <property name="StateSinceUSec" type="t" access="read"/>
  <property name="Claims" type="a{{sv}}" access="read"/>
</interface>
</node>""").interfaces

OURS = {"attestd.socket": "enabled", "attestd.service": "enabled", "attest-round.socket": "static",
        "attest-collect.socket": "static", "attest-release.socket": "static",
        "attested.path": "enabled", "attestd-loss.path": "enabled"}

# Says as whom it runs and what it was asked, then answers as it was told.
WORKER = """#!/bin/sh
IFS= read -r line <&3
half=machine
case $line in *'"verifier":'*) half=verifier ;; esac
fds=${{line##*'"fds":'}}
{{ echo "$half"; echo "${{fds%%]*}}]"; grep -E '^(Uid|Gid|Groups):' /proc/$$/status; }} >>{seen}
cat {seen}.$half >&3
"""


def check(name, result="ok", said="", *findings):
    return {"check": name, "result": result, "said": said, "findings": list(findings)}


def finding(name, result="failure", found="what is"):
    return {"name": name, "subject": "lab", "result": result, "found": found, "wanted": "",
            "remedy": "do this", "source": "worker"}


class Stage(Lab):
    def __init__(self):
        super().__init__(ATTESTD)
        self.state = os.path.join(self.directory, "state")
        self.secrets = os.path.join(self.directory, "secrets")
        os.makedirs(os.path.join(self.state, "gates"))
        os.chmod(self.state, 0o700)
        os.mkdir(self.secrets, 0o700)
        self.seen = os.path.join(self.directory, "seen")
        with open(self.seen, "w"):
            os.chmod(self.seen, 0o666)
        self.worker_path = os.path.join(self.directory, "attest-worker")
        with open(self.worker_path, "w") as file:
            file.write(WORKER.format(seen=self.seen, answer=self.seen + "."))
        os.chmod(self.worker_path, 0o755)
        self.event_log = os.path.join(self.directory, "eventlog")
        with open(self.event_log, "w") as file:
            file.write("log")
        with open(self.config, "a") as file:
            file.write(f"[Evidence]\nEventLog={self.event_log}\nUserspaceLog=none\n")
        os.chmod(self.config, 0o644)
        self.answer_machine()
        self.answer_verifier()
        self.units = {}
        for name, file_state in OURS.items():
            self.unit(name, UnitFileState=file_state)
        self.version = "252.39-1~deb12u1"
        self.is_silent = False
        now = int(time.time() * 1000000)
        self.standing = {
            "State": GLib.Variant("s", "TRUSTED"), "Verifier": GLib.Variant("s", "lab"),
            "Version": GLib.Variant("s", self.own_version()), "Simulated": GLib.Variant("b", False),
            "LastError": GLib.Variant("(sss)", ("", "", "")),
            "Findings": GLib.Variant("a(sssssss)", []),
            "VerdictExpiresUSec": GLib.Variant("t", now + 600000000),
            "LastRoundUSec": GLib.Variant("t", now - 5000000),
            "StateSinceUSec": GLib.Variant("t", now - 7000000),
            "Claims": GLib.Variant("a{sv}", {"uncovered": GLib.Variant("as", [])}),
        }
        self.connection = self.connect()
        self.connection.register_object(MANAGER_PATH, INTERFACES[0], self.on_manager,
                                        lambda *_: GLib.Variant("s", self.version), None)
        self.connection.register_object(PATH, INTERFACES[3], None,
                                        lambda *a: self.standing[a[4]], None)
        self.own(MANAGER)
        self.own(NAME)

    def own(self, name, method="RequestName"):
        arguments = GLib.Variant("(su)", (name, 0)) if method == "RequestName" else GLib.Variant("(s)", (name,))
        self.connection.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", method,
                                  arguments, None, 0, LIMIT * 1000, None)

    def disown(self, name):
        self.own(name, "ReleaseName")

    @staticmethod
    def own_version():
        return subprocess.run([ATTESTCTL, "--version"], stdout=subprocess.PIPE,
                              check=True).stdout.decode().split()[1]

    def answer_with(self, half, data):
        with open(f"{self.seen}.{half}", "wb") as file:
            file.write(data)
        os.chmod(f"{self.seen}.{half}", 0o644)

    def answer_checks(self, half, checks):
        self.answer_with(half, json.dumps({"result": "ok", "findings": [], "timings_usec": {},
                                           "checks": checks}).encode() + b"\n")

    def answer_machine(self, **others):
        names = ("device", "tpm", "attestation-key", "pcr-bank", "event-log")
        self.answer_checks("machine", [others.get(n.replace("-", "_"), check(n)) for n in names])

    def answer_verifier(self, **others):
        names = ("dns", "connection", "tls", "challenge", "clock")
        self.answer_checks("verifier", [others.get(n, check(n)) for n in names])

    def unit(self, name, credentials=(), **properties):
        """What systemd says of a unit; it is loaded and active unless PROPERTIES say otherwise."""
        self.units[name] = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "",
                            "BindsTo": [], "BoundBy": [], "WantedBy": [], "RequiredBy": [], **properties,
                            "LoadCredential": list(credentials)}

    def on_manager(self, connection, _sender, _path, _interface, method, parameters, invocation):
        if self.is_silent:
            return
        if method == "ListUnitsByPatterns":
            rows = [(name, "", "loaded", "active", "", "", self.register(connection, name), 0, "", "/")
                    for name in self.units if name.endswith(".service")]
            invocation.return_value(GLib.Variant("(a(ssssssouso))", (rows,)))
            return
        name, = parameters.unpack()
        invocation.return_value(GLib.Variant("(o)", (self.register(connection, name),)))

    def register(self, connection, name):
        """The object of a unit."""
        path = MANAGER_PATH + "/unit/" + "".join(c if c.isalnum() else f"_{ord(c):02x}" for c in name)
        with contextlib.suppress(GLib.Error):  # it is there already
            kinds = {"LoadCredential": "a(ss)"}

            def tell(_connection, _sender, _path, _interface, member, name=name):
                value = self.units.get(name, {"LoadState": "not-found", "ActiveState": "inactive"}).get(
                    member, [] if member in ("BindsTo", "BoundBy", "WantedBy", "RequiredBy", "LoadCredential") else "")
                return GLib.Variant(kinds.get(member, "as" if isinstance(value, list) else "s"), value)

            connection.register_object(path, INTERFACES[1], None, tell, None)
            if name.endswith(".service"):
                connection.register_object(path, INTERFACES[2], None, tell, None)
        return path

    def gate(self, name, **members):
        with open(f"{self.state}/gates/{name}.json", "w") as file:
            json.dump({"attestd_gate": 1, "name": name, "kind": "pcr", "pcr_bank": "sha256",
                       "pcrs": [4, 9], **members}, file)

    def secret(self, name, **changes):
        """A file by its looks: nobody here has the key to any."""
        def text(data):
            return base64.urlsafe_b64encode(data).decode().rstrip("=")

        zeros = text(bytes(32))
        header = {"name": name, "id": text(bytes(16)), "version": 1, "gate": "local",
                  "gate_kind": "pcr", "who": ["unit:db.service"], "vtpm_root_minimum": "svsm",
                  "created_sec": 1795327500, "parent_name": text(b"\0\x0b" + bytes(32)),
                  "pcr_bank": "sha256", "pcrs": {"4": zeros, "9": zeros}, **changes}
        path = f"{self.secrets}/{name}.secret"
        with open(path, "w") as file:
            json.dump({"attestd_secret": 1, "header": text(json.dumps(header).encode()),
                       "sealed": {"public": "AA", "private": "AA"}, "nonce": text(bytes(12)),
                       "ciphertext": text(bytes(20))}, file)
        os.chmod(path, 0o600)

    def credential(self, name):
        return (name, f"{self.runtime}/secrets.sock")

    def run(self, *arguments, user=None, through=()):
        """attestctl doctor while the stand-ins serve: (exit status, stdout)."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            process = subprocess.Popen(
                [*through, ATTESTCTL, "doctor", *arguments, f"--config={self.config}",
                 f"--state-directory={self.state}", f"--runtime-directory={self.runtime}",
                 f"--worker={self.worker_path}"], stdin=subprocess.DEVNULL, stdout=out,
                stderr=error, user=user, env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address})

            # Woken by each call of the bus, and by the child's end.
            context, over = GLib.MainContext.default(), []
            GLib.child_watch_add(GLib.PRIORITY_DEFAULT, process.pid, lambda _pid, status: over.append(status))
            while not over:
                context.iteration(True)
            process.returncode = os.waitstatus_to_exitcode(over[0])
            for file in (out, error):
                file.seek(0)
            problems = error.read().decode()
            assert not problems, problems
            return process.returncode, out.read().decode()

    def workers(self):
        """What each worker said since the last time: half, names of descriptors, ids."""
        with open(self.seen) as file:
            lines = file.read().splitlines()
        os.truncate(self.seen, 0)
        said = []
        for i in range(0, len(lines), 5):
            ids = [[int(n) for n in line.split()[1:]] for line in lines[i + 2:i + 5]]
            said.append((lines[i], json.loads(lines[i + 1]), ids))
        return said


class Doctor(unittest.TestCase):
    def setUp(self):
        self.stage = self.enterContext(Stage()) if hasattr(self, "enterContext") else self.enter()

    def enter(self):
        stage = Stage()
        self.addCleanup(stage.__exit__, None, None, None)
        return stage

    def diagnose(self, *arguments, **settings):
        status, out = self.stage.run("--json", *arguments, **settings)
        report = json.loads(out)
        self.assertEqual(report["exit_status"], status)
        return {item["check"]: item for item in report["checks"]}, status

    def expect(self, line, result, name=None, status=None):
        """The check called LINE has RESULT, by the finding NAME; the exit is STATUS."""
        checks, found = self.diagnose()
        self.assertEqual(checks[line]["result"], result, checks[line])
        if name:
            self.assertIn(name, [item["name"] for item in checks[line]["findings"]])
            for item in checks[line]["findings"]:
                self.assertTrue(item["remedy"], item)
        if status is not None:
            self.assertEqual(found, status)
        return checks[line]

    def test_everything_is_fine(self):
        self.stage.gate("local")
        self.stage.secret("db")
        self.stage.unit("db.service", [self.stage.credential("db")], BindsTo=[TARGET], WantedBy=[TARGET])
        checks, status = self.diagnose()
        self.assertEqual(status, 0)
        system = {"crypttab", "swap", "kexec"}  # of the machine this runs on
        for name, item in checks.items():
            if name not in system:
                self.assertEqual(item["result"], "ok", item)
        self.assertIn("verifier lab", checks["config"]["said"])
        status, out = self.stage.run()
        self.assertEqual(status, 0)
        self.assertEqual(len(out.splitlines()) > len(checks), True)
        self.assertIn("ok   units            1 may ask, each as it should", out)

    def test_systemd(self):
        self.stage.version = "247.3-7"
        self.expect("systemd", "no", "systemd-too-old", 2)
        self.stage.version = "v256~rc1"
        self.assertIn("256", self.expect("systemd", "ok")["said"])
        self.stage.disown(MANAGER)
        checks, status = self.diagnose()
        for name in ("systemd", "services", "units"):
            self.assertEqual(checks[name]["result"], "skipped")
        self.assertEqual(status, 0)

    def test_services(self):
        stage = self.stage
        del stage.units["attestd-loss.path"]
        self.expect("services", "no", "service-missing", 2)
        stage.unit("attestd-loss.path", UnitFileState="enabled", ActiveState="failed")
        self.expect("services", "no", "service-failed", 1)
        stage.unit("attestd-loss.path", UnitFileState="enabled", ActiveState="inactive")
        self.expect("services", "no", "service-inactive", 3)
        stage.unit("attestd-loss.path", UnitFileState="disabled")
        self.expect("services", "warn", "service-not-enabled", 0)

    def test_config(self):
        with open(self.stage.config, "a") as file:
            file.write("Nonsense=1\n")
        line = self.expect("config", "no", "config-key-unknown", 2)
        self.assertRegex(line["findings"][0]["subject"], r"attestd\.conf:[0-9]+$")
        checks, _ = self.diagnose()
        self.assertEqual(checks["tls"]["result"], "skipped")
        self.assertEqual(checks["tpm"]["result"], "ok")
        os.unlink(self.stage.config)
        self.expect("config", "no", "config-file-unreadable", 2)

    def test_trust(self):
        keys = f"{self.stage.directory}/keys.json"
        os.chmod(keys, 0o666)
        line = self.expect("trust", "no", "trust-file-writable", 2)
        self.assertEqual(line["findings"][0]["subject"], keys)
        os.chmod(keys, 0o644)
        os.chmod(self.stage.directory, 0o777)
        self.expect("trust", "no", "trust-file-writable", 2)
        os.chmod(self.stage.directory, 0o755)
        with open(keys, "w") as file:
            file.write("{}")
        self.expect("trust", "no", "config-keys-invalid", 2)

    def test_state(self):
        stage = self.stage
        os.chmod(stage.state, 0o755)
        self.expect("state", "warn", "state-open", 0)
        os.chmod(stage.state, 0o700)
        with open(f"{stage.state}/format", "w") as file:
            file.write("99 9.9.9\n")
        self.expect("state", "no", "state-newer")
        os.unlink(f"{stage.state}/format")
        os.rename(stage.state, stage.state + "-away")
        with open(stage.state, "w"):
            pass
        self.expect("state", "no", "state-missing", 3)

    def test_nobody_knows_as_whom_attestd_runs(self):
        os.rmdir(f"{self.stage.state}/gates")
        os.rmdir(self.stage.state)
        checks, status = self.diagnose()
        if checks["user"]["result"] == "ok":
            self.skipTest("there is a user attestd here")
        self.assertEqual(checks["user"]["findings"][0]["name"], "agent-user-missing")
        self.assertEqual(status, 2)
        self.assertEqual(checks["tpm"]["result"], "skipped")
        self.assertEqual([row[0] for row in self.stage.workers()], ["verifier"])

    def test_gates(self):
        stage = self.stage
        with open(f"{stage.state}/gates/bad.json", "w") as file:
            file.write("{}")
        self.expect("gates", "no", "gate-file-invalid")
        stage.gate("bad", kind="tomorrow")
        self.expect("gates", "no", "gate-kind-unknown")
        os.unlink(f"{stage.state}/gates/bad.json")
        os.symlink("/etc/passwd", f"{stage.state}/gates/bad.json")
        self.expect("gates", "no", "gate-file-invalid")
        os.unlink(f"{stage.state}/gates/bad.json")
        key = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
        with open(f"{stage.state}/gates/db.json", "w") as file:
            json.dump({"attestd_gate": 1, "name": "db", "kind": "verifier", "verifier": "another",
                       "release_key": key}, file)
        line = self.expect("gates", "no", "gate-verifier-other", 2)
        self.assertEqual((line["findings"][0]["found"], line["findings"][0]["wanted"]),
                         ("another", "lab-verifier"))
        with open(f"{stage.state}/gates/db.json", "w") as file:
            json.dump({"attestd_gate": 1, "name": "db", "kind": "key-release", "key": key,
                       "verifier": "lab-verifier", "key_url": "https://v.vault.azure.net/keys/k"}, file)
        line = self.expect("gates", "no", "key-release-unfit")
        self.assertIn("AttestationType=AzureGuest", line["findings"][0]["wanted"])

    def test_secrets(self):
        stage = self.stage
        stage.secret("db")
        self.expect("secrets", "no", "secret-gate-missing", 3)
        stage.gate("local")
        self.expect("secrets", "ok")
        stage.secret("db", who=[])
        self.expect("secrets", "warn", "secret-for-nobody", 0)
        os.rename(f"{stage.secrets}/db.secret", f"{stage.secrets}/other.secret")
        self.expect("secrets", "no", "secret-name-mismatch")
        os.chmod(f"{stage.secrets}/other.secret", 0o666)
        self.expect("secrets", "no", "secret-file-unsafe")
        os.unlink(f"{stage.secrets}/other.secret")
        os.chmod(stage.secrets, 0o777)
        self.expect("secrets", "no", "secret-store-unusable")
        os.chmod(stage.secrets, 0o700)

    def test_units(self):
        stage = self.stage
        stage.gate("local")
        stage.secret("db", who=["unit:db.service", "unit:web@*.service", "user:0"])
        self.expect("units", "no", "unit-missing", 2)
        stage.unit("db.service", [("other", f"{stage.runtime}/secrets.sock"), ("db", "/etc/db")])
        self.expect("units", "no", "unit-asks-not", 2)
        stage.unit("web.service", BindsTo=[TARGET])
        stage.unit(TARGET, BoundBy=["web.service", "db.service", "systemd-cryptsetup@data.service", "gone.service"])
        stage.unit("systemd-cryptsetup@data.service", BindsTo=[TARGET], RequiredBy=["srv-data.mount"])
        stage.unit("db.service", [stage.credential("db")], BindsTo=[TARGET], WantedBy=["multi-user.target"])
        line = self.expect("units", "warn", "unit-not-wanted", 0)
        self.assertEqual([item["subject"] for item in line["findings"]], ["db.service", "web.service"])
        del stage.units["web.service"]
        stage.unit("db.service", [stage.credential("db")], BindsTo=[TARGET], WantedBy=[TARGET])
        self.expect("units", "ok")
        stage.unit(TARGET)
        stage.unit("db.service", [stage.credential("db")], RequiredBy=["multi-user.target"])
        self.expect("units", "warn", "unit-waits-in-boot", 0)
        stage.unit("db.service", [stage.credential("db")])
        self.expect("units", "ok")
        stage.secret("db", who=["user:4294967294"])
        self.expect("units", "no", "user-unknown", 2)

    def test_who_asks_for_what_nobody_sealed(self):
        stage = self.stage
        stage.gate("local")
        stage.secret("db")
        stage.unit("db.service", [stage.credential("db"), ("key", "/etc/key")])
        stage.unit("web.service", [stage.credential("db"), stage.credential("cookie")])
        line = self.expect("units", "no", "secret-not-sealed", 2)
        self.assertEqual([(item["name"], item["subject"]) for item in line["findings"]],
                         [("secret-for-others", "unit:web.service, secret db"),
                          ("secret-not-sealed", "unit:web.service, secret cookie")])
        stage.secret("db", who=["unit:db.service", "unit:web.service"])
        stage.secret("cookie", who=["unit:web.service"])
        self.expect("units", "ok", status=0)

    def test_a_systemd_that_hangs_is_waited_for_once(self):
        stage = self.stage
        stage.gate("local")
        stage.secret("db", who=["unit:db.service", "unit:web.service"])
        stage.is_silent = True
        checks, status = self.diagnose()
        for name in ("services", "units"):
            self.assertEqual(checks[name]["result"], "skipped")
            self.assertIn("systemd does not answer", checks[name]["said"])
        self.assertEqual(status, 0)

    def test_event_log(self):
        os.unlink(self.stage.event_log)
        self.expect("event-log", "warn", "eventlog-missing", 0)
        os.mkdir(self.stage.event_log)
        self.expect("event-log", "no", "eventlog-unreadable")

    def test_worker(self):
        stage = self.stage
        bad = finding("tpm-bank-inactive")
        stage.answer_machine(pcr_bank=check("pcr-bank", "no", "", bad),
                             event_log=check("event-log", "skipped", "not read"))
        line = self.expect("pcr-bank", "no", "tpm-bank-inactive", 3)
        self.assertEqual(line["findings"], [bad])
        self.expect("event-log", "skipped")
        # A name that is not known here, and a remedy that came along.
        stage.answer_machine()
        stage.answer_verifier(challenge=check("challenge", "no", "", finding("not-heard-of")))
        self.expect("challenge", "no", "not-heard-of", 1)
        self.assertIn("not-heard-of (lab): found what is", stage.run()[1])
        stage.workers()
        self.diagnose()
        self.assertEqual([row[:2] for row in stage.workers()],
                         [("machine", ["eventlog"]), ("verifier", [])])

    def test_worker_fails(self):
        stage = self.stage
        for answer in (b"", b"nonsense\n", b'{"result":"ok"}\n',
                       json.dumps({"result": "failed", "error": "internal-error", "timings_usec": {},
                                   "findings": [finding("internal-error")]}).encode() + b"\n"):
            stage.answer_with("machine", answer)
            self.expect("device", "no", "probe-failed", 1)
            checks, _ = self.diagnose()
            self.assertEqual(checks["tpm"]["result"], "skipped")
            self.assertEqual(checks["tls"]["result"], "ok")
        os.unlink(stage.worker_path)
        self.expect("dns", "no", "probe-failed", 1)

    def test_agent(self):
        stage = self.stage
        stage.standing["Version"] = GLib.Variant("s", "0.0.1")
        self.expect("agent", "warn", "agent-version-differs", 0)
        stage.disown(NAME)
        checks, status = self.diagnose()
        self.assertEqual(checks["agent"]["findings"][0]["name"], "agent-not-running")
        self.assertEqual(status, 3)
        for name in ("verdict", "layers"):
            self.assertEqual(checks[name]["result"], "skipped")
        stage.end_bus()
        self.expect("agent", "no", "bus-unreachable", 1)

    def test_verdict(self):
        stage = self.stage
        self.assertIn("TRUSTED since", self.expect("verdict", "ok")["said"])
        stage.standing["LastError"] = GLib.Variant("(sss)", (
            "verifier-unreachable", "the verifier cannot be reached (lab): found no way, wanted a way", "wait"))
        stage.standing["Findings"] = GLib.Variant("a(sssssss)", [
            ("other", "vtpm", "warning", "x", "y", "z", "worker"),
            ("verifier-unreachable", "lab", "failure", "no way", "a way", "wait", "worker")])
        self.expect("verdict", "warn", "verifier-unreachable", 0)
        stage.standing["State"] = GLib.Variant("s", "WAITING")
        line = self.expect("verdict", "no", "verifier-unreachable", 4)
        self.assertRegex(line["findings"][0]["found"], r"^no way; WAITING since 20.*Z \(.* ago\)$")
        self.assertEqual(line["findings"][0]["wanted"], "a way")
        stage.standing["Findings"] = GLib.Variant("a(sssssss)", [])
        line = self.expect("verdict", "no", "verifier-unreachable", 4)
        self.assertRegex(line["findings"][0]["found"], r"^WAITING since 20.*Z \(.* ago\)$")
        stage.standing["State"] = GLib.Variant("s", "REFUSED")
        stage.standing["LastError"] = GLib.Variant("(sss)", ("snp-tcb-too-low", "old", "update"))
        self.expect("verdict", "no", "snp-tcb-too-low", 5)
        stage.standing["LastError"] = GLib.Variant("(sss)", ("", "", ""))
        stage.standing["State"] = GLib.Variant("s", "PROVING")
        self.expect("verdict", "no", "verdict-missing", 3)
        self.expect("layers", "skipped")
        stage.standing["State"] = GLib.Variant("s", "RENEWING")
        stage.standing["Simulated"] = GLib.Variant("b", True)
        self.expect("verdict", "warn", "verdict-simulated", 0)

    def test_layers(self):
        stage = self.stage
        stage.standing["Claims"] = GLib.Variant("a{sv}", {
            "uncovered": GLib.Variant("as", ["kernel", "initrd"])})
        line = self.expect("layers", "warn", "policy-layer-open", 0)
        self.assertEqual([item["subject"] for item in line["findings"]], ["kernel", "initrd"])
        self.assertIn("(kernel, initrd)\n", stage.run()[1])
        stage.standing["Claims"] = GLib.Variant("a{sv}", {})
        self.expect("layers", "skipped")

    def test_the_first_no_decides(self):
        self.stage.disown(NAME)  # 3
        self.stage.answer_verifier(tls=check("tls", "no", "", finding("verifier-pin-mismatch")))
        _, status = self.diagnose()
        self.assertEqual(status, 4)
        with open(self.stage.config, "a") as file:
            file.write("Nonsense=1\n")
        _, status = self.diagnose()
        self.assertEqual(status, 2)

    @unittest.skipIf(os.getuid() != 0, "needs root")
    def test_root_looks_as_attestd(self):
        stage = self.stage
        for path in (stage.state, f"{stage.state}/gates", stage.secrets):
            os.chown(path, NOBODY, NOBODY)
        checks, _ = self.diagnose()
        self.assertEqual(checks["state"]["findings"][0]["name"], "state-foreign")  # it runs as root
        for _, _, (uids, gids, groups) in stage.workers():
            self.assertEqual((uids, gids), ([NOBODY] * 4, [NOBODY] * 4))
            self.assertLessEqual(set(groups), {NOBODY})
        stage.disown(NAME)
        checks, _ = self.diagnose()
        self.assertEqual(checks["state"]["result"], "ok")
        # What only root may read, attestd cannot; and it cannot have root read it.
        os.chmod(stage.event_log, 0o600)
        checks, _ = self.diagnose()
        self.assertEqual(checks["event-log"]["findings"][0]["name"], "eventlog-denied")
        os.chmod(stage.config, 0o600)
        checks, _ = self.diagnose()
        self.assertEqual(checks["config"]["findings"][0]["name"], "config-file-unreadable")
        os.chmod(stage.config, 0o644)
        with open(f"{stage.directory}/hidden.json", "w") as file:
            os.chmod(file.name, 0o600)
        os.rmdir(f"{stage.state}/gates")
        os.mkdir(f"{stage.directory}/roots", 0o700)
        os.symlink(f"{stage.directory}/roots", f"{stage.state}/gates")
        checks, _ = self.diagnose()
        self.assertEqual(checks["gates"]["findings"][0]["name"], "gate-file-unreadable")

    @unittest.skipIf(os.getuid() != 0, "needs root")
    def test_root_of_a_container(self):
        """It may not become attestd, and says so."""
        os.chown(self.stage.state, NOBODY, NOBODY)
        checks, _ = self.diagnose(through=("setpriv", "--bounding-set=-setuid,-setgid",
                                           "--inh-caps=-setuid,-setgid", "--"))
        for name in ("config", "state", "gates", "secrets", "device", "tpm", "event-log", "dns", "clock"):
            self.assertEqual(checks[name]["result"], "skipped")
            self.assertIn("cannot look as user", checks[name]["said"])
        self.assertEqual(checks["trust"]["result"], "ok", checks["trust"])
        self.assertEqual(self.stage.workers(), [])

    @unittest.skipIf(os.getuid() != 0, "needs root")
    def test_not_root(self):
        with open(self.stage.seen):
            pass
        checks, status = self.diagnose(user=NOBODY)
        for name in ("state", "gates", "secrets", "device", "tpm", "attestation-key", "pcr-bank",
                     "event-log", "units"):
            self.assertEqual(checks[name]["result"], "skipped")
            self.assertIn("as root", checks[name]["said"])
        for name in ("config", "trust", "dns", "tls", "agent", "verdict", "services"):
            self.assertEqual(checks[name]["result"], "ok", checks[name])
        self.assertEqual(status, 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
