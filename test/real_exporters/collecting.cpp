// SPDX-License-Identifier: GPL-3.0-or-later
#include "collecting.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi::real {

namespace fs = std::filesystem;
using nlohmann::json;
using support::Ended;

std::ostream& operator<<(std::ostream& out, const Amount& amount) {
    return out << amount.bytes << " bytes in " << amount.packets << " packets";
}

Summary summary_of(const std::string& capture) {
    const support::Folder folder;
    const Ended ended = support::run(support::octroi(
        folder / "none.db", {"inspect", "packets", capture, "--summary", "--json"}));
    const json facts = json::parse(ended.out, nullptr, false);
    if (ended.status != 0 || facts.is_discarded()) return {};
    return {.ip = {facts["ip_bytes"], facts["ip_packets"]},
            .v4 = {facts["v4_bytes"], facts["v4_packets"]},
            .v6 = {facts["v6_bytes"], facts["v6_packets"]},
            .fragments = facts["fragments"]};
}

std::vector<std::string> captures_of(const std::string& corpus) {
    const char* data = std::getenv("OCTROI_TESTDATA");
    if (data == nullptr) return {};
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& entry :
         fs::directory_iterator(fs::path(data) / "packets" / corpus / "inputs", none))
        found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    // The same file under two names would look like an exporter that sends everything twice.
    std::set<std::string> contents;
    std::erase_if(found, [&](const std::string& file) {
        return !contents.insert(support::text_of(file)).second || summary_of(file).ip.packets == 0;
    });
    return found;
}

std::string short_name(const std::string& capture) {
    const fs::path path(capture);
    return path.parent_path().parent_path().filename() / path.filename();
}

bool installed(const std::string& program) {
    return support::run({"sh", "-c", "command -v " + program}).status == 0;
}

// Free for UDP and for TCP: a port that is free for one may be in use for the other.
std::uint16_t free_port() {
    for (int attempt = 0; attempt < 100; ++attempt) {
        const Fd udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const Fd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof place;
        auto* address = reinterpret_cast<sockaddr*>(&place);
        EXPECT_EQ(::bind(udp.get(), address, length), 0);
        EXPECT_EQ(::getsockname(udp.get(), address, &length), 0);
        if (::bind(tcp.get(), address, length) == 0) return ntohs(place.sin_port);
    }
    ADD_FAILURE() << "no port is free for UDP and TCP";
    return 0;
}

namespace {

// Octets that wait in the socket bound to the port, from the kernel; -1: there is no such socket.
std::int64_t waiting_octets(std::uint16_t port) {
    for (const char* table : {"/proc/net/udp", "/proc/net/udp6"}) {
        std::istringstream lines(support::text_of(table));
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string slot;
            std::string local;
            std::string remote;
            std::string state;
            std::string queues;
            words >> slot >> local >> remote >> state >> queues;
            if (!local.ends_with(fmt::format(":{:04X}", port))) continue;
            return std::stoll(queues.substr(queues.find(':') + 1), nullptr, 16);
        }
    }
    return -1;
}

}  // namespace

bool listens(std::uint16_t port) { return waiting_octets(port) >= 0; }
bool drained(std::uint16_t port) { return waiting_octets(port) == 0; }

Collecting::Collecting(const std::string& more)
    : ledger_(folder_ / "ledger.db"), port_(free_port()) {
    const std::string config = folder_ / "octroi.toml";
    std::ofstream(config) << "[ledger]\ncommit_interval = \"1s\"\n"
                             "[attribute]\nlocal = [\"10.0.0.0/8\"]\n"
                             "[[meter]]\nname = \"routers\"\nkind = \"collector\"\n"
                          << "listen = [\"udp/" << address() << "\", \"tcp/" << address() << "\"]\n"
                          << more;
    daemon_ =
        std::make_unique<support::Process>(support::octroi(ledger_, {"--config", config, "run"}));
    const auto ready = [&] {
        return daemon_->err_so_far().find("Ctrl-C") != std::string::npos && listens(port_);
    };
    EXPECT_TRUE(support::wait_until(ready, std::chrono::seconds(10))) << daemon_->err_so_far();
}

std::string Collecting::address() const { return fmt::format("127.0.0.1:{}", port_); }

Amount Collecting::booked() const {
    Amount all;
    const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
    if (!ledger) return all;
    const auto sums = (*ledger)->sums({});
    if (!sums) return all;
    for (const TransferSum& sum : *sums)
        all += {sum.volume.bytes.value(), sum.volume.packets.value()};
    return all;
}

Amount Collecting::stop() {
    // A daemon that is asked to end may drop datagrams that are still in the kernel.
    EXPECT_TRUE(support::wait_until([&] { return drained(port_); }, std::chrono::seconds(30)));
    daemon_->signal(SIGINT);
    const Ended ended = daemon_->wait();
    EXPECT_EQ(ended.status, 0) << ended.err;
    const Ended audited = support::run(support::octroi(ledger_, {"audit"}));
    EXPECT_EQ(audited.status, 0) << audited.out << audited.err;
    return booked();
}

std::vector<std::string> Collecting::losses() const {
    std::vector<std::string> texts;
    const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
    EXPECT_TRUE(ledger.has_value());
    if (!ledger) return texts;
    const auto losses = (*ledger)->losses({});
    EXPECT_TRUE(losses.has_value());
    if (!losses) return texts;
    for (const MeterLoss& loss : *losses)
        texts.push_back(fmt::format("{}: reason {}, {} lost", loss.loss.source,
                                    static_cast<int>(loss.loss.reason),
                                    loss.loss.packets.value_or(0)));
    return texts;
}

}  // namespace octroi::real
