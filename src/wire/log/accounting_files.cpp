// SPDX-License-Identifier: GPL-3.0-or-later

#include "base/time.hpp"
#include "wire/log/fields.hpp"
#include "wire/log/line_time.hpp"
#include "wire/log/packet_logs.hpp"
#include "wire/log/trafficwatch.hpp"

namespace octroi::logline {
namespace {

// The word up to a blank or tab; several of them between two words count as one.
std::string_view next_word_or_cell(std::string_view& rest) {
    skip_blanks(rest);
    const std::size_t end = rest.find_first_of(" \t");
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
    return word;
}

class NacctdReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty() || rest.front() == '#') return LineResult::other();
        if (!read_epoch(rest, entry.time)) return LineResult::bad(BadReason::time);
        std::uint64_t proto = 0;
        if (!parse_number(next_word_or_cell(rest), proto) || proto > UINT8_MAX)
            return LineResult::bad(BadReason::shape);
        entry.proto = static_cast<std::uint8_t>(proto);
        entry.client = make_end(next_word_or_cell(rest));
        entry.client.port = parse_port(next_word_or_cell(rest));
        entry.server = make_end(next_word_or_cell(rest));
        entry.server.port = parse_port(next_word_or_cell(rest));
        if (entry.client.address.empty() || entry.server.address.empty())
            return LineResult::bad(BadReason::address);
        const BadReason packets = parse_count(next_word_or_cell(rest), entry.packets);
        const BadReason octets = parse_count(next_word_or_cell(rest), entry.in);
        if (packets != BadReason::none) return LineResult::bad(packets);
        if (octets != BadReason::none) return LineResult::bad(octets);
        entry.section = stated(next_word_or_cell(rest));
        entry.user = stated(next_word_or_cell(rest));
        if (entry.user == "unknown") entry.user = {};
        entry.layer = LineLayer::ip;
        return LineResult::traffic();
    }
};

class TrafficWatchReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        line = without_end(line);
        if (line.empty()) return LineResult::other();
        TrafficWatchTraffic traffic;
        const BadReason reason = read_trafficwatch(line, traffic);
        TrafficWatchIdentity identity;
        if (reason != BadReason::none && read_trafficwatch(line, identity) == BadReason::none) {
            add_identity(identity, entry);
            return LineResult::identity();
        }
        if (reason != BadReason::none) return LineResult::bad(reason);
        add_identity(traffic, entry);
        entry.server = make_end(traffic.remote);
        entry.in = {traffic.sent, true};
        entry.out = {traffic.received, true};
        // The router logs packets, the proxy logs data: the line does not say which.
        entry.layer = LineLayer::unknown;
        return LineResult::traffic();
    }

private:
    static void add_identity(const TrafficWatchIdentity& identity, Entry& entry) {
        entry.time.stated = entry.time.has_year = entry.time.has_zone = true;
        entry.time.local_ns = Duration::seconds(identity.seconds).ns;
        entry.user = identity.user;
        entry.mac = identity.mac;
        entry.client = make_end(identity.local);
    }
};

class DatedBytesReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        std::string_view rest = without_end(line);
        if (rest.empty() || rest.front() == '#') return LineResult::other();
        if (!read_any_time(rest, entry.time)) return LineResult::bad(BadReason::time);
        if (!rest.empty() && (rest.front() == ':' || rest.front() == ',' || rest.front() == ';'))
            rest.remove_prefix(1);
        skip_blanks(rest);
        const BadReason reason = parse_count(rest, entry.both);
        entry.layer = LineLayer::unknown;
        return reason == BadReason::none ? LineResult::traffic() : LineResult::bad(reason);
    }
};

}  // namespace

std::unique_ptr<LineReader> open_nacctd() { return std::make_unique<NacctdReader>(); }
std::unique_ptr<LineReader> open_trafficwatch() { return std::make_unique<TrafficWatchReader>(); }
std::unique_ptr<LineReader> open_dated_bytes() { return std::make_unique<DatedBytesReader>(); }

}  // namespace octroi::logline
