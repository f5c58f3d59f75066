// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of the commands that read files of flow exports.

#include <array>

#include "config/option.hpp"

namespace octroi::flow_file {

inline constexpr std::array inspect_options = {
    Option{.key = "summary",
           .type = OptionType::boolean,
           .default_text = "false",
           .help = "A row per exporter instead of its records"},
};

inline constexpr Option sampling_option = {.key = "sampling",
                                           .type = OptionType::integer,
                                           .default_text = "0",  // not sampled
                                           .range = "0..9223372036854775807",
                                           .help =
                                               "Sampling rate N (1 packet of N is counted) where "
                                               "neither records nor options data state it",
                                           .placeholder = "RATE"};

inline constexpr std::array import_options = {
    sampling_option,
    Option{
        .key = "checkpoint",
        .type = OptionType::integer,
        .default_text = "0",  // the default of FlowFileMeterOptions
        .range = "0..9223372036854775807",
        .help =
            "Commit after this number of frames (default: 1048576). After a kill, the next import "
            "continues at the last commit",
        .placeholder = "FRAMES"},
};

inline constexpr std::array export_options = {sampling_option};

}  // namespace octroi::flow_file
