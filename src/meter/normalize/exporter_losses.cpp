// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/exporter_losses.hpp"

#include <algorithm>

namespace octroi::normalize {
namespace {

// A sum of bounds above this says nothing.
constexpr std::uint64_t volume_max = std::uint64_t{1} << 52U;

}  // namespace

void ExporterLosses::add(const Address& exporter, LossReason reason, const Interval& interval,
                         std::optional<std::uint64_t> lost,
                         std::optional<std::uint64_t> bytes_bound) {
    std::string source = exporter.empty() ? "unknown exporter" : to_string(exporter);
    if (losses_.size() >= losses_max && !losses_.contains({source, reason}))
        source = "other exporters";
    // After our clock was set back an interval may be reversed.
    const Interval ordered{std::min(interval.begin, interval.end),
                           std::max(interval.begin, interval.end)};
    const auto [at, is_new] =
        losses_.try_emplace({source, reason}, Loss{source, reason, ordered, lost, bytes_bound});
    if (is_new) return;
    Loss& loss = at->second;
    loss.interval = {std::min(loss.interval.begin, interval.begin),
                     std::max(loss.interval.end, interval.end)};
    if (loss.packets && lost)
        loss.packets = std::min(checked_add(*loss.packets, *lost).value_or(volume_max), volume_max);
    else
        loss.packets.reset();
    const bool is_bounded =
        loss.bytes_bound && bytes_bound && *bytes_bound <= volume_max - *loss.bytes_bound;
    loss.bytes_bound = is_bounded ? std::optional(*loss.bytes_bound + *bytes_bound) : std::nullopt;
}

std::vector<Loss> ExporterLosses::drain() {
    std::vector<Loss> losses;
    for (auto& [key, loss] : losses_) losses.push_back(std::move(loss));
    losses_.clear();
    return losses;
}

}  // namespace octroi::normalize
