// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads the counters of our table and hands over their increases.

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/clock.hpp"
#include "host/folder.hpp"
#include "host/nftables.hpp"
#include "meter/cumulative/cumulative_counters.hpp"
#include "meter/meter.hpp"
#include "meter/nftables/accounting_table.hpp"
#include "meter/nftables/rule_names.hpp"
#include "meter/state/state_files.hpp"
#include "record/volume_limits.hpp"

namespace octroi::accounting {

// DO NOT CHANGE: cursors in ledgers begin with it.
inline constexpr std::string_view cursor_prefix = "nftables:";

inline constexpr std::array<CounterInfo, 8> rule_counters = {{
    {"nftables_readings_total", "Times that the counters of the table were read."},
    {"nftables_counters", "Counters in the last reading."},
    {"nftables_bytes_total", "Increases that were handed over, implausible ones included."},
    {"nftables_packets_total", "Packets of these increases."},
    {"nftables_implausible_total",
     "Increases with more volume than link_speed allows in their time: excluded."},
    {"nftables_unknown_total",
     "Counters in readings that are none of ours: another program added them to our table."},
    {"nftables_restored_total",
     "Times that another program removed or changed our table, and the meter repaired it."},
    {"nftables_errors_total", "Readings that failed."},
}};

struct RulesMeterOptions {
    std::string table;
    Duration poll = Duration::seconds(10);
    std::uint64_t link_speed_bits = 800'000'000'000;
    std::vector<RuleConfig> rules;
    Ruleset ruleset;  // of the rules
    // Makes it of other rules.
    std::function<Result<Ruleset>(const std::vector<RuleConfig>& rules)> compile;
    bool applies = true;  // makes the table as the rules say, at the start and where it is gone
    // AccountingTable::detach() was called: the meter reads the table once, and ends. With
    // `applies` false.
    bool only_rest = false;
};

class RulesMeter final : public Meter {
public:
    // cursors: of this meter. Errors: corrupt or those of files (the state that the cursor names).
    [[nodiscard]] static Result<std::unique_ptr<RulesMeter>> open(
        RulesMeterOptions options, std::unique_ptr<NftablesHost> host, OwnFolder folder,
        std::span<const Cursor> cursors, const Clock& clock);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override;
    void use_rules(const RulesPtr& rules) override;
    [[nodiscard]] const NameTable& names() const override { return names_.table(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

private:
    RulesMeter(RulesMeterOptions options, std::unique_ptr<NftablesHost> host, OwnFolder folder,
               const Clock& clock);
    [[nodiscard]] std::string saved() const;
    [[nodiscard]] Status begin_reading();
    [[nodiscard]] Status read_table();
    [[nodiscard]] KnownCounters known_counters() const;
    void restore_values();
    // What counted less than the rules say since the last reading is a loss.
    [[nodiscard]] Status repair_table();
    // Hands over increases until the limit of one call. True: the reading is complete.
    [[nodiscard]] bool hand_over(ReadingSink& sink);
    void advance(const TableCounter& counter);
    // Another process gave the kernel rules that this one does not know yet. Their counters get no
    // last value, so that all that they count is handed over when the rules are known.
    [[nodiscard]] bool waits_for_rules(const TableCounter& counter, const CounterEnds& ends) const;
    void note_waiting();
    void end_reading();
    // Puts new_rules_ in force. What counted until now was handed over with the names before.
    void change_rules();
    void note_unused();
    void note_loss();

    RulesMeterOptions options_;
    std::unique_ptr<NftablesHost> host_;
    AccountingTable table_;
    OwnFolder folder_;
    StateFiles files_{folder_};
    const Clock& clock_;
    RuleNames names_;
    cumulative::CumulativeCounters values_;
    Cursor cursor_;

    RulesPtr new_rules_;           // null: there are none
    bool is_last_of_old_ = false;  // the reading began after new_rules_ came
    bool has_failed_ = false;      // to read, or to change the rules: not at once again

    // The reading that is handed over. A checkpoint in the middle is exact: the counters after
    // next_ still have their values of the reading before.
    TableCounters reading_;
    std::size_t next_ = 0;
    bool is_reading_ = false;
    bool is_first_ = false;
    bool has_loss_ = false;
    std::size_t waiting_ = 0;                 // counters that wait for rules, in this reading
    UtcTime waiting_since_ = UtcTime::max();  // max: none waits
    UtcTime begun_;
    UtcTime next_reading_ = UtcTime::min();
    std::vector<CountedVolume> volumes_;

    // Nothing referred to them in the last reading: their removal loses nothing.
    boost::unordered_flat_set<std::string> unused_;
    // The same in the reading before, and without an increase since: these counters are removed
    // once their values are committed.
    std::vector<std::string> settled_;
    boost::unordered_flat_set<std::string> grown_;  // unused ones, in this reading
    std::vector<std::string> settled_at_checkpoint_;
    ObservedVolume observed_;
    std::vector<Loss> losses_;
    std::array<std::uint64_t, rule_counters.size()> counts_{};
};

}  // namespace octroi::accounting
