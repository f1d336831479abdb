# SPDX-License-Identifier: Apache-2.0
"""Says to a peer what comes on standard input, one message a line, and then close; prints
what it answers, and at last its exit status.

    talk_to_peer.py PROGRAM [--end]     --end: ends the contract in place of close

A line @N says N bytes of garbage, without an end.
"""

import json
import os
import socket
import subprocess
import sys
import time

REST_S = 1.0

program = sys.argv[1]
ours, theirs = socket.socketpair()
peer = subprocess.Popen([program], pass_fds=[theirs.fileno()],
                        env={**os.environ, "RTCLAB_FD": str(theirs.fileno())})
theirs.close()
answers = ours.makefile("r", errors="replace")


def say(octets):
    try:
        ours.sendall(octets)
    except OSError:
        pass  # it is gone, which its status shows


print(answers.readline(), end="")
for line in sys.stdin:
    if line.startswith("@"):
        say(b"\xff" * int(line[1:]))
    else:
        say(line.encode())
if "--end" in sys.argv:
    ours.shutdown(socket.SHUT_WR)
else:
    time.sleep(REST_S)
    say(json.dumps({"type": "close"}).encode() + b"\n")
for answer in answers:
    print(answer, end="")
print(f"exit {peer.wait(timeout=10)}")
