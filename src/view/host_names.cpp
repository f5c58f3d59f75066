// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/host_names.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace octroi {
namespace {

constexpr std::array<std::string_view, 2> address_columns{"inside", "identity"};

// The first column of these that the report has.
std::optional<std::size_t> address_column(const Report& report) {
    for (const std::string_view key : address_columns) {
        const auto found = std::ranges::find(report.columns, key, &Column::key);
        if (found != report.columns.end())
            return static_cast<std::size_t>(found - report.columns.begin());
    }
    return std::nullopt;
}

std::optional<Address> address_of(const Cell& cell) {
    if (const auto* address = std::get_if<Address>(&cell)) return *address;
    const auto* text = std::get_if<std::string>(&cell);
    if (text == nullptr) return std::nullopt;
    const auto address = parse_address(*text);
    return address ? std::optional(*address) : std::nullopt;
}

}  // namespace

std::vector<Address> addresses_in(std::span<const Report> reports) {
    std::vector<Address> addresses;
    for (const Report& report : reports) {
        const auto column = address_column(report);
        if (!column) continue;
        for (const Row& row : report.rows)
            if (const auto address = address_of(row.cells.at(*column)))
                addresses.push_back(*address);
    }
    std::ranges::sort(addresses);
    const auto twice = std::ranges::unique(addresses);
    addresses.erase(twice.begin(), twice.end());
    return addresses;
}

void add_host_names(Report& report, const NameOfAddress& name_of) {
    const auto column = address_column(report);
    if (!column) return;
    const auto behind = static_cast<std::ptrdiff_t>(*column) + 1;
    report.columns.insert(report.columns.begin() + behind,
                          {"name", "Name", ColumnKind::text, Audience::everyone, 2});
    const auto add = [&](std::vector<Cell>& cells) {
        const auto address = address_of(cells.at(*column));
        const std::string name = address ? name_of(*address) : "";
        cells.insert(cells.begin() + behind, name.empty() ? Cell{} : Cell{name});
    };
    for (Row& row : report.rows) add(row.cells);
    for (Row& row : report.apart) add(row.cells);
    if (!report.totals.empty()) add(report.totals);
}

}  // namespace octroi
