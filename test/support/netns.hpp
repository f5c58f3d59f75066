// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Network namespaces of end-to-end tests. Commands enter them with nsenter(1): `ip netns exec` also
// changes the propagation of the mount "/", which fails in a chroot, where "/" is no mount.

#include <string>

#include "support/process.hpp"

namespace octroi::support {

// The command, run in the namespace that `ip netns add` made.
inline Arguments in_netns(const std::string& name, Arguments arguments) {
    arguments.insert(arguments.begin(), {"nsenter", "--net=/run/netns/" + name, "--"});
    return arguments;
}

// Makes a namespace without duplicate address detection and router solicitations. Empty: it is
// there, and commands run in it; else why not, as the reason of a skipped test. Remove it with
// remove_netns() in both cases.
inline std::string add_netns(const std::string& name) {
    const Ended added = run({"ip", "netns", "add", name});
    if (added.status != 0) return "cannot add a network namespace here: " + added.err;
    const Ended entered = run(in_netns(name, {"true"}));
    if (entered.status != 0) return "cannot enter a network namespace here: " + entered.err;
    const Ended quiet = run(in_netns(name, {"sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
                                            "net.ipv6.conf.default.router_solicitations=0"}));
    if (quiet.status != 0) return "cannot set up IPv6 in a network namespace here: " + quiet.err;
    return "";
}

// For a link of the namespace, before its first packet: IPv6 never probes a neighbour that has
// answered once, at times that no test knows.
inline Arguments without_probes(const std::string& name, const std::string& link) {
    return in_netns(name,
                    {"sysctl", "-qw", "net.ipv6.neigh." + link + ".delay_first_probe_time=3600"});
}

inline void remove_netns(const std::string& name) { (void)run({"ip", "netns", "del", name}); }

}  // namespace octroi::support
