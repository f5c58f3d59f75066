// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <sstream>

#include "app/commands/inspect.hpp"
#include "app/row_output.hpp"
#include "attribute/origin_table.hpp"
#include "host/file.hpp"
#include "host/log.hpp"
#include "service/route_file.hpp"

namespace octroi {
namespace {

constexpr std::size_t address_list_max = 1U << 30U;

struct Options {
    std::string file;
    std::string addresses;
};

const Column address_column{.key = "address", .title = "Address"};
const Column prefix_column{.key = "prefix", .title = "Prefix"};
const Column origin_column{.key = "origin", .title = "Origin AS", .kind = ColumnKind::number};
const Column class_column{.key = "class", .title = "Class"};

Cell origin_cell(const OriginTable::Origin& origin) {
    if (origin.ases.empty()) return absent;
    if (origin.ases.size() == 1) return std::uint64_t{origin.ases[0]};
    std::vector<std::string> list;
    for (const std::uint32_t as : origin.ases) list.push_back(std::to_string(as));
    return list;
}

Cell class_cell(const OriginTable::Origin& origin) {
    if (origin.word.empty()) return absent;
    return origin.word;
}

Result<RouteFileEnd> load(const std::string& path, OriginTable& table) {
    return read_routes(path, [&](const RouteBatch& batch, RouteFormat) -> Status {
        for (const Route& route : batch.routes)
            table.add(route.prefix, batch.origins_of(route), batch.label_of(route), route.votes);
        return {};
    });
}

Result<ExitStatus> print_table(Session& session, const Options& options) {
    OriginTable table;
    TRY_ASSIGN(const RouteFileEnd end, load(options.file, table));
    TRY_ASSIGN(auto output, RowOutput::open(session, {prefix_column, origin_column, class_column}));
    std::vector<Cell> cells;
    for (const RouteVotes::Row& row : table.rows()) {
        const OriginTable::Origin& origin = table.origin(row);
        cells = {to_string(row.prefix), origin_cell(origin), class_cell(origin)};
        TRY(output.row(cells));
    }
    TRY(output.finish());
    return report_problems(options.file, end) ? ExitStatus::failed : ExitStatus::done;
}

std::vector<Cell> match_cells(const OriginTable& table, const Address& address) {
    const auto match = table.find(address);
    if (!match) return {address, absent, absent, absent};
    return {address, to_string(match->prefix), origin_cell(*match->origin),
            class_cell(*match->origin)};
}

// Looks up the first word of each line. Empty lines and comments are skipped.
Result<ExitStatus> look_up(Session& session, const Options& options) {
    OriginTable table;
    TRY_ASSIGN(const RouteFileEnd end, load(options.file, table));
    bool problems = report_problems(options.file, end);
    table.compile();
    TRY_ASSIGN(const std::string text, read_file(options.addresses, address_list_max));
    TRY_ASSIGN(auto output, RowOutput::open(session, {address_column, prefix_column, origin_column,
                                                      class_column}));
    std::istringstream lines(text);
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string::npos || line[begin] == '#') continue;
        const auto address =
            parse_address(line.substr(begin, line.find_first_of(" \t\r,", begin) - begin));
        if (!address) {
            log_warning(fmt::format("{}:{}: {}", options.addresses, number, address.error().text));
            problems = true;
            continue;
        }
        auto cells = match_cells(table, *address);
        TRY(output.row(cells));
    }
    TRY(output.finish());
    return problems ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

void add_inspect_routes(const Command& inspect, Session& session) {
    auto options = std::make_shared<Options>();
    inspect.sub("routes", "Print a routing table (MRT) or a list of prefixes: prefix and origin")
        .operand("FILE", options->file,
                 "MRT dump or prefix list; gzip, bzip2, zstd or plain; - for standard input")
        .text("--lookup", options->addresses,
              "Print the longest match for each address of this file instead", "FILE")
        .does([&session, options] {
            return options->addresses.empty() ? print_table(session, *options)
                                              : look_up(session, *options);
        });
}

}  // namespace octroi
