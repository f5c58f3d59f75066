// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/rules_state.hpp"

#include "base/byte_cursor.hpp"

namespace octroi::accounting {
namespace {

// DO NOT CHANGE: state files begin with it.
constexpr std::uint32_t magic = 0x6f637231;  // "ocr1"

bool read_bookings(ByteCursor& in, std::vector<RuleBooking>& bookings) {
    std::uint32_t count = 0;
    if (!in.be32(count)) return false;
    // Each has octets in the input: it ends with them.
    for (std::uint32_t i = 0; i < count; ++i) {
        RuleBooking one;
        auto& [identity, service, far_class] = one.booking;
        if (!in.text(one.rule) || !in.text(identity) || !in.text(service) || !in.text(far_class))
            return false;
        bookings.push_back(std::move(one));
    }
    return true;
}

bool read_texts(ByteCursor& in, std::vector<std::string>& texts) {
    std::uint32_t count = 0;
    if (!in.be32(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!in.text(texts.emplace_back())) return false;
    return true;
}

}  // namespace

std::string save_state(const cumulative::CumulativeCounters& values,
                       std::span<const RuleBooking> bookings, std::span<const std::string> unused) {
    ByteWriter out;
    out.be32(magic);
    out.be32(static_cast<std::uint32_t>(bookings.size()));
    for (const auto& [rule, booking] : bookings) {
        out.text(rule);
        out.text(booking.identity);
        out.text(booking.service);
        out.text(booking.far_class);
    }
    out.be32(static_cast<std::uint32_t>(unused.size()));
    for (const std::string& counter : unused) out.text(counter);
    out.raw(values.save());
    return out.drain();
}

Result<RulesState> restore_state(std::string_view saved) {
    RulesState state;
    ByteCursor in(as_octets(saved));
    std::uint32_t found = 0;
    if (in.be32(found) && found == magic) {
        if (!read_bookings(in, state.bookings) || !read_texts(in, state.unused))
            return fail(ErrorCode::corrupt, "the state of accounting rules is damaged");
        saved.remove_prefix(saved.size() - in.left());
    }
    TRY_ASSIGN(state.values, cumulative::CumulativeCounters::restore(saved));
    return state;
}

}  // namespace octroi::accounting
