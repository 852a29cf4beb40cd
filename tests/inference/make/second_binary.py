"""The second held-out set, binary: recorded without a look at the algorithms, of servers that none of them had seen."""

import contextlib
import random
import socket
import struct
import time

from lab import run
from lab import second
from words import WORDS
from words import some


def mysql():
    import pymysql

    dice = random.Random(3306)
    with second("mysql", "tcp port 3306") as lab:
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
    with second("stun", "udp port 3478") as lab:
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
    with second("gearman", "tcp port 4730") as lab:
        lab.serve(["gearmand", "--listen=127.0.0.1", "--port=4730", "--log-file=stderr", "--verbose=ERROR"], 4730)
        own = ["gearman", "-h", "127.0.0.1", "-p", "4730"]
        for number, work in enumerate(["wc -c", "rev", "cat", "sort", "false"]):
            lab.serve([*own, "-w", *(["-n"] if number == 3 else []), "-f", WORDS[number], "-c", "60", *work.split()])
        for _ in range(60):
            name = dice.choice(WORDS[:5])
            way = dice.choice([[], [], ["-b"], ["-I"], ["-L"], ["-I", "-b"], ["-L", "-b"], ["-n"], ["-u", dice.choice(WORDS)]])
            run("timeout", "5", *own, *way, "-f", name, data="\n".join(some(dice, dice.randint(1, 4)) for _ in range(dice.randint(1, 3))).encode())


def bgp():
    dice = random.Random(179)
    with second("bgp", "tcp port 179") as lab:
        # All addresses are of one namespace, so that all of it stays on its loopback.
        for number in range(1, 13):
            run("ip", "address", "add", f"10.9.0.{number}/32", "dev", "lo")
        base = "log stderr all;\nprotocol device {\n}\n"
        ways = ["", "enable extended messages;", "graceful restart on;", "", "enable route refresh off;", "add paths on"]

        def routes(client):
            text = ""
            for _ in range(dice.randint(2, 7)):
                about = dice.sample([f"bgp_path.prepend({dice.randint(64000, 64400)});", f"bgp_med = {dice.randint(1, 900)};", f"bgp_community.add((64500, {dice.randint(1, 99)}));", "bgp_origin = ORIGIN_INCOMPLETE;", f"bgp_large_community.add((64500, {client}, {dice.randint(1, 9)}));"], dice.randint(0, 3))
                text += f" route 10.{dice.randint(100, 130)}.{dice.choice([0, 64, 128])}.0/{dice.choice([18, 20, 24])} blackhole {{ {' '.join(about)} }};\n"
            return text

        def config(client):
            way = ways[client % 6]
            paths, way = (" add paths on;", "") if "paths" in way else ("", way)
            six = f"protocol static six {{\n ipv6;\n route fd00:{client}:{dice.randint(1, 99)}::/48 blackhole;\n}}\n" if client % 4 == 1 else ""
            family = f" ipv6 {{ import all; export all; next hop address fd00::{client}; }};\n" if six else ""
            return (
                f"{base}router id 10.9.0.{client};\nprotocol static four {{\n ipv4;\n{routes(client)}}}\n{six}"
                f"protocol bgp up {{\n local 10.9.0.{client} as {64500 + (client if client != 7 else 99)};\n neighbor 10.9.0.1 as 64500;\n multihop;\n strict bind yes;\n hold time {dice.choice([3, 9, 30, 90])};\n"
                f" connect delay time 1;\n connect retry time 1;\n error wait time 1, 2;\n {way}\n ipv4 {{ import all; export all;{paths} }};\n{family}}}\n"
            )

        peers = "".join(
            f"protocol bgp p{client} {{\n local 10.9.0.1 as 64500;\n neighbor 10.9.0.{client} as {64500 + client};\n multihop;\n strict bind yes;\n passive yes;\n error wait time 1, 2;\n"
            f" ipv4 {{ import all; export where net ~ [10.100.0.0/14+]; add paths on; }};\n ipv6 {{ import all; export all; next hop address fd00::1; }};\n}}\n"
            for client in range(2, 13)
        )
        control = lambda client: str(lab.folder / f"control{client}")
        ask = lambda client, *words: run("birdc", "-s", control(client), *words)
        lab.serve(["bird", "-f", "-c", lab.write("bird1.conf", f"{base}router id 10.9.0.1;\n{peers}"), "-s", control(1), "-P", str(lab.folder / "pid1")], 179)
        for client in range(2, 13):
            lab.serve(["bird", "-f", "-c", lab.write(f"bird{client}.conf", config(client)), "-s", control(client), "-P", str(lab.folder / f"pid{client}")])
        time.sleep(6)
        for _ in range(26):
            client = dice.randint(2, 12)
            [
                lambda: ask(client, "restart", "up"),
                lambda: ask(client, "reload", "in", "up"),
                lambda: ask(1, "reload", "in", f"p{client}"),
                lambda: ask(1, "restart", f"p{client}"),
                lambda: (lab.write(f"bird{client}.conf", config(client)), ask(client, "configure", "soft")),
                lambda: (lab.write(f"bird{client}.conf", config(client)), ask(client, "configure")),
            ][dice.choice([0, 1, 2, 3, 4, 5])]()
            time.sleep(0.7)
        time.sleep(4)


IEC_POINTS = "[(11, 'M_SP_NA_1', True), (12, 'M_ME_NC_1', 20.5), (13, 'M_DP_NA_1', c104.Double.ON), (14, 'M_ME_NB_1', c104.Int16(7)), (15, 'M_SP_TB_1', False), (16, 'M_ME_TF_1', 230.25), (17, 'M_IT_NA_1', None), (18, 'M_BO_NA_1', c104.Byte32(9))]"
IEC_ORDERS = "[(21, 'C_SC_NA_1'), (22, 'C_DC_NA_1'), (23, 'C_SE_NC_1'), (24, 'C_SE_NB_1'), (25, 'C_RC_NA_1'), (26, 'C_SC_TA_1')]"
IEC_SERVER = """
import c104, random, time
dice = random.Random(1)
server = c104.Server(ip="127.0.0.1", port=2404, tick_rate_ms=50)
points = []
def obey(point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage) -> c104.ResponseState:
    return c104.ResponseState.SUCCESS if dice.random() < 0.8 else c104.ResponseState.FAILURE
for common in (47, 48, 600):
    station = server.add_station(common_address=common)
    for address, kind, value in POINTS:
        point = station.add_point(io_address=address + common % 5 * 1000, type=getattr(c104.Type, kind), report_ms=dice.choice([0, 0, 900]))
        if value is not None:
            point.value = value
        points.append((point, value))
    for address, kind in ORDERS:
        station.add_point(io_address=address, type=getattr(c104.Type, kind)).on_receive(callable=obey)
server.start()
while True:
    time.sleep(0.15)
    point, value = dice.choice(points)
    if isinstance(value, bool):
        point.value = dice.random() < 0.5
    elif isinstance(value, float):
        point.value = value + dice.randint(-40, 40) / 8
    elif isinstance(value, c104.Int16):
        point.value = c104.Int16(dice.randint(-900, 900))
    if server.has_active_connections and value is not None:
        point.transmit(cause=c104.Cot.SPONTANEOUS)
"""
IEC_CLIENT = """
import c104, random, sys, time
dice = random.Random(int(sys.argv[1]))
client = c104.Client(tick_rate_ms=50, command_timeout_ms=1000)
talk = client.add_connection(ip="127.0.0.1", port=2404, init=dice.choice([c104.Init.ALL, c104.Init.NONE, c104.Init.INTERROGATION, c104.Init.CLOCK_SYNC]))
common = dice.choice([47, 48, 600, 9])
station = talk.add_station(common_address=common)
orders = [station.add_point(io_address=address + dice.choice([0, 0, 0, 50]), type=getattr(c104.Type, kind)) for address, kind in ORDERS]
values = [True, c104.Double.ON, dice.randint(0, 90) / 4, c104.Int16(dice.randint(-99, 99)), c104.Step.HIGHER, False]
reads = [station.add_point(io_address=address + common % 5 * 1000, type=getattr(c104.Type, kind)) for address, kind, _ in POINTS]
client.start()
for _ in range(30):
    time.sleep(0.05)
    if talk.is_connected:
        break
for _ in range(5):
    step = dice.randint(0, 7)
    if step == 0:
        talk.interrogation(common_address=common)
    elif step == 1:
        talk.counter_interrogation(common_address=common)
    elif step == 2:
        talk.clock_sync(common_address=common)
    elif step == 3:
        talk.test(common_address=common, with_time=dice.random() < 0.5)
    elif step == 4:
        dice.choice(reads).read()
    else:
        which = dice.randint(0, 5)
        orders[which].value = values[which]
        orders[which].transmit(cause=c104.Cot.ACTIVATION)
    time.sleep(dice.random() / 3)
client.stop()
"""


def iec104():
    with second("iec104", "tcp port 2404") as lab:
        fill = lambda text: text.replace("POINTS", IEC_POINTS).replace("ORDERS", IEC_ORDERS)
        lab.serve(["python3", lab.write("server.py", fill(IEC_SERVER))], 2404)
        client = lab.write("client.py", fill(IEC_CLIENT))
        for number in range(22):
            run("timeout", "20", "python3", client, str(number))


def amqp():
    import pika

    dice = random.Random(5672)
    with second("amqp", "tcp port 5672") as lab:
        config = lab.write("rabbitmq.conf", "listeners.tcp.1 = 127.0.0.1:5672\ndefault_user = lab\ndefault_pass = not-a-secret\nloopback_users = none\n")
        lab.write("plugins", "[].\n")
        folder = str(lab.folder)
        mine = ["env", f"HOME={folder}", "RABBITMQ_NODENAME=lab@localhost", f"RABBITMQ_MNESIA_BASE={folder}", f"RABBITMQ_LOG_BASE={folder}", f"RABBITMQ_CONFIG_FILE={config}", f"RABBITMQ_ENABLED_PLUGINS_FILE={folder}/plugins", "RABBITMQ_DIST_PORT=25672"]
        lab.serve(["epmd", "-address", "127.0.0.1"])
        lab.serve([*mine, "/usr/lib/rabbitmq/bin/rabbitmq-server"])
        for _ in range(60):
            time.sleep(1)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", 5672), 1):
                break
        time.sleep(3)
        for client in range(24):
            word = "wrong" if client % 8 == 7 else "not-a-secret"
            about = pika.ConnectionParameters("127.0.0.1", credentials=pika.PlainCredentials("lab", word), virtual_host="/" if client % 12 != 5 else dice.choice(WORDS), heartbeat=dice.choice([0, 10, 60]))
            try:
                talk = pika.BlockingConnection(about)
            except Exception:
                continue
            channel = talk.channel()
            queue, room = dice.choice(WORDS[:5]), dice.choice(WORDS[5:8])
            with contextlib.suppress(pika.exceptions.AMQPError):
                channel.exchange_declare(room, dice.choice(["direct", "topic", "fanout"]) if client > 6 and client % 6 == 0 else "topic")
                channel.queue_declare(queue, durable=False, arguments={"x-max-length": 9} if client % 5 == 4 else None)
                channel.queue_bind(queue, room, f"{dice.choice(WORDS)}.*")
            for _ in range(6):
                if channel.is_closed:
                    channel = talk.channel()
                key, body = f"{dice.choice(WORDS)}.{dice.choice(WORDS)}", some(dice, dice.randint(1, 7)).encode()
                said = dice.choice([{}, {"content_type": "text/plain", "delivery_mode": 1}, {"headers": {"kind": dice.choice(WORDS), "number": dice.randint(1, 99)}}, {"message_id": str(dice.randint(1, 999)), "expiration": "9000", "priority": 2}])
                with contextlib.suppress(pika.exceptions.AMQPError):
                    [
                        lambda: channel.basic_publish("", queue, body, pika.BasicProperties(**said)),
                        lambda: channel.basic_publish(room, key, body, pika.BasicProperties(**said)),
                        lambda: channel.basic_publish("", dice.choice(WORDS), body, pika.BasicProperties(**said), mandatory=True),
                        lambda: channel.basic_get(queue, auto_ack=dice.random() < 0.5),
                        lambda: [channel.basic_ack(one.delivery_tag) for one, _, _ in [channel.basic_get(queue)] if one],
                        lambda: [channel.basic_consume(queue, lambda *_: None, auto_ack=True), talk.process_data_events(0.1)],
                        lambda: channel.queue_declare(dice.choice(WORDS), passive=True),
                        lambda: channel.queue_purge(queue),
                        lambda: channel.basic_qos(prefetch_count=dice.randint(1, 9)),
                        lambda: channel.confirm_delivery(),
                        lambda: channel.queue_unbind(queue, room, key),
                    ][dice.randint(0, 10)]()
            with contextlib.suppress(pika.exceptions.AMQPError):
                talk.close()


def portmap():
    """The portmapper's protocol, of its successors what tshark knows, and calls that are refused, written by hand: no program asks for all of it."""
    dice = random.Random(111)
    number = lambda value: struct.pack(">I", value)
    string = lambda text: number(len(text)) + text.encode() + bytes(-len(text) % 4)
    with second("portmap", "udp port 111") as lab:
        lab.serve(["rpcbind", "-f", "-i"], 111)
        for client in range(2, 52):
            asks = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            asks.bind((f"127.0.0.{client}", 0))
            asks.connect(("127.0.0.1", 111))
            asks.settimeout(0.3)
            name, user = dice.choice(WORDS), dice.randint(0, 2000)
            for _ in range(8):
                program, version, port = dice.choice([100000, 100003, 100005, 100021, 390000 + dice.randint(0, 9)]), dice.randint(1, 4), dice.randint(600, 1023)
                mapping = number(program) + number(version) + number(dice.choice([6, 17]))
                service = number(program) + number(version) + string(dice.choice(["udp", "tcp"])) + string(f"127.0.0.1.{port // 256}.{port % 256}") + string(name)
                asked, procedure, body = dice.choice(
                    [
                        (2, 0, b""),
                        (2, 1, mapping + number(port)),
                        (2, 2, mapping + number(0)),
                        (2, 3, mapping + number(0)),
                        (2, 3, number(100000) + number(2) + number(17) + number(0)),
                        (2, 4, b""),
                        (2, 5, number(100000) + number(2) + number(dice.choice([0, 3])) + number(16) + mapping + number(0)),
                        (dice.choice([3, 4]), 3, service),
                        (dice.choice([3, 4]), 4, b""),
                        (7, 3, b""),
                        (2, 77, b""),
                        (2, 3, b"\0\0"),
                    ]
                )
                who = number(1) + number(16 + len(string(name)) + 4) + number(dice.getrandbits(31)) + string(name) + number(user) + number(user) + number(1) + number(user) if client % 3 == 0 else number(0) + number(0)
                asks.send(number(dice.getrandbits(32)) + number(0) + number(2) + number(100000) + number(asked) + number(procedure) + who + number(0) + number(0) + body)
                with contextlib.suppress(TimeoutError):
                    asks.recv(9000)


ALL = [mysql, stun, gearman, bgp, iec104, amqp, portmap]
