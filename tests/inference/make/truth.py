"""Reads what tshark says of the captures into ../truth/NAME.txt, so that the tests need no tshark (of the second held-out set: into
../second_sight/truth/NAME.txt, of the third into ../third_sight/truth/NAME.txt). One line a message:

client from start length type boundaries      (client's address and port; c or s; offset in the stream of its sender, over datagrams
counted up; direction and operation code; offsets where a field begins or ends, without 0)

Boundaries are where leaf fields start and end; bit fields are their bytes. A message that is not whole in one frame is left out.
"""

import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent.parent

# Name: port, protocols of a message in order, field that says its type, arguments of tshark.
CAPTURES = {
    "dns": (53, ["dns"], ["dns.flags.response", "dns.qry.type"], []),
    "ntp": (123, ["ntp"], ["ntp.flags.mode"], []),
    "modbus": (502, ["mbtcp", "modbus"], ["modbus.func_code"], []),
    "dhcp": (67, ["dhcp"], ["dhcp.option.dhcp"], []),
    "mqtt": (1883, ["mqtt"], ["mqtt.msgtype"], []),
    "snmp": (161, ["snmp"], ["snmp.data"], ["-o", "ber.show_internals:TRUE"]),
    "radius": (1812, ["radius"], ["radius.code"], []),
    "postgres": (5432, ["pgsql"], ["pgsql.type"], []),
    "coap": (5683, ["coap"], ["coap.code"], []),
    "ldap": (389, ["ldap"], ["ldap.protocolOp"], ["-o", "ber.show_internals:TRUE"]),
    "memcache_binary": (11212, ["memcache"], ["memcache.opcode"], ["-d", "tcp.port==11212,memcache"]),
}

# Of fields with | between them the first that is there tells the type; a protocol's own name is what is said in its line.
SECOND_SIGHT = {
    "mysql": (3306, ["mysql"], ["mysql.command|mysql.response_code|mysql.server_greeting|mysql.login_request|mysql"], []),
    "stun": (3478, ["stun"], ["stun.type|stun"], []),
    "bgp": (179, ["bgp"], ["bgp.type"], []),
    "iec104": (2404, ["iec60870_104", "iec60870_asdu"], ["iec60870_104.type", "iec60870_asdu.typeid|iec60870_104.utype"], []),
    "amqp": (5672, ["amqp"], ["amqp.type", "amqp.method.class", "amqp.method.method"], []),
    "portmap": (111, ["rpc", "portmap"], ["rpc.programversion", "rpc.procedure"], []),
    "gearman": (4730, ["gearman"], ["gearman.pkt_type"], []),
}

THIRD_SIGHT = {
    "nbd": (10809, ["nbd"], ["nbd.type"], []),
    "iscsi": (3260, ["iscsi", "scsi"], ["iscsi.opcode"], []),
    "kerberos": (88, ["kerberos"], ["kerberos.msg_type"], ["-o", "ber.show_internals:TRUE"]),
    "rpkirtr": (323, ["rpkirtr"], ["rpki-rtr.pdu_type"], []),
    "ninep": (564, ["9p"], ["9p.msgtype"], []),
    "opcua": (4840, ["opcua"], ["opcua.transport.type", "opcua.servicenodeid.numeric"], []),
    "s7comm": (102, ["tpkt", "cotp", "s7comm"], ["cotp.type", "s7comm.header.rosctr", "s7comm.param.func|s7comm.param.userdata.funcgroup"], []),
    "enip": (44818, ["enip", "cip", "cipcm", "cipcls", "cippccc"], ["enip.command", "cip.service"], []),
    "bacnet": (47808, ["bvlc", "bacnet", "bacapp"], ["bacapp.type", "bacapp.confirmed_service|bacapp.unconfirmed_service"], []),
    "thrift": (9090, ["thrift"], ["thrift.mtype", "thrift.method"], ["-d", "tcp.port==9090,thrift"]),
}

# Answers whose head and data are sent one after the other: tshark tells them in the frame that ends them.
IN_PIECES = {"nbd"}

# Messages whose padding to as many bytes tshark leaves out of some.
PADDED = {"iscsi": 4}

# Fields that tshark tells at a place that is not theirs: what they are inside of is a leaf.
MISPLACED = {"9p.paramsz"}

# Fields of which some are told at a place outside of what they are inside of.
ASTRAY = {"cip.msp.offset"}

# Edges of the specification inside what tshark tells as the bits of one number: the numbers sent and received, two bytes each.
MORE_EDGES = {"iec104": {"0x00000000": 4, "0x00000001": 4}}

# Where tshark tells fields without bytes at their place, behind their length: their place is an edge.
EMPTY_HAVE_PLACES = {"amqp"}


def leaves(field):
    inner = [child for child in field.iter("field") if child is not field and int(child.get("size") or 0) > 0 and child.get("name") not in MISPLACED]
    if not inner:
        yield field
    ends = int(field.get("pos") or 0) + int(field.get("size") or 0)
    for child in field:
        if child.get("name") in ASTRAY and int(child.get("pos")) >= ends:
            continue
        # A protocol may be inside of a field, as a service of CIP is inside of another.
        if child.tag in ("field", "proto"):
            yield from leaves(child)


def messages(frame, protocols):
    """Runs of the wanted protocols: a message begins at the first of them."""
    found = []
    for proto in frame.findall("proto"):
        if proto.get("name") == protocols[0]:
            found.append([proto])
        elif proto.get("name") in protocols and found:
            found[-1].append(proto)
    return found


def value(protos, names):
    said = []
    for name in names:
        found = (field for one in name.split("|") for proto in protos for field in proto.iter() if field.get("name") == one)
        field = next(found, None)
        said.append("none" if field is None else re.sub(r"\W+", "_", field.get("show") or field.get("showname") or ""))
    return "-".join(said)


def main(name):
    folder = HERE / "second_sight" if name in SECOND_SIGHT else HERE / "third_sight" if name in THIRD_SIGHT else HERE
    port, protocols, types, arguments = (CAPTURES | SECOND_SIGHT | THIRD_SIGHT)[name]
    command = ["tshark", "-r", str(folder / f"captures/{name}.pcap"), "-T", "pdml", *arguments]
    tree = ET.fromstring(subprocess.run(command, capture_output=True, check=True).stdout)
    sent, lines, left, told = {}, [], 0, set()
    for frame in tree:
        get = lambda name: next(field for field in frame.iter("field") if field.get("name") == name)
        transport = "udp" if frame.find("proto[@name='udp']") is not None else "tcp"
        if frame.find(f"proto[@name='{transport}']") is None:
            continue
        ports = [int(get(f"{transport}.{side}port").get("show")) for side in ["src", "dst"]]
        # Both may have the port of the service: the server has the first address.
        server = ports[0] == port and (ports[1] != port or get("ip.src").get("show") == "127.0.0.1")
        client = f"{get('ip.dst' if server else 'ip.src').get('show')}:{ports[1 if server else 0]}"
        payload = next((field for field in frame.iter("field") if field.get("name") == f"{transport}.payload"), None)
        if payload is None:
            continue
        first, size = int(payload.get("pos")), int(payload.get("size"))
        if transport == "udp":
            begin = sent.get((client, server), 0)
            sent[client, server] = begin + size
        else:
            begin = int(get("tcp.seq").get("show")) - 1
        whole = 0
        found = messages(frame, protocols)
        for protos in found:
            fields = [leaf for proto in protos for field in proto if field.tag == "field" and field.get("hide") != "yes" for leaf in leaves(field) if leaf.get("name") not in MISPLACED]
            start, end = int(protos[0].get("pos")), max(int(proto.get("pos")) + int(proto.get("size")) for proto in protos)
            end += (start - end) % PADDED.get(name, 1)
            if transport == "udp" and len(found) == 1:
                # A datagram is a message, whatever of it the dissector leaves to others.
                end = first + size
            if name in IN_PIECES and start == 0 and len(found) == 1 and end > size:
                # Places are those of the message that was put together: it ends where the frame does.
                begin, first, size = begin + size - end, 0, end
            if start < first or end > first + size or end <= start:
                continue
            if (client, server, begin + start - first) in told:
                # Sent again.
                continue
            told.add((client, server, begin + start - first))
            spans = [(int(field.get("pos")), int(field.get("size") or 0)) for field in fields]
            inside = {at for begins, long in spans if long > 0 for at in (begins, begins + long)}
            if name in EMPTY_HAVE_PLACES:
                inside.update(int(field.get("pos")) for field in fields if field.get("size") == "0" and field.get("name").startswith(f"{protocols[0]}."))
            kind = value(protos, types)
            if more := MORE_EDGES.get(name, {}).get(kind.split("-")[0]):
                inside.add(start + more)
            edges = sorted(at - start for at in inside if start < at < end)
            whole += end - start
            lines.append(f"{client} {'s' if server else 'c'} {begin + start - first} {end - start} {'s' if server else 'c'}-{kind} {','.join(map(str, edges)) or '-'}")
        left += whole != size
    (folder / "truth").mkdir(exist_ok=True)
    (folder / f"truth/{name}.txt").write_text("\n".join(lines) + "\n")
    print(name, len(lines), "messages;", left, "frames not told whole;", len({line.split()[4] for line in lines}), "types")


for name in sys.argv[1:] or CAPTURES | SECOND_SIGHT | THIRD_SIGHT:
    main(name)
