// SPDX-License-Identifier: GPL-3.0-or-later
// Input: one octet (bit 0: v9; bit 1: options templates; bit 2: no wanted fields), the length of a
// template set's content (16 bits, big endian), that content, and then data, which is read by every
// template of the set.

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "base/check.hpp"
#include "wire/ipfix/message.hpp"
#include "wire/ipfix/options.hpp"
#include "wire/ipfix/plan.hpp"
#include "wire/ipfix/run.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {
namespace {

struct Exact {
    explicit Exact(ByteSpan from)
        : octets(std::make_unique<std::byte[]>(from.size())), size(from.size()) {
        if (size != 0) std::memcpy(octets.get(), from.data(), size);
    }
    [[nodiscard]] ByteSpan span() const { return {octets.get(), size}; }
    std::unique_ptr<std::byte[]> octets;
    std::size_t size;
};

bool inside(ByteSpan all, std::string_view text) {
    if (text.empty()) return true;
    const auto* begin = reinterpret_cast<const char*>(all.data());
    return text.data() >= begin && text.data() + text.size() <= begin + all.size();
}

bool same(const flow::FlowRecord& a, const flow::FlowRecord& b) {
    return a.fields == b.fields && a.bytes == b.bytes && a.packets == b.packets &&
           a.first == b.first && a.last == b.last && a.src == b.src && a.dst == b.dst &&
           a.sampling == b.sampling && a.user == b.user && a.kind == b.kind &&
           a.reverse == b.reverse && a.icmp_type == b.icmp_type && a.sport == b.sport &&
           a.next_hop == b.next_hop && a.nat_src == b.nat_src && a.counting == b.counting;
}

// Records must not depend on what the batch held before.
void run_data(const Plan& plan, ByteSpan octets) {
    static Batch used;
    const auto fresh = std::make_unique<Batch>();
    const Origin origin{.exported = UtcTime::from_seconds(1'790'000'000),
                        .has_uptime = (octets.size() & 1U) != 0,
                        .uptime_ms = 123'456,
                        .init_ms = 1'789'000'000'000,
                        .icmp_in_port = true};
    ByteCursor a(octets);
    ByteCursor b(octets);
    std::uint64_t records = 0;
    std::uint64_t again = 0;
    Fill fill_a = Fill::full;
    while (fill_a == Fill::full) {
        used.clear();
        fresh->clear();
        fill_a = fill(plan, a, origin, used, records);
        CHECK(fill(plan, b, origin, *fresh, again) == fill_a && a.left() == b.left());
        CHECK(used.records().size() == fresh->records().size());
        CHECK(used.records().size() <= Batch::capacity + 1);
        for (std::size_t i = 0; i < used.records().size(); ++i) {
            CHECK(same(used.records()[i], fresh->records()[i]));
            CHECK(inside(octets, used.records()[i].user));
        }
    }
    CHECK(records == again);
    CHECK(plan.least_octets == 0 || records <= octets.size() / plan.least_octets);
}

void run_options(const Template& t, ByteSpan octets) {
    ByteCursor cursor(octets);
    OptionsRecord record;
    std::size_t before = cursor.left();
    while (read_options(t, cursor, record)) {
        CHECK(cursor.left() < before);
        before = cursor.left();
        CHECK(inside(octets, record.name) && inside(octets, record.description));
    }
}

void run(ByteSpan input) {
    ByteCursor cursor(input);
    std::uint8_t flags = 0;
    std::uint16_t length = 0;
    ByteSpan content;
    if (!cursor.u8(flags) || !cursor.be16(length) || !cursor.raw(length, content)) return;
    const Exact templates(content);
    const Exact data(cursor.rest());
    const Dialect dialect = (flags & 1U) != 0 ? Dialect::v9 : Dialect::ipfix;
    TemplateReader reader(templates.span(), dialect, (flags & 2U) != 0);
    const std::uint64_t wanted = (flags & 4U) != 0 ? 0 : ~std::uint64_t{0};
    Template t;
    for (;;) {
        const TemplateReader::Step step = reader.next(t);
        if (step == TemplateReader::Step::end || step == TemplateReader::Step::malformed) break;
        CHECK(t.fields.size() <= max_fields);
        if (step != TemplateReader::Step::announced) continue;
        run_options(t, data.span());
        run_data(compile(t, wanted), data.span());
    }
    Message message;
    if (parse_message(data.span(), message) != flow::Outcome::malformed)
        CHECK(message.octets <= data.size && message.octets >= header_octets);
    SetReader sets(data.span());
    Set set;
    std::size_t seen = 0;
    while (sets.next(set)) seen += set.content.size() + 4;
    CHECK(seen <= data.size);
}

}  // namespace
}  // namespace octroi::ipfix

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::ipfix::run(std::as_bytes(std::span(data, size)));
    return 0;
}
