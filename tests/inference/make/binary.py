"""Captures of binary protocols, of TLS and of noise: real servers, and their own clients where there are some."""

import contextlib
import os
import random
import socket
import struct
import subprocess
import time

from lab import Lab
from lab import Talk
from lab import run
from words import WORDS
from words import some


def dns():
    dice = random.Random(53)
    with Lab("dns", "udp port 53") as lab:
        hosts = "".join(f"address=/{name}.example.org/127.0.{n}.{n + 9}\n" for n, name in enumerate(WORDS))
        records = "txt-record=info.example.org,some words of text\nmx-host=example.org,mail.example.org,10\nsrv-host=_ldap._tcp.example.org,ldap.example.org,389\n"
        records += "address=/six.example.org/fd00::17\nptr-record=9.0.0.127.in-addr.arpa,nine.example.org\ncname=www.example.org,amber.example.org\nhost-record=amber.example.org,127.0.0.77\n"
        config = lab.write("dnsmasq.conf", f"no-resolv\nno-hosts\nno-daemon\nlisten-address=127.0.0.1\nbind-interfaces\nauth-ttl=300\nlocal=/example.org/\nlocal-ttl=120\n{hosts}{records}")
        lab.serve(["dnsmasq", "-C", config])
        for client in range(2, 82):
            names = [f"{dice.choice(WORDS)}.example.org A", f"{dice.choice(WORDS)}.{dice.choice(WORDS)}.example.org A", "info.example.org TXT", "example.org MX", "_ldap._tcp.example.org SRV"]
            names += ["six.example.org AAAA", f"{dice.choice(WORDS)}.example.org AAAA", "9.0.0.127.in-addr.arpa PTR", "www.example.org A", f"{dice.choice(WORDS)}.example.net A", "none.example.org MX"]
            for question in dice.sample(names, 3):
                extra = dice.choice([[], ["+noedns"], ["+norecurse"], ["+noadflag"]])
                run("dig", "-b", f"127.0.0.{client % 9 + 2}", "@127.0.0.1", "+tries=1", *extra, *question.split())


def ntp():
    with Lab("ntp", "udp port 123") as lab:
        common = f"cmdport 0\nbindcmdaddress /\npidfile {lab.folder}/NAME.pid\ndriftfile {lab.folder}/NAME.drift\n"
        server = lab.write("server.conf", common.replace("NAME", "server") + "local stratum 3\nallow 127/8\nbindaddress 127.0.0.1\nratelimit interval 1 burst 4 leak 1\n")
        lab.serve(["chronyd", "-x", "-d", "-u", "root", "-f", server])
        for client in range(2, 6):
            kind = ["server 127.0.0.1 minpoll -1 maxpoll -1", "server 127.0.0.1 minpoll -1 maxpoll -1 xleave", "server 127.0.0.1 version 3 minpoll 0 maxpoll 0", "peer 127.0.0.1 minpoll 1 maxpoll 1"]
            name = f"client{client}"
            text = common.replace("NAME", name) + f"{kind[client - 2]}\nport {'123' if client == 5 else '0'}\nbindaddress 127.0.0.{client}\nbindacqaddress 127.0.0.{client}\n"
            lab.serve(["chronyd", "-x", "-d", "-u", "root", "-f", lab.write(f"{name}.conf", text)])
        time.sleep(45)


def modbus():
    from pymodbus.client import ModbusTcpClient

    dice = random.Random(502)
    code = (
        "from pymodbus.server import StartTcpServer\nfrom pymodbus.datastore import *\n"
        "block = lambda: ModbusSequentialDataBlock(0, [n * 7 % 1000 for n in range(200)])\n"
        "slave = lambda: ModbusSlaveContext(di=block(), co=block(), hr=block(), ir=block())\n"
        "StartTcpServer(context=ModbusServerContext(slaves={1: slave(), 2: slave(), 3: slave()}, single=False), address=('127.0.0.1', 502))\n"
    )
    with Lab("modbus", "tcp port 502") as lab:
        lab.serve(["python3", lab.write("server.py", code)], 502)
        for client in range(2, 9):
            talk = ModbusTcpClient("127.0.0.1", port=502, source_address=(f"127.0.0.{client}", 0), timeout=1)
            talk.connect()
            for _ in range(30):
                at, count, slave = dice.randint(0, 120), dice.randint(1, 12), dice.randint(1, 3)
                with contextlib.suppress(Exception):
                    dice.choice(
                        [
                            lambda: talk.read_coils(at, count, slave),
                            lambda: talk.read_discrete_inputs(at, count, slave),
                            lambda: talk.read_holding_registers(at, count, slave),
                            lambda: talk.read_input_registers(at, count, slave),
                            lambda: talk.write_coil(at, dice.random() < 0.5, slave),
                            lambda: talk.write_register(at, dice.randint(0, 4000), slave),
                            lambda: talk.write_coils(at, [dice.random() < 0.5 for _ in range(count)], slave),
                            lambda: talk.write_registers(at, [dice.randint(0, 4000) for _ in range(count)], slave),
                            lambda: talk.read_holding_registers(at + 400, count, slave),
                            lambda: talk.mask_write_register(at, 0xF2, 0x25, slave),
                        ]
                    )()
            talk.close()


def mqtt():
    import paho.mqtt.client as paho

    dice = random.Random(1883)
    with Lab("mqtt", "tcp port 1883") as lab:
        lab.serve(["mosquitto", "-c", lab.write("m.conf", "listener 1883 127.0.0.1\nallow_anonymous true\n")], 1883)
        for client in range(2, 16):
            talk = paho.Client(f"lab-{dice.choice(WORDS)}-{client}", clean_session=client % 2 == 0)
            if client % 3 == 0:
                talk.username_pw_set(dice.choice(WORDS), "not-a-secret")
            if client % 4 == 0:
                talk.will_set(f"gone/{client}", some(dice, 2), qos=1)
            talk.connect("127.0.0.1", 1883, keepalive=dice.choice([15, 30, 60]), bind_address=f"127.0.0.{client}")
            talk.loop_start()
            time.sleep(0.1)
            for room in dice.sample(WORDS, 2):
                talk.subscribe(f"home/{room}/#", dice.randint(0, 2))
            for _ in range(12):
                talk.publish(f"home/{dice.choice(WORDS)}/{dice.choice(['temperature', 'light', 'door'])}", dice.choice([str(dice.randint(-9, 40)), some(dice, 3), "{\"on\": true}"]), dice.randint(0, 2), dice.random() < 0.2)
                time.sleep(0.03)
            talk.unsubscribe(f"home/{dice.choice(WORDS)}/#")
            talk._send_pingreq()
            time.sleep(0.2)
            talk.disconnect()
            talk.loop_stop()


def snmp():
    dice = random.Random(161)
    with Lab("snmp", "udp port 161") as lab:
        config = lab.write("snmpd.conf", "agentAddress udp:127.0.0.1:161\nrocommunity public\nrwcommunity private\nsysLocation lab\nsysContact a@lab.example\n")
        lab.serve(["snmpd", "-f", "-C", "-c", config, "-p", f"{lab.folder}/pid", "-I", "system_mib,ifTable,snmp_mib,udp"])
        for client in range(2, 42):
            version, target = dice.choice(["1", "2c"]), ["127.0.0.1"]
            head = ["-v", version, "-r", "0", "-t", "1", "-Cr5"][:-1]
            oid = dice.choice(["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.11.1.0", "1.3.6.1.2.1.1.99.0", "1.3.6.1.2.1.1.2.0"])
            run("snmpget", *head, "-c", "public", *target, oid, dice.choice(["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.4.0"]))
            run("snmpgetnext", *head, "-c", "public", *target, oid)
            if client % 3 == 0:
                run("snmpbulkget", "-v", "2c", "-r", "0", "-t", "1", f"-Cr{dice.randint(1, 6)}", "-c", "public", *target, oid)
            if client % 3 == 1:
                run("snmpset", *head, "-c", "private", *target, "1.3.6.1.2.1.1.6.0", "s", some(dice, 2))
            if client % 10 == 0:
                run("snmpwalk", *head, "-c", "public", *target, "1.3.6.1.2.1.1")
            if client % 8 == 0:
                run("snmpget", *head, "-c", "wrong", *target, oid)


def radius():
    dice = random.Random(1812)
    with Lab("radius", "udp port 1812") as lab:
        subprocess.run(["cp", "-r", "/etc/freeradius/3.0", str(lab.folder / "raddb")], check=True)
        users = "".join(f'{name} Cleartext-Password := "not-a-secret-{name}"\n\tReply-Message = "Hello, {name}", Framed-IP-Address = 127.0.9.{n + 1}, Session-Timeout = {n * 60 + 60}\n\n' for n, name in enumerate(WORDS[:10]))
        lab.write("raddb/mods-config/files/authorize", users)
        lab.write("raddb/clients.conf", "client lab {\n ipaddr = 127.0.0.0/8\n secret = not-a-secret\n}\n")
        for unused in ["sites-enabled/inner-tunnel", "sites-enabled/default", "mods-enabled/eap"]:
            (lab.folder / "raddb" / unused).unlink(missing_ok=True)
        site = "authorize {\n files\n chap\n pap\n}\nauthenticate {\n Auth-Type PAP {\n pap\n }\n Auth-Type CHAP {\n chap\n }\n}\n"
        lab.write("raddb/sites-enabled/lab", f"server default {{\nlisten {{\n type = auth\n ipaddr = 127.0.0.1\n port = 1812\n}}\n{site}}}\n")
        subprocess.run(["sed", "-i", "s/^\\([[:space:]]*\\)\\(user\\|group\\) = freerad/\\1# /; s/reject_delay = 1/reject_delay = 0/", str(lab.folder / "raddb/radiusd.conf")], check=True)
        subprocess.run(["chmod", "-R", "a+rX", str(lab.folder)], check=True)
        lab.serve(["freeradius", "-f", "-l", "stdout", "-d", str(lab.folder / "raddb")])
        time.sleep(3)
        for client in range(120):
            name = dice.choice(WORDS[:10])
            word = "wrong" if client % 6 == 0 else f"not-a-secret-{name}"
            way = "CHAP-Password" if client % 4 == 1 else "User-Password"
            port = f", NAS-Port = {dice.randint(1, 4000)}" if client % 3 else ""
            text = f'User-Name = "{name}", {way} = "{word}", NAS-IP-Address = 127.0.0.{client % 7 + 2}, Called-Station-Id = "{dice.choice(WORDS)}"{port}, Message-Authenticator = 0x00\n'
            if client % 10 == 9:
                run("radclient", "-r", "1", "-t", "1", "127.0.0.1:1812", "status", "not-a-secret", data=b"Message-Authenticator = 0x00\n")
            run("radclient", "-r", "1", "-t", "1", "127.0.0.1:1812", "auth", "not-a-secret", data=text.encode())


def postgres():
    dice = random.Random(5432)
    programs = "/usr/lib/postgresql/15/bin"
    with Lab("postgres", "tcp port 5432") as lab:
        data = lab.folder / "data"
        asked = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        run(*asked, f"{programs}/initdb", "-D", str(data), "-A", "trust", "-U", "lab")
        lab.serve([*asked, f"{programs}/postgres", "-D", str(data), "-h", "127.0.0.1", "-k", str(data)], 5432)
        time.sleep(1)
        psql = ["psql", "-q", "-h", "127.0.0.1", "-U", "lab", "postgres"]
        run(*psql, "-c", "create table t (id int, name text, at timestamp)")
        for _ in range(14):
            text = ""
            for _ in range(5):
                text += dice.choice(
                    [
                        f"insert into t values ({dice.randint(1, 999)}, '{some(dice, 2)}', now());\n",
                        f"select * from t where id > {dice.randint(700, 999)} limit 4;\n",
                        f"select name, count(*) from t group by name limit {dice.randint(1, 4)};\n",
                        f"update t set name = '{some(dice, 1)}' where id = {dice.randint(1, 999)};\n",
                        f"select wrong from t{dice.randint(1, 9)};\n",
                        f"begin; delete from t where id < {dice.randint(1, 50)}; commit;\n",
                    ]
                )
            run(*psql, data=text.encode())


def memcache_binary():
    dice = random.Random(24)
    with Lab("memcache_binary", "tcp port 11212") as lab:
        lab.serve(["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", "11212", "-U", "0"], 11212)
        for client in range(2, 10):
            talk = Talk(11212, client)
            for number in range(24):
                key, value = f"{dice.choice(WORDS)}{dice.randint(1, 9)}".encode(), some(dice, dice.randint(1, 5)).encode()
                operation = dice.choice([0, 0, 0, 1, 1, 2, 4, 5, 10, 11, 14])
                extras = {1: struct.pack(">II", dice.randint(0, 9), 60), 2: struct.pack(">II", dice.randint(0, 9), 0), 5: struct.pack(">QQI", 1, dice.randint(0, 50), 0)}.get(operation, b"")
                key, value = (b"" if operation in (10, 11) else key), (value if operation in (1, 2, 14) else b"")
                body = extras + key + value
                talk.say(struct.pack(">BBHBBHIIQ", 0x80, operation, len(key), len(extras), 0, 0, len(body), dice.getrandbits(32), 0) + body)
            talk.close()


def dhcp():
    """A relay asks for many clients, so that all of it has loopback addresses."""
    dice = random.Random(67)
    with Lab("dhcp", "udp port 67") as lab:
        config = lab.write("dnsmasq.conf", f"port=0\nbind-interfaces\nno-daemon\ndhcp-authoritative\nno-ping\ndhcp-range=127.0.9.10,127.0.9.250,255.255.255.0,1h\ndhcp-leasefile={lab.folder}/leases\ndhcp-option=option:router,127.0.9.1\ndomain=lab.example\n")
        lab.serve(["dnsmasq", "-C", config])
        relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        relay.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        relay.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        relay.bind(("127.0.9.1", 67))
        relay.settimeout(4)
        option = lambda number, value: bytes([number, len(value)]) + value

        def ask(kind, xid, mac, own, options):
            head = struct.pack(">BBBBIHH4s4s4s4s16s192x4s", 1, 1, 6, 1, xid, dice.randint(0, 4), 0, own, bytes(4), bytes(4), bytes([127, 0, 9, 1]), mac, b"\x63\x82\x53\x63")
            relay.sendto(head + option(53, bytes([kind])) + option(61, b"\x01" + mac) + options + b"\xff", ("127.0.0.1", 67))
            with contextlib.suppress(TimeoutError):
                return relay.recv(1500)

        for client in range(40):
            xid, mac, none = dice.getrandbits(32), bytes([2, 0, 0, 0, 1, client]), bytes(4)
            wishes = option(12, dice.choice(WORDS).encode()) * (client % 3 > 0) + option(55, bytes(dice.sample([1, 3, 6, 12, 15, 28, 42, 51], dice.randint(3, 7))))
            offer = ask(1, xid, mac, none, wishes)
            if not offer:
                continue
            own = offer[16:20]
            server = option(54, bytes([127, 0, 0, 1]))
            ask(3, xid, mac, none, server + option(50, own if client % 6 else bytes([127, 0, 8, 8])) + wishes)
            if client % 4 == 0:
                relay.settimeout(0.2)
                ask(7, dice.getrandbits(32), mac, own, server)
                relay.settimeout(4)
            if client % 5 == 0:
                ask(8, dice.getrandbits(32), mac, own, wishes)


def tls():
    dice = random.Random(443)
    with Lab("tls", "tcp port 4433") as lab:
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9000", "-subj", "/CN=lab.example", "-keyout", f"{lab.folder}/key", "-out", f"{lab.folder}/cert")
        lab.serve(["openssl", "s_server", "-port", "4433", "-key", f"{lab.folder}/key", "-cert", f"{lab.folder}/cert", "-quiet", "-rev"], 4433)
        for client in range(8):
            version = ["-tls1_3", "-tls1_2"][client % 2]
            with subprocess.Popen(["openssl", "s_client", "-quiet", version, "-connect", "127.0.0.1:4433"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as talk:
                time.sleep(0.2)
                for _ in range(14):
                    talk.stdin.write(some(dice, dice.randint(1, 20)).encode() + b"\n")
                    talk.stdin.flush()
                    time.sleep(0.02)
                talk.stdin.close()
                time.sleep(0.2)
                talk.terminate()


def noise():
    """Random datagrams both ways, of one length and of many, and a random stream."""
    for name, what, sizes in [("noise_fixed", "udp port 9001", (100, 100)), ("noise_datagrams", "udp port 9002", (20, 120))]:
        dice = random.Random(9000)
        with Lab(name, what):
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind(("127.0.0.1", int(what.split()[-1])))
            for client in range(2, 8):
                asks = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                asks.bind((f"127.0.0.{client}", 0))
                for _ in range(50):
                    asks.sendto(dice.randbytes(dice.randint(*sizes)), server.getsockname())
                    server.sendto(dice.randbytes(dice.randint(*sizes)), server.recvfrom(2000)[1])
    dice = random.Random(9003)
    with Lab("noise_stream", "tcp port 9003"):
        listening = socket.create_server(("127.0.0.1", 9003))
        for client in range(2, 8):
            talk = Talk(9003, client)
            other, _ = listening.accept()
            for _ in range(40):
                talk.say(dice.randbytes(dice.randint(20, 300)), hear=False)
                time.sleep(0.01)
                other.recv(9000)
                other.sendall(dice.randbytes(dice.randint(20, 300)))
                time.sleep(0.01)
                talk.socket.recv(9000)
            talk.close()
            other.close()


ALL = [dns, ntp, modbus, mqtt, snmp, radius, postgres, memcache_binary, dhcp, tls, noise]
