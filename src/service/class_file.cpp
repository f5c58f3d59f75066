// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "attribute/class_table.hpp"
#include "host/file.hpp"
#include "service/route_file.hpp"

namespace octroi {
namespace {

// Bounds the memory where the path is that of another file.
constexpr std::size_t rule_file_max = 16U << 20U;

Status read_rule_file(const std::string& path, std::vector<ClassRule>& rules) {
    TRY_ASSIGN(const std::string text, read_file(path, rule_file_max));
    std::istringstream lines(text);
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string::npos || line[begin] == '#') continue;
        auto rule = parse_class_rule(line);
        if (!rule)
            return fail(ErrorCode::invalid,
                        fmt::format("{}:{}: {}", path, number, rule.error().text));
        rules.push_back(*std::move(rule));
    }
    return {};
}

Result<std::vector<ClassRule>> read_rules(const ClassSources& sources) {
    std::vector<ClassRule> rules;
    for (const std::string& text : sources.rules) {
        TRY_ASSIGN(rules.emplace_back(), parse_class_rule(text));
    }
    for (const std::string& path : sources.rule_files) TRY(read_rule_file(path, rules));
    return rules;
}

}  // namespace

std::string name_of(const ClassSources& sources) {
    const auto& files = sources.files.empty() ? sources.rule_files : sources.files;
    return files.empty() ? "rules" : fmt::format("{}", fmt::join(files, " "));
}

Result<LoadedClasses> read_classes(const ClassSources& sources) {
    TRY_ASSIGN(auto rules, read_rules(sources));
    ClassTableBuilder builder(std::move(rules), sources.default_class, sources.bare_class);
    LoadedClasses loaded;
    for (const std::string& path : sources.files) {
        TRY_ASSIGN(const RouteFileEnd end,
                   read_routes(path, [&](const RouteBatch& batch, RouteFormat format) -> Status {
                       for (const Route& route : batch.routes)
                           builder.add(route.prefix, batch.origins_of(route), batch.label_of(route),
                                       route.votes, format == RouteFormat::list);
                       return {};
                   }));
        loaded.problems = report_problems(path, end) || loaded.problems;
    }
    loaded.unmatched = builder.unmatched();
    TRY_ASSIGN(loaded.table, builder.finish());
    return loaded;
}

}  // namespace octroi
