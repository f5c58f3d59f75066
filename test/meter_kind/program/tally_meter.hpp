// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A small meter, for the test that a meter kind needs no change in src/. It reads a text file with
// a line for each transfer, `SECONDS SOURCE DESTINATION BYTES PACKETS [USER@DOMAIN]`: seconds since
// 1970, UTC, and the user at the source. A line `counted SECONDS SECONDS USER@DOMAIN CLASS SERVICE
// BYTES PACKETS` states what a user sent between two times, as a kernel counter would. Its cursor
// is the offset in octets behind the last line that was read.

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meter/file/once_meter.hpp"
#include "meter/name_table.hpp"
#include "record/counter.hpp"
#include "record/volume_limits.hpp"

namespace octroi::tally {

inline constexpr std::string_view live_prefix = "tally:";
inline constexpr std::string_view import_prefix = "tallyfile:";

inline constexpr std::array<CounterInfo, 3> counters = {{
    {"tally_lines_total", "Lines read, malformed ones included."},
    {"tally_malformed_total", "Lines that are no transfer: left out."},
    // Another kind has a counter of this name: of both it is one family.
    {"capture_frames_total", "The same as tally_lines_total."},
}};

struct Transferred {
    UtcTime time;
    Address src;
    Address dst;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::string user;  // "alice@example.org"; empty: unknown
};

// nullopt: malformed.
[[nodiscard]] std::optional<Transferred> parse_line(const std::string& line);

struct Counted {
    UtcTime first;
    UtcTime last;
    std::string user;
    std::string far_class;
    std::string service;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
};

// nullopt: no such line.
[[nodiscard]] std::optional<Counted> parse_counted(const std::string& line);

struct TallyOptions {
    std::string path;
    std::string source;  // of the cursor
    std::uint64_t scale = 1;
    bool follow = false;  // wait for more at the end of the file
};

class TallyMeter final : public file::OnceMeter {
public:
    // cursors: any; the one of this source says where reading goes on.
    [[nodiscard]] static Result<std::unique_ptr<TallyMeter>> open(const TallyOptions& options,
                                                                  std::span<const Cursor> cursors);

    [[nodiscard]] bool already_complete() const noexcept override;
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& source() const noexcept override { return cursor_.source; }
    [[nodiscard]] std::uint64_t position() const noexcept override { return offset_; }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    [[nodiscard]] std::uint64_t frames() const noexcept override { return lines_; }
    [[nodiscard]] const std::string& warning() const noexcept override { return warning_; }

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

private:
    explicit TallyMeter(const TallyOptions& options) : options_(options) {}
    // Reads complete lines into readings_ and volumes_, at most `limit`.
    void read_lines(std::size_t limit);
    [[nodiscard]] bool add_line(const std::string& line);
    void add(const Transferred& transferred);
    void add(const Counted& counted);
    // "alice@example.org", within the domain "example.org".
    [[nodiscard]] NameRef name_of(const std::string& user);

    TallyOptions options_;
    Cursor cursor_;
    std::uint64_t offset_ = 0;
    std::uint64_t size_ = 0;  // when it was opened
    std::uint64_t resumed_at_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t malformed_ = 0;
    std::string known_as_;
    std::string warning_;
    NameTable names_;
    std::vector<Reading> readings_;
    std::vector<CountedVolume> volumes_;
    ObservedVolume observed_;
};

}  // namespace octroi::tally
