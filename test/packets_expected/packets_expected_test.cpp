// SPDX-License-Identifier: GPL-3.0-or-later
// Compares real captures with independent figures: reader and decoder, summed per 5-tuple, must
// agree to the byte. Needs the shared test data (OCTROI_TESTDATA) and is skipped without it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "support/golden.hpp"
#include "wire/packet/packet.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using packet::Outcome;

struct Flow {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::int64_t first = INT64_MAX;
    std::int64_t last = INT64_MIN;

    void add(std::uint64_t p, std::uint64_t b, std::int64_t from, std::int64_t to) {
        packets += p;
        bytes += b;
        first = std::min(first, from);
        last = std::max(last, to);
    }
};

// src, dst, sport, dport, proto. proto -1 without ports: all flows between the two addresses.
using Key = std::tuple<std::string, std::string, int, int, int>;

struct Figures {
    std::map<std::string, std::uint64_t> summary;
    std::map<Key, Flow> flows;
};

std::string text_of(Address a) {
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (a.family == Family::v6 && std::equal(mapped.begin(), mapped.end(), a.octets.begin()))
        a = Address::v4(a.octets.data() + 12);
    return to_string(a);
}

void add_frame(Figures& f, const pcap::Frame& frame) {
    packet::Packet p;
    packet::decode(frame.link, frame.captured(), frame.wire_length, p, frame.interface);
    auto& s = f.summary;
    ++s["frames"];
    s["frame_bytes"] += frame.wire_length;
    if (p.outcome != Outcome::ip) {
        ++s["not_ip"];
        return;
    }
    const std::string version = p.key.family() == Family::v4 ? "v4" : "v6";
    ++s["ip_packets"];
    ++s[version + "_packets"];
    s["ip_bytes"] += p.bytes;
    s[version + "_bytes"] += p.bytes;
    if (p.fragment != packet::Fragment::none) ++s["fragments"];
    const Key key{text_of(p.key.src()), text_of(p.key.dst()), p.key.sport(), p.key.dport(),
                  p.key.proto()};
    f.flows[key].add(1, p.bytes, frame.time.ns, frame.time.ns);
}

// The file in pieces of the given size, as a block reader returns it.
Figures read_capture(const std::string& octets, std::size_t piece) {
    Figures f;
    pcap::Reader reader;
    std::size_t at = 0;
    std::size_t show = piece;
    while (true) {
        const std::size_t size = std::min(show, octets.size() - at);
        const auto progress = reader.read(as_octets(octets).subspan(at, size),
                                          [&f](const pcap::Frame& frame) { add_frame(f, frame); });
        at += progress.consumed;
        if (progress.state == pcap::State::corrupt) break;
        show = std::max(piece, progress.needed);
        if (progress.consumed == 0 && at + size == octets.size() && size < show) break;
        if (at == octets.size()) break;
    }
    return f;
}

// absent: this time is not compared, and it does not replace another time.
std::int64_t ns_of(const json& row, const char* name, std::int64_t absent) {
    if (!row.contains(name)) return absent;
    return parse_rfc3339(row.at(name).get<std::string>()).value().ns;
}

Figures read_expected(const fs::path& path) {
    Figures f;
    std::istringstream lines(support::read_text(path));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) continue;
        const json row = json::parse(line);
        if (row.contains("summary")) {
            for (const auto& [name, value] : row["summary"].items()) f.summary[name] = value;
            continue;
        }
        const bool pair = !row.contains("proto");
        const Key key{row.at("src"), row.at("dst"), pair ? -1 : row.at("sport").get<int>(),
                      pair ? -1 : row.at("dport").get<int>(),
                      pair ? -1 : row.at("proto").get<int>()};
        f.flows[key].add(row.at("packets"), row.at("bytes"), ns_of(row, "first", INT64_MAX),
                         ns_of(row, "last", INT64_MIN));
    }
    return f;
}

// Compares only times that the expectation states.
bool same(const Flow& want, const Flow& got) {
    return want.packets == got.packets && want.bytes == got.bytes &&
           (want.first == INT64_MAX || want.first == got.first) &&
           (want.last == INT64_MIN || want.last == got.last);
}

std::string show(const Key& key, const Flow& flow) {
    std::ostringstream out;
    out << std::get<0>(key) << " > " << std::get<1>(key) << ' ' << std::get<2>(key) << ' '
        << std::get<3>(key) << " proto " << std::get<4>(key) << ": " << flow.packets << " packets, "
        << flow.bytes << " bytes, " << flow.first << " to " << flow.last;
    return out.str();
}

// "" if both are equal.
std::string difference(const Figures& want, const Figures& seen) {
    Figures got = seen;
    for (const auto& [name, value] : want.summary) {
        if (got.summary[name] != value)
            return name + ": expected " + std::to_string(value) + ", got " +
                   std::to_string(got.summary[name]);
    }
    for (auto it = got.flows.begin(); it != got.flows.end();) {
        const Key pair{std::get<0>(it->first), std::get<1>(it->first), -1, -1, -1};
        if (std::get<4>(it->first) != -1 && want.flows.contains(pair)) {
            got.flows[pair].add(it->second.packets, it->second.bytes, it->second.first,
                                it->second.last);
            it = got.flows.erase(it);
        } else {
            ++it;
        }
    }
    for (const auto& [key, flow] : want.flows) {
        const auto it = got.flows.find(key);
        if (it == got.flows.end()) return "missing " + show(key, flow);
        if (!same(flow, it->second))
            return "expected " + show(key, flow) + "\n  got " + show(key, it->second);
    }
    for (const auto& [key, flow] : got.flows) {
        if (!want.flows.contains(key)) return "invented " + show(key, flow);
    }
    return "";
}

std::vector<std::string> names_of(const json& expected) {
    if (expected.is_array()) return expected.get<std::vector<std::string>>();
    return {expected.get<std::string>()};
}

void check_case(const fs::path& folder, const json& entry, std::size_t piece) {
    const std::string octets = support::read_text(folder / entry.at("input").get<std::string>());
    const Figures got = read_capture(octets, piece);
    if (entry.at("kind") == "robust") return;  // the decoder must only return
    std::string least;
    for (const std::string& name : names_of(entry.at("expected"))) {
        const std::string found = difference(read_expected(folder / name), got);
        if (found.empty()) return;
        least = found;
    }
    ADD_FAILURE() << folder.filename() << ' ' << entry.at("name") << ": " << least;
}

class PacketsExpected : public testing::TestWithParam<std::size_t> {};

TEST_P(PacketsExpected, EveryCaptureGivesTheExpectedFigures) {
    const char* data = std::getenv("OCTROI_TESTDATA");
    if (data == nullptr || !fs::is_directory(fs::path(data) / "packets"))
        GTEST_SKIP() << "OCTROI_TESTDATA is not set: the shared captures are not read";
    std::size_t cases = 0;
    for (const auto& folder : fs::directory_iterator(fs::path(data) / "packets")) {
        const json index = json::parse(support::read_text(folder.path() / "cases.json"));
        for (const json& entry : index) {
            check_case(folder.path(), entry, GetParam());
            ++cases;
        }
    }
    EXPECT_GT(cases, 0U);
    RecordProperty("cases", static_cast<int>(cases));
}

INSTANTIATE_TEST_SUITE_P(InPieces, PacketsExpected, testing::Values(1U << 20U, 4096, 1));

}  // namespace
}  // namespace octroi
