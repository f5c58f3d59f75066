// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/same_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace octroi {
namespace {

const std::vector<std::string>& named_meters(const MeterConfig& meter) {
    static const std::vector<std::string> none;
    return meter.options.contains(same_bytes_option) ? meter.options.texts(same_bytes_option)
                                                     : none;
}

bool names_meter(const MeterConfig& meter, std::string_view other) {
    return std::ranges::find(named_meters(meter), other) != named_meters(meter).end();
}

Precedence precedence_of(const MeterConfig& meter) {
    return meter.options.text(precedence_option) == "log" ? Precedence::log : Precedence::packets;
}

std::string kinds_with_both_ends(const OptionTable& table) {
    std::string list;
    for (const MeterOptions& kind : table.kinds)
        if (kind.has_both_ends) list += fmt::format("{}{}", list.empty() ? "" : ", ", kind.kind);
    return list;
}

// The mistake in the relation of this meter to `other`; empty: there is none.
std::string problem_with(const Config& config, const OptionTable& table, const MeterConfig& meter,
                         const std::string& other) {
    const auto found = std::ranges::find(config.meters, other, &MeterConfig::name);
    if (found == config.meters.end()) return fmt::format("there is no meter '{}'", other);
    if (found->name == meter.name) return "a meter cannot name itself";
    if (!named_meters(*found).empty())
        return fmt::format(
            "the meter '{}' has a relation of its own; next: name the meter of the packets", other);
    const MeterOptions* kind = table.find_kind(found->kind);
    if (kind != nullptr && !kind->has_both_ends)
        return fmt::format(
            "the meter '{}' is of kind '{}', which does not count each packet or flow with the "
            "addresses of both ends, so none could be found by `addresses`; next: name a meter of "
            "one of the kinds {}",
            other, found->kind, kinds_with_both_ends(table));
    return "";
}

// A witness that should be charged.
std::string problem_of_roles(const MeterConfig& meter) {
    if (precedence_of(meter) == Precedence::log && meter.role == RoleChoice::witness)
        return "precedence: \"log\" charges what this meter states, but its role is \"witness\"; "
               "next: remove the role, or write precedence = \"packets\"";
    return "";
}

}  // namespace

std::vector<SameBytes> same_bytes_of(const Config& config) {
    std::vector<SameBytes> relations;
    for (const MeterConfig& meter : config.meters) {
        if (named_meters(meter).empty()) continue;
        SameBytes& relation = relations.emplace_back();
        relation.log = meter.name;
        relation.packet_meters = named_meters(meter);
        relation.services = meter.options.texts(services_option);
        relation.precedence = precedence_of(meter);
        relation.where = meter.where;
        for (const std::string& text : meter.options.texts(addresses_option))
            if (const auto prefix = parse_prefix(text)) relation.addresses.push_back(*prefix);
    }
    return relations;
}

bool is_witness_by_precedence(const Config& config, std::string_view meter) {
    return std::ranges::any_of(config.meters, [&](const MeterConfig& each) {
        return each.name == meter && !named_meters(each).empty() &&
               precedence_of(each) == Precedence::packets;
    });
}

bool are_declared_same(const MeterConfig& a, const MeterConfig& b) {
    return names_meter(a, b.name) || names_meter(b, a.name);
}

void check_same_bytes(const Config& config, const OptionTable& table,
                      std::vector<Problem>& problems) {
    for (const MeterConfig& meter : config.meters) {
        const auto& others = named_meters(meter);
        if (others.empty()) continue;
        const auto report = [&](const std::string& text) {
            if (!text.empty())
                problems.push_back({meter.where, fmt::format("[meter] {}: {}", meter.name, text)});
        };
        for (const std::string& other : others)
            if (const auto text = problem_with(config, table, meter, other); !text.empty())
                report(fmt::format("{}: {}", same_bytes_option, text));
        if (meter.options.texts(addresses_option).empty())
            report(
                "same_bytes_as needs the addresses of the server: without them all packets would "
                "be those of this log; next: addresses = [\"192.0.2.10\"]");
        report(problem_of_roles(meter));
    }
}

}  // namespace octroi
