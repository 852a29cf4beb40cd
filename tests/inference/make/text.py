"""Captures of text protocols: real servers, clients of Python's library or typed lines."""

import contextlib
import ftplib
import io
import poplib
import random
import smtplib
import time

from lab import Lab
from lab import Talk
from lab import run
from lab import typed
from mailboxes import NAMES
from mailboxes import dovecot
from mailboxes import password
from words import WORDS
from words import some


def ftp():
    dice = random.Random(21)
    with Lab("ftp", "tcp port 21") as lab:
        root = lab.folder / "root"
        (root / "in").mkdir(parents=True)
        (root / "in").chmod(0o777)
        for name in WORDS[:8]:
            (root / f"{name}.txt").write_text(some(dice, 40))
            (root / name).mkdir()
        lab.folder.chmod(0o755)
        config = lab.write(
            "vsftpd.conf",
            f"listen=YES\nlisten_address=127.0.0.1\nanonymous_enable=YES\nanon_root={root}\nwrite_enable=YES\nanon_upload_enable=YES\n"
            "anon_mkdir_write_enable=YES\nanon_other_write_enable=YES\nno_anon_password=NO\nseccomp_sandbox=NO\nbackground=NO\n"
            "secure_chroot_dir=/run\nmax_login_fails=3\n",
        )
        lab.serve(["vsftpd", config], 21)
        for client in range(2, 14):
            server = ftplib.FTP()
            server.connect("127.0.0.1", 21, source_address=(f"127.0.0.{client}", 0))
            if client % 4 == 0:
                with contextlib.suppress(ftplib.Error):
                    server.login(dice.choice(WORDS), dice.choice(WORDS))
            else:
                server.login("anonymous", f"{dice.choice(WORDS)}@example.org")
                name = dice.choice(WORDS[:8])
                for step in dice.sample(range(12), 8):
                    with contextlib.suppress(ftplib.Error):
                        [
                            lambda: server.cwd(name),
                            lambda: server.pwd(),
                            lambda: server.retrlines("LIST", lambda _: None),
                            lambda: server.retrbinary(f"RETR {name}.txt", lambda _: None),
                            lambda: server.size(f"/{name}.txt"),
                            lambda: server.storbinary(f"STOR /in/{client}.txt", io.BytesIO(some(dice, 9).encode())),
                            lambda: server.mkd(f"/in/{name}{client}"),
                            lambda: server.sendcmd(f"MDTM /{name}.txt"),
                            lambda: server.delete(f"/{dice.choice(WORDS)}.txt"),
                            lambda: server.sendcmd("SYST"),
                            lambda: server.sendcmd("FEAT"),
                            lambda: server.cwd("/"),
                        ][step]()
            with contextlib.suppress(ftplib.Error, EOFError, OSError):
                server.quit()


def smtp():
    dice = random.Random(25)
    with Lab("smtp", "tcp port 25") as lab:
        lab.serve(["python3", "-m", "aiosmtpd", "-n", "-l", "127.0.0.1:25"], 25)
        for client in range(2, 18):
            server = smtplib.SMTP("127.0.0.1", 25, local_hostname=f"{dice.choice(WORDS)}.example", source_address=(f"127.0.0.{client}", 0))
            for _ in range(dice.randint(1, 3)):
                sender, names = f"{dice.choice(WORDS)}@example.org", [f"{dice.choice(WORDS)}@example.net" for _ in range(dice.randint(1, 3))]
                body = "\r\n".join(some(dice, dice.randint(3, 9)) for _ in range(dice.randint(1, 5)))
                head = f"From: {sender}\r\nTo: {', '.join(names)}\r\nSubject: {some(dice, 3)}\r\n\r\n"
                if client % 5 == 0:
                    server.docmd("VRFY", names[0])
                    server.docmd("TURN")
                    server.docmd("NOOP")
                server.sendmail(sender, names, head + body + "\r\n")
                if client % 3 == 0:
                    server.rset()
            server.quit()


def pop3():
    dice = random.Random(110)
    with Lab("pop3", "tcp port 110") as lab:
        dovecot(lab, dice, "pop3", 110)
        for client in range(2, 16):
            server = poplib.POP3("127.0.0.1", 110)
            name = NAMES[client % 6]
            with contextlib.suppress(poplib.error_proto):
                server.capa()
                server.user(name)
                server.pass_("wrong" if client % 5 == 0 else password(name))
                count = server.stat()[0]
                server.list()
                server.uidl()
                for number in range(1, count + 1):
                    dice.choice([server.retr, server.list, server.uidl, lambda n: server.top(n, 2)])(number)
                if client % 4 == 0:
                    server.dele(1)
                    server.rset()
                server.noop()
                server.retr(99)
            with contextlib.suppress(poplib.error_proto, OSError):
                server.quit()


def irc():
    dice = random.Random(6667)
    with Lab("irc", "tcp port 6667") as lab:
        config = lab.write(
            "ngircd.conf",
            "[Global]\nName = lab.example\nInfo = Lab\nListen = 127.0.0.1\nPorts = 6667\nServerUID = nobody\nServerGID = nogroup\nMotdPhrase = Hello\nAdminEMail = a@lab.example\n"
            "[Options]\nDNS = no\nIdent = no\nPAM = no\n[Limits]\nMaxConnectionsIP = 0\n",
        )
        lab.serve(["ngircd", "-n", "-f", config], 6667)
        talks = []
        for client in range(2, 10):
            talk = Talk(6667, client)
            name = WORDS[client]
            talk.lines(f"NICK {name}", f"USER {name} 0 * :{some(dice, 2)}")
            talks.append((name, talk))
            room = dice.choice(["#sea", "#hill", "#wood"])
            talk.lines(f"JOIN {room}")
            for _ in range(10):
                other = dice.choice(talks)[0]
                line = dice.choice(
                    [
                        f"PRIVMSG {room} :{some(dice, dice.randint(1, 6))}",
                        f"PRIVMSG {other} :{some(dice, dice.randint(1, 6))}",
                        f"TOPIC {room} :{some(dice, 2)}",
                        f"WHOIS {other}",
                        f"PING {dice.choice(WORDS)}",
                        f"MODE {room}",
                        f"NAMES {room}",
                        f"NOTICE {other} :{some(dice, 2)}",
                        f"NICK {other}",
                        f"WHO {room}",
                        "LUSERS",
                        f"JOIN {dice.choice(WORDS)}",
                    ]
                )
                talk.lines(line)
        for name, talk in talks:
            talk.lines(f"QUIT :{some(dice, 2)}")
            talk.close()


def redis():
    dice = random.Random(6379)
    with Lab("redis", "tcp port 6379") as lab:
        lab.serve(["redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--protected-mode", "no", "--dir", str(lab.folder)], 6379)
        for client in range(2, 12):
            talk = Talk(6379, client)
            for _ in range(24):
                key, value, number = f"{dice.choice(WORDS)}:{dice.randint(1, 99)}", some(dice, dice.randint(1, 5)), dice.randint(1, 99)
                words = dice.choice(
                    [
                        ["SET", key, value],
                        ["GET", key],
                        ["GET", dice.choice(WORDS)],
                        ["INCR", f"count{number % 3}"],
                        ["LPUSH", "list", value],
                        ["LRANGE", "list", "0", str(number % 4)],
                        ["EXPIRE", key, str(number)],
                        ["HSET", "hash", key, value],
                        ["HGETALL", "hash"] if number % 5 == 0 else ["HGET", "hash", key],
                        ["PING"],
                        ["DEL", key],
                        ["INCR", "list"],
                        ["EXISTS", key],
                        ["FLY", key],
                        ["SET", dice.choice(WORDS), str(number)],
                    ]
                )
                talk.say("".join([f"*{len(words)}\r\n", *[f"${len(word)}\r\n{word}\r\n" for word in words]]))
            talk.close()


def memcached():
    dice = random.Random(11211)
    with Lab("memcached", "tcp port 11211") as lab:
        lab.serve(["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", "11211", "-U", "0"], 11211)

        def order():
            key, value = f"{dice.choice(WORDS)}{dice.randint(1, 9)}", some(dice, dice.randint(1, 5))
            return dice.choice(
                [
                    f"set {key} 0 {dice.choice([0, 60, 900])} {len(value)}\r\n{value}",
                    f"add {key} {dice.randint(0, 9)} 0 {len(value)}\r\n{value}",
                    f"append {key} 0 0 {len(value)}\r\n{value}",
                    f"get {key}",
                    f"get {dice.choice(WORDS)}1 {dice.choice(WORDS)}2",
                    f"gets {key}",
                    f"incr {key} {dice.randint(1, 9)}",
                    f"delete {key}",
                    f"touch {key} {dice.randint(1, 900)}",
                    f"set n{dice.randint(1, 3)} 0 0 2\r\n{dice.randint(10, 99)}",
                    f"incr n{dice.randint(1, 3)} {dice.randint(1, 9)}",
                    "version",
                    f"nonsense {key}",
                ]
            )

        typed(11211, range(2, 12), 20, order, end="quit")


def syslog():
    dice = random.Random(514)
    with Lab("syslog", "udp port 514") as lab:
        config = lab.write("rsyslog.conf", f'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="514")\n*.* {lab.folder}/all.log\n')
        lab.serve(["rsyslogd", "-n", "-f", config, "-i", f"{lab.folder}/pid"])
        for _ in range(150):
            priority = f"{dice.choice(['daemon', 'auth', 'local3', 'mail', 'cron', 'user'])}.{dice.choice(['err', 'info', 'notice', 'debug', 'warning'])}"
            run("logger", "-n", "127.0.0.1", "-P", "514", "-d", "--rfc3164", "-p", priority, "-t", f"{dice.choice(WORDS)}[{dice.randint(100, 9999)}]", some(dice, dice.randint(1, 8)))
            time.sleep(dice.random() / 20)


ALL = [ftp, smtp, pop3, irc, redis, memcached, syslog]
