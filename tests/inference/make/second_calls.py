"""The second held-out set, text that has other text inside: scripts of ManageSieve, calls of SIP."""

import base64
import random
import time

from lab import Talk
from lab import run
from lab import second
from mailboxes import NAMES
from mailboxes import dovecot
from mailboxes import password
from words import WORDS
from words import some


def sieve():
    dice = random.Random(4190)
    with second("sieve", "tcp port 4190") as lab:
        dovecot(lab, dice, "sieve", 4190, "service managesieve-login {\n inet_listener sieve {\n port = 4190\n }\n}\nplugin {\n sieve = file:~/sieve;active=~/.active\n sieve_quota_max_scripts = 5\n}\n")

        def script():
            rules = [
                f'if header :contains "subject" "{dice.choice(WORDS)}" {{\r\n  fileinto "{dice.choice(WORDS)}";\r\n  stop;\r\n}}\r\n',
                f'if address :is "from" "{dice.choice(WORDS)}@example.org" {{\r\n  discard;\r\n}}\r\n',
                f'if size :over {dice.randint(1, 90)}K {{\r\n  redirect "{dice.choice(WORDS)}@example.net";\r\n}}\r\n',
                f"# {some(dice, 4)}\r\nkeep;\r\n",
                f'if {dice.choice(WORDS)} "x" {{ stop }}\r\n',
            ]
            return 'require ["fileinto"];\r\n' + "".join(dice.sample(rules[:4] if dice.random() < 0.8 else rules, 2))

        for client in range(2, 24):
            talk = Talk(4190, client)
            talk.hear()
            name = NAMES[client % 6]
            word = "wrong" if client % 7 == 0 else password(name)
            plain = base64.b64encode(f"\0{name}\0{word}".encode()).decode()
            talk.lines(f'AUTHENTICATE "PLAIN" {{{len(plain)}+}}\r\n{plain}' if client % 2 else f'AUTHENTICATE "PLAIN" "{plain}"')
            # Who is not known may not say much.
            for _ in range(9 if word != "wrong" else 1):
                one, other, text = dice.choice(WORDS[:4]), dice.choice(WORDS[:4]), script()
                talk.lines(
                    dice.choice(
                        [
                            f'PUTSCRIPT "{one}" {{{len(text)}+}}\r\n{text}',
                            f'PUTSCRIPT "{one}" {{{len(text)}+}}\r\n{text}',
                            f"CHECKSCRIPT {{{len(text)}+}}\r\n{text}",
                            "LISTSCRIPTS",
                            f'SETACTIVE "{one}"',
                            'SETACTIVE ""',
                            f'GETSCRIPT "{one}"',
                            f'HAVESPACE "{one}" {dice.choice([100, 9000, 99999999])}',
                            f'RENAMESCRIPT "{one}" "{other}"',
                            f'DELETESCRIPT "{one}"',
                            "CAPABILITY",
                            f'NOOP "{some(dice, 1)}"',
                            f"UNKNOWN {one}",
                        ]
                    )
                )
            talk.lines("LOGOUT")
            talk.close()


KAMAILIO = """
listen=udp:127.0.0.1:5060
children=2
log_stderror=yes
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (has_totag()) {
        if (!loose_route() && !lookup("location")) { if (!is_method("ACK")) { sl_send_reply("404", "Not Found"); } exit; }
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("lab.example", "not-a-secret", "0")) { www_challenge("lab.example", "1"); exit; }
        save("location");
        exit;
    }
    if (is_method("OPTIONS")) { sl_send_reply("200", "Keepalive"); exit; }
    if (is_method("SUBSCRIBE|PUBLISH")) { sl_send_reply("489", "Bad Event"); exit; }
    if (is_method("INVITE")) { record_route(); }
    if ($rU == "grove") { sl_send_reply("486", "Busy Here"); exit; }
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
}
"""

HEAD = """{method} sip:{who}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: {name} <sip:{name}@lab.example>;tag=[call_number]
To: <sip:{who}@lab.example>
Call-ID: [call_id]
CSeq: {number} {method}
Max-Forwards: {hops}
{more}Content-Length: [len]

{body}"""


def sip():
    dice = random.Random(5060)
    # What the proxy says to those that are called is another service.
    with second("sip", "udp port 5060 and not portrange 5070-5079") as lab:
        lab.serve(["kamailio", "-DD", "-E", "-f", lab.write("kamailio.cfg", KAMAILIO), "-Y", str(lab.folder)])
        time.sleep(2)

        def scenario(*steps):
            text = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE scenario SYSTEM "sipp.dtd"><scenario name="lab">'
            for step in steps:
                text += step if step.startswith("<") else f'<send retrans="500"><![CDATA[\n\n{step}\n\n]]></send>'
            return lab.write("scenario.xml", f"{text}</scenario>")

        def ask(client, *more):
            run("timeout", "10", "sipp", "127.0.0.1:5060", "-i", f"127.0.0.{client}", "-p", str(20000 + dice.randint(0, 20000)), "-m", "1", "-nostdin", *more)

        ask_for = lambda method, name, who, number=1, more="", body="": HEAD.format(method=method, name=name, who=who, number=number, hops=dice.choice([10, 70]), more=more, body=body)
        hear = lambda code, more="": f'<recv response="{code}" {more}></recv>'
        for name in WORDS[:5]:
            lab.serve(["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(5070 + WORDS.index(name)), "-nostdin"])
        for client in range(2, 102):
            name, who = dice.choice(WORDS[:5]), dice.choice([*WORDS[:8], "grove"])
            contact = f"Contact: <sip:{name}@127.0.0.1:{5070 + WORDS.index(name)}>\nExpires: {dice.choice([60, 600, 3600])}\nUser-Agent: {dice.choice(WORDS)} phone {dice.randint(1, 9)}\n"
            kind = client % 6 if client > 7 else 0
            if kind in (0, 1):
                word = "wrong" if client % 12 == 0 else "not-a-secret"
                again = ask_for("REGISTER", name, name, 2, f"[authentication username={name} password={word}]\n{contact}")
                ask(client, "-sf", scenario(ask_for("REGISTER", name, name, 1, contact), hear(401, 'auth="true"'), again, hear(401 if word == "wrong" else 200)))
            elif kind == 2:
                ask(client, "-sf", scenario(ask_for("OPTIONS", name, who, dice.randint(1, 900), "Accept: application/sdp\n"), hear(200)))
            elif kind == 3:
                ask(client, "-sf", scenario(ask_for("SUBSCRIBE", name, who, dice.randint(1, 900), f"Event: {dice.choice(['presence', 'dialog'])}\nExpires: 600\n"), hear(489)))
            elif kind == 4:
                ask(client, "-sf", scenario(ask_for("MESSAGE", name, "grove" if client % 4 else "jade", dice.randint(1, 900), "Content-Type: text/plain\n", some(dice, dice.randint(1, 9))), hear(486 if client % 4 else 404)))
            else:
                ask(client, "-sn", "uac", "-s", who, "-d", str(dice.randint(50, 300)))


ALL = [sieve, sip]
