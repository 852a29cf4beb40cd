"""Captures that were recorded when the algorithms were done, and scored as they were seen first: text (IMAP, beanstalkd) and binary (CoAP, LDAP)."""

import contextlib
import imaplib
import random

from lab import Lab
from lab import Talk
from lab import run
from mailboxes import NAMES
from mailboxes import dovecot
from mailboxes import password
from words import WORDS
from words import some


def imap():
    dice = random.Random(143)
    with Lab("imap", "tcp port 143") as lab:
        dovecot(lab, dice, "imap", 143)
        for client in range(14):
            server = imaplib.IMAP4("127.0.0.1", 143)
            name = NAMES[client % 6]
            with contextlib.suppress(imaplib.IMAP4.error):
                server.login(name, "wrong" if client % 5 == 4 else password(name))
                for _ in range(7):
                    server.select("INBOX")
                    number = str(dice.randint(1, 5))
                    with contextlib.suppress(imaplib.IMAP4.error):
                        dice.choice(
                            [
                                lambda: server.search(None, dice.choice(["ALL", "UNSEEN", "SUBJECT jade"])),
                                lambda: server.fetch(number, "(FLAGS)"),
                                lambda: server.fetch(number, "(BODY[HEADER])"),
                                lambda: server.store(number, "+FLAGS", dice.choice(["\\Flagged", "\\Seen"])),
                                lambda: server.list(),
                                lambda: server.create(dice.choice(WORDS)),
                                lambda: server.status("INBOX", "(MESSAGES UNSEEN)"),
                                lambda: server.copy(number, dice.choice(WORDS)),
                                lambda: server.noop(),
                                lambda: server.expunge(),
                                lambda: server.uid("FETCH", number, "(UID FLAGS)"),
                            ]
                        )()
            with contextlib.suppress(imaplib.IMAP4.error):
                server.logout()


def beanstalkd():
    dice = random.Random(11300)
    with Lab("beanstalkd", "tcp port 11300") as lab:
        lab.serve(["beanstalkd", "-l", "127.0.0.1", "-p", "11300"], 11300)
        for client in range(2, 14):
            talk = Talk(11300, client)
            tube = dice.choice(WORDS[:5])
            talk.lines(f"use {tube}", f"watch {tube}")
            for _ in range(16):
                body, job = some(dice, dice.randint(1, 6)), dice.randint(1, 60)
                heard = talk.say(
                    dice.choice(
                        [
                            f"put {dice.randint(0, 9)} 0 60 {len(body)}\r\n{body}",
                            f"put 5 {dice.randint(0, 3)} 30 {len(body)}\r\n{body}",
                            "reserve-with-timeout 0",
                            f"peek {job}",
                            f"stats-job {job}",
                            "peek-ready",
                            "list-tubes",
                            f"kick {dice.randint(1, 4)}",
                            f"stats-tube {tube}",
                            f"ignore {dice.choice(WORDS[:5])}",
                        ]
                    )
                    + "\r\n"
                )
                if heard.startswith(b"RESERVED"):
                    job = heard.split()[1].decode()
                    talk.lines(dice.choice([f"delete {job}", f"release {job} 4 0", f"bury {job} 7", f"touch {job}"]))
            talk.lines("quit")
            talk.close()


def coap():
    dice = random.Random(5683)
    with Lab("coap", "udp port 5683") as lab:
        lab.serve(["coap-server-notls", "-A", "127.0.0.1", "-p", "5683", "-d", "20"])
        for client in range(60):
            path = dice.choice(["", "time", "async?1", "example_data", "none", f"new/{dice.choice(WORDS)}", ".well-known/core"])
            way = dice.choice([["-m", "get"], ["-m", "get"], ["-m", "put", "-e", some(dice, dice.randint(1, 8))], ["-m", "delete"], ["-m", "post", "-e", some(dice, 2)]])
            more = dice.choice([[], ["-N"], ["-T", dice.choice(WORDS)], ["-A", "text/plain"], ["-b", "64"]])
            run("coap-client-notls", "-B", "3", "-a", f"127.0.0.{client % 7 + 2}", *way, *more, f"coap://127.0.0.1/{path}")


def ldap():
    dice = random.Random(389)
    with Lab("ldap", "tcp port 389") as lab:
        (lab.folder / "data").mkdir()
        config = lab.write(
            "slapd.conf",
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\ninclude /etc/ldap/schema/inetorgperson.schema\n"
            f"pidfile {lab.folder}/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nsuffix dc=lab,dc=example\nrootdn cn=root,dc=lab,dc=example\nrootpw not-a-secret\ndirectory {lab.folder}/data\n",
        )
        lab.serve(["slapd", "-d", "0", "-f", config, "-h", "ldap://127.0.0.1:389"], 389)
        root = ["-x", "-H", "ldap://127.0.0.1:389", "-D", "cn=root,dc=lab,dc=example", "-w", "not-a-secret"]
        person = lambda name: f"dn: cn={name},dc=lab,dc=example\nobjectClass: inetOrgPerson\ncn: {name}\nsn: {dice.choice(WORDS)}\nmail: {name}@example.org\ndescription: {some(dice, 4)}\n\n"
        start = "dn: dc=lab,dc=example\nobjectClass: dcObject\nobjectClass: organization\no: lab\ndc: lab\n\n"
        run("ldapadd", *root, data=(start + "".join(person(name) for name in WORDS[:8])).encode())
        for client in range(40):
            name, other = dice.choice(WORDS), dice.choice(WORDS)
            dn = f"cn={name},dc=lab,dc=example"
            wish = dice.choice([f"(cn={name})", f"(&(objectClass=inetOrgPerson)(sn={other}))", f"(|(mail={name}*)(description=*{other}*))", "(objectClass=*)"])
            dice.choice(
                [
                    lambda: run("ldapsearch", *root, "-b", "dc=lab,dc=example", "-z", str(dice.randint(1, 4)), wish, "cn", "mail"),
                    lambda: run("ldapsearch", "-x", "-H", "ldap://127.0.0.1:389", "-b", dn, wish),
                    lambda: run("ldapadd", *root, data=person(name).encode()),
                    lambda: run("ldapmodify", *root, data=f"dn: {dn}\nchangetype: modify\nreplace: description\ndescription: {some(dice, 3)}\n\n".encode()),
                    lambda: run("ldapdelete", *root, dn),
                    lambda: run("ldapcompare", *root, dn, f"sn:{other}"),
                    lambda: run("ldapwhoami", *root),
                    lambda: run("ldapwhoami", *root[:-1], "wrong"),
                    lambda: run("ldapmodrdn", *root, dn, f"cn={other}"),
                ]
            )()


ALL = [imap, beanstalkd, coap, ldap]
