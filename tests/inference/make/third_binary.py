"""The third held-out set, binary: recorded by somebody who does not know how the inference works."""

import contextlib
import json
import os
import random
import socket
import struct
import time

from lab import Talk
from lab import come_from
from lab import run
from lab import third
from lab import with_names
from words import WORDS
from words import some


def nbd():
    dice = random.Random(10809)
    with third("nbd", "tcp port 10809") as lab:
        config = "[generic]\nlistenaddr = 127.0.0.1\nport = 10809\nallowlist = true\n"
        for number, name in enumerate(WORDS[:3]):
            with open(lab.folder / name, "wb") as disk:
                disk.write("".join(f"{some(dice, 9)}\n" for _ in range(600)).encode().ljust(65536, b"\0"))
            config += f"[{name}]\nexportname = {lab.folder}/{name}\nflush = true\nfua = true\ntrim = true\nreadonly = {'true' if number == 2 else 'false'}\n"
        # It always becomes a daemon: it ends with its namespace of processes.
        served = f"nbd-server -C {lab.write('nbd.conf', config)} -p {lab.folder}/pid && exec sleep 900"
        lab.serve(["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", served], 10809)
        for client in range(2, 8):
            come_from(client)
            run("nbdinfo", *dice.choice([["--list"], ["--json"], ["--size"], []]), f"nbd://127.0.0.1/{dice.choice(WORDS[:4])}")
        come_from(1)
        option = lambda number, body=b"": b"IHAVEOPT" + struct.pack(">II", number, len(body)) + body
        for client in range(8, 28):
            talk = Talk(10809, client)
            talk.hear()
            name = dice.choice(WORDS[:3]).encode()
            talk.say(struct.pack(">I", 3))
            if client % 3 == 0:
                talk.say(option(3))
            talk.say(option(7, struct.pack(">I", len(name)) + name + struct.pack(">H", 0)) if client % 2 else option(1, name))
            for _ in range(14):
                kind, place, size = dice.choice([0, 0, 0, 1, 1, 3, 4]), dice.randint(0, 900) * 64, dice.choice([1, 16, 60, 128])
                # A read that fails has no data, which tshark does not know: only others fail.
                if kind and dice.random() < 0.1:
                    place += 70000
                data = some(dice, 30).encode()[:size] if kind == 1 else b""
                talk.say(struct.pack(">IHHQQI", 0x25609513, dice.choice([0, 0, 1]) if kind == 1 else 0, kind, dice.getrandbits(40), 0 if kind == 3 else place, 0 if kind == 3 else size) + data)
            talk.say(struct.pack(">IHHQQI", 0x25609513, 0, 2, 0, 0, 0), hear=False)
            talk.close()


def iscsi():
    dice = random.Random(3260)
    with third("iscsi", "tcp port 3260") as lab:
        lab.serve(["tgtd", "-f", "-C", "9", "--iscsi", "portal=127.0.0.1:3260"], 3260)
        ask = lambda *words: run("tgtadm", "-C", "9", "--lld", "iscsi", *words)
        names = [f"iqn.2020-01.example.lab:{name}" for name in WORDS[:3]]
        for number, name in enumerate(names, 1):
            ask("--op", "new", "--mode", "target", "--tid", str(number), "-T", name)
            for lun in range(1, number + 1):
                disk = lab.folder / f"disk{number}{lun}"
                disk.write_bytes(bytes(65536 * number))
                ask("--op", "new", "--mode", "logicalunit", "--tid", str(number), "--lun", str(lun), "-b", str(disk))
            ask("--op", "bind", "--mode", "target", "--tid", str(number), "-I", "ALL")
        for client in range(2, 24):
            come_from(client)
            number = dice.randint(1, 3)
            at = f"iscsi://127.0.0.1/{names[number - 1]}/{dice.randint(0, number + 1)}"
            own = ["-i", f"iqn.2020-01.example.client:{dice.choice(WORDS)}"]
            dice.choice(
                [
                    lambda: run("iscsi-ls", *own, "-s", "iscsi://127.0.0.1"),
                    lambda: run("iscsi-ls", *own, "iscsi://127.0.0.1"),
                    lambda: run("iscsi-inq", *own, at),
                    lambda: run("iscsi-inq", *own, "-e", "1", "-c", dice.choice(["0x00", "0x80", "0x83", "0xb0", "0xb1", "0x99"]), at),
                    lambda: run("iscsi-readcapacity16", *own, at),
                    lambda: run("iscsi-swp", *own, "-s", "on", at),
                    lambda: run("iscsi-test-cu", *own, "--dataloss", f"--test={dice.choice(['SCSI.TestUnitReady.Simple', 'SCSI.ReadCapacity10.Simple', 'SCSI.ModeSense6.AllPages', 'SCSI.Inquiry.Standard'])}", at),
                ]
            )()


def kerberos():
    dice = random.Random(88)
    with third("kerberos", "udp port 88") as lab:
        config = lab.write("krb5.conf", "[libdefaults]\n default_realm = LAB.EXAMPLE\n dns_lookup_kdc = false\n dns_lookup_realm = false\n dns_canonicalize_hostname = false\n rdns = false\n forwardable = true\n udp_preference_limit = 9000\n allow_weak_crypto = true\n[realms]\n LAB.EXAMPLE = {\n  kdc = 127.0.0.1:88\n }\n")
        kdc = lab.write("kdc.conf", f"[kdcdefaults]\n kdc_listen = 127.0.0.1:88\n kdc_tcp_listen = \"\"\n[realms]\n LAB.EXAMPLE = {{\n  database_name = {lab.folder}/principal\n  key_stash_file = {lab.folder}/stash\n  acl_file = {lab.folder}/acl\n  max_renewable_life = 7d\n }}\n[logging]\n kdc = FILE:{lab.folder}/kdc.log\n")
        os.environ |= {"KRB5_CONFIG": config, "KRB5_KDC_PROFILE": kdc}
        run("kdb5_util", "create", "-s", "-r", "LAB.EXAMPLE", "-P", "not-a-secret")
        commands = "".join(f"addprinc -pw not-a-secret {'+requires_preauth ' if number % 3 else ''}{name}\n" for number, name in enumerate(WORDS[:8]))
        commands += "".join(f"addprinc -randkey {service}/{name}.lab.example\n" for service in ("host", "http", "nfs") for name in WORDS[8:11])
        commands += f"modprinc -allow_tix {WORDS[6]}\nmodprinc -expire 2020-01-01 {WORDS[7]}\n"
        run("kadmin.local", "-r", "LAB.EXAMPLE", data=commands.encode())
        lab.serve(["krb5kdc", "-n", "-r", "LAB.EXAMPLE"])
        for client in range(2, 34):
            come_from(client)
            os.environ["KRB5CCNAME"] = f"FILE:{lab.folder}/cache{client}"
            name = dice.choice(WORDS[:9])
            word = "wrong" if client % 7 == 0 else "not-a-secret"
            run("kinit", *dice.choice([[], ["-f"], ["-p"], ["-r", "2d"], ["-l", "1h"], ["-a"], ["-C"]]), name, data=f"{word}\n".encode())
            for _ in range(dice.randint(1, 3)):
                dice.choice(
                    [
                        lambda: run("kvno", f"{dice.choice(['host', 'http', 'nfs', 'ftp'])}/{dice.choice(WORDS[8:12])}.lab.example"),
                        lambda: run("kvno", *[f"{service}/{dice.choice(WORDS[8:11])}.lab.example" for service in ("host", "http")]),
                        lambda: run("kvno", "-e", dice.choice(["aes128-cts", "aes256-cts"]), f"nfs/{dice.choice(WORDS[8:11])}.lab.example"),
                        lambda: run("kinit", "-R"),
                    ]
                )()


def rpkirtr():
    dice = random.Random(323)
    with third("rpkirtr", "tcp port 323") as lab:

        def cache():
            roas = [{"prefix": f"10.{dice.randint(0, 255)}.{dice.randint(0, 3) * 64}.0/{dice.choice([18, 20, 24])}", "maxLength": 24, "asn": dice.randint(64496, 64511), "ta": "lab", "expires": 4000000000} for _ in range(dice.randint(5, 12))]
            roas += [{"prefix": f"fd00:{dice.randint(1, 99)}::/{dice.choice([32, 48])}", "maxLength": dice.choice([48, 64]), "asn": dice.randint(64496, 64511), "ta": "lab", "expires": 4000000000} for _ in range(dice.randint(2, 6))]
            lab.write("rpki.json", json.dumps({"metadata": {"generated": 1700000000, "valid": "2030-01-01T00:00:00Z"}, "roas": roas}))

        cache()
        lab.serve(["stayrtr", "-bind", "127.0.0.1:323", "-cache", str(lab.folder / "rpki.json"), "-checktime=false", "-refresh", "2", "-metrics.addr", "", "-rtr.refresh", "5", "-rtr.retry", "3", "-rtr.expire", "600"], 323)
        for client in range(2, 12):
            come_from(client)
            config = f"log stderr all;\nrouter id 10.9.0.{client};\nroa4 table four;\nroa6 table six;\nprotocol device {{\n}}\nprotocol rpki up {{\n roa4 {{ table four; }};\n roa6 {{ table six; }};\n remote 127.0.0.1 port 323;\n retry keep 3;\n refresh keep {dice.choice([4, 6, 9])};\n expire keep 600;\n transport tcp;\n}}\n"
            lab.serve(["bird", "-f", "-c", lab.write(f"bird{client}.conf", config), "-s", f"{lab.folder}/control{client}", "-P", f"{lab.folder}/pid{client}"])
            if client % 3 == 0:
                cache()
            if client % 2:
                time.sleep(1)
                run("birdc", "-s", f"{lab.folder}/control{dice.randint(2, client)}", dice.choice(["restart", "restart", "reload"]), "up")
        number = lambda *values: struct.pack(">BBHI", *values)
        # What a router asks that has another version, an old serial, or nothing to say.
        for client in range(12, 24):
            talk = Talk(323, client)
            for _ in range(2):
                with contextlib.suppress(ConnectionError):
                    talk.say(dice.choice([number(client % 2, 2, 0, 8), number(client % 2, 1, dice.getrandbits(16), 12) + struct.pack(">I", dice.randint(0, 9)), number(1, 2, 0, 8), number(0, 10, dice.choice([0, 4, 6]), 16) + bytes(8)]))
            talk.close()


def ninep():
    dice = random.Random(564)
    with third("ninep", "tcp port 564") as lab:
        root = lab.folder / "root"
        for room in WORDS[:4]:
            for name in dice.sample(WORDS, 4):
                lab.write(f"root/{room}/{name}.txt", "".join(f"{some(dice, dice.randint(2, 9))}\n" for _ in range(dice.randint(1, 6))))
        lab.serve(with_names(lab, ["diod", "-f", "-n", "-e", str(root), "-l", "127.0.0.1:564", "-c", "/dev/null"]), 564)
        for client in range(2, 24):
            come_from(client)
            for _ in range(2):
                room = dice.choice(WORDS[:5])
                files = sorted(path.name for path in (root / room).glob("*")) or [f"{dice.choice(WORDS)}.txt"]
                own = ["-s", "127.0.0.1:564", "-a", str(root)]
                dice.choice(
                    [
                        lambda: run("diodls", *own, *dice.choice([["-l"], []]), room),
                        lambda: run("diodls", *own, "-l"),
                        lambda: run("diodcat", *own, f"{room}/{dice.choice(files)}"),
                        lambda: run("diodcat", *own, *[f"{room}/{name}" for name in files[:2]]),
                        lambda: run("diodcat", *own, f"{room}/none"),
                    ]
                )()


ALL = [nbd, iscsi, kerberos, rpkirtr, ninep]
