// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Logs of firewalls and of programs that account packets: octets are those of IP packets
// (LineLayer::ip). The client is the source, so all octets are `in`.

#include <memory>

#include "wire/log/line_reader.hpp"

namespace octroi::logline {

// Lines of the netfilter targets LOG (kernel log, syslog) and of ulogd's LOGEMU: one packet each.
//   … kernel: [12.3] prefix IN=eth0 OUT= MAC=… SRC=192.0.2.1 DST=192.0.2.2 LEN=60 … PROTO=TCP SPT=1
//   DPT=2
[[nodiscard]] std::unique_ptr<LineReader> open_netfilter();

// net-acct (nacctd) and ulogd's NACCT: words with tabs or blanks between them.
//   time proto source port destination port packets octets [interface [user]]
[[nodiscard]] std::unique_ptr<LineReader> open_nacctd();

// TrafficWatch, the log of traffic; the client is the local end: octets received are `out`.
//   time user MAC local-address remote-address received sent
[[nodiscard]] std::unique_ptr<LineReader> open_trafficwatch();

// The files of one user that old accounting scripts write: "2017-01-03 06:25:03: 12345".
[[nodiscard]] std::unique_ptr<LineReader> open_dated_bytes();

}  // namespace octroi::logline
