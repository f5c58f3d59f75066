// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The usage of one layer as a report.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/usage.hpp"
#include "record/report.hpp"
#include "view/usage_view.hpp"

namespace octroi {

class UsageTable {
public:
    struct Parts {
        bool layer = false;     // the heading names the layer
        bool sampling = false;  // columns of traffic scaled up from samples
        bool titles = false;    // a column with the titles of accounts
        bool rest = false;      // a column with the number of rows that a row stands for
    };

    // The block and the view must outlive it.
    UsageTable(const UsageBlock& block, const UsageView& view, Parts parts);

    // Without meta. People get the rows of excluded traffic in Report::apart, machines as rows.
    [[nodiscard]] Report build(Audience audience) const;
    // The layer and its conserved sums.
    [[nodiscard]] std::vector<Fact> sums() const;
    // The same with received, sent and flows of all rows.
    [[nodiscard]] std::vector<Fact> layer_facts() const;

private:
    // The rows: usage_table.cpp
    [[nodiscard]] std::vector<Column> columns() const;
    [[nodiscard]] std::vector<Column> figure_columns() const;
    [[nodiscard]] Row shown(const UsageRow& row) const;
    [[nodiscard]] Row shown_rest(const UsageRow& rest) const;
    // Figures without keys.
    [[nodiscard]] Row labelled(std::string label, std::vector<Cell> figures) const;
    void add_excluded(Report& report) const;
    // Whether the keys tell excluded traffic from other traffic.
    [[nodiscard]] bool tells_excluded() const;
    [[nodiscard]] std::vector<Cell> totals() const;
    void add_account(Row& out, const UsageRow& row) const;
    void add_period(Row& out, const UsageRow& row) const;
    // of_rows: the number of rows that this one stands for, if it stands for several.
    void add_figures(std::vector<Cell>& cells, const UsageRow& figures, bool with_share,
                     Cell of_rows = {}) const;
    void add_error(std::vector<Cell>& cells, const Volume& total, const Estimate& estimate) const;
    void add_counted(std::vector<Cell>& cells, const Volume& total, const Estimate& estimate) const;
    [[nodiscard]] const Account* account_of(const std::string& name) const;

    // The texts: usage_texts.cpp
    [[nodiscard]] std::vector<std::string> heading() const;
    [[nodiscard]] std::vector<std::string> notes() const;
    [[nodiscard]] std::optional<std::string> bucket_note() const;
    [[nodiscard]] std::string booked_text() const;
    [[nodiscard]] std::optional<std::string> loss_note() const;
    [[nodiscard]] std::optional<std::string> ahead_note() const;
    [[nodiscard]] std::string sampling_note() const;
    [[nodiscard]] std::string when_empty() const;

    const UsageBlock& block_;
    const UsageView& view_;
    Parts parts_;
    std::map<std::string, const Account*, std::less<>> accounts_;
};

// The column of a key, and its word in --by.
[[nodiscard]] std::string_view key_name(UsageKey key, PeriodUnit unit);

}  // namespace octroi
