// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/commands/inspect.hpp"
#include "app/row_output.hpp"
#include "service/origin_lookup.hpp"

namespace octroi {
namespace {

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

Result<ExitStatus> print_table(Session& session, const Options& options) {
    TRY_ASSIGN(LoadedOrigins loaded, load_origins(options.file));
    TRY_ASSIGN(auto output, RowOutput::open(session, {prefix_column, origin_column, class_column}));
    std::vector<Cell> cells;
    for (const RouteVotes::Row& row : loaded.table.rows()) {
        const OriginTable::Origin& origin = loaded.table.origin(row);
        cells = {to_string(row.prefix), origin_cell(origin), class_cell(origin)};
        TRY(output.row(cells));
    }
    TRY(output.finish());
    return loaded.problems ? ExitStatus::failed : ExitStatus::done;
}

std::vector<Cell> match_cells(const Address& address,
                              const std::optional<OriginTable::Match>& match) {
    if (!match) return {address, absent, absent, absent};
    return {address, to_string(match->prefix), origin_cell(*match->origin),
            class_cell(*match->origin)};
}

Result<ExitStatus> look_up(Session& session, const Options& options) {
    TRY_ASSIGN(LoadedOrigins loaded, load_origins(options.file));
    TRY_ASSIGN(auto output, RowOutput::open(session, {address_column, prefix_column, origin_column,
                                                      class_column}));
    TRY_ASSIGN(const bool problems,
               look_up_origins(loaded.table, options.addresses,
                               [&](const Address& address, const auto& match) -> Status {
                                   auto cells = match_cells(address, match);
                                   return output.row(cells);
                               }));
    TRY(output.finish());
    return loaded.problems || problems ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

void add_inspect_routes(const Command& inspect, Session& session) {
    auto options = std::make_shared<Options>();
    inspect.sub("routes", "Print a routing table (MRT) or a list of prefixes: prefix and origin")
        .operand("FILE", options->file,
                 "MRT dump or prefix list; gzip, bzip2, xz, zstd or plain; - for standard input")
        .text("--lookup", options->addresses,
              "Print the longest match for each address of this file instead", "FILE")
        .does([&session, options] {
            return options->addresses.empty() ? print_table(session, *options)
                                              : look_up(session, *options);
        });
}

}  // namespace octroi
