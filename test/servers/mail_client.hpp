// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A mail client as a script: sends mails, and reads mailboxes over IMAP and POP3, and counts the
// octets of each session that a server states in its log. A mailbox is "name@example.test" with the
// password "secret-name".

namespace octroi::servers {

// Arguments: the address of the server, and one of
//   send FROM TO LINES…   one mail with that many lines of text; a LINES for each mail
//   submit USER TO LINES… the same with a login
//   imap USER             fetches all mails, adds one, and logs out
//   pop3 USER             retrieves all mails and logs out
// imap and pop3 print "IN OUT": what the client has sent behind the login, and what it has received
// from the answer to the login on. This is what Dovecot counts: the process that serves the mailbox
// writes that answer.
inline constexpr const char* mail_client = R"py(
import smtplib, socket, sys
address, command, user = sys.argv[1:4]

class Session:
    def __init__(self, port):
        self.socket = socket.create_connection((address, port), 20)
        self.file = self.socket.makefile("rb")
        self.sent = self.received = 0
    def line(self):
        text = self.file.readline()
        self.received += len(text)
        return text
    def octets(self, count):
        text = self.file.read(count)
        self.received += len(text)
        return text
    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.socket.sendall(data)
        self.sent += len(data)

def imap():
    session = Session(143)
    session.line()
    number = 0
    def ask(text, literal=None):
        nonlocal number
        number += 1
        tag = ("a%d " % number).encode()
        session.send(tag + text.encode() + b"\r\n")
        answers = []
        while True:
            answer = session.line()
            assert answer, "the server has closed the session"
            if answer.startswith(b"+") and literal is not None:
                session.send(literal + b"\r\n")
                continue
            answers.append(answer)
            if answer.rstrip().endswith(b"}"):
                size = int(answer.rstrip().rsplit(b"{", 1)[1][:-1])
                session.octets(size)
            if answer.startswith(tag):
                assert answer.startswith(tag + b"OK"), answer
                return answers
    number += 1
    session.send("a1 LOGIN %s secret-%s\r\n" % (user, user.split("@")[0]))
    session.sent = session.received = 0
    answer = session.line()
    assert answer.startswith(b"a1 OK"), answer
    found = b"".join(ask("SELECT INBOX"))
    if b" 0 EXISTS" not in found:
        ask("FETCH 1:* (BODY.PEEK[])")
    mail = b"From: " + user.encode() + b"\r\nSubject: a draft\r\n\r\n" + b"draft\r\n" * 500
    ask("APPEND INBOX {%d}" % len(mail), mail)
    ask("LOGOUT")
    session.sent -= 2  # Dovecot does not count the end of this line
    return session

def pop3():
    session = Session(110)
    session.line()
    session.send("USER %s\r\n" % user)
    session.line()
    session.send("PASS secret-%s\r\n" % user.split("@")[0])
    session.sent = session.received = 0
    assert session.line().startswith(b"+OK")
    session.send("STAT\r\n")
    count = int(session.line().split()[1])
    for number in range(1, count + 1):
        session.send("RETR %d\r\n" % number)
        assert session.line().startswith(b"+OK")
        while session.line() != b".\r\n":
            pass
    session.send("QUIT\r\n")
    session.line()
    return session

def send(to, mails):
    for lines in mails:
        smtp = smtplib.SMTP(address, 25, timeout=20)
        if command == "submit":
            smtp.login(user, "secret-" + user.split("@")[0])
        text = "From: %s\r\nTo: %s\r\nSubject: test\r\n\r\n" % (user, to)
        smtp.sendmail(user, to.split(","), text + "0123456789012345678901234567\r\n" * int(lines))
        smtp.quit()

if command in ("send", "submit"):
    send(sys.argv[4], sys.argv[5:])
else:
    session = imap() if command == "imap" else pop3()
    print(session.sent, session.received)
)py";

}  // namespace octroi::servers
