"""The second held-out set, binary: recorded by somebody who had not read the algorithms, of servers that none of them had seen."""

import contextlib
import random
import subprocess
import time

import lab as the_lab
from lab import run
from words import WORDS
from words import some


def Lab(name, what):
    return the_lab.Lab(name, what, the_lab.SECOND_SIGHT)


def mysql():
    import pymysql

    dice = random.Random(3306)
    with Lab("mysql", "tcp port 3306") as lab:
        data = lab.folder / "data"
        run("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=mysql", "--auth-root-authentication-method=normal", "--skip-test-db")
        lab.serve(["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={lab.folder}/socket", "--user=mysql", "--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connect-errors=1000"], 3306)
        grants = "create database lab; create user lab@'127.%' identified by 'not-a-secret'; grant all on lab.* to lab@'127.%'; use lab; create table t (id int, name varchar(40), at datetime, price double); create table u (id int primary key, word text);"
        run("mariadb", "--no-defaults", f"--socket={lab.folder}/socket", "-u", "root", data=grants.encode())

        def statement():
            return dice.choice(
                [
                    f"insert into t values ({dice.randint(1, 999)}, '{some(dice, 2)}', now(), {dice.randint(1, 900) / 8})",
                    f"insert into u values ({dice.randint(1, 9)}, '{some(dice, 3)}')",
                    f"select * from t where id > {dice.randint(700, 999)} limit 3",
                    f"select name, count(*) from t group by name limit {dice.randint(1, 3)}",
                    f"update t set name = '{some(dice, 1)}' where id < {dice.randint(1, 99)}",
                    f"select wrong from t{dice.randint(1, 9)}",
                    f"delete from t where id < {dice.randint(1, 50)}",
                    "select null, word from u limit 2",
                    "show tables",
                    "selekt 1",
                ]
            )

        own = ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-u", "lab", "--password=not-a-secret", "-f"]
        admin = ["mariadb-admin", *own[1:-1]]
        for client in range(2, 26):
            kind = client % 4
            if kind == 0:
                run(*own, "lab", data="".join(f"{statement()};\n" for _ in range(4)).encode())
            elif kind == 1:
                run(*admin, *dice.sample(["ping", "status", "processlist", "version"], 2))
            else:
                with contextlib.suppress(pymysql.Error):
                    talk = pymysql.connect(host="127.0.0.1", user="lab", password="wrong" if client % 9 == 2 else "not-a-secret", bind_address=f"127.0.0.{client}", autocommit=client % 2 == 0)
                    talk.select_db("lab")
                    for _ in range(5):
                        with contextlib.suppress(pymysql.Error):
                            talk.cursor().execute(statement())
                    with contextlib.suppress(pymysql.Error):
                        talk.select_db(dice.choice(WORDS))
                    talk.ping()
                    talk.commit()
                    talk.close()


def stun():
    dice = random.Random(3478)
    with Lab("stun", "udp port 3478") as lab:
        # A relay, and those at its other end: the latter are another service.
        users = [f"--user={name}:not-a-secret" for name in WORDS[:6]]
        common = ["--no-cli", "--no-tls", "--no-dtls", "--no-stdout-log", "--allow-loopback-peers", "--log-file=/dev/null", "--cli-password=not-a-secret", f"--pidfile={lab.folder}/pid", f"--db={lab.folder}/db"]
        lab.serve(["turnserver", "-n", "-L", "127.0.0.1", "-p", "3478", "--lt-cred-mech", "--realm=lab.example", "--no-tcp", "--no-tcp-relay", "-E", "127.0.0.1", *common, *users], None)
        lab.serve(["turnutils_peer", "-L", "127.0.0.1", "-p", "3480"])
        for client in range(2, 42):
            own = f"127.0.0.{client}"
            name, word = dice.choice(WORDS[:6]), "wrong" if client % 13 == 0 else "not-a-secret"
            way = dice.choice([["-s"], ["-s", "-g"], [], ["-c"], ["-y"], ["-G"], ["-D"], ["-M"]])
            dice.choice(
                [
                    lambda: run("turnutils_stunclient", "-L", own, "127.0.0.1"),
                    lambda: run("turnutils_natdiscovery", "-m", "-f", "-L", own, "127.0.0.1"),
                    lambda: run("timeout", "12", "turnutils_uclient", *way, "-n", str(dice.randint(1, 2)), "-l", str(dice.randint(24, 90)), "-u", name, "-w", word, "-L", own, "-e", "127.0.0.1", "-o", f"{dice.choice(WORDS)}.example", "127.0.0.1"),
                    lambda: run("timeout", "12", "turnutils_uclient", *way, "-n", "1", "-u", name, "-w", word, "-L", own, "-e", "127.0.0.1", "127.0.0.1"),
                ]
            )()


def gearman():
    dice = random.Random(4730)
    with Lab("gearman", "tcp port 4730") as lab:
        lab.serve(["gearmand", "--listen=127.0.0.1", "--port=4730", "--log-file=stderr", "--verbose=ERROR"], 4730)
        own = ["gearman", "-h", "127.0.0.1", "-p", "4730"]
        for number, work in enumerate(["wc -c", "rev", "cat", "sort", "false"]):
            lab.serve([*own, "-w", *(["-n"] if number == 3 else []), "-f", WORDS[number], "-c", "60", *work.split()])
        for _ in range(60):
            name = dice.choice(WORDS[:5])
            way = dice.choice([[], [], ["-b"], ["-I"], ["-L"], ["-I", "-b"], ["-L", "-b"], ["-n"], ["-u", dice.choice(WORDS)]])
            run("timeout", "5", *own, *way, "-f", name, data="\n".join(some(dice, dice.randint(1, 4)) for _ in range(dice.randint(1, 3))).encode())
