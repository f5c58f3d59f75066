// SPDX-License-Identifier: GPL-3.0-or-later
// Input: the number of a format (one octet), then lines. Every line is traffic, other or bad; no
// octet outside a line is read; volumes are within their bound; and a reader that was saved and
// restored between two lines gives the same entries as one that was not.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logline {
namespace {

std::unique_ptr<LineReader> fuzzed_reader(const Format& format) {
    FormatOptions options;
    if (format.needs_pattern) options.pattern = format.example;
    return open_reader(format.name, options).value();
}

void check_count(const Count& count) {
    CHECK(count.value <= volume_max && (count.stated || count.value == 0));
}

void check_entry(const Entry& entry) {
    check_count(entry.in);
    check_count(entry.out);
    check_count(entry.both);
    check_count(entry.packets);
    CHECK(entry.in.stated || entry.out.stated || entry.both.stated);
    CHECK(!entry.both.stated || (!entry.in.stated && !entry.out.stated));
    CHECK(entry.duration_ns >= 0 && entry.time.digits <= 9);
    CHECK(!entry.user_ambiguous || entry.user.empty());
}

// What must not depend on a restart.
bool is_same(const Entry& a, const Entry& b) {
    return a.user == b.user && a.domain == b.domain && a.client.text == b.client.text &&
           a.in.value == b.in.value && a.out.value == b.out.value && a.both.value == b.both.value;
}

void read_lines(const Format& format, std::string_view rest) {
    const auto reader = fuzzed_reader(format);
    auto resumed = fuzzed_reader(format);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const auto copy = std::make_unique<char[]>(end);
        if (end > 0) std::memcpy(copy.get(), rest.data(), end);
        const std::string_view line(copy.get(), end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        auto next = fuzzed_reader(format);
        CHECK(next->restore(resumed->save()).has_value());
        resumed = std::move(next);
        Entry entry;
        Entry other;
        const LineResult result = reader->read(line, entry);
        const LineResult again = resumed->read(line, other);
        CHECK(result.kind == again.kind && result.reason == again.reason);
        CHECK((result.kind == LineKind::bad) == (result.reason != BadReason::none));
        if (result.kind != LineKind::traffic) continue;
        check_entry(entry);
        CHECK(is_same(entry, other));
    }
}

}  // namespace
}  // namespace octroi::logline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto formats = octroi::logline::formats();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    octroi::logline::read_lines(formats[data[0] % formats.size()], text.substr(1));
    return 0;
}
