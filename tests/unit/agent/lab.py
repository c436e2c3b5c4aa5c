# SPDX-License-Identifier: Apache-2.0
"""A private world for one attestd: a bus, a scripted round worker, a service manager's ear.

Everything lives in a temporary directory and ends by its process id. Waiting is always for an
event, with a limit that only a failure reaches.
"""

import array
import base64
import contextlib
import fcntl
import json
import os
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

try:
    import gi

    gi.require_version("Gio", "2.0")
    from gi.repository import Gio, GLib
except (ImportError, ValueError) as error:
    print(f"skipped: no GLib for Python ({error})")
    sys.exit(77)

if not shutil.which("dbus-daemon"):
    print("skipped: no dbus-daemon")
    sys.exit(77)

NAME = "org.attestd.Agent1"
PATH = "/org/attestd/Agent1"
LIMIT = 60  # seconds; reached by failures only
TOKEN = "eyJhbGciOiJFUzI1NiJ9.dGhlIHRva2VuIG9mIGEgdGVzdA.c2lnbmF0dXJl"
NOBODY = 65534

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <servicedir>{path}.services</servicedir>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
"""

CONFIG = """[Verifier lab]
URL=https://127.0.0.1:1
VerifierID=lab-verifier
Issuer=lab-issuer
Keys={directory}/keys.json
{verifier}
[Schedule]
RetryMinSec={retry_min}
RetryMaxSec={retry_max}
RoundTimeoutSec={timeout}
{more}
[Secrets]
Directory={directory}/secrets
{secrets}
"""


def boottime_usec():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def until(condition, what):
    """Waits for an event; what it waited for is the failure's text."""
    deadline = time.monotonic() + LIMIT
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {LIMIT} s in vain for: {what}")
        time.sleep(0.01)


def open_files(pid):
    """What the process has open, by name. A descriptor may be closed while the list is made."""
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return names


def sealed_memfd(name, data, seal=True):
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    if seal:
        # F_ADD_SEALS, with SEAL | SHRINK | GROW | WRITE
        fcntl.fcntl(fd, 1033, 0x0F)
    return fd


def finding(name, result="failure"):
    return {
        "name": name, "subject": "lab", "result": result, "found": "what is", "wanted": "what was",
        "remedy": "do this", "source": "worker",
    }


def approval_of(gate):
    """What stands in for an approval: attestd never looks into one."""
    return f"approval of {gate}".encode()


class Opened:
    """A gate that a round opens: for so many seconds, of a kind, perhaps for once."""

    def __init__(self, seconds, kind="verifier", once=False):
        self.seconds, self.kind, self.once = seconds, kind, once

    def member(self, gate):
        return {"gate": gate, "kind": self.kind,
                "expires_boottime_usec": boottime_usec() + int(self.seconds * 1000000),
                **({"once": True} if self.once else {})}

    def descriptor(self, gate):
        data = approval_of(gate)
        return sealed_memfd("approval", data.ljust(4096, b"\0") if self.kind != "verifier" else data)


class Asked:
    """One connection to the round worker: what was asked, and how to answer."""

    def __init__(self, connection):
        self.connection = connection
        self.fds = []
        data = b""
        while not data.endswith(b"\n"):
            part, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(160 * 4))
            for level, kind, payload in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(payload[: len(payload) - len(payload) % 4])
                    self.fds.extend(fds)
            if not part:
                break
            data += part
        self.line = data
        self.request = json.loads(data) if data else None

    def send(self, data, fds=()):
        ancillary = []
        if fds:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.sendmsg([data], ancillary)
        for fd in fds:
            os.close(fd)

    def unread(self):
        """Bytes that the daemon has not read yet."""
        return struct.unpack("i", fcntl.ioctl(self.connection, termios.TIOCOUTQ, bytes(4)))[0]

    def answer(self, members, fds=()):
        self.send(json.dumps(members).encode() + b"\n", fds)

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []
        self.connection.close()

    def ok(self, life=3600, wall_life=None, simulated=False, findings=(), gates=None,
           members=None, **changes):
        """A verdict of LIFE seconds; WALL_LIFE is how long the wall clock gives it. GATES are open
        for so many seconds each, or as Opened says. MEMBERS are added to the answer."""
        gates = {gate: opened if isinstance(opened, Opened) else Opened(opened)
                 for gate, opened in (gates or {}).items()}
        token = {
            "jti": "lab-1", "issuer": "lab-issuer", "kid": "k", "alg": "ES256",
            "issued_sec": int(time.time()),
            "expires_sec": int(time.time()) + (life if wall_life is None else wall_life),
            "life_usec": life * 1000000,
            "expires_boottime_usec": boottime_usec() + life * 1000000,
            "claims": {
                "hardware": "affirming", "debug": False, "guest_svn": 7, "measured": ["a", "b"],
                "replayed": [0, 7, 2**40], "nothing": [],
            },
        }
        token.update(changes)
        self.answer({
            "result": "ok", "findings": list(findings), "timings_usec": {"total": 1},
            "evidence_kinds": ["cpu", "vtpm"], "verifier_url": "https://127.0.0.1:1",
            "simulated": simulated, "token": token,
            "approvals": [opened.member(gate) for gate, opened in gates.items()],
            "fds": ["token"] + [f"approval-{gate}" for gate in gates], **(members or {}),
        }, [sealed_memfd("token", TOKEN.encode())]
            + [opened.descriptor(gate) for gate, opened in gates.items()])

    def evidence(self, data=b'{"lab":1}'):
        self.answer({"result": "ok", "findings": [], "timings_usec": {}, "fds": ["evidence"]},
                    [sealed_memfd("evidence", data)])

    def no(self, name="snp-tcb-too-low", **members):
        self.answer({"result": "no", "error": name, "findings": [finding(name)],
                     "timings_usec": {}, **members})

    def failed(self, name="verifier-unreachable", **members):
        self.answer({"result": "failed", "error": name, "findings": [finding(name)],
                     "timings_usec": {}, **members})


class Worker:
    """Listens on round.sock. Each request goes to the tests, which answer when they like."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        self.arrived = queue.Queue()
        self.script = None  # called with an Asked instead of queueing it
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.take, args=(connection,), daemon=True).start()

    def take(self, connection):
        self.hand(Asked(connection))

    def hand(self, asked):
        if self.script:
            self.script(asked)
            asked.close()
        else:
            self.arrived.put(asked)

    def next(self):
        return self.arrived.get(timeout=LIMIT)

    def reply(self, how, **members):
        """Answers the next request by the method HOW of Asked; returns the request."""
        asked = self.next()
        getattr(asked, how)(**members)
        asked.close()
        return asked.request

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        while not self.arrived.empty():
            self.arrived.get().close()


class Manager:
    """The service manager's side of sd_notify, descriptor store included."""

    def __init__(self, path):
        self.path = path
        self.n_marks = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(0.1)
        self.messages = []
        self.store = []  # (name, fd)
        self.peers = set()  # names of those whose connection was ever in the store
        self.lock = threading.Lock()
        self.is_open = True
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while self.is_open:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(8192, socket.CMSG_SPACE(16 * 4))
            except socket.timeout:
                continue
            fds = array.array("i")
            for _, kind, payload in ancillary:
                if kind == socket.SCM_RIGHTS:
                    fds.frombytes(payload)
            with self.lock:
                self.note(data.decode(), list(fds))

    def note(self, text, fds):
        lines = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
        self.messages.append(lines)
        name = lines.get("FDNAME", "stored")
        if "FDSTOREREMOVE" in lines:
            for stored, fd in [entry for entry in self.store if entry[0] == name]:
                os.close(fd)
                self.store.remove((stored, fd))
        if "FDSTORE" in lines:
            self.store.extend((name, fd) for fd in fds)
            self.peers.update(self.peer_of(fd) for fd in fds)

    @staticmethod
    def peer_of(fd):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(fd)) as connection:
            return connection.getpeername()
        return None

    def said(self, key, value=None):
        with self.lock:
            return any(key in m and value in (None, m[key]) for m in self.messages)

    def catch_up(self):
        """Reads all that was sent before: systemd too does so before it sees that a process ended."""
        self.n_marks += 1
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as marker:
            marker.sendto(f"LAB_MARK={self.n_marks}".encode(), self.path)
        until(lambda: self.said("LAB_MARK", str(self.n_marks)), "the manager to catch up")

    def stored_names(self):
        with self.lock:
            return sorted(name for name, _ in self.store)

    def close(self):
        self.is_open = False
        self.thread.join()
        self.socket.close()
        for _, fd in self.store:
            os.close(fd)


class Pending:
    """A call under way."""

    def __init__(self, connection, method, arguments):
        self.connection = connection
        self.result = None
        connection.call_with_unix_fd_list(NAME, PATH, NAME, method, arguments, None, 0,
                                          LIMIT * 1000, None, None, self.done)

    def done(self, connection, result):
        try:
            reply, fds = connection.call_with_unix_fd_list_finish(result)
            self.result = fds.get(0) if fds and fds.get_length() > 0 else reply.unpack()
        except GLib.Error as error:
            self.result = error

    def get(self):
        """The unpacked answer, a descriptor, or the GLib.Error."""
        def arrived():
            while GLib.MainContext.default().iteration(False):
                pass
            return self.result is not None

        until(arrived, "an answer")
        return self.result


class Lab:
    def __init__(self, program, **settings):
        self.program = program
        self.directory = tempfile.mkdtemp(prefix="attestd-lab-")
        os.chmod(self.directory, 0o755)
        self.runtime = os.path.join(self.directory, "run")
        os.mkdir(self.runtime)
        self.address = f"unix:path={self.directory}/bus"
        self.config = os.path.join(self.directory, "attestd.conf")
        self.log_path = os.path.join(self.directory, "log")
        self.bus_process = self.polkit = self.process = None
        self.connections = []
        with open(os.path.join(self.directory, "keys.json"), "w") as file:
            json.dump({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}, file)
        self.configure(**settings)
        self.watcher = None
        self.worker = Worker(os.path.join(self.runtime, "round.sock"))
        self.manager = Manager(os.path.join(self.directory, "notify"))
        self.start_bus()
        # Root is always let in; anyone else needs a polkit that says so.
        if os.getuid() != 0:
            self.start_polkit("(True, False, {})")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        for connection in self.connections:
            with contextlib.suppress(GLib.Error):
                connection.close_sync(None)
        was_running = self.process is not None and self.process.poll() is None
        self.end(self.process)
        self.end(self.polkit)
        self.end_bus()
        self.worker.close()
        self.manager.close()
        log, status = self.log(), self.process.returncode if was_running else 0
        shutil.rmtree(self.directory)
        if kind or status != 0:
            print(log)
        # A sanitizer speaks by the exit status.
        assert status == 0 or kind, f"attestd ended with {status}"

    @staticmethod
    def end(process, number=signal.SIGTERM):
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def configure(self, verifier="", retry_min="100ms", retry_max="10min", timeout="1min", more="",
                  secrets=""):
        with open(self.config + ".new", "w") as file:
            file.write(CONFIG.format(directory=self.directory, verifier=verifier, more=more,
                                     secrets=secrets,
                                     retry_min=retry_min, retry_max=retry_max, timeout=timeout))
        os.rename(self.config + ".new", self.config)

    # processes

    def start_bus(self):
        path = os.path.join(self.directory, "bus.conf")
        with open(path, "w") as file:
            file.write(BUS_CONFIG.format(path=f"{self.directory}/bus"))
        self.bus_process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={path}", "--nofork", "--nopidfile",
             "--print-address=1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.bus_process.stdout.readline(), "dbus-daemon did not start"

    def end_bus(self):
        self.end(self.bus_process)
        self.watcher = None  # its connection learns of the end a while later
        self.bus_process.stdout.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.directory}/bus")

    def start_polkit(self, decision="(False, False, {})"):
        """A polkit whose every decision is this one, until decide() says otherwise."""
        self.end(self.polkit)
        until(lambda: not self.has_owner("org.freedesktop.PolicyKit1"), "no polkit on the bus")
        self.polkit = subprocess.Popen(
            ["/usr/bin/python3", "-m", "dbusmock", "--system", "org.freedesktop.PolicyKit1",
             "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority"],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.has_owner("org.freedesktop.PolicyKit1"), "polkit on the bus")
        self.decide(decision)

    def decide(self, decision):
        self.connect().call_sync(
            "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
            "org.freedesktop.DBus.Mock", "AddMethod",
            GLib.Variant("(sssss)", ("org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
                                     "(sa{sv})sa{ss}us", "(bba{ss})", f"ret = {decision}")),
            None, 0, LIMIT * 1000, None)

    def start(self, environment=None, stored=(), under=()):
        """UNDER is a command that ends by running what stands behind it."""
        # Above the numbers that bash moves them to.
        stored = [(name, fcntl.fcntl(fd, fcntl.F_DUPFD, 40)) for name, fd in stored]
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address,
               "NOTIFY_SOCKET": f"{self.directory}/notify", **(environment or {})}
        env = {name: value for name, value in env.items() if value is not None}
        command = [*under, self.program, "--config", self.config, "--runtime-directory", self.runtime,
                   "--state-directory", f"{self.directory}/state"]
        if stored:
            env["LISTEN_FDS"] = str(len(stored))
            env["LISTEN_FDNAMES"] = ":".join(name for name, _ in stored)
            redirect = " ".join(f"{3 + i}<&{fd}-" for i, (_, fd) in enumerate(stored))
            command = ["bash", "-c", f'LISTEN_PID=$$ exec "$0" "$@" {redirect}'] + command
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(command, env=env, stderr=log,
                                            pass_fds=[fd for _, fd in stored])
        for _, fd in stored:
            os.close(fd)
        return self.process

    def start_on_bus(self, **arguments):
        self.start(**arguments)
        until(lambda: self.has_owner(NAME) or self.process.poll() is not None, "attestd on the bus")
        assert self.process.poll() is None, "attestd ended"

    def restart(self, number=signal.SIGTERM):
        """As a service manager restarts: the descriptor store goes to the next process."""
        self.end(self.process, number)
        self.start_from_store()

    def start_from_store(self, **arguments):
        """As a service manager starts: with what is in its descriptor store."""
        self.manager.catch_up()
        with self.manager.lock:
            stored = [(name, os.dup(fd)) for name, fd in self.manager.store]
        self.start_on_bus(stored=stored, **arguments)
        for _, fd in stored:
            os.close(fd)

    def edit_standing(self, change):
        """Rewrites the record in force; CHANGE gets it parsed, or returns other bytes."""
        self.manager.catch_up()
        fd = dict(self.manager.store)["standing"]
        offset, size = struct.unpack("QQ", os.pread(fd, 16, 0))
        record = json.loads(os.pread(fd, size, offset))
        data = change(record)
        data = data if isinstance(data, bytes) else json.dumps(record).encode()
        os.pwrite(fd, data, offset)
        os.pwrite(fd, struct.pack("QQ", offset, len(data)), 0)

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path) as file:
            return file.read()

    def logged(self, *words):
        return until(lambda: next((line for line in self.log().split("\n")
                                   if all(word in line for word in words)), None), str(words))

    # the bus

    def connect(self):
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        connection = Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)
        connection.set_exit_on_close(False)
        self.connections.append(connection)
        return connection

    def has_owner(self, name):
        if self.watcher is None or self.watcher.is_closed():
            self.watcher = self.connect()
        reply = self.watcher.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "NameHasOwner", GLib.Variant("(s)", (name,)), None, 0, LIMIT * 1000, None)
        return reply.unpack()[0]

    def call(self, method, arguments=None, connection=None, timeout=LIMIT, flags=0):
        """The unpacked answer, with descriptors in place of their indices."""
        reply, fds = (connection or self.connect()).call_with_unix_fd_list_sync(
            NAME, PATH, NAME, method, arguments, None, flags, timeout * 1000, None, None)
        if fds is not None and fds.get_length() > 0:
            return fds.get(0)
        return reply.unpack()

    def properties(self, connection=None):
        reply = (connection or self.watcher).call_sync(
            NAME, PATH, "org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", (NAME,)),
            None, 0, LIMIT * 1000, None)
        return reply.unpack()[0]

    def state(self):
        return self.properties()["State"]

    def wait_for(self, *states):
        return until(lambda: (lambda p: p if p["State"] in states else None)(self.properties()),
                     " or ".join(states))

    def call_later(self, method, arguments=None, connection=None):
        """Sends a call and goes on. Calls on one connection arrive in the order they were sent."""
        return Pending(connection or self.connect(), method, arguments)

    def as_nobody(self, *arguments):
        """Runs client.py as another user, which takes root."""
        return self.run_client(arguments, user=NOBODY, group=NOBODY, extra_groups=[])

    def as_root(self, *arguments):
        return self.run_client(arguments)

    def run_client(self, arguments, **user):
        client = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.py")
        shutil.copy(client, self.directory)
        os.chmod(f"{self.directory}/client.py", 0o644)
        result = subprocess.run(
            ["/usr/bin/python3", f"{self.directory}/client.py", self.address, *arguments],
            stdout=subprocess.PIPE, check=True, timeout=LIMIT, **user)
        return json.loads(result.stdout)


def nonce(size=32):
    return GLib.Variant("(ay)", (bytes(range(size)),))


def error_name(error):
    return Gio.DBusError.get_remote_error(error)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_fd(fd):
    with os.fdopen(fd, "rb") as file:
        return file.read()
