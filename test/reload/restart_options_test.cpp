// SPDX-License-Identifier: GPL-3.0-or-later
// Changes every option of the option table that is not live in the configuration of a running
// daemon. The answer must be that a restart is needed, and nothing else may change.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "config/changes.hpp"
#include "config/value.hpp"
#include "meter/kind.hpp"
#include "service/meter_kinds.hpp"
#include "support/running_daemon.hpp"

namespace octroi::reload {
namespace {

using nlohmann::json;
using support::RunningDaemon;
using support::Sections;

constexpr const char* listed_counters = "counters = [\"x from=nft counter=x direction=in\"]\n";

// RADIUS needs a file of clients, which exists as long as the test.
struct ClientsFile {
    ClientsFile() { std::ofstream(folder / "clients") << "192.0.2.1 secret\n"; }
    const support::Folder folder;
};
const ClientsFile clients_file;

// The options that a [[meter]] of each kind needs to run here. An unknown kind fails the test.
const std::map<std::string, std::string, std::less<>> needed{
    {"collector", ""},
    {"capture", "interfaces = [\"lo\"]\n"},
    {"ebpf", "interfaces = [\"lo\"]\n"},
    {"sockets", ""},
    {"conntrack", ""},
    {"nftables", "[[rule]]\nname = \"r\"\n"},
    {"nflog", ""},
    {"log", "paths = [\"/nowhere/*.log\"]\n"},
    {"packet-log", "paths = [\"/nowhere/*.packets\"]\n"},
    {"journal", "units = [\"nowhere.service\"]\n"},
    {"interfaces", "interfaces = [\"lo\"]\n"},
    {"wireguard", ""},
    {"listed", listed_counters},
    {"neighbours", ""},
    {"leases", "files = [\"/nowhere/dhcpd.leases\"]\n"},
    {"radius", fmt::format("clients = \"{}\"\n", clients_file.folder / "clients")}};

// For these rows the check of the row, or a rule between options, refuses other_value(). By
// section, or for rows of one kind by kind, and key.
const std::map<std::string, std::string, std::less<>> values{
    {"meter.interfaces", "[\"lo\", \"octroi-absent\"]"},
    {"meter.filter", "\"not port 22\""},
    {"meter.table", "\"octroi_other\""},
    {"meter.zones", "[\"7\"]"},
    {"meter.marks", "[\"0x10/0xf0\"]"},
    {"meter.timezone", "\"Europe/Vienna\""},
    {"meter.format", "\"clf\""},
    {"meter.log_format", R"('%h %l %u %t "%r" %>s %b')"},
    {"meter.nginx_format", R"('$remote_addr [$time_local] "$request" $status $bytes_sent')"},
    {"meter.squid_format", "'%ts %>a %un %<st'"},
    {"meter.haproxy_format", "'%ci [%t] %B %ST'"},
    {"meter.matches", "[\"SYSLOG_IDENTIFIER=nobody\"]"},
    {"meter.addresses", "[\"192.0.2.10\"]"},
    {"exporter.clock_offset", "\"1h\""},
    {"exporter.interfaces", "[\"3=uplink\"]"},
    {"meter.listen", "[\"udp/127.0.0.1:9995\"]"},
    {"meter.inactive_timeout", "\"1s\""},
    {"metrics.listen", "\"127.0.0.1:9999\""},
    {"leases.format", "\"kea\""},
    {"radius.listen", "\"udp/127.0.0.1:9996\""}};

// A value that differs from the default, as TOML.
std::string other_value(const Option& row) {
    for (const std::string_view owner : {row.kind, row.section})
        if (const auto known = values.find(fmt::format("{}.{}", owner, row.key));
            known != values.end())
            return known->second;
    const std::string before = value_text(default_value(row));
    switch (row.type) {
        case OptionType::boolean:
            return before == "true" ? "false" : "true";
        case OptionType::integer:
        case OptionType::duration:
        case OptionType::size:
            return value_text(*parse_option_text(row, row.range.substr(row.range.find("..") + 2)));
        case OptionType::choice: {
            const auto words = choices(row);
            return fmt::format("\"{}\"",
                               before == fmt::format("\"{}\"", words[0]) ? words[1] : words[0]);
        }
        case OptionType::prefixes:
            return "[\"192.0.2.0/24\"]";
        case OptionType::text:
            return "\"other\"";
        case OptionType::texts:
            return "[\"other\"]";
    }
    return "";
}

// A row of a section that occurs once, or of a kind.
struct Change {
    Sections sections;
    std::string key;
};

// The meter `flows`, which exports need, and for another kind the meter `more`. `line` is in the
// meter of that kind.
std::string meters_with(std::string_view kind, const std::string& line = {}) {
    std::string text = "[[meter]]\nname = \"flows\"\nkind = \"collector\"\n";
    if (kind == "collector") return text + line;
    text += fmt::format("[[meter]]\nname = \"more\"\nkind = \"{}\"\n{}", kind, line);
    const std::string& all = needed.find(kind)->second;
    const std::string key = line.substr(0, line.find(' '));
    if (key.empty() || !all.starts_with(key + " ")) text += all;
    return text;
}

constexpr const char* target = "file:/dev/null";
const std::string exporter_lines = "[[exporter]]\nprefix = \"192.0.2.1\"\n";
const std::string export_lines =
    exporter_lines + "[[export]]\nto = \"file:/dev/null\"\nmeter = \"flows\"\n";

// These options identify an element: a different value is a different element.
bool is_name(const Option& row) { return row.required || row.key == "kind"; }

// These have a value only with another option: a format, or addresses.
bool changes_alone(const Option& row) { return row.key != "fields" && row.key != "same_bytes_as"; }

// Every row of the table, for the rows of [[meter]] those of one kind.
std::vector<Change> changes_of(std::string_view kind) {
    std::vector<Change> all;
    const OptionTable table = option_table(meter_kinds());
    for (const Option& row : table.options) {
        if (row.reload || table.find_section(row.section)->reload) continue;
        if (!row.renamed_to.empty() || is_name(row) || !changes_alone(row)) continue;
        const bool of_every_kind = row.kind.empty();
        if (of_every_kind ? kind != "collector" : row.kind != kind) continue;
        const std::string line = fmt::format("{} = {}\n", row.key, other_value(row));
        const std::string meters = meters_with(kind);
        if (row.section == "meter") {
            all.push_back(
                {{{"meters", meters_with(kind, line) + export_lines}},
                 fmt::format("meter {}.{}", kind == "collector" ? "flows" : "more", row.key)});
        } else if (row.section == "export") {
            const std::string other = row.key == "meter"
                                          ? exporter_lines + "[[export]]\nto = \"file:/dev/null\"\n"
                                          : export_lines + line;
            all.push_back(
                {{{"meters", meters + other}}, fmt::format("export {}.{}", target, row.key)});
        } else if (row.section == "exporter") {
            std::string with = export_lines;
            with.insert(exporter_lines.size(), line);
            all.push_back({{{"meters", meters + with}}, fmt::format("exporter.{}", row.key)});
        } else {
            all.push_back(
                {{{std::string(row.section), line}}, fmt::format("{}.{}", row.section, row.key)});
        }
    }
    return all;
}

bool set_loopback_up() {
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return ::ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

// The daemon gets a network with the loopback interface only, and a BPF file system of its own;
// both end with it. Its kernel counts for connections.
void enter_own_namespaces() {
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 || !set_loopback_up())
        ::_exit(126);
    (void)::mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr);
    std::ofstream("/proc/sys/net/netfilter/nf_conntrack_acct") << 1;
}

class RestartOptions : public ::testing::TestWithParam<const MeterKind*> {};

TEST_P(RestartOptions, AreNamedInTheAnswerAndTheLog) {
    const std::string_view kind = GetParam()->name;
    ASSERT_TRUE(needed.contains(kind));
    if (kind != "collector" && ::geteuid() != 0) GTEST_SKIP() << "needs root";
    RunningDaemon daemon({{"meters", meters_with(kind) + export_lines}}, {},
                         kind == "collector" ? std::function<void()>{} : enter_own_namespaces);
    ASSERT_FALSE(::testing::Test::HasFailure());
    EXPECT_TRUE(daemon.reload().empty());
    const auto wanted = changes_of(kind);
    EXPECT_FALSE(wanted.empty());
    for (const Change& change : wanted) {
        daemon.write(change.sections);
        const json rows = daemon.reload();
        ASSERT_EQ(rows.size(), 1U) << change.key << ": " << rows;
        EXPECT_EQ(rows[0]["option"], change.key);
        EXPECT_EQ(rows[0]["restart_needed"], true) << change.key;
        EXPECT_THAT(daemon.log(), ::testing::HasSubstr(change.key + ": restart needed"));
    }
    daemon.write({});
    EXPECT_TRUE(daemon.reload().empty());
    EXPECT_EQ(daemon.stop().status, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RestartOptions, ::testing::ValuesIn(meter_kinds()),
                         [](const auto& kind) {
                             std::string name(kind.param->name);
                             std::ranges::replace(name, '-', '_');  // not in a name of a test
                             return name;
                         });

// "meter x: restart needed (absent → configured)" for each row.
std::vector<std::string> lines_of(const RunningDaemon& daemon) {
    const support::Ended ended = daemon.command({"reload"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    std::vector<std::string> lines;
    std::istringstream in(ended.out);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TEST(RestartNeeded, ForAddedAndRemovedMetersAndExports) {
    using ::testing::ElementsAre;
    RunningDaemon daemon;
    const std::string flows = RunningDaemon::flows_meter;
    daemon.write({{"meters", flows + "[[meter]]\nname = \"more\"\nkind = \"collector\"\n"}});
    EXPECT_THAT(lines_of(daemon), ElementsAre("meter more: restart needed (absent → configured)"));
    daemon.write({{"meters", "[[meter]]\nname = \"other\"\nkind = \"collector\"\n"}});
    EXPECT_THAT(lines_of(daemon), ElementsAre("meter flows: restart needed (configured → absent)",
                                              "meter other: restart needed (absent → configured)"));
    daemon.write({{"meters", flows + "[[export]]\nto = \"udp/192.0.2.1:4739\"\n"}});
    EXPECT_THAT(lines_of(daemon),
                ElementsAre("export udp/192.0.2.1:4739: restart needed (absent → configured)"));
    daemon.write({{"meters", "[[meter]]\nname = \"flows\"\nkind = \"capture\"\n"}});
    EXPECT_THAT(lines_of(daemon),
                ElementsAre("meter flows.kind: restart needed (\"collector\" → \"capture\")"));
    daemon.write({});
    EXPECT_THAT(lines_of(daemon), ElementsAre("Reloaded: nothing has changed."));
}

}  // namespace
}  // namespace octroi::reload
