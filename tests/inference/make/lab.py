"""The lab: a network namespace with nothing but its loopback, tcpdump on it, and real servers that are stopped again.

    unshare --net python3 make.py NAME [NAME ...]     writes ../captures/NAME.pcap, of the second and third held-out set ../second_sight/captures/NAME.pcap and ../third_sight/captures/NAME.pcap
"""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "captures"
SECOND_SIGHT = CAPTURES.parent / "second_sight" / "captures"
THIRD_SIGHT = CAPTURES.parent / "third_sight" / "captures"


class Lab:
    """One capture: what it records, its servers, a folder for their files."""

    def __init__(self, name, what, captures=None):
        self.name = name
        self.capture = (captures or CAPTURES) / f"{name}.pcap"
        self.what = what
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lab"))
        self.folder.chmod(0o777)
        self.running = []

    def __enter__(self):
        subprocess.run(["ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
        command = ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-B", "16384", "-Z", "root", "-w", str(self.capture), self.what]
        self.tcpdump = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while "listening" not in self.tcpdump.stderr.readline():
            assert self.tcpdump.poll() is None
        return self

    def __exit__(self, *_):
        time.sleep(2)
        for process in [*reversed(self.running), self.tcpdump]:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        print(self.name, self.capture.stat().st_size, "bytes")
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def serve(self, command, port=None):
        """Starts a server; with a port, waits until it is open."""
        with open(self.folder / "log", "ab") as log:
            self.running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        if port:
            for _ in range(100):
                listening = pathlib.Path("/proc/net/tcp").read_text() + pathlib.Path("/proc/net/tcp6").read_text()
                if f":{port:04X} 0000" in listening:
                    return
                time.sleep(0.1)
            raise RuntimeError((self.folder / "log").read_text())
        time.sleep(1)


def second(name, what):
    """A capture of the second held-out set."""
    return Lab(name, what, SECOND_SIGHT)


def third(name, what):
    """A capture of the third held-out set."""
    return Lab(name, what, THIRD_SIGHT)


def come_from(client):
    """Programs that do not choose their address reach 127.0.0.1 from 127.0.0.N from now on."""
    subprocess.run(["ip", "route", "replace", "table", "local", "local", "127.0.0.1", "dev", "lo", "proto", "kernel", "scope", "host", "src", f"127.0.0.{client}"], check=True)


def with_names(lab, command):
    """How a server is started that drops clients whose names it cannot look up."""
    hosts = lab.write("hosts", "127.0.0.1 localhost lab\n" + "".join(f"127.0.0.{n} host{n}.lab.example\n" for n in range(2, 60)))
    return ["unshare", "--mount", "sh", "-c", f"mount --bind {hosts} /etc/hosts && exec {' '.join(command)}"]


def inetd(port, *command):
    """How socat starts a server for each connection, as inetd did."""
    return ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "EXEC:" + " ".join(command)]


def run(*command, data=None):
    """A client program; it may fail, errors belong to the traffic."""
    subprocess.run(command, input=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


class Talk:
    """A connection of a client of this number, 127.0.0.N."""

    def __init__(self, port, client):
        self.socket = socket.socket()
        self.socket.bind((f"127.0.0.{client}", 0))
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", port))

    def hear(self, seconds=0.05):
        """Waits for an answer, and for silence behind it."""
        heard = b""
        try:
            heard = self.socket.recv(65536)
            while heard:
                self.socket.settimeout(seconds)
                more = self.socket.recv(65536)
                if not more:
                    break
                heard += more
        except (TimeoutError, ConnectionError):
            pass
        self.socket.settimeout(2)
        return heard

    def say(self, what, hear=True):
        self.socket.sendall(what.encode() if isinstance(what, str) else what)
        return self.hear() if hear else b""

    def lines(self, *lines, end="\r\n"):
        return [self.say(line + end) for line in lines]

    def close(self):
        self.socket.close()


def typed(port, clients, times, order, hello=None, end="QUIT"):
    """Each client gives so many orders, whatever `order` says; one that is greeted says `hello` first."""
    for client in clients:
        talk = Talk(port, client)
        if hello:
            talk.hear()
            talk.lines(hello())
        for _ in range(times):
            talk.lines(order())
        talk.lines(end)
        talk.close()
