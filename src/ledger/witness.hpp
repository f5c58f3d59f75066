// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Compares meters of role witness with meters that bill: both saw the same traffic, each in its
// layer. Pure functions: witness_question() → Query::sums() → witness_rows().

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/query.hpp"

namespace octroi {

// The header of Ethernet (IEEE 802.3): addresses and type. VLAN tags, and what other links have in
// front of the IP header, are more or less.
inline constexpr std::uint64_t ethernet_header_octets = 14;

// One witness and one meter that bills, in one step of the time.
struct WitnessRow {
    UtcTime begin;  // of the step
    std::string witness;
    Layer witness_layer = Layer::frame;
    std::string meter;
    Layer layer = Layer::ip;
    Volume witnessed;  // excluded traffic included
    Volume billed;     // not excluded
    Volume excluded;   // of the meter that bills
    // The octets by which the layers differ: a header for each frame with an IP packet that the
    // witness saw, if the witness counts frames and the other one IP packets; less than 0 the other
    // way round. 0: they count the same, or one of them counts application data.
    std::int64_t headers = 0;
    // witnessed - billed - excluded - headers, in octets. Above 0: the meter that bills missed
    // traffic, or does not see it.
    std::int64_t rest = 0;
    // The rest in percent of the larger of both sides; 0 where both are 0.
    double percent = 0;

    bool operator==(const WitnessRow&) const = default;
};

// steps: as SumQuestion::steps.
[[nodiscard]] SumQuestion witness_question(const Interval& period, std::vector<UtcTime> steps);

// sums: the answer. compares: whether both saw the same interfaces. By begin, witness, meter; a
// pair of which one has no traffic in a step has a row, unless both have none.
using WitnessPairs = std::function<bool(std::string_view witness, std::string_view meter)>;
[[nodiscard]] std::vector<WitnessRow> witness_rows(const std::vector<TransferSum>& sums,
                                                   const WitnessPairs& compares);

}  // namespace octroi
