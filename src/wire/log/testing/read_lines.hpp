// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a reader makes of a line, as one text for tests.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logline::testing {

// "2017-05-29T19:02:48Z" of a stated zone; "2017-05-29T19:02:48" without a zone; "05-29T19:02:48"
// without a year.
inline std::string text_of(const LineTime& time) {
    if (!time.stated) return "no time";
    const UtcTime moment{time.local_ns - Duration::seconds(time.offset_s).ns};
    std::string text = to_rfc3339(moment, time.digits);
    if (!time.has_zone) text.pop_back();
    if (!time.has_year) text.erase(0, 5);
    return text;
}

// "TIME name=value …": the stated parts, in a fixed order.
inline std::string text_of(const Entry& entry) {
    std::string text = text_of(entry.time);
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) text.append(" ").append(name).append("=").append(value);
    };
    const auto add_end = [&](std::string_view name, const End& end) {
        std::string shown = to_string(end.address);
        if (shown.empty()) shown = end.text;
        if (end.port != 0) shown += ":" + std::to_string(end.port);
        add(name, shown);
    };
    const auto add_count = [&](std::string_view name, const Count& count) {
        if (count.stated) add(name, std::to_string(count.value));
    };
    if (entry.has_duration) add("for", to_string(Duration{entry.duration_ns}));
    add_end("peer", entry.client);
    add_end("server", entry.server);
    add("user", entry.user);
    add("login", entry.login);
    add("domain", entry.domain);
    add("ident", entry.ident);
    add("mac", entry.mac);
    add("section", entry.section);
    if (entry.proto != 0) add("proto", std::to_string(entry.proto));
    add_count("packets", entry.packets);
    add_count("in", entry.in);
    add_count("out", entry.out);
    add_count("both", entry.both);
    add("status", entry.status);
    add("service", entry.service);
    if (entry.user_unverified && !entry.user.empty()) text += " user?";
    if (entry.domain_unverified) text += " domain?";
    if (entry.user_ambiguous) text += " ambiguous";
    return text;
}

// Reads lines with one reader.
class Lines {
public:
    // Aborts if there is no such format.
    explicit Lines(std::string_view format, std::string pattern = "")
        : reader_(open_reader(format, {std::move(pattern)}).value()) {}

    // The text of the entry, "other", or "bad: " and the reason. The line is copied to memory of
    // its size, so that reading beyond its end is found.
    std::string read(std::string_view line) {
        const auto copy = std::make_unique<char[]>(line.size());
        line.copy(copy.get(), line.size());
        Entry entry;
        const LineResult result = reader_->read({copy.get(), line.size()}, entry);
        if (result.kind == LineKind::other) return "other";
        if (result.kind == LineKind::bad) return "bad: " + std::string(to_string(result.reason));
        return text_of(entry);
    }
    [[nodiscard]] LineReader& reader() { return *reader_; }

private:
    std::unique_ptr<LineReader> reader_;
};

}  // namespace octroi::logline::testing
