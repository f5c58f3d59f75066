// SPDX-License-Identifier: GPL-3.0-or-later
// Any text is either a configuration or an error that says where: never a crash, never a hang.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "config/parse.hpp"
#include "config/testing/sample_kinds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const octroi::OptionTable table = octroi::testing::sample_table();
    const std::string text(data, data + size);
    const auto config = octroi::parse_config(text, "fuzz.toml", table);
    CHECK(config.has_value() || config.error().text.starts_with("fuzz.toml:"));
    return 0;
}
