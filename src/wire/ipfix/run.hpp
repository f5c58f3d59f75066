// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes data sets by the plan of their template. This is the hot path: no allocation, no look-up
// and no virtual call per record, and fields that a plan always writes are not cleared between two
// records.

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

// Values of the message that its records depend on.
struct Origin {
    UtcTime exported;             // export time in the header
    bool has_uptime = false;      // the header states sysUpTime (v9): times count from there
    std::uint32_t uptime_ms = 0;  // sysUpTime at the export time
    std::int64_t init_ms = 0;     // IPFIX: element 160 of options data, ms since 1970; 0: not known
    bool icmp_in_port = false;    // v9: the destination port of ICMP holds type and code
};

// Decoded records that have not been handed over. One object is used for all messages.
class Batch {
public:
    // A record with two directions may put one more behind the last.
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

    // To be called before records of another form are added. All records of one serial write the
    // same fields; the others are cleared only when the serial changes. Not 0.
    void prepare(std::uint64_t serial) noexcept {
        if (serial == serial_) return;
        serial_ = serial;
        work_ = {};
    }
    // The place of the next record, which still holds the fields of an earlier one. The batch must
    // not be full. The record counts when add() was called.
    [[nodiscard]] flow::FlowRecord& next() noexcept {
        flow::FlowRecord& slot = slots_[count_];
        if (written_by_[count_] != serial_) {
            slot = {};
            written_by_[count_] = serial_;
        }
        return slot;
    }
    void add() noexcept { ++count_; }
    // Adds a record that was not written by steps: the reverse direction of the last one.
    void add(const flow::FlowRecord& record) noexcept {
        written_by_[count_] = 0;
        slots_[count_++] = record;
    }
    [[nodiscard]] Work& work() noexcept { return work_; }

private:
    std::array<flow::FlowRecord, capacity + 1> slots_{};
    Work work_;
    std::size_t count_ = 0;
    std::uint64_t serial_ = 0;
    // The serial of the record in each place: the next one of that serial overwrites all its
    // fields. 0: cleared, or written otherwise.
    std::array<std::uint64_t, capacity + 1> written_by_{};
};

enum class Fill : std::uint8_t {
    full,       // the batch is full: hand its records over, clear it and call again
    done,       // the set has been read; the rest is padding
    malformed,  // the rest holds no whole record, or the records of this plan have no length
};

// Whether a data set of so many octets can be one of this plan: whole records and padding. Always
// true for records of variable length, and for options templates, which have no plan.
[[nodiscard]] bool fits(const Plan& plan, std::size_t octets) noexcept;

// Adds records of the data set `set` to the batch, and moves `set` behind them. Adds to `records`
// how many were read; one with two directions counts once. Texts of records point into the set.
[[nodiscard]] Fill fill(const Plan& plan, ByteCursor& set, const Origin& origin, Batch& batch,
                        std::uint64_t& records) noexcept;

// Writes an IPv4 address where it belongs, in wide stores: an Address that is put together
// elsewhere and then copied makes the copy wait for the narrower stores before it.
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

// From a number of 16 bits: type << 8 | code (element 32, and the destination port of NetFlow).
inline void set_icmp(flow::FlowRecord& record, std::uint16_t value) noexcept {
    record.icmp_type = static_cast<std::uint8_t>(value >> 8U);
    record.icmp_code = static_cast<std::uint8_t>(value);
    record.fields |= flow::bit(flow::Field::icmp);
}
[[nodiscard]] constexpr bool is_icmp(std::uint8_t proto) noexcept {
    return proto == 1 || proto == 58;
}
// The time at which the exporter's uptime was `moment_ms`, given that it was `header_ms` at the
// export time. Both are modulo 2^32: uptimes wrap after 49 days, and flows begin before the export.
// Exporters without a time write all ones. That becomes a time far in the future, which callers can
// recognise as wrong.
[[nodiscard]] constexpr UtcTime from_uptime(UtcTime exported, std::uint32_t header_ms,
                                            std::uint32_t moment_ms) noexcept {
    if (moment_ms == UINT32_MAX) return exported + Duration::milliseconds(moment_ms - header_ms);
    const auto ago = static_cast<std::int32_t>(header_ms - moment_ms);
    return exported - Duration::milliseconds(ago);
}

}  // namespace octroi::ipfix
