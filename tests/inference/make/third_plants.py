"""The third held-out set, binary: protocols of plants and of remote calls, whose both sides are of libraries in Python."""

import asyncio
import contextlib
import random
import struct
import sys

from lab import come_from
from lab import run
from lab import third
from words import WORDS
from words import some

OPCUA_SERVER = """
import asyncio, random, sys
from asyncua import Server, ua, uamethod
dice = random.Random(4840)
words = sys.argv[1:]
@uamethod
def double(parent, value):
    return value * 2
async def main():
    server = Server()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:4840/lab")
    server.set_server_name("Lab of Amber")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("http://lab.example")
    moving = []
    for name in words[:4]:
        room = await server.nodes.objects.add_object(space, name)
        for number, value in enumerate([1.5, 7, True, name]):
            one = await room.add_variable(ua.NodeId(f"{name}.{words[5 + number]}", space), words[5 + number], value)
            await one.set_writable()
            moving.append((one, value))
        await room.add_method(ua.NodeId(f"{name}.double", space), "double", double, [ua.VariantType.Int64], [ua.VariantType.Int64])
    async with server:
        while True:
            await asyncio.sleep(0.1)
            one, value = dice.choice(moving)
            if isinstance(value, float):
                await one.write_value(dice.randint(0, 900) / 8)
asyncio.run(main())
"""


def opcua():
    from asyncua import Client
    from asyncua import ua

    dice = random.Random(4840)

    class Told:
        def datachange_notification(self, *_):
            pass

    async def session(client):
        talk = Client("opc.tcp://127.0.0.1:4840/lab", timeout=3)
        talk.name = f"{dice.choice(WORDS)} {client}"
        talk.session_timeout = dice.choice([60000, 600000])
        node = lambda: talk.get_node(ua.NodeId(f"{dice.choice(WORDS[:5])}.{dice.choice(WORDS[5:9])}", 2))
        if client % 6 == 0:
            with contextlib.suppress(Exception):
                await talk.connect_and_get_server_endpoints()
            return
        await talk.connect()
        for _ in range(6):
            kind = dice.randint(0, 7)
            with contextlib.suppress(ua.UaError, asyncio.TimeoutError):
                if kind == 0:
                    await node().read_value()
                elif kind == 1:
                    await node().write_value(dice.choice([dice.randint(0, 99) / 4, dice.randint(0, 99), True, some(dice, 2)]))
                elif kind == 2:
                    await talk.nodes.objects.get_children()
                elif kind == 3:
                    name = dice.choice(WORDS[:4])
                    await talk.get_node(ua.NodeId(f"{name}.double", 2)).call_method(ua.NodeId(f"{name}.double", 2), dice.randint(1, 999))
                elif kind == 4:
                    await talk.nodes.objects.get_child([f"2:{dice.choice(WORDS[:5])}", f"2:{dice.choice(WORDS[5:9])}"])
                elif kind == 5:
                    await talk.read_values([talk.get_node(ua.NodeId(f"{dice.choice(WORDS[:4])}.{name}", 2)) for name in WORDS[5 : dice.randint(6, 9)]])
                elif kind == 6:
                    hears = await talk.create_subscription(100, Told())
                    await hears.subscribe_data_change(node())
                    await asyncio.sleep(0.3)
                    if client % 2:
                        await hears.delete()
                else:
                    await node().read_attributes([ua.AttributeIds.DisplayName, ua.AttributeIds.DataType, ua.AttributeIds.AccessLevel])
        await talk.disconnect()

    with third("opcua", "tcp port 4840") as lab:
        lab.serve([sys.executable, lab.write("server.py", OPCUA_SERVER), *WORDS], 4840)
        for client in range(2, 16):
            come_from(client)
            asyncio.run(session(client))


S7_SERVER = """
import ctypes, time
import snap7
from snap7.types import srvAreaDB, srvAreaMK, srvAreaPE, srvAreaPA, srvAreaTM, srvAreaCT
server = snap7.server.Server(log=False)
kept = []
for area, number, size in [(srvAreaDB, 1, 256), (srvAreaDB, 7, 128), (srvAreaMK, 0, 64), (srvAreaPE, 0, 64), (srvAreaPA, 0, 64), (srvAreaTM, 0, 64), (srvAreaCT, 0, 64)]:
    memory = (ctypes.c_uint8 * size)(*[(at * 7 + number) % 256 for at in range(size)])
    kept.append(memory)
    server.register_area(area, number, memory)
server.start_to("127.0.0.1", 102)
while True:
    time.sleep(1)
"""


def s7comm():
    import snap7
    from snap7.types import Areas
    from snap7.types import S7DataItem

    dice = random.Random(102)
    with third("s7comm", "tcp port 102") as lab:
        lab.serve([sys.executable, lab.write("server.py", S7_SERVER)], 102)
        for client in range(2, 24):
            come_from(client)
            talk = snap7.client.Client()
            talk.set_connection_type(dice.choice([1, 2, 3]))
            talk.connect("127.0.0.1", 0, dice.choice([1, 2]), 102)
            data = lambda size: bytearray(dice.randbytes(size))
            for _ in range(10):
                number, place, size = dice.choice([1, 1, 7, 9]), dice.randint(0, 90), dice.choice([1, 2, 4, 10, 24])
                with contextlib.suppress(RuntimeError):
                    [
                        lambda: talk.db_read(number, place, size),
                        lambda: talk.db_read(number, place, size),
                        lambda: talk.db_write(number, place, data(size)),
                        lambda: talk.mb_read(place // 2, size),
                        lambda: talk.read_area(dice.choice([Areas.PE, Areas.PA, Areas.MK]), 0, place // 2, size),
                        lambda: talk.write_area(Areas.MK, 0, place // 2, data(size)),
                        lambda: talk.read_area(dice.choice([Areas.TM, Areas.CT]), 0, place // 9, 2),
                        lambda: talk.get_cpu_info(),
                        lambda: talk.get_cpu_state(),
                        lambda: talk.get_plc_datetime(),
                        lambda: talk.list_blocks(),
                        lambda: talk.get_protection(),
                        lambda: talk.plc_stop(),
                        lambda: talk.plc_hot_start(),
                        lambda: talk.set_session_password(dice.choice(WORDS)[:8]),
                        lambda: talk.read_szl_list(),
                    ][dice.randint(0, 15)]()
            talk.disconnect()
            talk.destroy()


def enip():
    dice = random.Random(44818)
    with third("enip", "tcp port 44818") as lab:
        tags = [f"{WORDS[0]}=INT[50]", f"{WORDS[1]}=DINT[20]", f"{WORDS[2]}=REAL[30]", f"{WORDS[3]}=SINT[9]", f"{WORDS[4]}=SSTRING[3]"]
        lab.serve([sys.executable, "-m", "cpppo.server.enip", "--no-config", "-U", "-a", "127.0.0.1:44818", *tags], 44818)
        for client in range(2, 26):
            come_from(client)
            asked = []
            for _ in range(dice.randint(2, 6)):
                place = dice.randint(0, 8)
                asked.append(
                    dice.choice(
                        [
                            f"{WORDS[0]}[{place}-{place + dice.randint(0, 5)}]",
                            f"{WORDS[1]}[{place}]",
                            f"{WORDS[2]}[{place}-{place + 2}]",
                            f"{WORDS[1]}[{place}]=(DINT){dice.randint(0, 90000)}",
                            f"{WORDS[0]}[{place}-{place + 1}]=(INT){dice.randint(0, 900)},{dice.randint(0, 900)}",
                            f"{WORDS[2]}[{place}]=(REAL){dice.randint(0, 900) / 8}",
                            f"{WORDS[4]}[{place % 3}]",
                            f"{WORDS[3]}[{place}]=(SINT){dice.randint(0, 90)}",
                            f"@1/1/{dice.choice([1, 2, 6, 7])}",
                            f"@2/1/1",
                            f"{WORDS[9]}[{place}]",
                        ]
                    )
                )
            way = dice.sample([["-s"], ["-i"], ["-I"], ["-m"], ["-f"], ["-d", "2"]], dice.randint(0, 2))
            run("timeout", "10", sys.executable, "-m", "cpppo.server.enip.client", "-t", "1", "-a", "127.0.0.1:44818", *sum(way, []), *asked)


BACNET_SERVER = """
import random, sys
from bacpypes.app import BIPSimpleApplication
from bacpypes.core import run
from bacpypes.local.device import LocalDeviceObject
from bacpypes.object import AnalogInputObject, BinaryValueObject, CharacterStringValueObject
from bacpypes.local.object import AnalogValueCmdObject
from bacpypes.service.cov import ChangeOfValueServices
from bacpypes.service.object import ReadWritePropertyMultipleServices
class Application(BIPSimpleApplication, ReadWritePropertyMultipleServices, ChangeOfValueServices):
    pass
words = sys.argv[1:]
application = Application(LocalDeviceObject(objectName="lab", objectIdentifier=599, maxApduLengthAccepted=1024, segmentationSupported="noSegmentation", vendorIdentifier=15), "127.0.0.1/8")
for number in range(5):
    application.add_object(AnalogInputObject(objectIdentifier=("analogInput", number), objectName=words[number], presentValue=number * 1.5, units="degreesCelsius", statusFlags=[0, 0, 0, 0], covIncrement=1.0))
    application.add_object(AnalogValueCmdObject(objectIdentifier=("analogValue", number), objectName=words[number] + " value", presentValue=number * 2.5, statusFlags=[0, 0, 0, 0], covIncrement=1.0))
    application.add_object(BinaryValueObject(objectIdentifier=("binaryValue", number), objectName=words[number] + " switch", presentValue="inactive", statusFlags=[0, 0, 0, 0]))
run()
"""
BACNET_CLIENT = """
import random, sys, threading
from bacpypes.apdu import *
from bacpypes.app import BIPSimpleApplication
from bacpypes.constructeddata import Any
from bacpypes.core import run, stop, deferred
from bacpypes.iocb import IOCB
from bacpypes.local.device import LocalDeviceObject
from bacpypes.pdu import Address
from bacpypes.primitivedata import Real, CharacterString
client, words = int(sys.argv[1]), sys.argv[2:]
dice = random.Random(client)
application = BIPSimpleApplication(LocalDeviceObject(objectName=words[client % 20], objectIdentifier=client, maxApduLengthAccepted=1024, segmentationSupported="noSegmentation", vendorIdentifier=15), f"127.0.0.{client}/8")
threading.Thread(target=run, kwargs={"sigterm": None, "sigusr1": None}, daemon=True).start()
server = Address("127.0.0.1")
for _ in range(8):
    one = (dice.choice(["analogInput", "analogValue", "binaryValue"]), dice.randint(0, 5))
    name = dice.choice(["presentValue", "objectName", "statusFlags", "units", "description"])
    step = dice.randint(0, 9)
    if step < 3:
        request = ReadPropertyRequest(objectIdentifier=one, propertyIdentifier=name)
    elif step == 3:
        request = ReadPropertyRequest(objectIdentifier=("device", 599), propertyIdentifier=dice.choice(["objectName", "vendorName", "protocolVersion", "systemStatus", "objectList"]), propertyArrayIndex=dice.choice([0, 1, 4]) if dice.random() < 0.3 else None)
    elif step in (4, 5):
        request = WritePropertyRequest(objectIdentifier=("analogValue", one[1]), propertyIdentifier="presentValue", priority=dice.choice([8, 12, 16]))
        request.propertyValue = Any()
        request.propertyValue.cast_in(Real(dice.randint(0, 90) / 4) if step == 4 else CharacterString(dice.choice(words)))
    elif step in (6, 7):
        request = ReadPropertyMultipleRequest(listOfReadAccessSpecs=[ReadAccessSpecification(objectIdentifier=(kind, dice.randint(0, 4)), listOfPropertyReferences=[PropertyReference(propertyIdentifier=name) for name in dice.sample(["presentValue", "objectName", "statusFlags", "units"], dice.randint(1, 3))]) for kind in ["analogInput", "analogValue"][: dice.randint(1, 2)]])
    elif step == 8:
        request = SubscribeCOVRequest(subscriberProcessIdentifier=dice.randint(1, 9), monitoredObjectIdentifier=("analogValue", one[1]), issueConfirmedNotifications=dice.random() < 0.5, lifetime=dice.choice([30, 60]))
    else:
        request = WhoIsRequest(deviceInstanceRangeLowLimit=0, deviceInstanceRangeHighLimit=dice.choice([100, 4000]))
    request.pduDestination = server
    asked = IOCB(request)
    asked.set_timeout(2)
    deferred(application.request_io, asked)
    asked.wait(1 if step == 9 else 3)
stop()
"""


def bacnet():
    with third("bacnet", "udp port 47808 and not host 127.255.255.255") as lab:
        server, client = lab.write("server.py", BACNET_SERVER), lab.write("client.py", BACNET_CLIENT)
        lab.serve([sys.executable, server, *WORDS])
        for number in range(2, 32):
            run("timeout", "20", sys.executable, client, str(number), *WORDS)


THRIFT = """
enum Kind { QUIET = 1, LOUD = 2 }
struct Tree { 1: i32 number, 2: string name, 3: optional double height, 4: list<string> near, 5: optional Kind kind, 6: optional map<string, i64> counts, 7: bool old }
exception Missing { 1: string why, 2: i16 code }
service Grove {
    void ping(),
    i32 plant(1: Tree tree, 2: bool twice),
    Tree find(1: i32 number) throws (1: Missing missing),
    list<Tree> search(1: string word, 2: i16 most),
    i64 count(1: set<i32> numbers),
    binary draw(1: byte size),
    oneway void tell(1: string what)
}
"""
THRIFT_SERVER = """
import sys
import thriftpy2
from thriftpy2.rpc import make_server
lab = thriftpy2.load(sys.argv[1], module_name="lab_thrift")
class Grove:
    def __init__(self):
        self.trees = {}
    def ping(self):
        pass
    def plant(self, tree, twice):
        self.trees[tree.number] = tree
        return len(self.trees) * (2 if twice else 1)
    def find(self, number):
        if number not in self.trees:
            raise lab.Missing(why=f"no tree {number}", code=number % 90)
        return self.trees[number]
    def search(self, word, most):
        return [tree for tree in self.trees.values() if word in tree.near][:most]
    def count(self, numbers):
        return sum(numbers)
    def draw(self, size):
        return bytes(range(size))
    def tell(self, what):
        pass
make_server(lab.Grove, Grove(), "127.0.0.1", 9090, client_timeout=None).serve()
"""


def thrift():
    import thriftpy2
    from thriftpy2.rpc import make_client
    from thriftpy2.thrift import TApplicationException

    dice = random.Random(9090)
    with third("thrift", "tcp port 9090") as lab:
        source = lab.write("lab.thrift", THRIFT)
        lab.serve([sys.executable, lab.write("server.py", THRIFT_SERVER), source], 9090)
        types = thriftpy2.load(source, module_name="mine_thrift")
        # A method that the server does not have.
        more = thriftpy2.load(lab.write("more.thrift", THRIFT.replace("void ping(),", "void ping(), i32 cut(1: i32 number),")), module_name="more_thrift")
        for client in range(2, 24):
            come_from(client)
            talk = make_client((more if client % 6 == 0 else types).Grove, "127.0.0.1", 9090, timeout=3000)
            for _ in range(9):
                tree = types.Tree(number=dice.randint(1, 40), name=some(dice, 1), near=dice.sample(WORDS, dice.randint(0, 3)), old=dice.random() < 0.5)
                if dice.random() < 0.5:
                    tree.height, tree.kind = dice.randint(0, 900) / 8, dice.choice([1, 2])
                if dice.random() < 0.3:
                    tree.counts = {name: dice.randint(0, 9000) for name in dice.sample(WORDS, 2)}
                with contextlib.suppress(types.Missing, more.Missing, TApplicationException):
                    [
                        lambda: talk.ping(),
                        lambda: talk.plant(tree, dice.random() < 0.5),
                        lambda: talk.plant(tree, dice.random() < 0.5),
                        lambda: talk.find(dice.randint(1, 40)),
                        lambda: talk.find(dice.randint(1, 40)),
                        lambda: talk.search(dice.choice(WORDS), dice.randint(1, 3)),
                        lambda: talk.count({dice.randint(1, 900) for _ in range(dice.randint(0, 5))}),
                        lambda: talk.draw(dice.randint(0, 40)),
                        lambda: talk.tell(some(dice, dice.randint(1, 4))),
                        lambda: talk.cut(3) if client % 6 == 0 else talk.ping(),
                    ][dice.randint(0, 9)]()
            talk.close()


ALL = [opcua, s7comm, enip, bacnet, thrift]
