// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sets of an IPFIX or NetFlow v9 message that is being filled: templates if they are due, then
// data sets, a new one whenever the IP version changes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/flow/encoder.hpp"
#include "wire/ipfix/export_record.hpp"

namespace octroi::ipfix {

class SetBuilder {
public:
    // `header`: the length of the message header.
    SetBuilder(Dialect dialect, const flow::EncoderSettings& settings, std::size_t header)
        : dialect_(dialect), settings_(settings), header_octets_(header) {}

    // Before the first record of a message: adds templates and names of interfaces if they are due.
    void begin(UtcTime exported);
    // False: the record does not fit the message; nothing was added.
    [[nodiscard]] bool add(const flow::FlowRecord& record, const Boot& boot);
    // Returns the sets; the object is then empty.
    [[nodiscard]] std::string drain();

    [[nodiscard]] bool empty() const noexcept { return data_records_ == 0; }
    // In the message so far: data records, which IPFIX numbers messages by, and with templates,
    // which the v9 header counts.
    [[nodiscard]] std::uint32_t data_records() const noexcept { return data_records_; }
    [[nodiscard]] std::uint32_t all_records() const noexcept { return data_records_ + templates_; }

    // Keeps the names that could fit a message. Without a new one among them nothing is due.
    void name_interfaces(std::span<const std::string> names);
    // Templates are due with the next message.
    void restart() { templates_sent_.reset(); }

private:
    [[nodiscard]] bool due(UtcTime exported) const noexcept;
    void open(std::uint16_t set);
    void close();

    Dialect dialect_;
    flow::EncoderSettings settings_;
    std::size_t header_octets_;
    std::vector<std::string> names_;

    std::string body_;
    std::size_t set_at_ = 0;  // where the open set begins
    std::uint16_t set_ = 0;   // 0: none is open
    std::uint32_t data_records_ = 0;
    std::uint32_t templates_ = 0;
    std::optional<UtcTime> templates_sent_;
    std::uint32_t messages_since_ = 0;
};

}  // namespace octroi::ipfix
