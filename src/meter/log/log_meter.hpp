// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Follows the logs that match patterns of paths.
//
// Each log has a cursor (log_cursor.hpp). A checkpoint has those that have moved since the last
// one; it is requested when a log was read for the first time, because without a cursor its earlier
// files do not count. A log that is gone for keep_gone gives its cursor to the next new log.
//
// A file belongs to one log. A path that rotation gives to an earlier file of another log is no log
// of its own; of several names of one file one is followed, rather the target of a symbolic link
// than the link; and a file of a log under another path, also a copy, is not read again
// (file_role.hpp). If its folder was renamed, or the patterns name it by another path, the log goes
// on there.
//
// Memory: of a log some 2 KiB and the state of its format; 800 KiB and the names for all together.
// A file stays open for each log, and for each earlier file that may still grow.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/clock.hpp"
#include "meter/file/stream.hpp"
#include "meter/kind.hpp"
#include "meter/log/counters.hpp"
#include "meter/log/followed_log.hpp"
#include "meter/log/imported_files.hpp"
#include "meter/log/line_decoder.hpp"
#include "meter/log/log_cursor.hpp"
#include "meter/log/log_readings.hpp"
#include "meter/log/path_pattern.hpp"
#include "meter/meter.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

struct LogMeterOptions {
    std::string name;  // for messages
    std::vector<PathPattern> paths;
    // Makes a reader for one log; the same for all. Errors: invalid.
    std::function<Result<std::unique_ptr<logline::LineReader>>()> open_reader;
    // Different for readers that cannot read the state of one another.
    std::string format;
    TimeResolver times{{}};  // in its first state
    Duration poll = Duration::seconds(1);
    // Patterns are matched with the files that exist at most so often.
    Duration discover = Duration::seconds(10);
    FollowOptions follow;
    LogReadingsOptions readings;
    std::uint64_t seed = 0;  // random, for hash tables
    // How long a cursor of a log that is gone is kept.
    Duration keep_gone = Duration::hours(24 * 35);
    std::size_t logs_max = 16'384;
};

class LogMeter final : public Meter {
public:
    // cursors: own ones, and those of meters that are configured no longer: a meter with a new name
    // goes on with their logs; and those of imported files. clock: must outlive the meter. Errors:
    // invalid (the format); corrupt and unsupported (a cursor).
    [[nodiscard]] static Result<std::unique_ptr<LogMeter>> open(LogMeterOptions options,
                                                                const Clock& clock,
                                                                std::span<const Cursor> cursors);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return readings_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

    // The paths of the logs that are followed.
    [[nodiscard]] std::vector<std::string> logs() const;
    // Files that match and cannot be followed, and other doubts, for people.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    // Of one checkpoint.
    static constexpr std::size_t losses_max = 1024;
    static constexpr std::size_t octets_of_a_pull = std::size_t{4} << 20U;

    struct Log {
        Cursor cursor;
        std::unique_ptr<FollowedLog> file;
        std::unique_ptr<LineDecoder> lines;
        bool has_more = true;  // maybe
        bool is_readable = true;
    };

    LogMeter(LogMeterOptions options, const Clock& clock, std::span<const Cursor> cursors);
    [[nodiscard]] Status resume(std::span<const Cursor> cursors);
    [[nodiscard]] Status add(const std::string& path, Cursor cursor,
                             std::optional<LogPosition> position);
    void discover();
    using Inodes = std::set<std::pair<std::uint64_t, std::uint64_t>>;  // device, inode
    // inodes: of the files at the paths that are followed; empty: not looked up yet.
    void discover(const std::string& path, std::optional<Inodes>& inodes);
    [[nodiscard]] Status follow(const std::string& path);
    [[nodiscard]] bool is_matched(const std::string& path) const;
    [[nodiscard]] bool is_earlier_file(const std::string& path) const;
    [[nodiscard]] bool is_link_to_log(const std::string& path) const;
    [[nodiscard]] Inodes inodes_of_logs() const;
    void move_log(const std::string& from, const std::string& to);
    void drop_gone();
    [[nodiscard]] Cursor new_cursor();
    [[nodiscard]] PathNames names_in(const std::string& path) const;
    // True: a round is over, and no log has more.
    [[nodiscard]] bool read_round(ReadingSink& sink);
    void read(Log& log, ReadingSink& sink, std::size_t octets);
    void save(Log& log, Checkpoint& out);
    void add_losses(Log& log, Checkpoint& out);

    LogMeterOptions options_;
    const Clock* clock_;
    ImportedFiles imported_;
    LogReadings readings_;
    LineCounts line_counts_;
    FollowCounts gone_counts_;  // of logs that are gone
    file::Stream stream_;
    std::map<std::string, Log, std::less<>> logs_;  // by path
    std::vector<Cursor> free_cursors_;
    // Of logs that no pattern names. They stay, so that the log can go on later.
    struct Parked {
        Cursor cursor;
        LogPosition position;
    };
    std::vector<Parked> parked_;
    std::vector<Loss> moved_losses_;  // of logs that go on at another path
    std::string next_;                // the path at which the round goes on; empty: at the first
    bool round_has_more_ = false;
    bool has_unsaved_ = false;               // a log has no cursor in the ledger
    std::optional<Duration> next_poll_;      // uptime; none: at once
    std::optional<Duration> next_discover_;  // likewise
    std::uint64_t refused_ = 0;
    std::uint64_t unopened_ = 0;  // new logs that could not be examined
    std::vector<std::string> warnings_;
};

}  // namespace octroi::logs
