# SPDX-License-Identifier: Apache-2.0
"""attestctl status and reload on a private bus: what they say, and what they leave alone."""

import os
import subprocess
import sys
import unittest

PROGRAM, ATTESTCTL = sys.argv[1:3]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "agent"))

from lab import LIMIT, Lab, NAME, until  # noqa: E402


def ctl(lab, *arguments):
    return subprocess.run([ATTESTCTL, *arguments], timeout=LIMIT, text=True,
                          env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": lab.address},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


class Status(unittest.TestCase):
    def status(self, lab, *options):
        return ctl(lab, "status", *options)

    def test_a_stopped_attestd_is_not_started(self):
        with Lab(PROGRAM) as lab:
            # Whoever asks the bus for the name starts this.
            mark = f"{lab.directory}/started"
            services = f"{lab.directory}/bus.services"
            os.mkdir(services)
            with open(f"{services}/{NAME}.service", "w") as file:
                file.write(f"[D-BUS Service]\nName={NAME}\nExec=/bin/touch {mark}\n"
                           f"User=root\n")
            lab.end_bus()
            lab.start_bus()
            for options in ((), ("--json",)):
                with self.subTest(options):
                    result = self.status(lab, *options)
                    self.assertEqual(result.returncode, 3, result)
                    self.assertEqual(result.stdout, "")
                    self.assertIn("attestd is not running", result.stderr)
                    self.assertIn("systemctl start attestd", result.stderr)
            self.assertFalse(os.path.exists(mark))
            # What would have happened, were it not for that.
            asker = subprocess.Popen(["dbus-send", f"--bus={lab.address}", "--print-reply",
                                      f"--dest={NAME}", "/", "org.freedesktop.DBus.Peer.Ping"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            until(lambda: os.path.exists(mark), "the start by name")
            lab.end(asker)

    def test_a_running_one_is_asked(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            result = self.status(lab)
            self.assertEqual(result.returncode, 0, result)
            self.assertIn("TRUSTED", result.stdout)


class Reload(unittest.TestCase):
    def test_what_cannot_be_used_is_said_with_its_line_and_changes_nothing(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            with open(lab.config, "a+") as file:
                file.write("Intervall=1\n")
                file.seek(0)
                number = len(file.readlines())
            result = ctl(lab, "reload")
            self.assertEqual(result.returncode, 2, result)
            self.assertIn(f"{lab.config}:{number}: there is no such setting", result.stderr)
            self.assertIn("Remedy: ", result.stderr)
            self.assertEqual(lab.state(), "TRUSTED")
            lab.configure()
            result = ctl(lab, "reload")
            self.assertEqual((result.returncode, result.stdout), (0, ""), result)

    def test_one_that_does_not_run_is_not_started_for_it(self):
        with Lab(PROGRAM) as lab:
            result = ctl(lab, "reload")
            self.assertEqual(result.returncode, 3, result)
            self.assertIn("attestd is not running", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
