# SPDX-License-Identifier: Apache-2.0
"""attestd killed before each system call of a release, from the moment the asker is accepted: the
next run has the verdict still and gives the asker the whole secret or a refusal. The one gap is
docs/secrets.md's: between accepting a connection and handing it to the manager nobody else has
it."""

import contextlib
import os
import sys
import tempfile
import unittest

from lab import LIMIT, until
from secretslab import SecretsLab, is_refusal, name_of, Asker, secret_of

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


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
