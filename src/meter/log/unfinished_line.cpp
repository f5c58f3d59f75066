// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/unfinished_line.hpp"

#include <array>
#include <cstdint>
#include <string>

#include "base/check.hpp"

namespace octroi::logs {
namespace {

using logline::Entry;
using logline::LineKind;

// What could go on behind the end: names, numbers, IPv4 and IPv6 addresses, hosts with a port.
constexpr std::array<std::string_view, 3> continuations{"0", ".1", ":1"};

// What decides whom and when the line is about. The views of an entry end with the next line.
struct AboutLine {
    std::array<std::string, 11> names;
    std::array<std::int64_t, 3> times{};

    bool operator==(const AboutLine&) const = default;
};

AboutLine about(const Entry& entry) {
    const std::array<std::string_view, 11> names{
        entry.user,        entry.domain,    entry.ident,  entry.login,
        entry.sender,      entry.recipient, entry.mac,    entry.client.text,
        entry.server.text, entry.section,   entry.service};
    AboutLine about;
    for (std::size_t i = 0; i < names.size(); ++i) about.names.at(i) = names.at(i);
    about.times = {entry.time.local_ns, entry.time.offset_s,
                   entry.has_duration ? entry.duration_ns : -1};
    return about;
}

std::array<std::uint64_t, 4> volumes(const Entry& entry) {
    return {entry.in.value, entry.out.value, entry.both.value, entry.packets.value};
}

bool has_entry(const logline::LineResult& result) {
    return result.kind == LineKind::traffic || result.kind == LineKind::identity;
}

}  // namespace

UnfinishedRead read_unfinished(logline::LineReader& reader, std::string_view text, Entry& entry) {
    UnfinishedRead read;
    const std::string state = reader.save();
    read.result = reader.read(text, entry);
    if (!has_entry(read.result)) return read;
    const AboutLine whole = about(entry);
    const auto whole_volumes = volumes(entry);
    for (const std::string_view continuation : continuations) {
        CHECK(reader.restore(state).has_value());  // the reader made it itself
        const std::string longer = std::string(text) + std::string(continuation);
        if (!has_entry(reader.read(longer, entry))) continue;
        read.has_doubtful_name = read.has_doubtful_name || about(entry) != whole;
        read.has_doubtful_volume = read.has_doubtful_volume || volumes(entry) != whole_volumes;
    }
    CHECK(reader.restore(state).has_value());
    read.result = reader.read(text, entry);
    return read;
}

}  // namespace octroi::logs
