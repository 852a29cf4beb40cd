"""Mailboxes, accounts and a dovecot that serves them: what POP3, IMAP and ManageSieve have in common."""

import subprocess

from words import WORDS
from words import some

NAMES = WORDS[:6]


def password(name):
    return f"not-a-secret-{name}"


def dovecot(lab, dice, protocol, port, more=""):
    """Fills the mailboxes of six users and serves them."""
    users = "".join(f"{name}:{{PLAIN}}{password(name)}:65534:65534::{lab.folder}/{name}::\n" for name in NAMES)
    for name in NAMES:
        new = lab.folder / name / "Maildir" / "new"
        new.mkdir(parents=True)
        for part in ["cur", "tmp"]:
            (new.parent / part).mkdir()
        for number in range(dice.randint(2, 5)):
            (new / f"{1700000000 + number}.{number}.lab").write_text(f"From: {dice.choice(WORDS)}@example.org\nSubject: {some(dice, 3)}\n\n{some(dice, 12)}\n")
    subprocess.run(["chown", "-R", "nobody:nogroup", *[str(lab.folder / name) for name in NAMES]], check=True)
    accounts = lab.write("users", users)
    config = lab.write(
        "dovecot.conf",
        f"protocols = {protocol}\nlisten = 127.0.0.1\nssl = no\ndisable_plaintext_auth = no\nbase_dir = {lab.folder}/run\nstate_dir = {lab.folder}/state\n"
        "mail_location = maildir:~/Maildir\nauth_failure_delay = 0\nfirst_valid_uid = 1\nlog_path = /dev/stderr\nhostname = lab.example\n"
        f"passdb {{\n driver = passwd-file\n args = {accounts}\n}}\nuserdb {{\n driver = passwd-file\n args = {accounts}\n}}\n{more}",
    )
    lab.serve(["dovecot", "-F", "-c", config], port)
