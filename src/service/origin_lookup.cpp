// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/origin_lookup.hpp"

#include <fmt/format.h>

#include <sstream>

#include "host/file.hpp"
#include "host/log.hpp"
#include "service/route_file.hpp"

namespace octroi {
namespace {

constexpr std::size_t address_list_max = 1U << 30U;  // octets

// Empty: the line has none.
std::string first_word(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') return "";
    return line.substr(begin, line.find_first_of(" \t\r,", begin) - begin);
}

}  // namespace

Result<LoadedOrigins> load_origins(const std::string& path) {
    LoadedOrigins loaded;
    TRY_ASSIGN(const RouteFileEnd end,
               read_routes(path, [&](const RouteBatch& batch, RouteFormat) -> Status {
                   for (const Route& route : batch.routes) {
                       if (!loaded.table.add(route.prefix, batch.origins_of(route),
                                             batch.label_of(route), route.votes))
                           return fail(ErrorCode::over_limit,
                                       fmt::format("{} has more than {} routes, which is the most "
                                                   "that are read",
                                                   path, RouteVotes::pairs_max));
                   }
                   return {};
               }));
    loaded.problems = report_problems(path, end);
    return loaded;
}

Result<bool> look_up_origins(OriginTable& table, const std::string& addresses,
                             const MatchUse& use) {
    TRY_ASSIGN(const std::string text, read_file(addresses, address_list_max));
    table.compile();
    std::istringstream lines(text);
    std::string line;
    bool problems = false;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        const std::string word = first_word(line);
        if (word.empty()) continue;
        const auto address = parse_address(word);
        if (!address) {
            log_warning(fmt::format("{}:{}: {}", addresses, number, address.error().text));
            problems = true;
            continue;
        }
        TRY(use(*address, table.find(*address)));
    }
    return problems;
}

}  // namespace octroi
