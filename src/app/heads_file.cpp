// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/heads_file.hpp"

#include <fmt/format.h>

#include "host/file.hpp"

namespace octroi {
namespace {

// Some hundred thousand chains.
constexpr std::size_t heads_octets_max = std::size_t{64} << 20U;

}  // namespace

Result<std::vector<ChainHead>> read_heads_file(const std::string& file) {
    TRY_ASSIGN(const std::string text, read_file(file, heads_octets_max));
    auto heads = parse_heads(text);
    if (!heads) heads.error().text.insert(0, file + ": ");
    if (heads && heads->empty())
        return fail(ErrorCode::invalid,
                    fmt::format("{}: it contains no head; next: keep the output of `octroi audit "
                                "--heads` in it",
                                file));
    return heads;
}

}  // namespace octroi
