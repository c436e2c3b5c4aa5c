# SPDX-License-Identifier: Apache-2.0
"""attestctl's verbs about secrets that need others on the bus: the service manager for the units of a
secret that changed, attestd for the secret itself. Both are stand-ins that say what they were asked."""

import base64
import contextlib
import hashlib
import json
import os
import pty
import subprocess
import sys
import unittest

ATTESTD, ATTESTCTL = sys.argv[1:3]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "agent"))

from lab import LIMIT, Lab, NAME, PATH, sealed_memfd, until  # noqa: E402
from gi.repository import Gio, GLib  # noqa: E402

MANAGER = "org.freedesktop.systemd1"
MANAGER_PATH = "/org/freedesktop/systemd1"
INTERFACES = Gio.DBusNodeInfo.new_for_xml(f"""<node>
<interface name="{MANAGER}.Manager">
  <method name="Subscribe"/>
  <method name="ListUnitsByPatterns">
    <arg type="as" direction="in"/><arg type="as" direction="in"/>
    <arg type="a(ssssssouso)" direction="out"/>
  </method>
  <method name="TryRestartUnit">
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="o" direction="out"/>
  </method>
  <method name="ReloadOrTryRestartUnit">
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="o" direction="out"/>
  </method>
</interface>
<interface name="{NAME}">
  <method name="OpenSecret">
    <arg type="s" direction="in"/><arg type="h" direction="out"/><arg type="ay" direction="out"/>
  </method>
</interface>
</node>""").interfaces

COUNTER = {"index": 0x01800a07, "value": 42, "name": "AAs" + "A" * 43}
REWRAP_KEY = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "kid": "k"}
VAULT = {"verifier": "v", "key_url": "https://v.vault.azure.net/keys/k",
         "key": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}}

# Says what it was asked and given, then answers as it was told.
WORKER = """#!/usr/bin/env python3
import array, json, os, socket
s = socket.socket(fileno=3)
line, ancillary, _, _ = s.recvmsg(1 << 20, socket.CMSG_SPACE(4))
fd = array.array("i", ancillary[0][2])[0]
while not line.endswith(b"\\n"):
    line += s.recv(1 << 20)
request = json.loads(line)
with open({log!r}, "a") as log:
    log.write(json.dumps([request, os.fdopen(fd, "rb").read().decode()]) + "\\n")
version = int(open({version!r}).read())
s.sendall(json.dumps({{"result": "ok", "findings": [], "timings_usec": {{}},
                      "secret": {{"name": request["name"], "version": version}}}}).encode() + b"\\n")
"""


class Stage(Lab):
    """A bus with both stand-ins, a state directory, and a worker that seals nothing."""

    def __init__(self):
        super().__init__(ATTESTD)
        self.state = os.path.join(self.directory, "state")
        self.secrets = os.path.join(self.directory, "secrets")
        os.makedirs(os.path.join(self.state, "gates"))
        os.mkdir(self.secrets, 0o700)
        self.seen = os.path.join(self.directory, "seen")
        self.worker_path = os.path.join(self.directory, "release")
        with open(self.worker_path, "w") as file:
            file.write(WORKER.format(log=self.seen, version=self.seen + ".version"))
        os.chmod(self.worker_path, 0o755)
        self.set_version(2)
        self.asked = []
        self.units = {}  # name: what becomes of its job, or an error
        self.holds = {}  # name of a secret: bytes, a descriptor, or an error's name
        self.meanwhile = None  # called before a secret is handed out
        self.authentic = None  # what attestd says the SHA-256 of the header is; None: of the file
        self.connection = self.connect()
        self.serve(MANAGER_PATH, INTERFACES[0], self.on_manager)
        self.serve(PATH, INTERFACES[1], self.on_agent)
        for name in (MANAGER, NAME):
            self.connection.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                                      "RequestName", GLib.Variant("(su)", (name, 0)), None, 0,
                                      LIMIT * 1000, None)

    def serve(self, path, interface, method):
        self.connection.register_object(path, interface, method, None, None)

    def set_version(self, version):
        with open(self.seen + ".version", "w") as file:
            file.write(str(version))

    def on_manager(self, connection, _sender, _path, _interface, method, parameters, invocation):
        self.asked.append((method, *parameters.unpack()))
        if method == "Subscribe":
            invocation.return_value(None)
        elif method == "ListUnitsByPatterns":
            # More than was asked for: who is named is for attestctl to compare.
            rows = [(unit, "", "loaded", "active", "running", "", "/u", 0, "", "/")
                    for unit in self.units]
            invocation.return_value(GLib.Variant("(a(ssssssouso))", (rows,)))
        else:
            self.start_job(connection, parameters.unpack()[0], invocation)

    def start_job(self, connection, unit, invocation):
        result = self.units[unit]
        if "." in result:
            invocation.return_dbus_error(result, f"no job for {unit}")
            return
        job = f"/org/freedesktop/systemd1/job/{len(self.asked)}"
        invocation.return_value(GLib.Variant("(o)", (job,)))
        for path, what in ((job + "0", "failed"), (job, result)):
            connection.emit_signal(None, MANAGER_PATH, MANAGER + ".Manager", "JobRemoved",
                                   GLib.Variant("(uoss)", (1, path, unit, what)))

    def on_agent(self, _connection, _sender, _path, _interface, _method, parameters, invocation):
        name, = parameters.unpack()
        self.asked.append(("OpenSecret", name))
        held = self.holds.get(name, "org.attestd.Error.SecretMissing")
        if self.meanwhile:
            self.meanwhile(name)
        if isinstance(held, str):
            invocation.return_dbus_error(held, f"cannot open {name}")
            return
        fd = held if isinstance(held, int) else sealed_memfd("secret", held)
        fds = Gio.UnixFDList.new()
        handle = fds.append(fd)
        os.close(fd)
        digest = self.header_sha256(name) if self.authentic is None else self.authentic
        invocation.return_value_with_unix_fd_list(GLib.Variant("(hay)", (handle, digest)), fds)

    def header_sha256(self, name):
        """Of the header of the file that is there now."""
        try:
            with open(f"{self.secrets}/{name}.secret") as file:
                header = json.load(file)["header"]
        except FileNotFoundError:
            return bytes(32)
        return hashlib.sha256(base64.urlsafe_b64decode(header + "==")).digest()

    def gate(self, name, kind="pcr", **members):
        if kind == "pcr":
            members = {"pcr_bank": "sha256", "pcrs": [4, 9], **members}
        with open(f"{self.state}/gates/{name}.json", "w") as file:
            json.dump({"attestd_gate": 1, "name": name, "kind": kind, **members}, file)

    def secret(self, name, **changes):
        """A file by its looks: nobody here has the key to any."""
        def text(data):
            return base64.urlsafe_b64encode(data).decode().rstrip("=")

        zeros = text(bytes(32))
        header = {"name": name, "id": text(bytes(16)), "version": 1, "gate": "local",
                  "gate_kind": "pcr", "who": ["unit:db.service", "user:0"],
                  "vtpm_root_minimum": "svsm", "created_sec": 1795327500,
                  "parent_name": text(b"\0\x0b" + bytes(32)), "pcr_bank": "sha256",
                  "pcrs": {"4": zeros, "9": zeros}, **changes}
        path = f"{self.secrets}/{name}.secret"
        with open(path, "w") as file:
            json.dump({"attestd_secret": 1, "header": text(json.dumps(header).encode()),
                       "sealed": {"public": "AA", "private": "AA"}, "nonce": text(bytes(12)),
                       "ciphertext": text(bytes(20))}, file)
        os.chmod(path, 0o600)

    def ctl(self, *arguments, text="hunter2", stdout=subprocess.PIPE):
        """attestctl while the stand-ins serve: (exit status, stdout, stderr)."""
        where = []
        if arguments[0] in ("seal", "reseal"):
            where = [f"--state-directory={self.state}", f"--worker={self.worker_path}",
                     f"--runtime-directory={self.runtime}"]
        read_in, write_in = os.pipe()
        os.write(write_in, text.encode())
        os.close(write_in)
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(open(f"{self.directory}/{name}", "w+b"))
                     for name in ("stdout", "stderr")]
            process = subprocess.Popen(
                [ATTESTCTL, *arguments, *where, f"--config={self.config}"], stdin=read_in,
                stdout=files[0] if stdout == subprocess.PIPE else stdout, stderr=files[1],
                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address})
            os.close(read_in)

            def ended():
                while GLib.MainContext.default().iteration(False):
                    pass
                return process.poll() is not None

            until(ended, f"the end of {arguments}")
            for file in files:
                file.seek(0)
            return process.returncode, files[0].read(), files[1].read().decode()

    def sealed(self):
        """[request, secret] of each worker since the last time."""
        with contextlib.suppress(FileNotFoundError), open(self.seen) as file:
            lines = [json.loads(line) for line in file]
            os.unlink(self.seen)
            return lines
        return []


class Change(unittest.TestCase):
    """A secret is sealed again, and its units have to know."""

    def seal(self, stage, *options):
        stage.gate("local")
        stage.asked.clear()
        return stage.ctl("seal", "db", *options)

    def jobs(self, stage):
        return [call for call in stage.asked if call[0].endswith("Unit")]

    def test_active_units_that_are_named_are_restarted(self):
        with Stage() as stage:
            stage.units = {"db.service": "done", "ask@x\\x2dy.service": "done",
                           "web.service": "done"}
            status, out, err = self.seal(stage, "--for=unit:db.service", "--for=unit:ask@*.service",
                                         "--for=user:root", "--on-change=restart")
            self.assertEqual(status, 0, err)
            self.assertEqual(self.jobs(stage),
                             [("TryRestartUnit", "db.service", "replace"),
                              ("TryRestartUnit", "ask@x\\x2dy.service", "replace")])
            listed = next(call for call in stage.asked if call[0] == "ListUnitsByPatterns")
            self.assertEqual(listed[1:], (["active", "reloading"],
                                          ["db.service", "ask@*.service"]))
            self.assertIn("Restarted db.service", out.decode())
            self.assertIn("Restarted ask@x\\x2dy.service", out.decode())
            request, secret = stage.sealed()[0]
            self.assertEqual((request["on_change"], request["on_loss"], secret),
                             ("restart", "keep", "hunter2"))
            self.assertEqual(request["who"], ["unit:db.service", "unit:ask@*.service", "user:0"])

    def test_or_reloaded(self):
        with Stage() as stage:
            stage.units = {"db.service": "done"}
            status, out, _ = self.seal(stage, "--for=unit:db.service", "--on-change=reload")
            self.assertEqual(status, 0)
            self.assertEqual(self.jobs(stage), [("ReloadOrTryRestartUnit", "db.service", "replace")])
            self.assertIn("Reloaded db.service", out.decode())

    def test_nothing_is_done_unless_it_says_so_and_there_was_one(self):
        with Stage() as stage:
            stage.units = {"db.service": "done"}
            for options in ((), ("--on-change=keep",)):
                self.assertEqual(self.seal(stage, "--for=unit:db.service", *options)[0], 0)
                self.assertEqual(stage.asked, [])
            self.assertEqual(self.seal(stage, "--for=user:0", "--on-change=restart")[0], 0)
            self.assertEqual(stage.asked, [])
            stage.set_version(1)
            self.assertEqual(
                self.seal(stage, "--for=unit:db.service", "--on-change=restart")[0], 0)
            self.assertEqual(stage.asked, [])

    def test_no_active_unit_is_said(self):
        with Stage() as stage:
            status, out, _ = self.seal(stage, "--for=unit:db.service", "--on-change=restart")
            self.assertEqual(status, 0)
            self.assertIn("None of its units is active", out.decode())

    def test_a_unit_that_fails_is_a_warning_and_no_more(self):
        with Stage() as stage:
            stage.units = {"a.service": "failed", "b.service": "org.freedesktop.DBus.Error.Failed",
                           "c.service": "done"}
            status, out, err = self.seal(stage, "--for=unit:a.service", "--for=unit:b.service",
                                         "--for=unit:c.service", "--on-change=restart")
            self.assertEqual(status, 0)
            self.assertIn("Sealed db, version 2", out.decode())
            self.assertIn("Restarted c.service", out.decode())
            self.assertIn("warning: a.service is not restarted: failed", err)
            self.assertIn("warning: b.service is not restarted: no job for b.service", err)
            self.assertIn("Remedy: the secret is sealed", err)

    def test_no_service_manager_is_a_warning_and_no_more(self):
        with Stage() as stage:
            stage.end_bus()
            status, out, err = self.seal(stage, "--for=unit:a.service", "--on-change=restart")
            self.assertEqual(status, 0)
            self.assertIn("Sealed db", out.decode())
            self.assertIn("warning: the units of this secret are as they were", err)

    def test_json_stays_json(self):
        with Stage() as stage:
            stage.units = {"db.service": "done"}
            _, out, err = self.seal(stage, "--for=unit:db.service", "--on-change=restart", "--json")
            self.assertEqual(json.loads(out), {"name": "db", "version": 2, "gate": "local"})
            self.assertIn("Restarted db.service", err)


class Refusals(unittest.TestCase):
    def test_what_cannot_be_is_refused_before_the_worker_runs(self):
        with Stage() as stage:
            stage.gate("local")
            stage.gate("vault", "rewrap", verifier="v", rewrap_key=REWRAP_KEY, bind=["fleet"])
            stage.gate("bound", "rewrap", verifier="v", rewrap_key=REWRAP_KEY, bind=["chip-id"])
            stage.gate("cloud", "key-release", **VAULT)
            for options, text in (
                    (("--gate=local", "--on-loss=panic"), "nothing to do when the verdict is lost"),
                    (("--gate=local", "--on-change=kill"), "nothing to do when the secret changes"),
                    (("--gate=local", "--for=user:no-such-user"), "there is no user"),
                    (("--gate=local", "--for=volume:data"), "secret of its own name"),
                    (("--gate=local", "--for=group:root"), "names nobody"),
                    (("--gate=vault", "--rollback-counter"), "does not go with a gate of kind"),
                    (("--gate=cloud", "--rollback-counter"), "does not go with a gate of kind")):
                with self.subTest(options):
                    status, _, err = stage.ctl("seal", "db", *options)
                    self.assertEqual(status, 2, err)
                    self.assertIn(text, err)
                    self.assertIn("Remedy", err)
            # attestd, which is to collect evidence, does not know how here.
            status, _, err = stage.ctl("seal", "db", "--gate=bound")
            self.assertNotEqual(status, 0)
            self.assertEqual(stage.sealed(), [])
            self.assertEqual(stage.ctl("seal", "db", "--gate=vault", "--for=volume:db")[0], 0)
            self.assertNotIn("bind", stage.sealed()[0][0])

    def test_what_a_vault_opens_is_said_when_sealing(self):
        with Stage() as stage:
            stage.gate("cloud", "key-release", **VAULT)
            status, _, err = stage.ctl("seal", "db", "--for=unit:db.service")
            self.assertEqual(status, 0, err)
            self.assertIn("release policy", err)
            self.assertEqual(stage.sealed()[0][0]["gate"]["key_url"], VAULT["key_url"])


class Reveal(unittest.TestCase):
    def reveal(self, stage, *options, **where):
        return stage.ctl("secrets", "show", "db", "--reveal", *options, **where)

    def test_every_byte_and_no_other_comes_out(self):
        with Stage() as stage:
            for secret in (b"x", b"hunter2", b"line\n", bytes(range(256)) * 2048):
                stage.holds["db"] = secret
                status, out, err = self.reveal(stage)
                self.assertEqual((status, out), (0, secret), err)
                self.assertEqual(err, "")

    def test_a_terminal_gets_a_line_feed_where_there_is_none(self):
        with Stage() as stage:
            for secret, shown in ((b"hunter2", b"hunter2\r\n"), (b"line\n", b"line\r\n")):
                stage.holds["db"] = secret
                main, terminal = pty.openpty()
                status = self.reveal(stage, stdout=terminal)[0]
                os.close(terminal)
                with open(main, "rb", buffering=0) as screen:
                    seen = b""
                    while not seen.endswith(b"\n"):  # what is written in two parts comes in two
                        seen += screen.read(100)
                self.assertEqual((status, seen), (0, shown))

    def test_what_attestd_refuses_is_said_by_name(self):
        with Stage() as stage:
            stage.holds["db"] = "org.attestd.Error.SecretAskerRefused"
            status, out, err = self.reveal(stage)
            self.assertEqual((status, out), (5, b""))
            self.assertIn("Remedy", err)
            stage.holds["db"] = "org.freedesktop.DBus.Error.AccessDenied"
            status, out, err = self.reveal(stage)
            self.assertEqual((status, out), (2, b""))
            # As the bus says it of a service that it had started and that ended at once.
            stage.holds["db"] = "org.freedesktop.DBus.Error.TimedOut"
            status, out, err = self.reveal(stage)
            self.assertEqual((status, out), (3, b""))
            self.assertIn("attestctl doctor", err)

    def test_what_others_can_still_change_is_not_believed(self):
        with Stage() as stage:
            for held in (sealed_memfd("secret", b"hunter2", seal=False), os.open("/dev/null", 0),
                         sealed_memfd("secret", b""), sealed_memfd("secret", bytes(524289))):
                stage.holds["db"] = held
                status, out, err = self.reveal(stage)
                self.assertEqual((status, out), (1, b""), err)

    def test_json_and_names_that_are_none_are_refused(self):
        with Stage() as stage:
            self.assertEqual(self.reveal(stage, "--json")[0], 2)
            self.assertEqual(stage.ctl("secrets", "show", "../db", "--reveal")[0], 2)
            self.assertEqual(stage.ctl("secrets", "list", "--reveal")[0], 2)
            self.assertEqual(stage.asked, [])


class Show(unittest.TestCase):
    def test_every_member_of_the_header_is_in_words(self):
        with Stage() as stage:
            stage.secret("db", who=["unit:db.service", "user:0", "volume:db"], on_loss="poweroff",
                         on_change="reload", counter=COUNTER, recovery="e30.QQ.QQ.QQ.QQ")
            status, out, err = stage.ctl("secrets", "show", "db")
            self.assertEqual(status, 0, err)
            for text in ("unit:db.service, user:root, volume:db", "poweroff: the machine",
                         "reload: its active units", "Recovery: yes", "pcr: the weakest", "PCR 4:",
                         "PCR 9:", "0x01800a07 of the TPM, at most 42", "svsm", "Storage key"):
                self.assertIn(text, out.decode())
            shown = json.loads(stage.ctl("secrets", "show", "db", "--json")[1])
            self.assertEqual(
                [shown[name] for name in ("gate_kind", "on_loss", "on_change", "recovery", "who")],
                ["pcr", "poweroff", "reload", True, ["unit:db.service", "user:0", "volume:db"]])
            self.assertEqual(sorted(shown["pcrs"]), ["4", "9"])
            self.assertEqual(shown["counter"], {"index": 0x01800a07, "value": 42})


class Reseal(unittest.TestCase):
    def stage(self):
        stage = Stage()
        stage.gate("local")
        stage.secret("db", on_loss="stop-units", on_change="restart")
        stage.secret("web")
        stage.holds = {"db": b"hunter2", "web": b"hunter3"}
        stage.units = {"db.service": "done"}
        return stage

    def test_the_same_bytes_for_the_same_askers_with_the_same_wishes(self):
        with self.stage() as stage:
            status, out, err = stage.ctl("reseal", "db")
            self.assertEqual(status, 0, err)
            self.assertIn("Sealed db anew, version 2", out.decode())
            (request, secret), = stage.sealed()
            self.assertEqual(secret, "hunter2")
            self.assertEqual((request["name"], request["who"], request["on_loss"],
                              request["on_change"], request["rollback_counter"],
                              request["gate"]["kind"], "pcr_values" in request),
                             ("db", ["unit:db.service", "user:0"], "stop-units", "restart", False,
                              "pcr", False))
            # What they hold is the same as before.
            self.assertEqual(stage.asked, [("OpenSecret", "db")])

    def test_all_or_those_that_are_named(self):
        with self.stage() as stage:
            for options in (("--all",), ("web", "db")):
                status, out, err = stage.ctl("reseal", "--json", *options)
                self.assertEqual(status, 0, err)
                self.assertEqual(sorted(row["name"] for row in json.loads(out)), ["db", "web"])
                self.assertEqual(len(stage.sealed()), 2)

    def test_one_that_cannot_be_opened_keeps_no_other_from_it(self):
        with self.stage() as stage:
            stage.holds["db"] = "org.attestd.Error.SecretNoApproval"
            status, out, err = stage.ctl("reseal", "--all")
            self.assertEqual(status, 5)
            self.assertIn("attestctl: db: cannot open db", err)
            self.assertIn("Sealed web anew", out.decode())
            self.assertEqual([request["name"] for request, _ in stage.sealed()], ["web"])

    def test_values_to_come_are_passed_on(self):
        with self.stage() as stage:
            stage.secret("other", gate="elsewhere")
            status, _, err = stage.ctl("reseal", "db", f"--pcr=4={'ab' * 32}", f"--pcr=9={'CD' * 32}")
            self.assertEqual(status, 0, err)
            self.assertEqual(stage.sealed()[0][0]["pcr_values"], {"4": "ab" * 32, "9": "cd" * 32})

    def test_values_that_are_none_are_refused(self):
        with self.stage() as stage:
            value = "ab" * 32
            for given in ("4", "4=", f"={value}", f"x={value}", f"04={value}", f"-4={value}",
                          f"100={value}", "4=abcd", f"4={value}00", f"4={'zz' * 32}"):
                with self.subTest(given):
                    status, _, err = stage.ctl("reseal", "db", f"--pcr={given}")
                    self.assertEqual(status, 2, err)
                    self.assertIn("no value of a PCR", err)
            status, _, err = stage.ctl("reseal", "db", f"--pcr=4={value}", f"--pcr=4={value}")
            self.assertEqual(status, 2)
            self.assertIn("two values", err)
            status, _, err = stage.ctl("reseal", "db", f"--pcr=7={value}")
            self.assertEqual(status, 2)
            self.assertIn("does not guard", err)
            self.assertEqual((stage.asked, stage.sealed()), ([], []))

    def test_which_secrets_must_be_said(self):
        with self.stage() as stage:
            for options in ((), ("--all", "db"), ("../db",)):
                status, _, err = stage.ctl("reseal", *options)
                self.assertEqual(status, 2, err)
            self.assertEqual(stage.ctl("reseal", "nosuch")[0], 2)
            self.assertEqual(stage.asked, [])

    def test_a_gate_that_is_gone_is_said_before_anything_is_opened(self):
        with self.stage() as stage:
            stage.secret("other", gate="elsewhere")
            status, _, err = stage.ctl("reseal", "other")
            self.assertEqual(status, 2)
            self.assertIn('there is no gate "elsewhere"', err)
            self.assertEqual(stage.asked, [])

    def test_a_file_that_changes_meanwhile_is_not_resealed(self):
        with self.stage() as stage:
            stage.meanwhile = lambda name: stage.secret(name, who=["unit:evil.service"], version=2)
            status, _, err = stage.ctl("reseal", "db")
            self.assertEqual(status, 2)
            self.assertIn("meanwhile", err)
            self.assertEqual(stage.sealed(), [])

    def test_a_file_that_was_another_while_attestd_opened_it_is_not_resealed(self):
        with self.stage() as stage:
            authentic = stage.header_sha256("db")
            stage.secret("db", who=["unit:evil.service"], on_loss="stop-units")
            stage.authentic = authentic
            status, out, err = stage.ctl("reseal", "db")
            self.assertEqual((status, out), (2, b""))
            self.assertIn("meanwhile", err)
            self.assertEqual(stage.sealed(), [])

    def test_an_answer_that_does_not_say_what_was_authentic_is_not_resealed(self):
        with self.stage() as stage:
            authentic = stage.header_sha256("db")
            for stage.authentic in (b"", authentic[:31], authentic + b"\0"):
                status, _, err = stage.ctl("reseal", "db")
                self.assertEqual(status, 1, err)
            self.assertEqual(stage.sealed(), [])

    def test_the_counter_stays_but_with_a_gate_that_has_none(self):
        with self.stage() as stage:
            stage.secret("db", counter=COUNTER)
            self.assertEqual(stage.ctl("reseal", "db")[0], 0)
            self.assertTrue(stage.sealed()[0][0]["rollback_counter"])
            for kind, members in (("rewrap", {"verifier": "v", "rewrap_key": REWRAP_KEY,
                                              "bind": ["fleet"]}), ("key-release", VAULT)):
                with self.subTest(kind):
                    stage.gate("local", kind, **members)
                    self.assertEqual(stage.ctl("reseal", "db")[0], 0)
                    self.assertFalse(stage.sealed()[0][0]["rollback_counter"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
