// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/options.hpp"

#include <gtest/gtest.h>

#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

TEST(LogOptions, NameAllFormats) {
    std::string names;
    for (const logline::Format& format : logline::formats())
        names += (names.empty() ? "" : "|") + std::string(format.name);
    EXPECT_EQ(format_option.range, names);
}

}  // namespace
}  // namespace octroi::logs
