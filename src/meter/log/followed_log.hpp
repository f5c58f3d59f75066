// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Follows one log: hands over each of its lines once, in the order in which they were written, over
// rotation and restarts.
//
// A poll costs a stat(2) of the path, and one of each earlier file that may still grow. The present
// file stays open: if it is renamed or removed, the rest is read through the descriptor.
//
//   renamed           the path is another inode. The rest of the earlier file is read, and it is
//                     watched until it has not grown for finish_after: a server may go on writing
//                     to it until it opens its log again; for a day, as long as the present file is
//                     empty.
//   copied, truncated the octets before the offset have changed, or the file is shorter. The rest
//                     is read from the copy, which is found by its content.
//   rotated while the daemon was down    the file is found by its content, also if it is
//                     compressed. Files of later rotations, which were never seen, are those that
//                     were modified since, and that are no copy of a known file.
//
// Lines with an end are handed over at once; the last line without one when its file is finished.
// A finished file that grows nevertheless is read on, also if it was compressed since, as long as
// it is one of the last finished_max. A file that cannot be read is tried again: an earlier one for
// finish_after, one that was never seen for a day.
//
// What cannot be found is a loss. One thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/file.hpp"
#include "meter/file/line_reader.hpp"
#include "meter/file/stream.hpp"
#include "meter/log/imported_files.hpp"
#include "meter/log/log_family.hpp"
#include "meter/log/seen_file.hpp"
#include "record/transfer.hpp"

namespace octroi::logs {

// Where a line comes from; valid during the call only.
struct LineOrigin {
    const std::string& path;
    UtcTime modified;  // of the file: no line in it is later, if the clocks agree
};

class LineSink {
public:
    virtual ~LineSink() = default;
    // Valid during the call only.
    virtual void on_line(const file::Line& line, const LineOrigin& origin) = 0;
};

struct FollowOptions {
    std::size_t line_octets_max = std::size_t{64} * 1024;
    Duration finish_after = Duration::minutes(10);
    std::string old_folder;  // as of LogFamily
};

// What a restart needs to go on.
struct FollowState {
    std::vector<SeenFile> earlier;    // the one written first comes first
    std::optional<SeenFile> present;  // nullopt: the path did not exist
    UtcTime floor;                    // earlier files modified later than this are new
    std::vector<SeenHead> finished;   // files before `earlier`, the one finished first comes first

    bool operator==(const FollowState&) const = default;
};

struct FollowMoment {
    UtcTime time;
    Duration uptime;
};

// Counted since the object was made.
struct FollowCounts {
    std::uint64_t lines = 0;
    std::uint64_t cut_lines = 0;  // longer than line_octets_max
    std::uint64_t octets = 0;
    std::uint64_t rotations = 0;  // files that became earlier ones
    std::uint64_t losses = 0;
};

class FollowedLog {
public:
    // Finished files that are remembered as a whole: they are looked at again, in case they grow.
    static constexpr std::size_t finished_max = 4;
    // Older ones, of which the head is remembered: they and their copies are not read again.
    static constexpr std::size_t heads_max = 1000;
    // Of files that were never seen so many wait to be read; the others stay where they are.
    static constexpr std::size_t unread_max = 64;
    // All earlier files that are remembered as a whole. Beyond it the oldest one is finished.
    static constexpr std::size_t earlier_max = 1024;
    // How often files that cannot be opened are tried again, and finished ones are looked at.
    static constexpr Duration look_again = Duration::minutes(1);
    // In place of finish_after, if it is longer, while nothing was written to the present file.
    static constexpr Duration finish_unused = Duration::hours(24);

    // How far a file was imported before the log was followed.
    using FindImported = std::function<Result<ImportedPart>(const std::string& path)>;

    // path: absolute. is_log: as of LogFamily. is_wanted: whether an earlier file that exists at
    // the first start is to be read. find_imported: for the files that exist then. All must outlive
    // this object.
    FollowedLog(std::string path, FollowOptions options, LogFamily::IsLog is_log,
                LogFamily::IsLog is_wanted, FindImported find_imported);

    // Goes on from an earlier state. Before the first read().
    void resume(FollowState state);
    [[nodiscard]] FollowState state() const;

    // Reads the new lines, at most about `octets`. True: there is more. stream: memory that several
    // logs share; its content does not matter. Errors: those of the present file (permission…), and
    // those of find_imported at the first start; the next call tries again.
    [[nodiscard]] Result<bool> read(LineSink& sink, file::Stream& stream,
                                    const FollowMoment& moment, std::size_t octets);

    // Before this state() is of no use: a restart begins again.
    [[nodiscard]] bool is_begun() const noexcept { return is_begun_ || is_resumed_; }

    [[nodiscard]] std::vector<Loss> drain_losses();
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const FollowCounts& counts() const noexcept { return counts_; }
    // Octets that are known and were not read.
    [[nodiscard]] std::uint64_t lag() const noexcept;
    // An earlier file may still grow, or was not read to its end.
    [[nodiscard]] bool is_alive() const noexcept;

private:
    struct Source {
        SeenFile log_file;
        std::string path;                              // for messages
        std::unique_ptr<File> file = {};               // plain, or
        std::unique_ptr<file::Stream> stream = {};     // compressed
        bool is_complete = false;                      // nobody writes to it: a copy
        bool is_compressed_known = false;              // its compressed file has no more lines
        bool has_more = true;                          // maybe: it was not read to its end
        std::optional<Duration> unchanged_since = {};  // uptime
        std::optional<Duration> failing_since = {};    // likewise: it cannot be read
    };
    struct Pass;  // of one read()

    // followed_log.cpp: the present file, and how it becomes an earlier one.
    void begin_resumed(Pass& pass);
    void check_present(Pass& pass);
    void look_at_present(Pass& pass);
    void on_truncated(Pass& pass);
    void retire_present(Pass& pass);
    [[nodiscard]] bool is_present_again(const FileStatus& status);
    static void use(Source& source, LogFamily::Found found);
    void sort_earlier();
    void start_present(const FileStatus& status);
    void move_present_to_earlier();
    void add_loss(const Pass& pass, const SeenFile& log_file);

    // followed_earlier.cpp: the files before it.
    [[nodiscard]] Status begin_first(Pass& pass);
    void remember_existing();
    [[nodiscard]] Status skip_imported(Source& source) const;
    void find_earlier(Pass& pass, Source& source);
    void add_unseen(Pass& pass);
    // False: it is known, or has no octets.
    [[nodiscard]] Result<bool> add_unseen_file(Pass& pass, LogFamily::Member& member);
    void hold(Pass& pass, const LogFamily::Member& member, const Error& error);
    [[nodiscard]] bool is_unseen_due(const Pass& pass) const;
    [[nodiscard]] bool has_space_for_unseen() const;
    [[nodiscard]] std::size_t unread_count() const;
    [[nodiscard]] Result<bool> is_known(file::Stream& stream) const;
    void note_heads(Pass& pass);
    void note_paths(const std::vector<LogFamily::Member>& members);
    [[nodiscard]] bool is_open(const FileStatus& status) const;
    void look_at_finished(Pass& pass);
    void go_on_if_grown(Pass& pass, Source& source);
    void go_on_if_compressed(Pass& pass, Source& source);
    void drop_finished(Pass& pass);
    void raise_floor(UtcTime modified);

    // followed_lines.cpp: the lines in them.
    [[nodiscard]] Status read_present(Pass& pass);
    void read_earlier(Pass& pass);
    [[nodiscard]] Status read_plain(Pass& pass, Source& source);
    [[nodiscard]] Status read_compressed(Pass& pass, Source& source);
    [[nodiscard]] bool find_compressed(Pass& pass, Source& source);
    // True: the octets before the offset are those that were read; the stream is behind them.
    [[nodiscard]] static Result<bool> open_plain(file::Stream& stream, Source& source);
    // with_rest: also a last line without an end. True: there is no further line.
    [[nodiscard]] Result<bool> read_lines(Pass& pass, Source& source, file::Stream& stream,
                                          const FileStatus& status, bool with_rest);
    [[nodiscard]] bool has_rested(const Pass& pass, Source& source) const;
    void finish(Source& source);

    std::string path_;
    FollowOptions options_;
    LogFamily family_;
    LogFamily::IsLog is_wanted_;
    FindImported find_imported_;
    bool is_begun_ = false;
    bool is_resumed_ = false;
    std::vector<Source> earlier_;
    std::optional<Source> present_;
    std::vector<SeenHead> finished_;
    UtcTime floor_ = UtcTime::min();
    // When the oldest file was modified that was not taken yet: the floor stays below it.
    std::optional<UtcTime> held_;
    bool is_full_ = false;                   // it was not taken because unread_max files wait
    std::optional<Duration> failing_since_;  // uptime: it, or another one, cannot be opened
    Duration next_unseen_;                   // uptime
    std::optional<Duration> next_look_;      // likewise
    FollowCounts counts_;
    std::vector<Loss> losses_;
};

// The state of one call of read().
struct FollowedLog::Pass {
    LineSink& sink;
    file::Stream& stream;
    const FollowMoment& moment;
    std::size_t budget;                     // octets that may still be read
    std::optional<FileStatus> status = {};  // of the path, if a regular file is there
    bool has_more = false;
    bool is_first = false;  // of this object
};

}  // namespace octroi::logs
