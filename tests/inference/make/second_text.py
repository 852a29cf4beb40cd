"""The second held-out set, text: recorded without a look at the algorithms, of servers that none of them had seen."""

import contextlib
import datetime
import nntplib
import os
import random
import socket
import struct
import subprocess
import time

from lab import Talk
from lab import run
from lab import second
from lab import typed
from words import WORDS
from words import some


def inn(lab):
    """Starts an InterNetNews with six groups; gives what stops it, which a signal does late."""
    groups = [f"lab.{name}" for name in WORDS[:6]]
    paths = ""
    for name in ["db", "etc", "log", "run", "tmp", "spool", "articles", "overview", "incoming", "outgoing", "archive"]:
        folder = lab.folder / f"news-{name}"
        folder.mkdir()
        paths += f"path{name}: {folder}\n"
    base = "mta: /bin/true\nmailcmd: /bin/true\nhismethod: hisv6\nenableoverview: true\novmethod: tradindexed\nwireformat: true\nallownewnews: true\n"
    config = lab.write("news-etc/inn.conf", f"{base}domain: lab.example\npathhost: news.lab.example\nfromhost: lab.example\npathnews: /usr/lib/news\n{paths}")
    lab.write("news-db/active", "".join(f"{name} 0000000000 0000000001 {'m' if name.endswith('frost') else 'y'}\n" for name in [*groups, "control", "control.cancel", "junk"]))
    lab.write("news-db/newsgroups", "".join(f"{name}\tAbout {some(random.Random(name), 3)}\n" for name in groups))
    lab.write("news-db/active.times", "".join(f"{name} {1700000000 + 90000 * n} root\n" for n, name in enumerate(groups)))
    for empty in ["history", "history.dir", "history.hash", "history.index", ".news.daily"]:
        lab.write(f"news-db/{empty}", "")
    lab.write("news-etc/storage.conf", "method tradspool {\n    newsgroups: *\n    class: 0\n}\n")
    lab.write("news-etc/newsfeeds", "ME:!*/!local::\n")
    lab.write("news-etc/incoming.conf", "max-connections: 20\npeer ME {\n  hostname: \"127.0.0.1\"\n}\n")
    lab.write("news-etc/readers.conf", 'auth "all" {\n hosts: "127.0.0.0/8"\n default: "reader"\n}\naccess "all" {\n users: "*"\n newsgroups: "lab.*"\n access: RPNA\n}\n')
    lab.write("news-etc/expire.ctl", "/remember/:10\n*:A:1:10:never\n")
    subprocess.run(["chown", "-R", "news:news", str(lab.folder)], check=True)
    asked = ["setpriv", "--reuid", "news", "--regid", "news", "--clear-groups", "env", f"INNCONF={config}"]
    run(*asked, "/usr/lib/news/bin/makedbz", "-i", "-o")
    lab.serve([*asked, "/usr/lib/news/bin/innd", "-f", "-d", "-P", "119"], 119)
    return lambda: run(*asked, "/usr/lib/news/bin/ctlinnd", "shutdown", "done")


class Reader(nntplib.NNTP):
    """A client of the library, from an address of its own."""

    def __init__(self, address):
        self.address = address
        super().__init__("127.0.0.1", readermode=True)

    def _create_socket(self, timeout):
        return socket.create_connection((self.host, self.port), timeout, source_address=(self.address, 0))


def nntp():
    dice = random.Random(119)
    with second("nntp", "tcp port 119") as lab:
        stop = inn(lab)
        group = lambda: f"lab.{dice.choice(WORDS[:7])}"
        article = lambda room: [f"From: {dice.choice(WORDS)}@lab.example", f"Newsgroups: {room}", f"Subject: {some(dice, 3)}", "", *[some(dice, dice.randint(2, 8)) for _ in range(dice.randint(1, 5))]]
        for client in range(2, 13):
            reader = Reader(f"127.0.0.{client}")
            room = f"lab.{WORDS[client % 5]}"
            for step in dice.sample(range(12), 9):
                with contextlib.suppress(nntplib.NNTPError):
                    [
                        lambda: reader.post([line.encode() for line in article(room)]),
                        lambda: reader.post([line.encode() for line in article(group())]),
                        lambda: reader.group(room),
                        lambda: reader.over((1, 3)),
                        lambda: reader.article(1),
                        lambda: reader.list(),
                        lambda: reader.newgroups(datetime.date(2023, 11, 17)),
                        lambda: reader.newnews("lab.*", datetime.date(2024, 1, 1)),
                        lambda: reader.stat(dice.randint(1, 4)),
                        lambda: reader.descriptions("lab.*"),
                        lambda: reader.date(),
                        lambda: reader.xhdr("subject", "1-4"),
                    ][step]()
            with contextlib.suppress(nntplib.NNTPError):
                reader.quit()
        for client in range(13, 25):
            talk = Talk(119, client)
            talk.hear()
            talk.lines(*dice.sample(["CAPABILITIES", "MODE READER", "LIST", "LIST OVERVIEW.FMT", "DATE", "LIST NEWSGROUPS lab.c*"], 2), f"GROUP lab.{dice.choice(WORDS[:4])}")
            for _ in range(10):
                number = dice.randint(1, 4)
                heard = talk.lines(
                    dice.choice(
                        [
                            f"ARTICLE {number}",
                            f"HEAD {number}",
                            f"BODY {number}",
                            f"STAT {number}",
                            f"STAT <{dice.choice(WORDS)}@lab.example>",
                            "NEXT",
                            "LAST",
                            f"OVER {number}-",
                            f"HDR Subject {number}",
                            f"GROUP {group()}",
                            f"LISTGROUP {group()}",
                            f"XPAT From 1-9 *{dice.choice(WORDS)}*",
                            f"AUTHINFO USER {dice.choice(WORDS)}",
                            f"LIST ACTIVE lab.{dice.choice('abcdef')}*",
                            "POST",
                            f"FETCH {number}",
                        ]
                    )
                )
                if heard[0].startswith(b"340"):
                    talk.say("".join(f"{line}\r\n" for line in [*article(group()), "."]))
            talk.lines("QUIT")
            talk.close()
        stop()


def dict_():
    dice = random.Random(2628)
    with second("dict", "tcp port 2628") as lab:
        bases = ""
        for base in WORDS[:3]:
            text = "".join(f":{name}: {some(dice, dice.randint(3, 7))}\n   {some(dice, dice.randint(2, 9))}\n" for name in dice.sample(WORDS, 15))
            subprocess.run(["dictfmt", "-j", "-u", f"http://lab.example/{base}", "-s", f"Lab of {base}", str(lab.folder / base)], input=text.encode(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            bases += f'database {base} {{\n data "{lab.folder}/{base}.dict"\n index "{lab.folder}/{base}.index"\n}}\n'
        config = lab.write("dictd.conf", f'access {{\n allow *\n}}\n{bases}user lab "not-a-secret"\n')
        # It drops clients whose names it cannot look up.
        hosts = lab.write("hosts", "127.0.0.1 localhost lab\n" + "".join(f"127.0.0.{n} {name}.lab.example\n" for n, name in enumerate(WORDS, 2)))
        served = f"mount --bind {hosts} /etc/hosts && exec dictd -d nodetach -c {config} --pid-file {lab.folder}/pid --port 2628 --listen-to 127.0.0.1"
        lab.serve(["unshare", "--mount", "sh", "-c", served], 2628)
        own = ["dict", "-h", "127.0.0.1", "-p", "2628"]
        for _ in range(12):
            way = dice.choice([["-d", WORDS[0]], ["-m"], ["-m", "-s", "prefix"], ["-D"], ["-S"], ["-I"], ["-i", WORDS[1]], []])
            run(*own, *way, *([dice.choice(WORDS)] if way[:1] not in (["-D"], ["-S"], ["-I"], ["-i"]) else []))

        def hello():
            return f'CLIENT "{dice.choice(WORDS)} reader {dice.randint(1, 4)}"'

        def order():
            word, base = dice.choice(WORDS), dice.choice([*WORDS[:3], "*", "!", "none"])
            return dice.choice(
                [
                    f"DEFINE {base} {word}",
                    f'DEFINE {base} "{word}"',
                    f"MATCH {base} {dice.choice(['exact', 'prefix', 'suffix', 'soundex', 'substring', '.', 'wrong'])} {word[:3]}",
                    "SHOW DB",
                    "SHOW STRAT",
                    f"SHOW INFO {base}",
                    "SHOW SERVER",
                    "STATUS",
                    "OPTION MIME",
                    f"FIND {word}",
                ]
            )

        typed(2628, range(2, 18), 9, order, hello)


def nut():
    dice = random.Random(3493)
    with second("nut", "tcp port 3493") as lab:
        os.environ |= {"NUT_CONFPATH": str(lab.folder), "NUT_STATEPATH": str(lab.folder), "NUT_ALTPIDPATH": str(lab.folder)}
        lab.write("nut.conf", "MODE=standalone\n")
        lab.write("ups.conf", "".join(f'[{name}]\n driver = dummy-ups\n port = {name}.dev\n desc = "Room of {name}"\n' for name in WORDS[:3]))
        lab.write("upsd.conf", "LISTEN 127.0.0.1 3493\n")
        lab.write("upsd.users", "[lab]\n password = not-a-secret\n actions = SET FSD\n instcmds = ALL\n upsmon primary\n")
        for name in WORDS[:3]:
            said = {"battery.charge": dice.randint(60, 100), "battery.runtime": dice.randint(300, 4000), "device.mfr": "Lab", "device.model": f"{name} 700", "input.voltage": "230.4", "output.voltage": "229.9"}
            said |= {"ups.load": dice.randint(3, 80), "ups.mfr": "Lab", "ups.model": f"{name} 700", "ups.serial": f"{dice.randint(10000, 99999)}", "ups.status": "OL", "ups.delay.shutdown": 20}
            lab.write(f"{name}.dev", "".join(f"{key}: {value}\n" for key, value in said.items()))
            lab.serve(["/lib/nut/dummy-ups", "-a", name, "-u", "root", "-F"])
        lab.serve(["/lib/nut/upsd", "-F", "-u", "root"], 3493)
        time.sleep(2)
        for _ in range(14):
            ups = f"{dice.choice([*WORDS[:3], 'none'])}@127.0.0.1"
            dice.choice(
                [
                    lambda: run("upsc", ups),
                    lambda: run("upsc", ups, dice.choice(["ups.status", "battery.charge", "ups.wrong"])),
                    lambda: run("upsc", "-L", "127.0.0.1"),
                    lambda: run("upsrw", ups),
                    lambda: run("upsrw", "-s", f"ups.delay.shutdown={dice.randint(10, 90)}", "-u", "lab", "-p", dice.choice(["not-a-secret", "wrong"]), ups),
                    lambda: run("upscmd", "-l", ups),
                    lambda: run("upscmd", "-u", "lab", "-p", "not-a-secret", ups, dice.choice(["load.off", "test.battery.start"])),
                    lambda: run("upsc", "-c", ups),
                ]
            )()
        for client in range(2, 18):
            talk = Talk(3493, client)
            if client % 3 == 0:
                talk.lines("USERNAME lab", f"PASSWORD {'wrong' if client % 2 else 'not-a-secret'}", f"LOGIN {dice.choice(WORDS[:3])}", end="\n")
            for _ in range(10):
                ups, name = dice.choice([*WORDS[:3], *WORDS[:4]]), dice.choice(["ups.status", "battery.charge", "ups.load", "input.voltage", "ups.none"])
                talk.lines(
                    dice.choice(
                        [
                            f"GET VAR {ups} {name}",
                            f"GET VAR {ups} {name}",
                            f"GET TYPE {ups} {name}",
                            f"GET DESC {ups} {name}",
                            f"GET UPSDESC {ups}",
                            f"GET NUMLOGINS {ups}",
                            f"LIST VAR {ups}",
                            f"LIST RW {ups}",
                            f"LIST CMD {ups}",
                            f"LIST CLIENT {ups}",
                            "LIST UPS",
                            f'SET VAR {ups} ups.delay.shutdown "{dice.randint(10, 90)}"',
                            f"INSTCMD {ups} load.off",
                            "VER",
                            "NETVER",
                            "HELP",
                            f"SHOW {ups}",
                        ]
                    ),
                    end="\n",
                )
            talk.lines("LOGOUT", end="\n")
            talk.close()


def mpd():
    dice = random.Random(6600)
    with second("mpd", "tcp port 6600") as lab:
        chunk = lambda name, body: name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
        for number, album in enumerate(WORDS[:4]):
            for title in dice.sample(WORDS, 5):
                about = b"INFO" + chunk(b"INAM", title.encode()) + chunk(b"IART", dice.choice(WORDS[:5]).encode()) + chunk(b"IPRD", album.encode())
                sound = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)) + chunk(b"LIST", about) + chunk(b"data", bytes(16000 * (number + 3)))
                path = lab.folder / "music" / album / f"{title}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(chunk(b"RIFF", b"WAVE" + sound))
        (lab.folder / "lists").mkdir()
        config = lab.write(
            "mpd.conf",
            f'music_directory "{lab.folder}/music"\nplaylist_directory "{lab.folder}/lists"\ndb_file "{lab.folder}/db"\nbind_to_address "127.0.0.1"\nport "6600"\n'
            'password "not-a-secret@read,add,control,admin"\ndefault_permissions "read,add,control"\naudio_output {\n type "null"\n name "none"\n}\n',
        )
        lab.serve(["mpd", "--no-daemon", "--stderr", config], 6600)
        time.sleep(3)
        own = ["mpc", "-h", "127.0.0.1", "-p", "6600"]
        for _ in range(16):
            album, title = dice.choice(WORDS[:4]), dice.choice(WORDS)
            wish = dice.choice([["status"], ["add", album], ["play"], ["next"], ["playlist"], ["list", "artist"], ["search", "title", title], ["save", title], ["lsplaylists"], ["volume", "+5"], ["repeat", "on"], ["stats"], ["ls", album], ["toggle"], ["seek", "50%"], ["clear"]])
            run(*own, *wish)
        for client in range(2, 16):
            talk = Talk(6600, client)
            talk.hear()
            if client % 4 == 0:
                talk.lines(f"password {'wrong' if client % 8 else 'not-a-secret'}", end="\n")
            for _ in range(13):
                album, title, number = dice.choice(WORDS[:4]), dice.choice(WORDS), dice.randint(0, 5)
                line = dice.choice(
                    [
                        "status",
                        "currentsong",
                        f"add {album}",
                        f'addid "{album}/{title}.wav"',
                        f"play {number}",
                        f"playid {number}",
                        "pause",
                        "pause 0",
                        f"seekcur {number}",
                        f"playlistinfo {number}",
                        f"delete {number}",
                        f'find title "{title}"',
                        f"list album artist {dice.choice(WORDS[:5])}",
                        f"lsinfo {album}",
                        f"setvol {number * 20}",
                        f"save {title}",
                        f"load {title}",
                        "listplaylists",
                        f"random {number % 2}",
                        f"count album {album}",
                        "outputs",
                        f"rescan {album}",
                        "idle",
                        f"listen {title}",
                        f"command_list_begin\nsetvol {number * 10}\nstatus\ncommand_list_end",
                        "ping",
                    ]
                )
                talk.lines(line, end="\n")
                if line == "idle":
                    talk.lines("noidle", end="\n")
            if client % 3:
                talk.lines("close", end="\n")
            talk.close()


ALL = [nntp, dict_, nut, mpd]
