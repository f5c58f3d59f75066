// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "attribute/class_table.hpp"
#include "host/file.hpp"
#include "host/log.hpp"
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

// True: there were some.
bool report_conflicts(const ClassSources& sources, const ClassTableBuilder& builder) {
    for (const auto& conflict : builder.conflicts()) {
        const std::string first =
            conflict.first.file == conflict.second.file
                ? fmt::format("line {}", conflict.first.line)
                : fmt::format("{}:{}", sources.files[conflict.first.file], conflict.first.line);
        log_warning(fmt::format("{}:{}: {} has class {}, but class {} in {}",
                                sources.files[conflict.second.file], conflict.second.line,
                                to_string(conflict.prefix), conflict.second_class,
                                conflict.first_class, first));
    }
    const std::uint64_t unsaid = builder.conflict_count() - builder.conflicts().size();
    if (unsaid > 0)
        log_warning(fmt::format("{} more prefixes with two classes are not listed", unsaid));
    return builder.conflict_count() > 0;
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
    for (std::size_t i = 0; i < sources.files.size(); ++i) {
        const std::string& path = sources.files[i];
        const auto file = static_cast<std::uint16_t>(std::min<std::size_t>(i, UINT16_MAX));
        TRY_ASSIGN(const RouteFileEnd end,
                   read_routes(
                       path,
                       [&](const RouteBatch& batch, RouteFormat) -> Status {
                           for (const Route& route : batch.routes)
                               TRY(builder.add(route.prefix, batch.origins_of(route),
                                               batch.label_of(route), route.votes,
                                               {.file = file, .line = route.line}));
                           return {};
                       },
                       sources.unpacked_max));
        loaded.problems = report_problems(path, end) || loaded.problems;
    }
    loaded.unmatched = builder.unmatched();
    TRY_ASSIGN(loaded.table, builder.finish());
    loaded.problems = report_conflicts(sources, builder) || loaded.problems;
    if (loaded.problems && !sources.partial)
        return fail(
            ErrorCode::corrupt,
            fmt::format("{}: nothing was loaded, because of the errors above; next: correct "
                        "them, or load the rest with `octroi class load --partial`",
                        name_of(sources)));
    return loaded;
}

}  // namespace octroi
