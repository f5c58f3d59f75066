// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads counts that programs in the kernel keep, and hands over their increases.
//
// Each count is read with its last value (meter/cumulative); the id of its map is part of its name.
// A map that becomes full is replaced: the old one is read until a batch with its last values is in
// the ledger, and then dropped. Errors of a reading end the meter; errors of tables and interfaces
// are logged, and the next reading tries again.

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "host/capture.hpp"
#include "host/ebpf/maps.hpp"
#include "host/folder.hpp"
#include "meter/ebpf/count_key.hpp"
#include "meter/ebpf/counters.hpp"
#include "meter/ebpf/labels.hpp"
#include "meter/ebpf/metered_interfaces.hpp"
#include "meter/ebpf/saved_counts.hpp"
#include "meter/meter.hpp"
#include "meter/name_table.hpp"
#include "meter/state/state_files.hpp"
#include "record/volume_limits.hpp"

namespace octroi::ebpf {

inline constexpr std::string_view ebpf_source_prefix = "ebpf:";

// The near ends of counts. Of users and control groups: the packets of this machine's sockets.
enum class CountBy : std::uint8_t { address, user, control_group };

struct EbpfMeterOptions {
    std::string name;    // of the meter
    std::string source;  // of its cursor
    // Names and patterns (metered_interfaces.hpp); empty: all physical interfaces.
    std::vector<std::string> interfaces;
    Duration poll = Duration::seconds(10);
    std::uint32_t keys_max = 262'144;
    std::uint64_t link_bits_per_second = 800'000'000'000;
    bool tracks = false;  // the programs look connections up
    CountBy by = CountBy::address;
    std::uint64_t netns = 0;  // cookie of the namespace of the sockets that count; 0: all
    // The programs are detached: the meter hands over what they have counted until then, and ends.
    // Requires a cursor of the meter.
    bool only_rest = false;
};

class EbpfMeter final : public Meter {
public:
    // folder: of its state files. host must outlive it. known: the cursor of the meter, if there is
    // one. Errors: those of EbpfMaps; not_found (only_rest, and there is no cursor).
    [[nodiscard]] static Result<std::unique_ptr<EbpfMeter>> open(EbpfMeterOptions options,
                                                                 std::unique_ptr<EbpfMaps> maps,
                                                                 OwnFolder folder,
                                                                 CaptureHost& host,
                                                                 std::span<const Cursor> known);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override;
    void use_tables(const SourceTablesPtr& tables) override { next_tables_ = tables; }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;
    // Why the state of before could not be read; empty: it could, or there is none.
    [[nodiscard]] const std::string& warning() const noexcept { return warning_; }

private:
    // A part of a reading: the rows of a map, of which those before `next` are handed over.
    struct Rows {
        std::uint32_t map = 0;
        EbpfRows rows;
        std::size_t next = 0;
    };

    EbpfMeter(EbpfMeterOptions options, std::unique_ptr<EbpfMaps> maps, OwnFolder folder,
              CaptureHost& host, Labels labels, std::string boot);
    [[nodiscard]] Status restore(std::span<const Cursor> known);
    [[nodiscard]] Result<SavedCounts> read_saved() const;

    [[nodiscard]] Status update_kernel();
    [[nodiscard]] Status apply_tables(const std::vector<Interface>& present);
    [[nodiscard]] Status update_interfaces(const std::vector<Interface>& present);
    [[nodiscard]] Result<EbpfAttachOutcome> attach(const MeteredInterfaces& metered);
    [[nodiscard]] Status put_interfaces(const std::vector<Interface>& present,
                                        const std::set<int>& covered);
    void log_warnings(const MeteredInterfaces& metered);
    // Since the last reading, packets have passed without being counted.
    void add_loss_of_programs();
    [[nodiscard]] Result<Pull> pull_rest(ReadingSink& sink);
    [[nodiscard]] Status attach_to_sockets();
    [[nodiscard]] Status begin_reading();
    // Hands over increases, at most `limit`. True: the reading is complete.
    [[nodiscard]] Result<bool> continue_reading(ReadingSink& sink, std::size_t limit);
    void add_increase(CountedVolume volume, const cumulative::Increase& increase,
                      std::vector<CountedVolume>& out);
    [[nodiscard]] Status finish_reading();

    EbpfMeterOptions options_;
    std::unique_ptr<EbpfMaps> maps_;
    OwnFolder folder_;
    StateFiles files_;
    CaptureHost* host_;
    std::string boot_;
    NameTable names_;
    std::unique_ptr<Labels> labels_;
    KeyNames key_names_;
    Cursor cursor_;
    SavedCounts saved_;
    std::string warning_;

    SourceTablesPtr next_tables_;  // null: no change
    SourceTablesPtr tables_;
    std::vector<Address> own_;                 // of the tables in the kernel
    std::optional<octroi_settings> settings_;  // that this process gave to the kernel
    std::optional<Duration> next_reading_;     // uptime
    EbpfMaps::Counting maps_read_;
    std::vector<Rows> reading_;  // parts that are not handed over yet
    bool is_reading_ = false;
    bool is_first_ = false;           // the reading is the first one of the meter
    std::uint32_t finished_map_ = 0;  // of the last complete reading
    std::uint32_t drop_when_committed_ = 0;
    ObservedVolume observed_;
    Interval loss_times_{};
    bool has_loss_ = false;
    std::optional<Interval> without_programs_;  // a loss of the next checkpoint
    std::set<int> failed_;  // indexes of interfaces that got no programs at the last try
    std::vector<std::string> last_warnings_;
    std::array<std::uint64_t, ebpf_counters.size()> counts_{};
    std::string last_problem_;
};

}  // namespace octroi::ebpf
