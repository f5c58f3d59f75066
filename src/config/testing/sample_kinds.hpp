// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// An option table with two meter kinds that no program has, for tests of config: "sample" has an
// option of each type, "other" shares a key with it.

#include <array>

#include "config/option.hpp"

namespace octroi::testing {

inline Status is_even(const OptionEntry& entry) {
    if (entry.integer() % 2 == 0) return {};
    return fail(ErrorCode::invalid, "must be even");
}

inline constexpr std::array sample_options = {
    Option{.key = "places",
           .type = OptionType::texts,
           .default_text = R"(["a", "b"])",
           .help = "Where to look."},
    Option{.key = "loud", .type = OptionType::boolean, .default_text = "false", .help = "Loudly."},
    Option{.key = "depth",
           .type = OptionType::integer,
           .default_text = "128",
           .range = "64..1024",
           .help = "How deep.",
           .check = is_even},
    Option{.key = "buffer_size",
           .type = OptionType::size,
           .default_text = R"("64 KiB")",
           .range = "1 KiB..1 GiB",
           .help = "Size of the buffer."},
    Option{.key = "order",
           .type = OptionType::choice,
           .default_text = R"("first")",
           .range = "first|last",
           .help = "Which end."},
    Option{.key = "least",
           .type = OptionType::duration,
           .default_text = R"("10s")",
           .range = "1s..1h",
           .help = "The least time."},
    Option{.key = "most",
           .type = OptionType::duration,
           .default_text = R"("1m")",
           .range = "1s..1h",
           .help = "The most time."},
    Option{.key = "longest",
           .type = OptionType::duration,
           .default_text = R"("1m")",
           .help = "",
           .renamed_to = "most"},
    Option{.key = "networks",
           .type = OptionType::prefixes,
           .default_text = R"(["192.0.2.0/24"])",
           .help = "Networks."},
};

inline void check_sample(std::span<const MeterConfig* const> meters,
                         std::vector<Problem>& problems) {
    for (const MeterConfig* meter : meters) {
        if (meter->options.duration("least") > meter->options.duration("most"))
            problems.push_back({meter->where, "[meter] " + meter->name + ": least is over most"});
    }
}

inline constexpr std::array other_options = {
    Option{.key = "file",
           .type = OptionType::text,
           .default_text = R"("/var/log/other")",
           .required = true,
           .help = "The file."},
    Option{.key = "depth",
           .type = OptionType::integer,
           .default_text = "1",
           .range = "1..9",
           .help = "Another depth."},
};

inline OptionTable sample_table() {
    static constexpr std::array kinds = {
        MeterOptions{.kind = "sample",
                     .help = "A sample.",
                     .options = sample_options,
                     .check = check_sample,
                     .is_default = true},
        MeterOptions{.kind = "other", .help = "Another one.", .options = other_options},
    };
    return make_option_table(kinds);
}

}  // namespace octroi::testing
