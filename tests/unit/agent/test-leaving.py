# SPDX-License-Identifier: Apache-2.0
"""However attestd ends, nobody who waits ends with an empty or a partial answer."""

import os
import random
import signal
import socket
import sys
import time
import unittest

from lab import LIMIT, NAME, boottime_usec, until
from secretslab import (REFUSED, RELEASED, SecretsLab, WITHDRAWN, is_refusal, release, secret_of)

PROGRAM = sys.argv[1]
REPETITIONS = 20


def end_brief(record):
    for approval in record["verdict"]["approvals"]:
        if approval["gate"] == "brief":
            approval["expires_boottime_usec"] = boottime_usec() + 10**6


class Restart(unittest.TestCase):
    def test_those_who_wait_survive_a_crash(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            askers = [lab.ask(f"u{i}.service", f"s{i}") for i in range(10)]
            lab.waits(10)
            lab.restart(signal.SIGKILL)
            self.assertFalse(any(asker.has_answer() for asker in askers))
            lab.trust_on()
            for i, asker in enumerate(askers):
                self.assertEqual(asker.get(), secret_of(f"s{i}"))
            lab.waits(0)

    def test_those_who_wait_survive_a_restart(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_pid1("restart")
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.restart(signal.SIGTERM)
            self.assertFalse(asker.has_answer())
            lab.trust_on()
            self.assertEqual(asker.get(), secret_of("db-password"))

    def test_the_time_waited_counts_on(self):
        """The limit is over when the next run begins: it refuses before it is on the bus, where it
        would wait if it counted afresh."""
        with SecretsLab(PROGRAM, secrets="WaitSec=1h") as lab:
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            began = time.monotonic()
            lab.end(lab.process, signal.SIGKILL)
            self.assertFalse(asker.has_answer())
            lab.configure(secrets="WaitSec=1s")
            until(lambda: time.monotonic() > began + 1, "the limit to pass")
            lab.restart()
            self.assertIn("asker-waited-too-long", lab.log())
            self.assertTrue(is_refusal(asker.get()))

    def test_approvals_and_what_was_released_survive_a_restart(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(number), SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
                lab.start_pid1("restart")
                names = lab.withdrawn(lab.connect())
                lab.start_trusted(gates={"lab": 600, "brief": 600})
                self.assertEqual(lab.ask().get(), secret_of("db-password"))
                lab.worker.script = lambda asked: asked.failed()
                lab.end(lab.process, number)
                lab.edit_standing(end_brief)
                lab.start_from_store()
                self.assertIn(lab.state(), ("TRUSTED", "RENEWING"))
                self.assertIn("lab", lab.approval_names())
                self.assertEqual(lab.ask("o.service", "two").get(), secret_of("two"))
                # The end of each is remembered, and so is what is out.
                until(lambda: "brief" not in lab.approval_names(), "the end of the brief one")
                lab.wait_for("TRUSTED")
                lab.worker.script = lambda asked: asked.no()
                lab.call_later("Attest")
                self.assertEqual(lab.received(names, 2), ["db-password", "two"])
                self.assertEqual(lab.approval_names(), [])

    def test_a_release_that_a_crash_cut_short_is_refused(self):
        for writes in (b"", b"a part", secret_of("db-password")):
            with self.subTest(writes), SecretsLab(PROGRAM) as lab:
                lab.release.script = None
                lab.start_trusted()
                asker = lab.ask()
                asked = lab.release.next()
                if writes:
                    with socket.socket(fileno=os.dup(asked.fds[-1])) as copy:
                        copy.send(writes)
                lab.restart(signal.SIGKILL)
                asked.close()
                self.assertTrue(is_refusal(asker.get()))
                lab.logged(REFUSED, 'ATTEST_FINDING="asker-interrupted"')
                self.assertNotIn(RELEASED, lab.log())
                lab.waits(0)

    def test_a_release_under_way_is_waited_for_by_a_restart(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_pid1("restart")
            lab.release.script = None
            lab.start_trusted()
            asker, late = lab.ask(), None
            asked = lab.release.next()
            lab.process.send_signal(signal.SIGTERM)
            lab.logged("TRUSTED to STOPPING")
            late = lab.ask("late.service", "late")
            release(asked)
            asked.close()
            self.assertEqual(asker.get(), secret_of("db-password"))
            self.assertEqual(lab.process.wait(LIMIT), 0)
            lab.logged(RELEASED)
            late.close()

    def test_a_refusal_that_a_crash_cut_short_is_refused_again(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: release(asked, {"db-password"})
            lab.start_trusted()
            asker = lab.ask()
            lab.logged(REFUSED)
            until(asker.has_answer, "the beginning of the refusal")
            lab.release.script = release
            lab.restart(signal.SIGKILL)
            self.assertTrue(is_refusal(asker.get()))
            self.assertNotIn(RELEASED, lab.log())
            lab.waits(0)

    def test_one_who_left_meanwhile_is_forgotten(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker, stays = lab.ask(), lab.ask("o.service", "other")
            lab.waits(2)
            lab.end(lab.process, signal.SIGKILL)
            asker.close()
            lab.restart()
            lab.waits(1)
            lab.trust_on()
            self.assertEqual(stays.get(), secret_of("other"))

    def test_a_connection_that_nobody_knows_of_is_refused(self):
        for change in ("lost", "short", "garbage", "twice"):
            with self.subTest(change), SecretsLab(PROGRAM) as lab:
                lab.start_on_bus()
                asker = lab.ask()
                lab.waits(1)
                lab.end(lab.process, signal.SIGKILL)
                with lab.manager.lock:
                    record = next(fd for name, fd in lab.manager.store if name == "waiting")
                    if change == "garbage":
                        os.pwrite(record, b"\xff" * 1920, 0)
                    elif change == "twice":
                        connection = next(fd for n, fd in lab.manager.store if n == "wait-0")
                        lab.manager.store.append(("wait-0", os.dup(connection)))
                    else:
                        lab.manager.store = [e for e in lab.manager.store if e[0] != "waiting"]
                        os.close(record)
                    if change == "short":
                        lab.manager.store.append(("waiting", os.memfd_create("waiting")))
                lab.restart()
                self.assertTrue(is_refusal(asker.get()))

    def test_hostile_names_in_the_store_harm_nobody(self):
        with SecretsLab(PROGRAM) as lab:
            pipes = [os.pipe() for _ in range(5)]
            names = ["wait-", "wait-x", "wait-120", "wait-99999999999", "wait--1"]
            lab.start_on_bus(stored=[(n, p[1]) for n, p in zip(names, pipes)])
            for read_end, write_end in pipes:
                os.close(write_end)
                self.assertEqual(os.read(read_end, 1), b"", "the daemon kept it")
                os.close(read_end)
            self.assertEqual(lab.process.poll(), None)

    def test_what_is_no_socket_is_dropped(self):
        with SecretsLab(PROGRAM) as lab:
            file = os.memfd_create("file")
            lab.start_on_bus(stored=[("attestd.socket", file)])
            os.close(file)
            lab.logged("nobody can ask for secrets")
            lab.trust()
            lab.wait_for("TRUSTED")


class Unusable(unittest.TestCase):
    """A configuration that cannot be used: the service ends and is not started again."""

    def test_those_who_wait_are_refused(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.end(lab.process, signal.SIGKILL)
            lab.configure(secrets="WaitSec=5 parsecs")
            with lab.manager.lock:
                stored = [(name, os.dup(fd)) for name, fd in lab.manager.store]
            lab.start(stored=stored)
            for _, fd in stored:
                os.close(fd)
            self.assertTrue(is_refusal(asker.get()))
            self.assertEqual(lab.process.wait(LIMIT), 2)
            lab.logged(REFUSED, 'ATTEST_FINDING="asker-daemon-unusable"',
                       'ATTEST_ASKER="unit:db.service"')
            lab.waits(0)

    def test_those_in_the_queue_are_refused(self):
        with SecretsLab(PROGRAM) as lab:
            lab.configure(secrets="WaitSec=5 parsecs")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(lab.secrets_socket)
                listener.listen(256)
                askers = [lab.ask(f"u{i}.service") for i in range(10)]
                lab.start(stored=[("attestd.socket", os.dup(listener.fileno()))])
                for asker in askers:
                    self.assertTrue(is_refusal(asker.get()))
                self.assertEqual(lab.process.wait(LIMIT), 2)


class Stop(unittest.TestCase):
    def stops(self, job, askers=3):
        with SecretsLab(PROGRAM) as lab:
            if job != "nobody":
                lab.start_pid1(job)
            names = lab.withdrawn(lab.connect())
            lab.start_trusted()
            self.assertEqual(lab.ask().get(), secret_of("db-password"))
            lab.release.script = lambda asked: release(asked, {"shut"}, "secret-no-approval")
            waiting = [lab.ask(f"u{i}.service", "shut") for i in range(askers)]
            lab.waits(askers)
            lab.process.send_signal(signal.SIGTERM)
            for asker in waiting:
                self.assertTrue(is_refusal(asker.get()))
            self.assertEqual(lab.process.wait(LIMIT), 0)
            lab.logged(REFUSED, 'ATTEST_FINDING="asker-daemon-stops"')
            lab.logged(WITHDRAWN, 'ATTEST_SECRET="db-password"')
            self.assertIn("db-password", lab.received(names, 1))
            self.assertEqual(lab.approval_names(), [])
            lab.waits(0)

    def test_a_stop_refuses_all(self):
        self.stops("stop")

    def test_no_job_refuses_all(self):
        self.stops(None)

    def test_a_job_of_another_type_refuses_all(self):
        self.stops("start")

    def test_no_answer_refuses_all(self):
        self.stops("nobody")

    def test_a_pid_1_that_never_answers_refuses_all(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_pid1("restart")
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.manager_mock.send_signal(signal.SIGSTOP)
            lab.process.send_signal(signal.SIGTERM)
            lab.process.send_signal(signal.SIGTERM)
            self.assertTrue(is_refusal(asker.get()))
            self.assertEqual(lab.process.wait(LIMIT), 0)
            lab.manager_mock.send_signal(signal.SIGCONT)

    def test_a_release_under_way_is_refused_by_a_stop(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_pid1("stop")
            lab.start_trusted()
            asker = lab.ask()
            asked = lab.release.next()
            with socket.socket(fileno=os.dup(asked.fds[-1])) as copy:
                copy.send(secret_of("db-password"))
            lab.process.send_signal(signal.SIGTERM)
            self.assertTrue(is_refusal(asker.get()))
            self.assertEqual(lab.process.wait(LIMIT), 0)
            asked.close()

    def test_without_a_manager_it_refuses_all_and_ends(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_pid1("restart")
            lab.start_on_bus(environment={"NOTIFY_SOCKET": None})
            asker = lab.ask()
            lab.logged("unit:db.service waits")
            lab.process.send_signal(signal.SIGTERM)
            self.assertTrue(is_refusal(asker.get()))
            self.assertEqual(lab.process.wait(LIMIT), 0)


class PutBack(unittest.TestCase):
    """A snapshot is restored while attestd is on its way out: a restart carries no verdict over it."""

    def goes_on_without_a_verdict(self, lab):
        self.assertEqual(lab.process.wait(LIMIT), 0)
        lab.worker.script = lambda asked: asked.failed()
        lab.start_from_store()
        self.assertEqual(lab.wait_for("WAITING")["VerdictExpiresUSec"], 0)
        self.assertEqual(lab.approval_names(), [])
        self.assertIsNone(lab.trusted_until())

    def test_while_pid_1_is_asked_why(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_pid1("restart")
            lab.start_trusted()
            lab.manager_mock.send_signal(signal.SIGSTOP)
            lab.process.send_signal(signal.SIGTERM)
            until(lambda: lab.manager.said("STOPPING", "1"), "STOPPING=1")
            lab.process.send_signal(signal.SIGUSR1)
            # The question has a limit: where that came first, it was no restart.
            until(lambda: "machine-rewound" in lab.log() or lab.process.poll() is not None, "the signal")
            lab.manager_mock.send_signal(signal.SIGCONT)
            self.goes_on_without_a_verdict(lab)

    def test_while_a_restart_waits_for_an_asker(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_pid1("restart")
            lab.start_trusted()
            self.assertEqual(lab.ask(secret="out").get(), secret_of("out"))
            lab.release.script = None
            asker = lab.ask()
            asked = lab.release.next()
            lab.process.send_signal(signal.SIGTERM)
            lab.logged("TRUSTED to STOPPING")
            lab.process.send_signal(signal.SIGUSR1)
            lab.logged(WITHDRAWN, 'ATTEST_SECRET="out"', 'ATTEST_FINDING="machine-rewound"')
            self.assertTrue(is_refusal(asker.get()))
            asked.close()
            lab.release.script = release
            self.goes_on_without_a_verdict(lab)


class Never(unittest.TestCase):
    """Units wait while attestd is killed, restarted and stopped, at any moment: the answer is the
    whole secret or a refusal; with a kill there is the gap, too, which test-killed.py measures."""

    def answers(self, lab, askers, number):
        for secret, asker, answer in askers:
            data = answer()
            is_gap = data == b"" and number == signal.SIGKILL and lab.is_in_the_gap(asker)
            self.assertTrue(is_refusal(data) or data == secret_of(secret) or is_gap,
                            f"{len(data)} bytes: {data[:40]!r}")
            yield data == secret_of(secret)

    def start(self, lab):
        """As the manager starts it: with the listening socket and the store."""
        lab.manager.catch_up()
        with lab.manager.lock:
            stored = [(name, os.dup(fd)) for name, fd in lab.manager.store]
        lab.start(stored=stored)
        for _, fd in stored:
            os.close(fd)

    def test_of_twenty_kills(self):
        self.end_often(signal.SIGKILL, "restart")

    def test_of_twenty_restarts(self):
        self.end_often(signal.SIGTERM, "restart")

    def test_of_twenty_stops(self):
        self.end_often(signal.SIGTERM, "stop")

    def end_often(self, number, job):
        served = 0
        with SecretsLab(PROGRAM, secrets="WaitSec=5min") as lab:
            lab.start_pid1(job)
            lab.listen_as_manager()
            lab.worker.script = lambda asked: asked.ok(gates={"lab": 600})
            self.start(lab)
            for repetition in range(REPETITIONS):
                askers = [(f"s{i}", asker, asker.get_later()) for i, asker in enumerate(
                    lab.ask(f"u{repetition}-{i}.service", f"s{i}") for i in range(4))]
                time.sleep(random.uniform(0, 0.03))
                lab.process.send_signal(number)
                lab.process.wait(LIMIT)
                if job == "stop":
                    # What a stop does to the store: all but the socket is gone.
                    with lab.manager.lock:
                        for name, fd in [e for e in lab.manager.store if e[0] != "attestd.socket"]:
                            os.close(fd)
                            lab.manager.store.remove((name, fd))
                self.start(lab)
                served += sum(self.answers(lab, askers, number))
            self.assertGreater(served, 0)
            until(lambda: lab.has_owner(NAME), "attestd on the bus")
            print(f"{served} of {4 * REPETITIONS} served", end=" ")


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
