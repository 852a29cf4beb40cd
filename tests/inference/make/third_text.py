"""The third held-out set, text: recorded by somebody who does not know how the inference works."""

import asyncio
import contextlib
import random
import shutil
import subprocess

from lab import Talk
from lab import come_from
from lab import inetd
from lab import run
from lab import third
from words import WORDS
from words import some


class Again(Talk):
    """A connection that is made anew when the server has closed it, as some do after an error."""

    def __init__(self, port, client, *first, greeted=False):
        self.again = lambda: super(Again, self).__init__(port, client)
        self.first, self.greeted = first, greeted
        self.connect()

    def connect(self):
        self.again()
        if self.greeted:
            self.hear()
        for line in self.first:
            super().say(line)

    def say(self, what, hear=True):
        try:
            return super().say(what, hear)
        except ConnectionError:
            self.connect()
            return super().say(what, hear)


def nats():
    import nats as library

    dice = random.Random(4222)

    async def silent(_):
        pass

    async def library_session(client):
        name, word = f"{dice.choice(WORDS)} {client}", "wrong" if client % 9 == 0 else "not-a-secret"
        try:
            talk = await library.connect("nats://127.0.0.1:4222", user="lab", password=word, name=name, allow_reconnect=False, max_reconnect_attempts=0, verbose=client % 2 == 0, error_cb=silent)
        except Exception:
            return

        async def answer(message):
            if message.reply:
                await talk.publish(message.reply, some(dice, 2).encode())

        rooms = [await talk.subscribe(f"{dice.choice(WORDS[:4])}.{end}", queue=dice.choice(["", "", WORDS[9]]), cb=answer) for end in dice.sample(["*", ">", *WORDS[:3]], 3)]
        for _ in range(6):
            subject = f"{dice.choice(WORDS[:5])}.{dice.choice(WORDS[:4])}"
            with contextlib.suppress(library.errors.Error):
                if dice.random() < 0.3:
                    await talk.request(subject, some(dice, 3).encode(), timeout=0.2)
                else:
                    await talk.publish(subject, some(dice, dice.randint(0, 6)).encode(), headers={"Kind": dice.choice(WORDS)} if dice.random() < 0.2 else None)
        await rooms[0].unsubscribe()
        await talk.flush()
        await talk.close()

    with third("nats", "tcp port 4222") as lab:
        config = lab.write("nats.conf", 'server_name: lab\nlisten: "127.0.0.1:4222"\nping_interval: "4s"\nauthorization {\n user: lab\n password: not-a-secret\n}\n')
        lab.serve(["nats-server", "-c", config], 4222)
        for client in range(2, 18):
            come_from(client)
            asyncio.run(library_session(client))
        come_from(1)
        for client in range(18, 32):
            word = "wrong" if client % 7 == 0 else "not-a-secret"
            name = dice.choice(WORDS)
            talk = Again(4222, client, f'CONNECT {{"verbose":{"true" if client % 4 else "false"},"pedantic":false,"user":"lab","pass":"{word}","name":"{name}"}}\r\n', greeted=True)
            for number in range(9 if word != "wrong" else 0):
                subject, text = f"{dice.choice(WORDS[:4])}.{dice.choice(WORDS[:4])}", some(dice, dice.randint(1, 5))
                talk.lines(
                    dice.choice(
                        [
                            f"SUB {dice.choice(WORDS[:4])}.* {number + 1}",
                            f"SUB {subject} {dice.choice(WORDS)} {number + 1}",
                            f"PUB {subject} {len(text)}\r\n{text}",
                            f"PUB {subject} {len(text)}\r\n{text}",
                            f"PUB {subject} {dice.choice(WORDS)}.inbox {len(text)}\r\n{text}",
                            f"UNSUB {dice.randint(1, 9)}",
                            f"UNSUB {dice.randint(1, 9)} {dice.randint(1, 4)}",
                            "PING",
                            f"SUB {dice.choice(WORDS)}..{dice.choice(WORDS)} {number + 1}",
                        ]
                    )
                )
            talk.close()


def torctl():
    import stem.connection
    import stem.control

    dice = random.Random(9051)
    with third("torctl", "tcp port 9051") as lab:
        hashed = subprocess.run(["tor", "--quiet", "--hash-password", "not-a-secret"], capture_output=True, check=True, text=True).stdout.split()[-1]
        config = lab.write("torrc", f"DataDirectory {lab.folder}/data\nDisableNetwork 1\nSocksPort 0\nControlPort 127.0.0.1:9051\nHashedControlPassword {hashed}\nNickname lab\nContactInfo {WORDS[3]}@lab.example\n")
        lab.serve(["tor", "--defaults-torrc", "/dev/null", "-f", config], 9051)
        for client in range(2, 10):
            come_from(client)
            with contextlib.suppress(stem.ControllerError, stem.connection.AuthenticationFailure), stem.control.Controller.from_port(port=9051) as talk:
                talk.authenticate("wrong" if client == 5 else "not-a-secret")
                for step in dice.sample(range(7), 5):
                    with contextlib.suppress(stem.ControllerError):
                        [
                            lambda: talk.get_version(),
                            lambda: talk.get_conf_map(["Nickname", "ContactInfo", "SafeLogging"]),
                            lambda: talk.set_conf("ContactInfo", f"{dice.choice(WORDS)}@lab.example"),
                            lambda: talk.reset_conf("ContactInfo"),
                            lambda: talk.get_info(["traffic/read", "traffic/written"]),
                            lambda: talk.signal(dice.choice(["DUMP", "CLEARDNSCACHE"])),
                            lambda: talk.map_address({f"{dice.choice(WORDS)}.example": f"{dice.choice(WORDS)}.example.org"}),
                        ][step]()
        come_from(1)
        for client in range(10, 34):
            talk = Talk(9051, client)
            talk.lines(*(["PROTOCOLINFO 1"] if client % 4 == 0 else []), f'AUTHENTICATE "{"wrong" if client % 8 == 3 else "not-a-secret"}"')
            if client % 8 == 3:
                talk.close()
                continue
            for _ in range(10):
                name, other = dice.choice(WORDS), dice.choice(WORDS)
                talk.lines(
                    dice.choice(
                        [
                            f"GETINFO {dice.choice(['version', 'config-file', 'traffic/read', 'status/bootstrap-phase', 'circuit-status', 'stream-status', 'signal/names', 'dormant', 'uptime'])}",
                            f"GETINFO {dice.choice(['version traffic/written', 'address', 'ns/name/' + name, 'net/listeners/control'])}",
                            f"GETCONF {dice.choice(['Nickname', 'ContactInfo', 'ControlPort', 'SafeLogging Nickname', name])}",
                            f"SETCONF ContactInfo={name}@lab.example",
                            f"SETCONF {name}=1",
                            "RESETCONF ContactInfo",
                            f"SETEVENTS {dice.choice(['CIRC STREAM', 'NOTICE WARN ERR', 'BW', 'CONF_CHANGED', 'SIGNAL', name.upper(), ''])}".strip(),
                            f"SIGNAL {dice.choice(['DUMP', 'CLEARDNSCACHE', 'HEARTBEAT', 'NEWNYM', name.upper()])}",
                            f"MAPADDRESS {name}.example={other}.example.org",
                            f"MAPADDRESS 0.0.0.0={name}.example",
                            f"RESOLVE {name}.example",
                            f"CLOSECIRCUIT {dice.randint(1, 90)}",
                            f"CLOSESTREAM {dice.randint(1, 90)} 1",
                            f"EXTENDCIRCUIT 0 {name},{other}",
                            f"ATTACHSTREAM {dice.randint(1, 90)} 0",
                            "USEFEATURE VERBOSE_NAMES",
                            f"HSFETCH {name}",
                            f"GET {name}",
                        ]
                    )
                )
            talk.lines("QUIT")
            talk.close()


def rrdcached():
    dice = random.Random(42217)
    with third("rrdcached", "tcp port 42217") as lab:
        base = lab.folder / "rrd"
        base.mkdir()
        lab.serve(["rrdcached", "-g", "-l", "127.0.0.1:42217", "-b", str(base), "-B", "-j", str(base), "-p", str(lab.folder / "pid"), "-w", "3", "-z", "1"], 42217)
        own = "127.0.0.1:42217"
        made = [f"{name}.rrd" for name in WORDS[:5]]
        start = 1700000000
        for client, name in enumerate(made, 2):
            come_from(client)
            run("rrdtool", "create", name, "--daemon", own, "--start", str(start), "--step", "10", f"DS:{name[:4]}:GAUGE:20:0:U", "RRA:AVERAGE:0.5:1:20", f"RRA:MAX:0.5:{client}:10")
        for client in range(7, 17):
            come_from(client)
            for _ in range(3):
                name = dice.choice(made)
                start += 10
                dice.choice(
                    [
                        lambda: run("rrdtool", "update", name, "--daemon", own, f"{start}:{dice.randint(0, 900)}"),
                        lambda: run("rrdtool", "update", name, "--daemon", own, f"{start}:{dice.randint(0, 900) / 4}", f"{start + 5}:{dice.randint(0, 99)}"),
                        lambda: run("rrdtool", "info", name, "--daemon", own),
                        lambda: run("rrdtool", "last", name, "--daemon", own),
                        lambda: run("rrdtool", "first", name, "--daemon", own),
                        lambda: run("rrdtool", "flushcached", name, "--daemon", own),
                        lambda: run("rrdtool", "fetch", name, "MAX", "--daemon", own, "--start", "1700000000", "--end", "1700000060"),
                    ]
                )()
        come_from(1)
        for client in range(17, 37):
            talk = Again(42217, client)
            for _ in range(10):
                name = dice.choice([*made, f"{WORDS[9]}.rrd"])
                start += 10
                talk.lines(
                    dice.choice(
                        [
                            f"UPDATE {name} {start}:{dice.randint(0, 900)}",
                            f"UPDATE {name} {start}:{dice.randint(0, 900) / 8} {start + 5}:{dice.randint(0, 900)}",
                            f"UPDATE {name} N:U",
                            f"BATCH\n{f'UPDATE {name} {start}:{dice.randint(0, 9)}'}\nUPDATE {dice.choice(made)} {start}:{dice.randint(0, 9)}\n.",
                            f"PENDING {name}",
                            f"FLUSH {name}",
                            f"FORGET {name}",
                            f"FETCH {name} AVERAGE 1700000000 1700000050",
                            f"FIRST {name} {dice.randint(0, 1)}",
                            f"LAST {name}",
                            f"INFO {name}",
                            f"SUSPEND {name}",
                            f"RESUME {name}",
                            "STATS",
                            "QUEUE",
                            "PING",
                            "FLUSHALL",
                            f"HELP {dice.choice(['UPDATE', 'FLUSH', 'PING'])}",
                            f"WRITE {name}",
                        ]
                    ),
                    end="\n",
                )
            if client % 2:
                talk.lines("QUIT", end="\n")
            talk.close()


def munin():
    dice = random.Random(4949)
    with third("munin", "tcp port 4949") as lab:
        for name in WORDS[:7]:
            fields = dice.sample(WORDS, dice.randint(1, 4))
            config = "".join(f"{field}.label {some(dice, 2)}\\n{field}.type {dice.choice(['GAUGE', 'DERIVE', 'COUNTER'])}\\n{field}.warning {dice.randint(50, 90)}\\n" for field in fields)
            values = "".join(f"printf '{field}.value %d\\n' $(( ($(date +%N | cut -c1-4 | sed 's/^0*//')0 + {dice.randint(1, 99)}) % 1000 ))\n" for field in fields)
            lab.write(f"plugins/{name}", f"#!/bin/sh\nif [ \"$1\" = config ]; then\n printf 'graph_title Load of {name}\\ngraph_vlabel {dice.choice(WORDS)}\\ngraph_category {dice.choice(WORDS[:3])}\\n{config}'\n exit\nfi\n{values}")
            (lab.folder / "plugins" / name).chmod(0o755)
        config = lab.write("munin-node.conf", f"log_level 0\nlog_file {lab.folder}/munin.log\npid_file {lab.folder}/pid\nbackground 0\nsetsid 0\nuser root\ngroup root\nhost_name lab.example\ncidr_allow 127.0.0.0/8\nhost 127.0.0.1\nport 4949\n")
        lab.serve(["unshare", "--mount", "sh", "-c", f"mount --bind {lab.folder}/plugins /etc/munin/plugins && exec munin-node --config {config}"], 4949)
        for client in range(2, 26):
            talk = Talk(4949, client)
            talk.hear()
            if client % 3 == 0:
                # As munin-update asks.
                talk.lines("cap multigraph dirtyconfig", "nodes", "list lab.example", end="\n")
                for name in dice.sample(WORDS[:7], 3):
                    talk.lines(f"config {name}", f"fetch {name}", end="\n")
            for _ in range(6):
                name = dice.choice(WORDS[:8])
                talk.lines(dice.choice([f"fetch {name}", f"fetch {name}", f"config {name}", "list", f"list {name}.example", "nodes", "version", f"cap {name}", "help", f"show {name}"]), end="\n")
            talk.lines("quit", end="\n")
            talk.close()


def gopher():
    dice = random.Random(70)
    with third("gopher", "tcp port 70") as lab:
        root = lab.folder / "hole"
        for room in WORDS[:5]:
            text = "".join(f"{'0' if dice.random() < 0.7 else '1'}About {some(dice, 2)}\t/{room}/{name}.txt\tlab.example\t70\n" for name in WORDS[5:9])
            lab.write(f"hole/{room}/gophermap", f"{some(dice, 4)}\n\n{text}") if room in WORDS[:2] else None
            for name in dice.sample(WORDS[5:12], 4):
                lab.write(f"hole/{room}/{name}.txt", "".join(f"{some(dice, dice.randint(2, 8))}\n" for _ in range(dice.randint(1, 6))))
            lab.write(f"hole/{room}/.names", f"Path=./{dice.choice(WORDS[5:12])}.txt\nName={some(dice, 3)}\n")
        mimes = lab.write("mime.types", "text/plain txt\n")
        own = open("/etc/pygopherd/pygopherd.conf").read()
        for before, after in {"detach = yes": "detach = no", "pidfile = /var/run/pygopherd/pygopherd.pid": f"pidfile = {lab.folder}/pid", "usechroot = yes": "usechroot = no", "root = /var/gopher": f"root = {root}", "logmethod = syslog": "logmethod = none", "mimetypes = ./conf/mime.types:/etc/pygopherd/mime.types:/etc/mime.types": f"mimetypes = {mimes}"}.items():
            own = own.replace(before, after)
        own = "\n".join(line for line in own.splitlines() if not line.startswith(("setuid", "setgid", "servername", "interface"))).replace("[pygopherd]", "[pygopherd]\nservername = lab.example\ninterface = 127.0.0.1", 1)
        lab.serve(["/usr/bin/python3", shutil.which("pygopherd"), lab.write("pygopherd.conf", own)], 70)
        for client in range(2, 26):
            for _ in range(5):
                room, name = dice.choice(WORDS[:6]), dice.choice(WORDS[5:12])
                talk = Talk(70, client)
                talk.lines(dice.choice(["", f"/{room}", f"/{room}", f"/{room}/{name}.txt", f"/{room}/{name}.txt", f"/{room}\t+", f"/{room}\t$", f"/{room}/{name}.txt\t!", f"/search\t{name}"]))
                talk.close()


def cvs():
    dice = random.Random(2401)
    with third("cvs", "tcp port 2401") as lab:
        root = lab.folder / "root"
        run("cvs", "-d", str(root), "init")
        lab.write("root/CVSROOT/passwd", "lab:" + subprocess.run(["openssl", "passwd", "-1", "not-a-secret"], capture_output=True, check=True, text=True).stdout.strip() + ":nobody\n")
        (root / WORDS[0]).mkdir()
        subprocess.run(["chown", "-R", "nobody", str(root)], check=True)
        lab.serve(inetd(2401, "env", f"TMPDIR={lab.folder}", "cvs", "-f", f"--allow-root={root}", "pserver"), 2401)
        for client in range(2, 7):
            come_from(client)
            home = lab.folder / f"home{client}"
            home.mkdir()
            at = f":pserver:lab:{'wrong' if client == 5 else 'not-a-secret'}@127.0.0.1:2401{root}"
            own = lambda *words: run("env", f"HOME={home}", f"CVS_PASSFILE={home}/pass", "sh", "-c", f"cd {home}/{WORDS[0]} 2>/dev/null || cd {home}; exec \"$@\"", "cvs", "cvs", "-f", "-d", at, *words)
            own("login")
            own("checkout", WORDS[0])
            for _ in range(5):
                name = f"{dice.choice(WORDS[:6])}.txt"
                if (home / WORDS[0]).is_dir() and dice.random() < 0.6:
                    lab.write(f"home{client}/{WORDS[0]}/{name}", "".join(f"{some(dice, 4)}\n" for _ in range(dice.randint(1, 4))))
                for words in dice.sample([("add", name), ("commit", "-m", some(dice, 3)), ("update", "-d"), ("status", name), ("log", name), ("diff", name), ("annotate", name), ("tag", f"{dice.choice(WORDS)}_{client}"), ("rdiff", "-D", "1 hour ago", WORDS[0]), ("history", "-a", "-e"), ("version",), ("remove", "-f", name)], 2):
                    own(*words)


def svn():
    dice = random.Random(3690)
    with third("svn", "tcp port 3690") as lab:
        root = lab.folder / "root"
        run("svnadmin", "create", str(root))
        lab.write("root/conf/svnserve.conf", "[general]\nanon-access = read\nauth-access = write\npassword-db = passwd\nrealm = Lab of Amber\n")
        lab.write("root/conf/passwd", "[users]\n" + "".join(f"{name} = not-a-secret\n" for name in WORDS[:5]))
        lab.serve(["svnserve", "-d", "--foreground", "-r", str(lab.folder), "--listen-host", "127.0.0.1"], 3690)
        at = "svn://127.0.0.1/root"
        for client in range(2, 7):
            come_from(client)
            home = lab.folder / f"home{client}"
            user = WORDS[client % 5]
            own = lambda *words: run("env", f"HOME={home}", "svn", "--non-interactive", "--no-auth-cache", "--username", user, "--password", "wrong" if client == 6 else "not-a-secret", *words)
            place = f"{home}/copy"
            own("checkout", at, place)
            for _ in range(5):
                name = f"{dice.choice(WORDS[:6])}.txt"
                if dice.random() < 0.6:
                    lab.write(f"home{client}/copy/{name}", "".join(f"{some(dice, 4)}\n" for _ in range(dice.randint(1, 4))))
                    own("add", "--force", f"{place}/{name}")
                for words in dice.sample(
                    [
                        ("commit", "-m", some(dice, 3), place),
                        ("commit", "-m", some(dice, 3), place),
                        ("update", place),
                        ("log", f"{at}/{name}"),
                        ("list", "-v", at),
                        ("cat", f"{at}/{name}"),
                        ("info", f"{at}/{name}"),
                        ("mkdir", "-m", some(dice, 2), f"{at}/{dice.choice(WORDS)}"),
                        ("blame", f"{at}/{name}"),
                        ("lock", f"{place}/{name}"),
                        ("propset", "--revprop", "-r", "1", dice.choice(WORDS), some(dice, 2), at),
                        ("proplist", "-v", at),
                        ("diff", "-r", f"1:{dice.randint(2, 5)}", at),
                        ("status", "-u", place),
                        ("delete", "-m", some(dice, 2), f"{at}/{name}"),
                    ],
                    2,
                ):
                    own(*words)


ALL = [nats, torctl, rrdcached, munin, gopher, cvs, svn]
