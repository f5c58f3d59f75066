// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Log lines about input that cannot be metered: which exporter, why, what to do next. Limited by
// kind (host/log_limit.hpp); docs/operating.md lists the kinds. Any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "meter/journal/message.hpp"
#include "wire/exporter/notices.hpp"
#include "wire/flow/outcome.hpp"

namespace octroi::collector {

class InputLog {
public:
    // meter: its name in the configuration.
    explicit InputLog(std::string meter) : meter_(std::move(meter)) {}

    // ---- messages

    // The sender is not in `exporters`.
    void on_refused_sender(const journal::Message& message) const;
    // The sFlow agent address in the datagram is not in `exporters`.
    void on_refused_agent(const journal::Message& message) const;
    // outcome: not ok.
    void on_undecoded(const journal::Message& message, flow::Outcome outcome) const;
    // Data sets were given up. from: the exporter that sent them; null: a checkpoint found
    // them, of exporters that are silent.
    void on_missing_template(std::uint64_t sets, const Address* from) const;

    // What an exporter stated changes or limits its figures.
    void on_notice(const exporter::Notice& notice) const;
    void on_start(const exporter::Notice& notice) const;

    // ---- connections

    // why: "it is not in `exporters`".
    void on_refused_connection(const Address& peer, std::uint16_t port, std::string_view why) const;
    void on_failed_connection(const Address& peer, std::uint16_t port, std::string_view why) const;
    // accept(2) failed, for a reason of this process.
    void on_failed_accept(std::string_view why) const;

private:
    std::string meter_;
};

}  // namespace octroi::collector
