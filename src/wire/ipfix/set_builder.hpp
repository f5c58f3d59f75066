// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The body of a message of IPFIX or NetFlow v9 as it is filled: templates where they are due, and
// records in data sets that change with the IP version.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/flow/encoder.hpp"
#include "wire/ipfix/export_record.hpp"

namespace octroi::ipfix {

class SetBuilder {
public:
    SetBuilder(Dialect dialect, const flow::EncoderSettings& settings, std::size_t header)
        : dialect_(dialect), settings_(settings), header_octets_(header) {}

    // Before the first record of a message: templates and interfaces' names if they are due.
    void begin(UtcTime exported);
    // False: it does not fit this message any more.
    [[nodiscard]] bool add(const flow::FlowRecord& record, const Boot& boot);
    // The sets; the body is empty again.
    [[nodiscard]] std::string drain();

    [[nodiscard]] bool empty() const noexcept { return data_records_ == 0; }
    // Since begin(): what the protocols number by. Templates are no data records.
    [[nodiscard]] std::uint32_t data_records() const noexcept { return data_records_; }
    [[nodiscard]] std::uint32_t all_records() const noexcept { return data_records_ + templates_; }

    void name_interfaces(std::vector<std::string> names) {
        names_ = std::move(names);
        templates_sent_.reset();
    }
    // Templates come with the next message.
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
