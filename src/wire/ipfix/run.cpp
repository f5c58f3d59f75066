// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/run.hpp"

#include <cstddef>
#include <cstring>

#include "wire/ipfix/finish.hpp"

namespace octroi::ipfix {
namespace {

using flow::FlowRecord;

// Exporters align sets to 4 or 8 octets (RFC 7011 section 3.3.1).
constexpr std::size_t padding_max = 7;

// `length` octets, at most 8, as a number.
std::uint64_t number(const std::byte* from, std::size_t length) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < length; ++i)
        value = value << 8U | static_cast<std::uint64_t>(from[i]);
    return value;
}

template <typename T>
void put(std::byte* to, T value) noexcept {
    std::memcpy(to, &value, sizeof value);
}

template <std::size_t Octets>
void put_address(std::byte* to, const std::byte* from) noexcept {
    if constexpr (Octets == 4) {
        put_v4(to, from);
    } else {
        std::memcpy(to, from, Octets);
        put(to + offsetof(Address, family), Family::v6);
    }
}

// Writes the address only if the one of the other IP version is all zero and this one is not.
template <std::size_t Octets>
void put_fallback_address(std::byte* to, const std::byte* from) noexcept {
    Address present;
    std::memcpy(static_cast<void*>(&present), to, sizeof(Address));
    constexpr std::array<std::uint8_t, 16> zeros{};
    if (present.octets != zeros || std::memcmp(from, zeros.data(), Octets) == 0) return;
    put_address<Octets>(to, from);
}

// Up to the first zero octet: texts of fixed length are padded with zeros.
void put_text(std::byte* to, const std::byte* from, std::size_t length) noexcept {
    const void* zero = length == 0 ? nullptr : std::memchr(from, 0, length);
    const auto* end = static_cast<const std::byte*>(zero);
    const std::string_view text(reinterpret_cast<const char*>(from),
                                end == nullptr ? length : static_cast<std::size_t>(end - from));
    std::memcpy(to, &text, sizeof(std::string_view));
}

inline void run_step(const Step& step, const std::byte* from, std::size_t length,
                     std::byte* to) noexcept {
    switch (step.op) {
        case Op::copy8:
            *to = *from;
            return;
        case Op::copy16:
            return put(to, load_be16(from));
        case Op::copy32:
            return put(to, load_be32(from));
        case Op::copy64:
            return put(to, load_be64(from));
        case Op::widen32:
            return put(to, std::uint64_t{load_be32(from)});
        case Op::number8:
            return put(to, static_cast<std::uint8_t>(number(from, length)));
        case Op::number16:
            return put(to, static_cast<std::uint16_t>(number(from, length)));
        case Op::number32:
            return put(to, static_cast<std::uint32_t>(number(from, length)));
        case Op::number64:
            return put(to, number(from, length));
        case Op::address4:
            return put_address<4>(to, from);
        case Op::address6:
            return put_address<16>(to, from);
        case Op::fallback4:
            return put_fallback_address<4>(to, from);
        case Op::fallback6:
            return put_fallback_address<16>(to, from);
        case Op::fallback8:
            if (*to == std::byte{0}) put(to, static_cast<std::uint8_t>(number(from, length)));
            return;
        case Op::mac:
            std::memcpy(to, from, sizeof(Mac));
            return;
        case Op::text:
            return put_text(to, from, length);
        case Op::octets:
            return put(to, std::string_view(reinterpret_cast<const char*>(from), length));
    }
}

// A number of more than 8 octets becomes 0: its field must not keep the value of an earlier record.
void run_variable(const Step& step, ByteSpan value, std::byte* to) noexcept {
    const bool fits = step.op == Op::text || step.op == Op::octets || value.size() <= 8;
    run_step(step, value.data(), fits ? value.size() : 0, to);
}

struct Bases {
    std::byte* record;
    std::byte* work;
    [[nodiscard]] std::byte* of(const Step& step) const noexcept {
        return (step.into == Into::record ? record : work) + step.target;
    }
};

// Steps of the same kind and base follow one another (see compile()): one jump for all of them, and
// loops of the same length from record to record, which the processor predicts.
inline void run_fixed(const Step* step, const Step* end, const std::byte* from,
                      const Bases bases) noexcept {
    while (step != end) {
        const Op op = step->op;
        const auto all = [&, from](auto&& copy) {
            const Into into = step->into;
            std::byte* const base = into == Into::record ? bases.record : bases.work;
            const Step* s = step;
            do {
                copy(base + s->target, from + s->offset);
                ++s;
            } while (s != end && s->op == op && s->into == into);
            step = s;
        };
        switch (op) {
            case Op::copy8:
                all([](std::byte* to, const std::byte* p) { *to = *p; });
                break;
            case Op::copy16:
                all([](std::byte* to, const std::byte* p) { put(to, load_be16(p)); });
                break;
            case Op::copy32:
                all([](std::byte* to, const std::byte* p) { put(to, load_be32(p)); });
                break;
            case Op::copy64:
                all([](std::byte* to, const std::byte* p) { put(to, load_be64(p)); });
                break;
            case Op::widen32:
                all([](std::byte* to, const std::byte* p) {
                    put(to, std::uint64_t{load_be32(p)});
                });
                break;
            case Op::address4:
                all([](std::byte* to, const std::byte* p) { put_address<4>(to, p); });
                break;
            default:
                run_step(*step, from + step->offset, step->length, bases.of(*step));
                ++step;
        }
    }
}

bool run_segments(const Plan& plan, ByteCursor& cursor, const Bases& bases) noexcept {
    for (const Segment& segment : plan.segments) {
        ByteSpan octets;
        if (!cursor.raw(segment.octets, octets)) return false;
        const Step* steps = plan.steps.data();
        run_fixed(steps + segment.first_step, steps + segment.end_step, octets.data(), bases);
        if (!segment.variable) continue;
        if (!read_variable(cursor, octets)) return false;
        if (!segment.wanted) continue;
        const Step* step = steps + segment.end_step;
        const Step* end = &segment == &plan.segments.back() ? steps + plan.steps.size()
                                                            : steps + (&segment + 1)->first_step;
        for (; step != end; ++step) run_variable(*step, octets, bases.of(*step));
    }
    return true;
}

// Sets what does not depend on the octets of the record.
inline void begin(const Plan& plan, FlowRecord& record) noexcept {
    record.fields = plan.fields;
    record.sampling = 0;
    record.counting = plan.counting;
    record.kind = plan.kind;
    record.section_kind = plan.section;
    record.rate_refused = false;
    record.reverse = false;
}

inline void end(const Plan& plan, const Origin& origin, Batch& batch, FlowRecord& record) noexcept {
    Work& work = batch.work();
    if ((plan.finish & Finish::times) != 0) finish_times(plan, origin, work, record);
    constexpr std::uint32_t rare =
        Finish::icmp | Finish::families | Finish::sampling | Finish::events | Finish::bgp_next_hop;
    if ((plan.finish & rare) != 0) finish_fields(plan, work, record);
    if ((plan.finish & Finish::icmp_from_port) != 0 && origin.icmp_in_port) {
        record.icmp_type = record.icmp_code = 0;
        if (is_icmp(record.proto)) set_icmp(record, record.dport);
    }
    batch.add();
    if ((plan.finish & Finish::reverse) == 0) return;
    FlowRecord reverse;
    if (make_reverse(plan, work, record, reverse)) batch.add(reverse);
}

}  // namespace

bool fits(const Plan& plan, std::size_t octets) noexcept {
    if (!plan.fixed || plan.least_octets == 0) return true;
    return octets >= plan.least_octets && octets % plan.least_octets <= padding_max;
}

Fill fill(const Plan& plan, ByteCursor& set, const Origin& origin, Batch& batch,
          std::uint64_t& records) noexcept {
    // A record without octets would never use up the set.
    if (plan.least_octets == 0) return Fill::malformed;
    batch.prepare(plan.serial);
    auto* const work = reinterpret_cast<std::byte*>(&batch.work());
    // Fewer octets than the shortest record has are padding (RFC 7011 section 3.3.1).
    while (set.left() >= plan.least_octets) {
        if (batch.full()) return Fill::full;
        FlowRecord& record = batch.next();
        const Bases bases{reinterpret_cast<std::byte*>(&record), work};
        begin(plan, record);
        if (plan.fixed) {
            ByteSpan octets;
            if (!set.raw(plan.least_octets, octets)) return Fill::malformed;
            const Step* steps = plan.steps.data();
            run_fixed(steps, steps + plan.steps.size(), octets.data(), bases);
        } else {
            // On a copy: the cursor stays in front of a record that is cut off.
            ByteCursor attempt = set;
            if (!run_segments(plan, attempt, bases)) return Fill::malformed;
            set = attempt;
        }
        ++records;
        end(plan, origin, batch, record);
    }
    // The rest is padding, unless it is longer than exporters pad (to 8 octets), or no record
    // came before it: then it is the begin of a record, or the template is another one's.
    const bool is_padding = set.left() <= padding_max && (records > 0 || set.left() == 0);
    return is_padding ? Fill::done : Fill::malformed;
}

}  // namespace octroi::ipfix
