# SPDX-License-Identifier: Apache-2.0
"""The lab of those who ask for secrets: a scripted release worker, askers as systemd makes them,
gate files, and a PID 1 that says why attestd is told to end."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import random
import select
import socket
import subprocess
import threading

from lab import Asked, GLib, LIMIT, Lab, NAME, PATH, Worker, base64url, until

REFUSAL = 1024 * 1024 + 1
VOLUME_REFUSAL = 64
RELEASED = "MESSAGE_ID=fa9289301eb74aebb7c8a36373cdce7e"
REFUSED = "MESSAGE_ID=f5a1dcb99c544122824eb24af4a0ae95"
WITHDRAWN = "MESSAGE_ID=85657fd5b0a84db7b67e8095fc904880"
# The base point of P-256 (SEC 2, 2.4.2): a public key that anyone can check.
JWK = {
    "kty": "EC", "crv": "P-256",
    "x": base64url(bytes.fromhex(
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")),
    "y": base64url(bytes.fromhex(
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")),
}


def secret_of(name):
    return f"the secret {name}".encode()


def header_sha256_of(name):
    return hashlib.sha256(f"the header of {name}".encode()).digest()


def given(index, name="db-password"):
    """Of one asker in the worker's answer: it has the secret."""
    return {"index": index, "ok": True, "header_sha256": base64url(header_sha256_of(name))}


def name_of(unit, secret, kind="unit"):
    """An abstract name as systemd makes it."""
    rest = f"{unit}/{secret}" if kind == "unit" else unit
    return f"\0{random.getrandbits(64):x}/{kind}/{rest}".encode()


class Asker:
    """A unit that asks, as systemd does: an abstract name, its sending side shut at once."""

    def __init__(self, path, name, shut=True):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if name is not None:
            until(lambda: self.binds(name), f"the name {name!r}")
        self.socket.connect(path)
        if shut:
            self.socket.shutdown(socket.SHUT_WR)
        self.socket.settimeout(LIMIT)

    def binds(self, name):
        """Abstract names are the machine's: another test may have a fixed one at this moment."""
        try:
            self.socket.bind(name)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        return True

    def get(self):
        """Everything up to the end of the stream, or as much as systemd would take."""
        parts, size = [], 0
        with contextlib.suppress(ConnectionResetError):
            while size < REFUSAL:
                part = self.socket.recv(65536)
                if not part:
                    break
                parts.append(part)
                size += len(part)
        self.socket.close()
        return b"".join(parts)

    def get_later(self):
        """The same in the background: a call of what it answers with waits for the bytes."""
        result = []
        thread = threading.Thread(target=lambda: result.append(self.get()), daemon=True)
        thread.start()

        def join():
            thread.join(2 * LIMIT)
            assert result, "no end of the answer"
            return result[0]

        join.is_under_way = thread.is_alive
        return join

    def has_answer(self):
        return bool(select.select([self.socket], [], [], 0)[0])

    def close(self):
        self.socket.close()


def is_refusal(data):
    """What systemd does not take for a credential."""
    return len(data) >= REFUSAL


def give(asked, index, data, seal=True):
    """DATA to the asker of that index, into its connection or its memfd. False: it has left."""
    request = asked.request
    fd = asked.fds[len(asked.fds) - len(request["askers"]) + index]
    if request["askers"][index]["as"] == "memfd":
        os.write(fd, data)
        if seal:
            # F_ADD_SEALS, with SEAL | SHRINK | GROW | WRITE
            fcntl.fcntl(fd, 1033, 0x0F)
        return True
    with contextlib.suppress(BrokenPipeError), socket.socket(fileno=os.dup(fd)) as asker:
        return asker.send(data) > 0
    return False


def release(asked, missing=(), finding="secret-missing", on_loss=None, found=None):
    """The worker: every secret to its asker but those of MISSING, for what was FOUND; answers."""
    request = asked.request
    if request is None:
        return  # whoever connected was killed
    released, findings = [], []
    for index, one in enumerate(request["askers"]):
        good = one["name"] not in missing and give(asked, index, secret_of(one["name"]))
        follows = (on_loss or {}).get(one["name"])
        released.append({**given(index, one["name"]),
                         **({"on_loss": follows} if follows else {})}
                        if good else {"index": index, "ok": False, "finding": finding})
        if not good and found:
            findings.append({"name": finding, "subject": one["name"], "result": "warning",
                             "found": f"{one['asker']}: {found}", "wanted": "", "remedy": "", "source": "worker"})
    asked.answer({"result": "ok", "findings": findings, "timings_usec": {}, "released": released})


class ReleaseWorker(Worker):
    """Besides what the tests answer: the wrapped keys of WRAPPED to whoever asks for those."""

    def __init__(self, path):
        self.wrapped = []
        self.asked_for_wrapped = []
        self.answer_wrapped = self.tell_wrapped
        super().__init__(path)

    def tell_wrapped(self, asked):
        asked.answer({"result": "ok", "findings": [], "timings_usec": {},
                      **({"wrapped": self.wrapped} if self.wrapped else {})})

    def take(self, connection):
        asked = Asked(connection)
        if asked.request is not None and asked.request["verb"] == "wrapped":
            self.asked_for_wrapped.append(asked.request)
            self.answer_wrapped(asked)
            asked.close()
        else:
            self.hand(asked)


class SecretsLab(Lab):
    def __init__(self, program, gates=("lab",), **settings):
        super().__init__(program, **settings)
        self.gates_directory = os.path.join(self.directory, "state", "gates")
        self.approvals = os.path.join(self.runtime, "approvals")
        self.secrets_socket = os.path.join(self.runtime, "secrets.sock")
        os.makedirs(self.gates_directory)
        os.mkdir(os.path.join(self.directory, "secrets"))
        for gate in gates:
            self.write_gate(gate)
        self.release = ReleaseWorker(os.path.join(self.runtime, "release.sock"))
        self.release.script = release
        self.manager_mock = None

    def __exit__(self, kind, value, traceback):
        self.release.script = lambda asked: None
        super().__exit__(kind, value, traceback)
        self.end(self.manager_mock)
        self.release.close()

    def write_gate(self, file_name, **changes):
        members = {"attestd_gate": 1, "name": file_name, "kind": "verifier",
                   "verifier": "lab-verifier", "release_key": JWK, **changes}
        path = os.path.join(self.gates_directory, f"{file_name}.json")
        with open(path, "w") as file:
            json.dump({k: v for k, v in members.items() if v is not None}, file)
        os.chmod(path, 0o644)
        return path

    def ask(self, unit="db.service", secret="db-password", kind="unit", **options):
        return Asker(self.secrets_socket, name_of(unit, secret, kind), **options)

    def trust(self, gates=None, **members):
        """The round that comes next passes."""
        self.worker.reply("ok", gates={"lab": 600} if gates is None else gates, **members)

    def attest_briefly(self, **members):
        """The verdict is renewed as MEMBERS say, once; every round after that one fails."""
        answers = [{"gates": {"lab": 600}, **members}]
        self.worker.script = lambda asked: asked.ok(**answers.pop()) if answers else asked.failed()
        self.call_later("Attest").get()

    def trust_on(self):
        """Every round passes from now on; one that is under way is tried again."""
        self.worker.script = lambda asked: asked.ok(gates={"lab": 600})
        while not self.worker.arrived.empty():
            self.worker.next().close()

    def listen_as_manager(self):
        """The socket that systemd would have made and keeps."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.secrets_socket)
        listener.listen(256)
        self.manager.store.append(("attestd.socket", listener.detach()))

    def serve_queued(self):
        """Answers the requests that came while there was no script."""
        while not self.release.arrived.empty():
            asked = self.release.next()
            self.release.script(asked)
            asked.close()

    def start_trusted(self, **members):
        self.start_on_bus()
        self.trust(**members)
        self.wait_for("TRUSTED")

    def is_in_the_gap(self, asker):
        """docs/secrets.md: accepted, and killed before the manager had a copy. After an end."""
        self.manager.catch_up()
        with self.manager.lock:
            return asker.name not in self.manager.peers

    def waits(self, n=1):
        """N connections are in the descriptor store."""
        def stored():
            return [name for name in self.manager.stored_names() if name.startswith("wait-")]

        until(lambda: len(stored()) == n, f"{n} connections in the store")

    def approval_names(self):
        return sorted(os.listdir(self.approvals))

    def trusted_until(self):
        """What the file "trusted" says; None: there is none."""
        try:
            with open(os.path.join(self.runtime, "standing", "trusted")) as file:
                text = file.read()
        except FileNotFoundError:
            return None
        name, _, value = text.partition("=")
        assert name == "expires_boottime_usec" and value.endswith("\n"), text
        return int(value)

    def loss_orders(self):
        return sorted(os.listdir(os.path.join(self.runtime, "standing", "loss")))

    # PID 1

    def start_pid1(self, job="restart"):
        """A PID 1 whose job for us is JOB; None: there is no job."""
        self.manager_mock = subprocess.Popen(
            ["/usr/bin/python3", "-m", "dbusmock", "--system", "org.freedesktop.systemd1",
             "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.has_owner("org.freedesktop.systemd1"), "PID 1 on the bus")
        unit = "/org/freedesktop/systemd1/unit/attestd_2eservice"
        self.mock("AddMethod", "(sssss)", ("org.freedesktop.systemd1.Manager", "GetUnitByPID", "u",
                                           "o", f"ret = dbus.ObjectPath('{unit}')"))
        number = 0 if job is None else 7
        path = "/" if job is None else f"/org/freedesktop/systemd1/job/{number}"
        self.mock("AddObject", "(ssa{sv}a(ssss))", (
            unit, "org.freedesktop.systemd1.Unit",
            {"Job": GLib.Variant("(uo)", (number, path))}, []))
        if job is not None:
            self.mock("AddObject", "(ssa{sv}a(ssss))", (
                path, "org.freedesktop.systemd1.Job", {"JobType": GLib.Variant("s", job)}, []))

    def mock(self, method, kind, arguments):
        self.connect().call_sync(
            "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.DBus.Mock",
            method, GLib.Variant(kind, arguments), None, 0, LIMIT * 1000, None)

    # the bus

    def withdrawn(self, connection):
        """A list that gathers the names of SecretWithdrawn; see received()."""
        names = []
        connection.signal_subscribe(NAME, NAME, "SecretWithdrawn", PATH, None, 0,
                                    lambda *arguments: names.append(arguments[5].unpack()[0]))
        return names

    @staticmethod
    def received(names, n):
        def arrived():
            while GLib.MainContext.default().iteration(False):
                pass
            return len(names) >= n

        until(arrived, f"{n} signals")
        return sorted(names)
