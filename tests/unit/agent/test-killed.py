# SPDX-License-Identifier: Apache-2.0
"""attestd killed before each system call of a release, from the moment the asker is accepted: the
next run has the verdict still and gives the asker the whole secret or a refusal. The one gap is
docs/secrets.md's: between accepting a connection and handing it to the manager nobody else has
it. And before each of a withdrawal: the next run holds all of the verdict or nothing of it, and does
what is left to do."""

import contextlib
import os
import sys
import tempfile
import threading
import unittest

from lab import GLib, LIMIT, until
from secretslab import SecretsLab, WITHDRAWN, is_refusal, name_of, Asker, release, secret_of

PROGRAM, KILLER = sys.argv[1:3]
CALLS_MAX = 2000  # of one release; more means that the end is not found


class Killed(unittest.TestCase):
    def ask_and_be_killed(self, lab, number, report):
        """One release by a run that is killed before its NUMBERth call. The asker, its answer, and
        whether there was such a call."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(report)
        lab.start_from_store(under=[KILLER, str(number), report])
        asker = Asker(lab.secrets_socket, name_of(f"u{number}.service", "key"))
        answer = asker.get_later()
        # The report is written first, so that an end of the answer cannot be mistaken.
        until(lambda: os.path.exists(report) or not answer.is_under_way(), "an end")
        until(lambda: os.path.exists(report) or self.is_tidy(lab), "the tidying")
        is_killed = os.path.exists(report)
        if is_killed:
            lab.process.wait(LIMIT)
            lab.start_from_store()
            self.assertEqual(lab.state(), "TRUSTED")
        data = answer()
        lab.waits(0)
        lab.end(lab.process, 9)
        return asker, data, is_killed

    @staticmethod
    def is_tidy(lab):
        lab.manager.catch_up()
        return not any(name.startswith("wait-") for name in lab.manager.stored_names())

    def test_at_each_call_of_a_release(self):
        empty, whole, refused, number = [], 0, 0, 0
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d", secrets="WaitSec=1h") as lab, \
                tempfile.TemporaryDirectory(prefix="attestd-killed-") as directory:
            lab.start_pid1("restart")
            lab.listen_as_manager()
            lab.start_from_store()
            lab.trust(gates={"lab": 3600})  # and no other round is answered
            lab.wait_for("TRUSTED")
            until(lambda: "token" in lab.manager.stored_names(), "the stored verdict")
            lab.end(lab.process, 9)
            is_killed = True
            while is_killed:
                number += 1
                self.assertLess(number, CALLS_MAX)
                asker, data, is_killed = self.ask_and_be_killed(lab, number, f"{directory}/report")
                self.assertTrue(data == secret_of("key") or is_refusal(data)
                                or (data == b"" and is_killed and lab.is_in_the_gap(asker)),
                                f"call {number}: {len(data)} bytes {data[:40]!r}")
                whole += data == secret_of("key")
                refused += is_refusal(data)
                if data == b"":
                    empty.append(number)
                else:
                    self.assertFalse(lab.is_in_the_gap(asker))
        print(f"{number} calls: {whole} whole, {refused} refused, "
              f"{len(empty)} empty before the manager had the connection", end=" ")
        self.assertGreater(whole, 10)
        self.assertGreater(refused, 0)
        self.assertEqual(empty, list(range(1, len(empty) + 1)))


class KilledWhileItWithdraws(unittest.TestCase):
    """An asker without a name, who is refused, says when to begin to count."""

    def answer_rounds(self, lab):
        self.how, self.may_answer = "ok", threading.Event()
        self.may_answer.set()

        def answer(asked):
            self.is_asked = True
            self.may_answer.wait(LIMIT)
            getattr(asked, self.how)(**({"gates": {"lab": 3600}} if self.how == "ok" else {}))

        lab.worker.script = answer

    def hold(self, lab):
        """A verdict is held, and db.service has a secret."""
        self.how = "ok"
        lab.start_from_store()
        if lab.state() != "TRUSTED":
            lab.call("Attest", connection=self.connection)
        for name in lab.loss_orders():
            os.unlink(f"{lab.runtime}/standing/loss/{name}")
        self.assertEqual(lab.ask(secret="stop").get(), secret_of("stop"))
        until(lambda: "token" in lab.manager.stored_names(), "the stored verdict")
        lab.end(lab.process, 9)
        self.assertEqual(lab.approval_names(), ["lab"])

    def be_refused_and_killed(self, lab, number, report):
        """True: there was such a call."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(report)
        lab.start_from_store(under=[KILLER, str(number), report])
        self.how, self.is_asked = "no", False
        self.may_answer.clear()
        pending = lab.call_later("Attest", connection=self.connection)
        until(lambda: self.is_asked, "the round")
        Asker(lab.secrets_socket, None).get_later()
        self.may_answer.set()
        # The report is written first: a call that its end cut short is answered, too.
        until(lambda: os.path.exists(report) or self.is_answered(pending), "an end")
        if os.path.exists(report):
            lab.process.wait(LIMIT)
            return True
        lab.end(lab.process, 9)
        return False

    @staticmethod
    def is_answered(pending):
        while GLib.MainContext.default().iteration(False):
            pass
        return pending.result is not None

    def is_whole(self, lab):
        """All of the verdict is held, or nothing. True: all."""
        with contextlib.suppress(FileNotFoundError):
            os.remove(lab.log_path)
        lab.start_from_store()
        held = lab.state() == "TRUSTED"
        self.assertEqual(lab.trusted_until() is not None, held)
        if held:
            self.how = "no"
            self.assertEqual(lab.call("Attest", connection=self.connection), ("REFUSED",))
        self.assertEqual(lab.state(), "REFUSED")
        self.assertIsNone(lab.trusted_until())
        self.assertEqual(lab.approval_names(), [])
        self.assertEqual(lab.loss_orders(), ["db.service"])
        if held:
            lab.logged(WITHDRAWN, 'ATTEST_SECRET="stop"')
        lab.end(lab.process, 9)
        return held

    def test_at_each_call_of_a_withdrawal(self):
        number, held, n_held = 0, True, 0
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d", secrets="WaitSec=1h") as lab, \
                tempfile.TemporaryDirectory(prefix="attestd-killed-") as directory:
            lab.release.script = lambda asked: release(asked, on_loss={"stop": "stop-units"})
            self.answer_rounds(lab)
            lab.start_pid1("restart")
            lab.listen_as_manager()
            self.connection = lab.connect()
            is_killed = True
            while is_killed:
                number += 1
                self.assertLess(number, CALLS_MAX)
                self.hold(lab)
                is_killed = self.be_refused_and_killed(lab, number, f"{directory}/report")
                with self.subTest(number):
                    held = self.is_whole(lab)
                n_held += held
        print(f"{number} calls: {n_held} with the verdict, {number - n_held} without", end=" ")
        self.assertGreater(n_held, 0)
        self.assertGreater(number - n_held, 10)
        self.assertFalse(held)


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
