// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Records of a data set, by the plan of their template: the hot path. No allocation, no look-up, no
// call for a record; what a plan always writes is not cleared between two records.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/ipfix/plan.hpp"

namespace octroi::ipfix {

// What the message of a record says about time, and about its exporter's habits.
struct Origin {
    UtcTime exported;
    bool has_uptime = false;      // v9: sysUpTime stands in the header
    std::uint32_t uptime_ms = 0;  //
    std::int64_t init_ms = 0;     // IPFIX: element 160 of the options, ms since 1970; 0: not known
    bool icmp_in_port = false;    // v9 (and v5): the destination port holds ICMP type and code
};

// Records on their way to the sink. Reused from message to message.
class Batch {
public:
    static constexpr std::size_t capacity = 64;

    [[nodiscard]] std::span<const flow::FlowRecord> records() const noexcept {
        return std::span(slots_).first(count_);
    }
    [[nodiscard]] std::span<flow::FlowRecord> records() noexcept {
        return std::span(slots_).first(count_);
    }
    [[nodiscard]] bool full() const noexcept { return count_ >= capacity; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    void clear() noexcept { count_ = 0; }

    // For decoders of a fixed form: every call of the same serial writes the same fields, so that
    // the others are cleared only when the form changes.
    void prepare(std::uint64_t serial) noexcept {
        if (serial == serial_) return;
        serial_ = serial;
        work_ = {};
    }
    // The next record, with the fields of the record before it in that place. There is always one
    // more behind a batch that is not full.
    [[nodiscard]] flow::FlowRecord& next() noexcept {
        flow::FlowRecord& slot = slots_[count_];
        if (written_by_[count_] != serial_) {
            slot = {};
            written_by_[count_] = serial_;
        }
        return slot;
    }
    void keep() noexcept { ++count_; }
    // For a record that was not written by the plan: the reverse of the one before it.
    [[nodiscard]] flow::FlowRecord& keep_foreign() noexcept {
        written_by_[count_] = 0;
        return slots_[count_++];
    }
    [[nodiscard]] Work& work() noexcept { return work_; }

private:
    std::array<flow::FlowRecord, capacity + 1> slots_{};
    Work work_;
    std::size_t count_ = 0;
    std::uint64_t serial_ = 0;
    // Whose fields stand in each place, so that the next of the same kind overwrites all of them;
    // 0: cleared, or anybody's.
    std::array<std::uint64_t, capacity + 1> written_by_{};
};

enum class Fill : std::uint8_t {
    full,       // take the records out and call again
    done,       // the set is read; what is left is padding
    malformed,  // the rest cannot be records of this template
};

// Fills the batch with records of `set`, moves `set` on, and adds to `records` those of the set
// (a record with two directions is one).
[[nodiscard]] Fill fill(const Plan& plan, ByteCursor& set, const Origin& origin, Batch& batch,
                        std::uint64_t& records) noexcept;

// An address straight into its place: put together elsewhere and then copied, the copy would wait
// for the narrower stores before it.
inline void put_v4(std::byte* to, const std::byte* from) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, from, sizeof value);
    const std::uint64_t low = value;
    const std::uint64_t high = 0;
    std::memcpy(to, &low, sizeof low);
    std::memcpy(to + 8, &high, sizeof high);
    to[offsetof(Address, family)] = std::byte{static_cast<std::uint8_t>(Family::v4)};
}
static_assert(offsetof(Address, octets) == 0 && sizeof(Address) == 17);

// Type and code from a port of 16 bits, as NetFlow writes them.
inline void set_icmp(flow::FlowRecord& record, std::uint16_t value) noexcept {
    record.icmp_type = static_cast<std::uint8_t>(value >> 8U);
    record.icmp_code = static_cast<std::uint8_t>(value);
    record.fields |= flow::bit(flow::Field::icmp);
}
[[nodiscard]] constexpr bool is_icmp(std::uint8_t proto) noexcept {
    return proto == 1 || proto == 58;
}
// A moment in ms of the exporter's uptime, from the header's; both modulo 2^32: the uptime comes
// round after 49 days, and flows begin before. All ones is what stands there when an exporter has
// no time to give: it is taken as the number that it is, far ahead, where it can be seen to be
// wrong.
[[nodiscard]] constexpr UtcTime from_uptime(UtcTime exported, std::uint32_t header_ms,
                                            std::uint32_t moment_ms) noexcept {
    if (moment_ms == UINT32_MAX) return exported + Duration::milliseconds(moment_ms - header_ms);
    const auto ago = static_cast<std::int32_t>(header_ms - moment_ms);
    return exported - Duration::milliseconds(ago);
}

}  // namespace octroi::ipfix
