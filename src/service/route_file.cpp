// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/route_file.hpp"

#include <fmt/format.h>

#include "host/file.hpp"
#include "host/inflate.hpp"
#include "host/log.hpp"

namespace octroi {

Result<RouteFileEnd> read_routes(const std::string& path, const RouteUse& use,
                                 std::uint64_t octets_max) {
    TRY_ASSIGN(auto file, File::open(path));
    TRY_ASSIGN(const auto source, inflate(std::move(file)));
    std::vector<std::byte> block(1U << 20U);
    RouteReader reader;
    RouteBatch batch;
    RouteFileEnd end;
    std::uint64_t octets = 0;
    for (;;) {
        const auto got = source->read(block);
        // The routes before the damage are used; the caller reports it.
        if (!got) end.damage = got.error().text;
        if (!got || *got == 0) break;
        octets += *got;
        if (octets > octets_max)
            return fail(ErrorCode::over_limit,
                        fmt::format("{}: has more than {} octets when it is unpacked; next: a "
                                    "larger size_limit in [class_table], if the file is right",
                                    path, octets_max));
        reader.feed(ByteSpan(block).first(*got), batch);
        TRY(use(batch, reader.format()));
        batch.clear();
    }
    reader.finish(batch);
    TRY(use(batch, reader.format()));
    if (reader.not_a_table())
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is neither an MRT routing table nor a list of prefixes{}{}",
                                path, end.damage.empty() ? "" : ": ", end.damage));
    end.counts = reader.counts();
    end.errors = reader.errors();
    return end;
}

bool report_problems(const std::string& path, const RouteFileEnd& end) {
    for (const RouteError& error : end.errors)
        log_warning(fmt::format("{}:{}: {}", path, error.place, error.text));
    const std::uint64_t unsaid =
        end.counts.malformed - std::min<std::uint64_t>(end.counts.malformed, end.errors.size());
    if (unsaid > 0) log_warning(fmt::format("{}: {} more errors are not listed", path, unsaid));
    if (end.counts.unsupported > 0)
        log_warning(fmt::format("{}: {} records of unsupported types were skipped", path,
                                end.counts.unsupported));
    if (!end.damage.empty())
        log_warning(
            fmt::format("{}: {}; only what stands before it can be read", path, end.damage));
    if (end.damage.empty() && end.counts.truncated > 0)
        log_warning(fmt::format(
            "{}: the file ends within a record; only what stands before it can be read", path));
    return !end.damage.empty() || end.counts.truncated + end.counts.malformed > 0;
}

}  // namespace octroi
