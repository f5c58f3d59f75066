// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Transfers of FTP and SFTP servers.

#include <memory>

#include "wire/log/line_reader.hpp"

namespace octroi::logline {

// xferlog(5) of wu-ftpd, ProFTPD, Pure-FTPd and vsftpd:
//   Thu Mar  4 08:12:30 2004 1 202.114.40.242 37 /file b _ o a name ftp 0 * c
// File names may have blanks and may imitate the fields behind them, and so may the password of an
// anonymous session, which stands where others have the user. If the end of a line can be read in
// two ways, the octets count, and the user is left out.
[[nodiscard]] std::unique_ptr<LineReader> open_xferlog();

// The own log of vsftpd (vsftpd_log_file, or syslog):
//   Mon Jun  6 18:43:59 2016 [pid 3] [ann] OK UPLOAD: Client "192.0.2.9", "/f", 18
//   bytes, 4.4Kbyte/sec
[[nodiscard]] std::unique_ptr<LineReader> open_vsftpd();

// Pure-FTPd with -O clf:, and the messages that it writes to syslog without an option:
//   Jun 25 12:36:29 host pure-ftpd: (ann@192.0.2.9) [NOTICE] /home/ann//a b.txt uploaded  (18
//   bytes, 5.60KB/sec)
[[nodiscard]] std::unique_ptr<LineReader> open_pureftpd();

// Pure-FTPd with -O stats: (the file name is not in quotes, and is the last field):
//   1050942541 3ea3f3cd.1a2b ann 192.0.2.9 U 18 1 /a b.txt
[[nodiscard]] std::unique_ptr<LineReader> open_pureftpd_stats();

// OpenSSH's sftp-server and internal-sftp at log level INFO. The session states user and address,
// and each closed file its octets:
//   … sftp-server[12]: session opened for local user ann from [192.0.2.9]
//   … sftp-server[12]: close "/f" bytes read 0 written 18
[[nodiscard]] std::unique_ptr<LineReader> open_sftp_server();

// rsync as a daemon: one entry for a session, from its last line.
//   2011/02/22 21:50:32 [82] rsync on module/ from host.example.com (192.0.2.9)
//   2011/02/22 21:50:33 [82] sent 253 bytes  received 162 bytes  total size 1477
[[nodiscard]] std::unique_ptr<LineReader> open_rsyncd();

}  // namespace octroi::logline
