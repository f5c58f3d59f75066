// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What meters of text files have in common: a file of lines is read once, whatever its name, and
// compressed or not; one that has grown continues at its former end. One thread.
//
// A derived meter decodes lines in read_line(). It calls the protected functions in this order:
// recognise(), then read_lines() in pull(), and has_moved() and move_cursor() in checkpoint().

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "meter/file/line_reader.hpp"
#include "meter/file/once_meter.hpp"
#include "meter/file/position.hpp"
#include "meter/file/stream.hpp"

namespace octroi::file {

class TextOnceMeter : public OnceMeter {
public:
    [[nodiscard]] bool already_complete() const noexcept override { return already_complete_; }
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& source() const noexcept override { return cursor_.source; }
    [[nodiscard]] std::uint64_t position() const noexcept override { return stream_.position(); }
    [[nodiscard]] std::uint64_t size() const noexcept override { return stream_.status().size; }
    [[nodiscard]] const std::string& doubt() const noexcept override { return doubt_; }
    [[nodiscard]] const std::string& warning() const noexcept override { return warning_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

protected:
    struct Settings {
        std::string_view source_prefix;  // of cursors; a constant
        std::size_t line_octets_max = 0;
        std::uint64_t checkpoint_lines = 0;
        std::size_t dropped = 0;  // numbers of Position::dropped
        std::uint64_t seed = 0;   // random, for recognise()
    };

    // Errors: those of Stream.
    [[nodiscard]] static Result<Stream> open_text(const std::string& path);
    TextOnceMeter(const std::string& path, const Settings& settings, Stream stream);

    // Finds the cursor of the file. True: the file is known, the stream is at its former end, and
    // there may be more lines: then the caller restores its state from at_.reader and calls
    // look_for_more().
    [[nodiscard]] Result<bool> recognise(std::span<const Cursor> known);
    // Sets already_complete_ where the file has not grown.
    [[nodiscard]] Status look_for_more();

    // Calls read_line() for some lines. read_line: counts in lines_; false: there is no further
    // line. end: why the file is none of this kind, called once behind the last line.
    [[nodiscard]] Result<Pull> read_lines(const std::function<Result<bool>()>& read_line,
                                          const std::function<Status()>& end);

    // A checkpoint without progress would only raise the version of the cursor.
    [[nodiscard]] bool has_moved() const;
    // Moves the cursor to the position of the stream, and at_ with it.
    void move_cursor(std::optional<UtcTime> last_time, Checkpoint& out);
    // The time between the last checkpoint and the last line.
    [[nodiscard]] Interval since_checkpoint(std::optional<UtcTime> last_time) const;
    // The loss of a compressed file that is damaged, once.
    void add_damage(std::optional<UtcTime> last_time, std::vector<Loss>& losses) const;

    std::string path_;  // for people
    Settings settings_;
    Stream stream_;
    LineReader text_;
    Position at_;  // of the last checkpoint
    Cursor cursor_;
    bool is_ended_ = false;
    bool already_complete_ = false;
    std::uint64_t resumed_at_ = 0;
    std::string known_as_;
    std::string doubt_;
    std::string warning_;
    std::uint64_t lines_ = 0;  // of the file

private:
    [[nodiscard]] std::uint64_t rest() const { return is_ended_ ? stream_.unread().size() : 0; }
    [[nodiscard]] bool is_damaged() const { return is_ended_ && !stream_.damage().empty(); }
    [[nodiscard]] UtcTime last_of(std::optional<UtcTime> last_time) const {
        return last_time.value_or(UtcTime{at_.last_time});
    }
};

}  // namespace octroi::file
