// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/config_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attribute/services.hpp"
#include "config/same_bytes.hpp"
#include "config/suggest.hpp"
#include "meter/nftables/ruleset.hpp"
#include "meter/nftables/services_file.hpp"
#include "service/attribution.hpp"
#include "view/zone.hpp"

namespace octroi {
namespace {

// Services behind the named ones have the number of an ethertype in their name.
constexpr std::uint32_t ethertypes = 0x10000;
constexpr std::string_view ethertype_names = "ethertype/";

std::vector<std::string> service_names(const CompiledServices& services) {
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i + ethertypes < services.end(); ++i)
        names.push_back(services.name(i));
    return names;
}

// Whether a service can have the name, or one that begins as the pattern before its '*' does.
bool is_service(const std::string& pattern, const std::vector<std::string>& names,
                const CompiledServices& services) {
    if (!pattern.ends_with('*')) return services.number_of(pattern).has_value();
    const std::string_view begin = std::string_view(pattern).substr(0, pattern.size() - 1);
    if (begin.starts_with(ethertype_names) || ethertype_names.starts_with(begin)) return true;
    return std::ranges::any_of(names, [&](const auto& name) { return name.starts_with(begin); });
}

std::string nearest(const std::string& wrong, const std::vector<std::string>& names) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string near = suggestion(wrong, known);
    // A list of all services, some thousand, helps nobody.
    return near.starts_with("; did you mean") ? near
                                              : "; next: a name that `octroi usage --by service` "
                                                "shows, or one of [services]";
}

std::string place_of(const NamedList& list) {
    return list.where.line == 0 ? "" : to_string(list.where) + ": ";
}

Status check_category_services(const Config& config, const CompiledServices& services) {
    const std::vector<std::string> names = service_names(services);
    for (const NamedList& category : config.categories)
        for (const std::string& pattern : category.values)
            if (!is_service(pattern, names, services))
                return fail(
                    ErrorCode::invalid,
                    fmt::format("{}[categories] {}: there is no service '{}'{}", place_of(category),
                                category.name, pattern, nearest(pattern, names)));
    return {};
}

Status check_relation_services(const std::vector<SameBytes>& relations,
                               const CompiledServices& services) {
    for (const SameBytes& relation : relations)
        for (const std::string& name : relation.services)
            if (!services.number_of(name))
                return fail(ErrorCode::invalid,
                            fmt::format("{}: [meter] {}: services: there is no service '{}'{}",
                                        to_string(relation.where), relation.log, name,
                                        nearest(name, service_names(services))));
    return {};
}

Status check_class_sources(const Config& config) {
    const ClassTableConfig& table = config.class_table;
    const int sources = (config.attribute.class_table.empty() ? 0 : 1) +
                        (table.source.empty() ? 0 : 1) + (table.command.empty() ? 0 : 1);
    if (sources > 1)
        return fail(ErrorCode::invalid,
                    "there is one class table; next: keep one of [attribute] class_table, "
                    "[class_table] source and [class_table] command");
    if (!table.command.empty() && table.command.front().empty())
        return fail(ErrorCode::invalid, "[class_table] command: the name of the program is empty");
    return {};
}

}  // namespace

Status check_config(const Config& config) {
    TRY(check_class_sources(config));
    // The tables of services take some milliseconds, which no command without them should wait.
    const auto relations = same_bytes_of(config);
    if (!config.categories.empty() || !config.services.empty() || !relations.empty()) {
        TRY(configured_categories(config));
        TRY_ASSIGN(const auto services, configured_services(config));
        TRY(check_category_services(config, *services));
        TRY(check_relation_services(relations, *services));
    }
    if (config.display.timezone == "local") return {};
    const auto zone = Zone::find(config.display.timezone);
    if (!zone) return fail(ErrorCode::invalid, "[display] timezone: " + zone.error().text);
    return {};
}

Status check_rules(const Config& config) {
    if (config.rules.empty()) return {};
    std::vector<RuleConfig> rules;
    for (const RuleRow& row : config.rules) rules.push_back(row.rule);
    TRY(accounting::compile(rules, accounting::service_names(), {}));
    return {};
}

}  // namespace octroi
